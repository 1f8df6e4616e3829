"""Tests of equipment that come again (EQP-02): when the next one is due, and what a result says. Pure.

Days are the site's own. A test is due so many days or months after its last result, and overdue when that day is over.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from core.ids import fresh
from duty.handover_errors import WordsOwed
from logbook.rules import Line
from sites.equipment_words import EquipmentTest

TESTED = "equipment.tested"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a test found. One that failed says what in `note`."""

    id: str
    test: str
    passed: bool
    note: str = ""
    by: str
    at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a test stands: its last result, the day by whose end the next one is due, and whether that day is over."""

    test: EquipmentTest
    last: Result | None
    due: date
    overdue: bool


def subject_of(test: str) -> str:
    """What its lines and its alert are about."""
    return f"equipment/{test}"


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a month that is too short for it."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_day(test: EquipmentTest, last: date | None) -> date:
    """The day by whose end the test is to be done, after the day of its last result."""
    begun = last or test.since
    return months_after(begun, test.every_months) if test.every_months else begun + timedelta(days=test.every_days)


def overdue_from(zone: ZoneInfo, due: date) -> datetime:
    """The midnight at the end of the day that it was due."""
    return datetime.combine(due + timedelta(days=1), time(), zone).astimezone(UTC)


def standing(test: EquipmentTest, last: Result | None, zone: ZoneInfo, at: datetime) -> Standing:
    """How a test stands at `at`."""
    due = due_day(test, None if last is None else last.at.astimezone(zone).date())
    return Standing(test=test, last=last, due=due, overdue=overdue_from(zone, due) <= at)


def standings(
    tests: Iterable[EquipmentTest], last: Mapping[str, Result], zone: ZoneInfo, at: datetime
) -> list[Standing]:
    """All of them, what is due first first."""
    made = [standing(test, last.get(test.id), zone, at) for test in tests]
    return sorted(made, key=lambda s: (s.due, s.test.id))


def recorded(test: EquipmentTest, *, passed: bool, note: str, by: str, at: datetime) -> tuple[Result, Line]:
    """A result, and the line that tells it. Raises `WordsOwed` for a failure without words."""
    note = note.strip()
    if not passed and not note:
        raise WordsOwed(field="note")
    told = {"test": msgspec.to_builtins(test.name), "passed": passed, **({"note": note} if note else {})}
    made = Result(id=fresh(at), test=test.id, passed=passed, note=note, by=by, at=at)
    return made, Line(at, TESTED, by, subject_of(test.id), told)
