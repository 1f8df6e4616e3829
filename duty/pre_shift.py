"""What is seen to before a shift begins (EQP-01): a seat's list, what was said of its lines, what is left open. Pure.

A line is answered by "in order", or by "not in order" with words. What is left open stops the sign-on, or is only flagged and
may be told later: that is the site's to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from duty.errors import ChecksOwed, NoSuchCheck
from sites.duty_policies import PreShift
from sites.duty_words import PreChecks


class Said(msgspec.Struct, frozen=True):
    """What somebody says of one line."""

    id: str
    fine: bool
    note: str = ""


class Wrong(msgspec.Struct, frozen=True):
    """A line that is not in order, in words."""

    id: str
    note: str


class Checked(msgspec.Struct, frozen=True):
    """How a shift was opened. `missing`: required lines that nobody has answered; `wrong`: what is not in order."""

    missing: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()


def checked(seat: PreChecks, said: Iterable[Said], before: Checked | None = None) -> Checked:
    """What is left open when these lines are answered; `before`: how it stood, when they are told later."""
    told = {one.id: one for one in said}
    for name in told:
        if name not in {item.id for item in seat.items}:
            raise NoSuchCheck(field="checks", check=name)
    answered = {name for name, one in told.items() if one.fine or one.note.strip()}
    open_ = {item.id for item in seat.items if item.required} if before is None else set(before.missing)
    wrong: dict[str, Wrong] = {} if before is None else {w.id: w for w in before.wrong if w.id not in answered}
    wrong |= {one.id: Wrong(one.id, one.note.strip()) for one in told.values() if not one.fine and one.note.strip()}
    order = [item.id for item in seat.items]
    return Checked(
        missing=tuple(name for name in order if name in open_ - answered),
        wrong=tuple(wrong[name] for name in order if name in wrong),
    )


def at_sign_on(
    lists: Mapping[str, PreChecks], policy: PreShift, seat: str, said: Sequence[Said] | None
) -> Checked | None:
    """How a sign-on to a seat stands; None where nothing is asked. `said` None: it could not be asked (a relief, a sign-on
    told later), so that nothing stops it. Raises `ChecksOwed` where the site lets nobody begin with a line left open.
    """
    asked = lists.get(seat)
    if policy is PreShift.OFF or asked is None:
        return None
    made = checked(asked, said or ())
    if made.missing and said is not None and policy is PreShift.BLOCK:
        raise ChecksOwed(field="checks", missing=made.missing)
    return made


def told(made: Checked | None) -> dict[str, Any]:
    """What the logbook's line says of it."""
    return {} if made is None else {"checks": msgspec.to_builtins(made)}
