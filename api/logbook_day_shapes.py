"""What the API answers about the days of the logbook and what a reviewer should know of them (see `api.shapes`)."""

from datetime import datetime

from alerts.rules import State
from api.shapes import Shape
from sites.register import Role


class SignedDay(Shape):
    """A day that was signed, and the entry that says so."""

    day: str
    by: str
    at: datetime
    comment: str
    n: int


class LogDays(Shape):
    """The signed days of the last month and those owed. `role` signs within `due_h` hours; both null: nobody does."""

    role: Role | None
    due_h: int | None
    signed: list[SignedDay]
    overdue: list[str]


class LateSignOn(Shape):
    """A shift whose person came late, or had not come."""

    seat: str
    person: str
    shift: str
    starts_at: datetime
    on_at: datetime | None


class SlowAnswer(Shape):
    """An alert that was answered after its target, or not at all."""

    alert: str
    number: int
    kind: str
    heard_at: datetime
    target_s: int
    answered_at: datetime | None
    by: str | None


class LeftOpen(Shape):
    """An alert that was still open when the day ended; `state` is what it was when the sheet was made."""

    alert: str
    number: int
    kind: str
    heard_at: datetime
    state: State


class SeatGap(Shape):
    """A required seat that nobody held."""

    seat: str
    starts_at: datetime
    ends_at: datetime


class Unrecorded(Shape):
    """A major incident that nobody was named to record."""

    alert: str
    number: int
    kind: str
    heard_at: datetime


class DaySheet(Shape):
    """What a reviewer should know of a day, until `ends_at`: its end, or now."""

    day: str
    starts_at: datetime
    ends_at: datetime
    on_duty: list[str]
    late: list[LateSignOn]
    slow: list[SlowAnswer]
    unclosed: list[LeftOpen]
    gaps: list[SeatGap]
    unrecorded: list[Unrecorded]
    openings: int
    closings: int


class SignedSheet(SignedDay):
    """A signed day with the sheet that was signed."""

    sheet: DaySheet


class LogDay(Shape):
    """A day as it can be computed now, and its signature."""

    sheet: DaySheet
    signed: SignedSheet | None
