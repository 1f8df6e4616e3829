"""What a happening must be like, and the parts of a line that every kind of it has."""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulators.scenario.errors import Wrong
from simulators.scenario.known import Known
from simulators.scenario.tokens import Words, value
from sites.fields import unknown


class Pattern(msgspec.Struct, frozen=True):
    """What a happening must be like; empty parts fit everything, `who` None too."""

    topic: str
    about: tuple[str, ...] = ()
    what: str = ""
    who: tuple[str, ...] | None = None
    more: Mapping[str, Any] = {}


def who(words: Words, known: Known, wanted: str, what: str) -> tuple[str, ...] | None:
    """`to A, B` or `by A`; None when it is not said."""
    if words.peek() not in {"to", "by"}:
        return None
    found = words.take("to").text
    if found != wanted:
        raise Wrong(f"`{what}` goes with `{wanted}`, not with `{found}`")
    made: list[str] = []
    while True:
        token = words.take("person")
        goes_on = not token.literal and token.text.endswith(",")
        name = token.text.removesuffix(",") if goes_on else token.text
        if not token.literal and name not in known.callable:
            raise Wrong(unknown("person", name, [p for p in known.callable if p != "system"]))
        made.append(name)
        if not goes_on and not words.skip("and"):
            break
    if "nobody" in made:
        if len(made) > 1:
            raise Wrong("`nobody` stands alone")
        return ()
    return tuple(made)


def more(words: Words, keys: tuple[str, ...] | None) -> dict[str, Any]:
    """The options that stand behind it; any when `keys` is None."""
    made = {}
    for key in list(words.options):
        if keys is not None and key not in keys:
            continue
        token = words.option(key)
        if token is not None:
            made[key] = value(token)
    return made
