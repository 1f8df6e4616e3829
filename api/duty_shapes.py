"""What the API answers about who is on duty, who was, and who will be (see `api.shapes`)."""

from datetime import datetime

from api.shapes import Shape
from duty.rules import Basis


class SeatState(Shape):
    """Who holds a seat now, why, and who is next. `stands_for`: the one who is away for a while."""

    seat_id: str
    holder_id: str | None
    basis: Basis
    shift_id: str | None
    since: datetime | None
    stands_for: str | None
    next_person_id: str | None
    next_at: datetime | None


class Shift(Shape):
    """A published shift, or one part of a split one. Who is on call is reachable, and does not hold the seat."""

    id: str
    seat: str
    person: str
    template: str
    starts_at: datetime
    ends_at: datetime
    on_call: bool


class Stay(Shape):
    """One stay in a seat; `off_at` is null while it lasts. `stand_in`: who stands there since `away_at`."""

    id: str
    seat: str
    person: str
    on_at: datetime
    off_at: datetime | None
    stand_in: str | None
    away_at: datetime | None


class CheckWrong(Shape):
    """A line of the pre-shift checks that is not in order."""

    id: str
    note: str


class StayChecks(Shape):
    """How a shift was opened: required lines that are not answered, and what is not in order."""

    missing: list[str]
    wrong: list[CheckWrong]


class StayNow(Stay):
    """A stay with its pre-shift checks; null where none were asked."""

    checks: StayChecks | None


class Duty(Shape):
    """Who is on, who was, who will be."""

    seats: list[SeatState]
    shifts: list[Shift]
    attendance: list[StayNow]


class Seats(Shape):
    """The seats after a sign-on or sign-off."""

    seats: list[SeatState]
