"""The lines of `when` about duty: handing over a seat, making a roster, writing into the log. One small parser for each form."""

import re
from datetime import date, datetime
from typing import Final

from duty.calendar import MONTH
from logbook.forms import forms
from simulators.scenario.deeds import follow
from simulators.scenario.duty_acts import Declares, LetsGo, Plans, Reinforces, Relieves, SignsDay, Writes
from simulators.scenario.errors import Wrong
from simulators.scenario.known import Known
from simulators.scenario.model import Act
from simulators.scenario.tokens import Token, Words, nearest, value
from sites.duty_words import DayType, Mode
from sites.fields import quoted, unknown

_MONTH: Final = re.compile(MONTH)
_FILLS: Final = ("standing", "last_month")
_ADDS: Final = ("text", "note", "anomaly")
_ENTRY: Final = re.compile(r"no\.[1-9][0-9]{0,15}")
_WRITING: Final = ("zone", "alert", "persons", "happened_at")


# -- a seat is handed over


def prepares(words: Words, known: Known, _: datetime) -> Act:
    return _relief(words, known)


def counts(words: Words, known: Known, _: datetime) -> Act:
    person, what, seat = _who_and_seat(words, known)
    item, count = words.take("item").text, words.take("number").text
    if not count.isdecimal() or len(count) > 6:
        raise Wrong(f"{quoted(count)} is not a number of things")
    text = words.text("explanation") or ""
    return _closed(
        words, Relieves(person, what, seat, item, int(count), text=text, version=_version(words)), "explanation"
    )


def checks(words: Words, known: Known, _: datetime) -> Act:
    person, what, seat = _who_and_seat(words, known)
    item = words.take("item").text
    fine = words.one_of("word", ("fine", "faulty")) == "fine"
    text = words.text("explanation") or ""
    return _closed(
        words, Relieves(person, what, seat, item, fine=fine, text=text, version=_version(words)), "explanation"
    )


def adds(words: Words, known: Known, _: datetime) -> Act:
    person, what, seat = _who_and_seat(words, known)
    kind = words.one_of("word", _ADDS)
    return _closed(words, Relieves(person, what, seat, kind, text=_said(words), version=_version(words)))


def confirms(words: Words, known: Known, _: datetime) -> Act:
    person, what, seat = _who_and_seat(words, known)
    item = words.take("item").text if words.left else None
    text = words.text("comment") or ""
    return _closed(words, Relieves(person, what, seat, item, text=text, version=_version(words)), "comment")


def says_of(words: Words, known: Known, _: datetime) -> Act:
    """`disputes`, `explains`, `resolves`: words about an item."""
    person, what, seat = _who_and_seat(words, known)
    item = words.take("item").text
    return _closed(words, Relieves(person, what, seat, item, text=_said(words), version=_version(words)))


def lifts(words: Words, known: Known, _: datetime) -> Act:
    """`lifts`, `cancels`: the whole of it, with a reason."""
    person, what, seat = _who_and_seat(words, known)
    return _closed(words, Relieves(person, what, seat, text=reason_of(words), version=_version(words)), "reason")


