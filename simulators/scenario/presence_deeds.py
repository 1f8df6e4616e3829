"""The lines of `when` about being there: presence checks, leaving the post for a while, requests for leave and swaps."""

import re
from datetime import datetime, timedelta
from typing import Final

from simulators.scenario.deeds import follow
from simulators.scenario.duty_acts import Asks, Attends, Decides, Shift
from simulators.scenario.duty_deeds import day_of, reason_of
from simulators.scenario.errors import Wrong
from simulators.scenario.known import Known
from simulators.scenario.model import Act
from simulators.scenario.times import duration
from simulators.scenario.tokens import Words
from sites.fields import quoted, unknown

_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+")


def attends(words: Words, known: Known, _: datetime) -> Act:
    """`calls`, `answers`, `stands in at`, `declines`, `returns to`: a seat, and no more."""
    person = words.known("person", known.register.people)
    what = words.take("verb").text
    if what in {"stands", "returns"}:
        what = f"{what} {words.take('word').text}"
        words.skip("at")
    made = Attends(person, what, words.one_of("seat", known.register.seats), reason=words.text("reason") or "")
    words.close("reason")
    return made


def leaves(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.take("verb")
    seat = words.one_of("seat", known.register.seats)
    minutes, stand_in = _minutes(words, "for"), words.text("stand_in")
    if stand_in is not None and stand_in not in known.register.people:
        raise Wrong(unknown("person", stand_in, known.register.people))
    made = Attends(person, "leaves", seat, minutes, reason_of(words), stand_in, words.text("contact") or "")
    words.close("reason", "stand_in", "contact")
    return made


def recalls(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.take("verb")
    seat = words.one_of("seat", known.register.seats)
    made = Attends(person, "recalls", seat, _minutes(words, "within"), reason_of(words))
    words.close("reason")
    return made


def asks_leave(words: Words, known: Known, at: datetime) -> Act:
    person = _asker(words, known)
    follow(words, "from")
    starts_at = _moment(words, known, at)
    follow(words, "until")
    ends_at, other = _moment(words, known, starts_at), words.text("stand_in")
    if other is not None and other not in known.register.people:
        raise Wrong(unknown("person", other, known.register.people))
    made = Asks(person, "leave", reason_of(words), starts_at, ends_at, other=other)
    words.close("reason", "stand_in")
    return made


def asks_swap(words: Words, known: Known, _: datetime) -> Act:
    person = _asker(words, known)
    mine = _shift(words, known)
    follow(words, "for")
    made = Asks(person, "swap", reason_of(words), mine=mine, theirs=_shift(words, known))
    words.close("reason")
    return made


def asks_substitute(words: Words, known: Known, _: datetime) -> Act:
    person = _asker(words, known)
    other = words.known("person", known.register.people)
    follow(words, "for")
    made = Asks(person, "substitute", reason_of(words), mine=_shift(words, known), other=other)
    words.close("reason")
    return made


def calls_in(words: Words, known: Known, _: datetime) -> Act:
    person = _asker(words, known)
    other = words.known("person", known.register.people)
    follow(words, "for")
    mine, override = _shift(words, known), words.text("override") or ""
    made = Asks(person, "reinforcement", reason_of(words), mine=mine, other=other, override=override)
    words.close("reason", "override")
    return made


def decides(words: Words, known: Known, _: datetime) -> Act:
    """`agrees to`, `grants`, `denies`: what somebody asked for, by their name."""
    person = words.known("person", known.register.people)
    what = words.take("verb").text
    if what == "agrees":
        follow(words, "to")
    whose, override, stand_in = (
        words.known("person", known.register.people),
        words.text("override"),
        words.text("stand_in"),
    )
    text = reason_of(words) if what == "denies" else words.text("answer") or ""
    words.close("override", "stand_in", "answer", "reason")
    return Decides(person, what, whose, text, override or "", stand_in)


def takes_back(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.skip("takes", "back")
    words.close()
    return Decides(person, "takes back", person)


def _asker(words: Words, known: Known) -> str:
    person = words.known("person", known.register.people)
    words.take("verb")
    words.take("word")
    return person


def _shift(words: Words, known: Known) -> Shift:
    seat = words.one_of("seat", known.register.seats)
    template = words.one_of("shift", known.register.templates)
    follow(words, "on")
    return Shift(seat, day_of(words), template)


def _minutes(words: Words, after: str) -> int:
    follow(words, after)
    text = words.take("span").text
    span = duration(text)
    if span is None or span < timedelta(minutes=1) or span % timedelta(minutes=1):
        raise Wrong(f"{quoted(text)} is not a span of whole minutes (20m)")
    return span // timedelta(minutes=1)


def _moment(words: Words, known: Known, before: datetime) -> datetime:
    text = words.take("time").text
    if not _DATED.fullmatch(text):
        raise Wrong(f"{quoted(text)} is not a date and time (2026-03-05T08:00)")
    return known.clock.read(text, before).at
