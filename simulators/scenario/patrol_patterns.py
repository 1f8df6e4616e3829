"""What a line of `then` says about taps and rounds."""

from typing import Final

from patrol.flags import Flag
from simulators.scenario.errors import Wrong
from simulators.scenario.known import Known
from simulators.scenario.model import Happening
from simulators.scenario.patrol_story import POINTS, ROUND_WORDS
from simulators.scenario.pattern import Pattern, more, who
from simulators.scenario.tokens import Words, shown

FLAGS: Final = tuple(flag.value for flag in Flag)
TAP_WORDS: Final = ("tap", *FLAGS)
_TAP_KEYS: Final = ("proof", "photos")
_TOLD: Final = ("points", "late", "explained", "missed", "odd")
_ROUND_KEYS: Final = ("points", "odd", "reason", *POINTS)


def tap(words: Words, known: Known, never: bool) -> Pattern:
    """`tap C1 [FLAG] [by PERSON] [photos=N] [flagged FLAG …]`: the first flag stands in front, any of them behind `flagged`."""
    about: tuple[str, ...] = ()
    if words.left and words.peek() not in {*TAP_WORDS, "by", "flagged"}:
        about = (words.known("checkpoint", known.register.checkpoints),)
    what = ""
    if words.left and words.peek() not in {"by", "flagged"}:
        what = words.one_of("word", TAP_WORDS)
    by = who(words, known, "by", what)
    said = more(words, _TAP_KEYS)
    if words.skip("flagged"):
        while words.left:
            said[f"flagged.{words.one_of('flag', FLAGS)}"] = True
    elif not never and not what:
        what = "tap"
    words.close(*_TAP_KEYS)
    return Pattern("tap", about, what, by, said)


def round_(words: Words, known: Known, never: bool) -> Pattern:
    """`round ROUTE opened|complete|partial|missed|… [by PERSON] [missed=C1,C2] [odd=] [reason=]`."""
    about: tuple[str, ...] = ()
    if words.left and words.peek() not in {*ROUND_WORDS, "by"}:
        about = (words.known("patrol route", known.register.patrol_routes),)
    what = ""
    if words.left and words.peek() != "by":
        what = words.one_of("word", ROUND_WORDS)
    elif not never:
        raise Wrong(f"what of the round? ({', '.join(ROUND_WORDS)})")
    by = who(words, known, "by", what)
    said = more(words, _ROUND_KEYS)
    words.close(*_ROUND_KEYS)
    return Pattern("round", about, what, by, said)


def more_told(h: Happening) -> list[str]:
    """What stands behind a tap or a round in a timeline: the other flags; the points that make it what it is."""
    if h.topic == "tap":
        others = [flag for flag in FLAGS if flag != h.what and h.more.get(f"flagged.{flag}")]
        photos = [f"photos={h.more['photos']}"] if h.more.get("photos") else []
        return [*photos, *(["flagged", *others] if others else [])]
    return [f"{key}={shown(h.more[key])}" for key in _TOLD if h.more.get(key)]