def takes(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.take("verb")
    follow(words, "over")
    seat = words.one_of("seat", known.register.seats)
    return _closed(words, Relieves(person, "takes", seat, version=_version(words)))


def overrides(words: Words, known: Known, _: datetime) -> Act:
    person, what, seat = _who_and_seat(words, known)
    follow(words, "to")
    whom = words.known("person", known.register.people)
    made = Relieves(person, what, seat, text=reason_of(words), to=whom, version=_version(words))
    return _closed(words, made, "reason")


def lets(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.take("verb")
    whom = words.known("person", known.register.people)
    follow(words, "leave")
    made = LetsGo(person, whom, words.one_of("seat", known.register.seats), reason_of(words))
    words.close("reason")
    return made


# -- a month's roster


def plans(words: Words, known: Known, _: datetime) -> Act:
    """`drafts`, `submits`, `approves`, `publishes`: the month, and no more."""
    made = Plans(*_who_and_month(words, known))
    words.close()
    return made


def fills(words: Words, known: Known, _: datetime) -> Act:
    person, what, month = _who_and_month(words, known)
    follow(words, "from")
    rotations = known.register.rotations
    source = tuple(words.take("source").text.split(","))
    for name in source if source not in {(f,) for f in _FILLS} else ():
        if name not in rotations:
            raise Wrong(nearest("source", name, [*_FILLS, *rotations]))
    words.close()
    return Plans(person, what, month, source)


def puts(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.take("verb")
    whom = words.one_of("person", [*known.register.people, "nobody"])
    follow(words, "in")
    seat = words.one_of("seat", known.register.seats)
    template = words.one_of("shift", known.register.templates)
    follow(words, "on")
    day = day_of(words)
    words.close()
    made = Plans(person, "puts", day[:7], seat=seat, day=day, template=template)
    return made if whom == "nobody" else Plans(person, "puts", day[:7], (), seat, day, template, whom)


def gives_up(words: Words, known: Known, _: datetime) -> Act:
    """`withdraws` of a roster, with a reason; or of one's signature under a hand-over. `returns` a roster."""
    if words.peek(1) == "withdraws" and words.peek(2) in known.register.seats:
        return _relief(words, known)
    person, what, month = _who_and_month(words, known)
    made = Plans(person, what, month, reason=reason_of(words))
    words.close("reason")
    return made


def declares(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.take("verb")
    made = Declares(person, day_of(words), words.one_of("kind of day", [d.value for d in DayType]), reason_of(words))
    words.close("reason")
    return made


def reinforces(words: Words, known: Known, _: datetime) -> Act:
    """`orders`, `ends`: one of the modes, and why."""
    person = words.known("person", known.register.people)
    what = words.take("verb").text
    made = Reinforces(person, what, words.one_of("mode", [m.value for m in Mode]), reason_of(words))
    words.close("reason")
    return made


# -- the log


def writes(words: Words, known: Known, at: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.take("verb")
    form = "note" if not words.left or words.left[0].literal else words.one_of("form", forms(known.register))
    return _written(words, known, at, person, form, "", "")


def corrects(words: Words, known: Known, at: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.take("verb")
    entry = words.take("entry").text
    if entry != "last" and not _ENTRY.fullmatch(entry):
        raise Wrong(f"{quoted(entry)} is not an entry (last, or no.12)")
    form = "note" if not words.left or words.left[0].literal else words.one_of("form", forms(known.register))
    return _written(words, known, at, person, form, entry.removeprefix("no."), reason_of(words))


def _written(words: Words, known: Known, at: datetime, person: str, form: str, entry: str, reason: str) -> Act:
    fields = {"text": words.take("text").text} if words.left else {}
    if words.left:
        words.over(words.left[0].text)
    zone, alert, happened = words.text("zone"), words.option("alert"), words.text("happened_at")
    if zone is not None and zone not in known.register.zones:
        raise Wrong(unknown("zone", zone, known.register.zones))
    names = [f.id for f in forms(known.register)[form].fields]
    persons = tuple(p for p in (words.text("persons") or "").split(",") if p)
    for who in persons:
        if who not in known.register.people:
            raise Wrong(unknown("person", who, known.register.people))
    for key in list(words.options):
        if key not in names:
            raise Wrong(unknown("field", key, [*names, *_WRITING]))
        token = words.option(key)
        fields |= {} if token is None else {key: value(token)}
    return Writes(
        person,
        form,
        fields,
        None if happened is None else known.clock.near(happened, at),
        zone,
        persons,
        None if alert is None else "/".join(known.alert(Words([Token(alert.text, alert.literal)]))),
        entry,
        reason,
    )


def signs_day(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.skip("signs")
    words.skip("day")
    made = SignsDay(person, day_of(words), words.text("comment") or "")
    words.close("comment")
    return made


# -- parts of lines


def day_of(words: Words) -> str:
    """A day of the calendar."""
    text = words.take("day").text
    try:
        return date.fromisoformat(text).isoformat() if len(text) == len("2026-03-01") else _no_day(text)
    except ValueError:
        return _no_day(text)


def _no_day(text: str) -> str:
    raise Wrong(f"{quoted(text)} is not a day (2026-03-01)")


def month_of(text: str) -> str:
    """A month as rosters call it."""
    if not _MONTH.fullmatch(text):
        raise Wrong(f"{quoted(text)} is not a month (2026-04)")
    return text


def _relief(words: Words, known: Known) -> Act:
    person, what, seat = _who_and_seat(words, known)
    return _closed(words, Relieves(person, what, seat, version=_version(words)))


def _who_and_seat(words: Words, known: Known) -> tuple[str, str, str]:
    person = words.known("person", known.register.people)
    what = words.take("verb").text
    return person, what, words.one_of("seat", known.register.seats)


def _who_and_month(words: Words, known: Known) -> tuple[str, str, str]:
    person = words.known("person", known.register.people)
    what = words.take("verb").text
    return person, what, month_of(words.take("month").text)


def _closed(words: Words, made: Relieves, *options: str) -> Act:
    words.close("version", *options)
    return made


def _version(words: Words) -> int | None:
    text = words.text("version")
    if text is not None and (not text.isdecimal() or len(text) > 6 or int(text) < 1):
        raise Wrong(f"version= is a whole number from 1, not {quoted(text)}")
    return None if text is None else int(text)


def _said(words: Words) -> str:
    text = words.take("text").text.strip()
    if not text:
        raise Wrong("the text is empty")
    return text


def reason_of(words: Words) -> str:
    """Why: what such a line must say."""
    text = (words.text("reason") or "").strip()
    if not text:
        raise Wrong('why? (reason="…")')
    return text
