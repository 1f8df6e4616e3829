"""What a line of `then` says about duty: hand-overs, rosters, entries, signed days."""

import re
from collections.abc import Mapping
from typing import Final

from duty.calendar import MONTH
from duty.handovers import HandoverState
from duty.requests import RequestKind
from duty.rosters import RosterState
from logbook.forms import forms
from simulators.scenario.duty_story import AWAY, ENTRY, HANDOVER, PRESENCE, REQUEST, ROSTER
from simulators.scenario.errors import Wrong
from simulators.scenario.known import Known
from simulators.scenario.pattern import Pattern, more, who
from simulators.scenario.tokens import Words
from sites.duty_words import Mode
from sites.fields import quoted

HANDOVER_WORDS: Final = tuple(HANDOVER.values())
ROSTER_WORDS: Final = tuple(ROSTER.values())
ENTRY_WORDS: Final = tuple(ENTRY.values())
REQUEST_WORDS: Final = tuple(REQUEST.values())
PRESENCE_WORDS: Final = tuple(PRESENCE.values())
AWAY_WORDS: Final = tuple(AWAY.values())
REQUESTS: Final = {kind.value: kind for kind in RequestKind}
STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "handover": tuple(s.value for s in HandoverState),
    "roster": tuple(s.value for s in RosterState),
}
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH: Final = re.compile(MONTH)

_HANDOVER_KEYS: Final = ("item", "reason", "comment", "overtime_s", "outgoing", "incoming", "expected")
_ROSTER_KEYS: Final = ("version", "why", "reason")
_REQUEST_KEYS: Final = ("other", "stand_in", "override", "reason")
_PRESENCE_KEYS: Final = ("person",)
_AWAY_KEYS: Final = ("person", "stand_in", "contact", "reason")
_ENTRY_KEYS: Final = ("text", "late", "reason")


def is_named(text: str, known: Known) -> bool:
    """Whether a word is a month, a day, a form of the log, a kind of request, a mode, or whose it is: a refusal may be about it."""
    dated = _MONTH.fullmatch(text) or DAY.fullmatch(text)
    return bool(dated) or text in forms(known.register) or text in {*REQUESTS, *Mode} or text in known.register.people


def handover(words: Words, known: Known, never: bool) -> Pattern:
    about = _about(words, "seat", known.register.seats, HANDOVER_WORDS)
    return _happened("handover", about, words, known, never, HANDOVER_WORDS, _HANDOVER_KEYS)


def roster(words: Words, known: Known, never: bool) -> Pattern:
    about = () if not words.left or words.peek() in {*ROSTER_WORDS, "by"} else (_month(words),)
    return _happened("roster", about, words, known, never, ROSTER_WORDS, _ROSTER_KEYS)


def entry(words: Words, known: Known, never: bool) -> Pattern:
    about = _about(words, "form", forms(known.register), ENTRY_WORDS)
    return _happened("entry", about, words, known, never, ENTRY_WORDS, _ENTRY_KEYS)


def review(words: Words, known: Known, never: bool) -> Pattern:
    about: tuple[str, ...] = ()
    if DAY.fullmatch(words.peek()):
        about = (words.take("day").text,)
    return _happened("review", about, words, known, never, ("signed",), ("comment",))


def request(words: Words, known: Known, never: bool) -> Pattern:
    about = _about(words, "kind of request", REQUESTS, REQUEST_WORDS)
    return _happened("request", about, words, known, never, REQUEST_WORDS, _REQUEST_KEYS)


def presence(words: Words, known: Known, never: bool) -> Pattern:
    about = _about(words, "seat", known.register.seats, PRESENCE_WORDS)
    return _happened("presence", about, words, known, never, PRESENCE_WORDS, _PRESENCE_KEYS)


def away(words: Words, known: Known, never: bool) -> Pattern:
    about = _about(words, "seat", known.register.seats, AWAY_WORDS)
    return _happened("away", about, words, known, never, AWAY_WORDS, _AWAY_KEYS)


def stands(topic: str, words: Words, known: Known) -> Pattern:
    """`handover centre is offered`, `roster 2026-04 is published`."""
    about = words.known("seat", known.register.seats) if topic == "handover" else _month(words)
    if not words.skip("is"):
        raise Wrong("`is` is missing")
    what = words.one_of("state", (*STATES[topic], "none"))
    words.close()
    return Pattern(topic, (about,), what)


def _happened(
    topic: str,
    about: tuple[str, ...],
    words: Words,
    known: Known,
    never: bool,
    verbs: tuple[str, ...],
    keys: tuple[str, ...],
) -> Pattern:
    what = ""
    if words.left and words.peek() != "by":
        what = words.one_of("word", verbs)
    elif not never:
        raise Wrong(f"what of the {topic}? ({', '.join(verbs)})")
    by = who(words, known, "by", what)
    made = Pattern(topic, about, what, by, more(words, keys))
    words.close(*keys)
    return made


def _about(words: Words, called: str, names: Mapping[str, object], verbs: tuple[str, ...]) -> tuple[str, ...]:
    return () if not words.left or words.peek() in {*verbs, "by"} else (words.known(called, names),)


def _month(words: Words) -> str:
    text = words.take("month").text
    if not _MONTH.fullmatch(text):
        raise Wrong(f"{quoted(text)} is not a month (2026-04)")
    return text
