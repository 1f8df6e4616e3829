"""What the API answers about presence and attendance (see `api.shapes`)."""

from datetime import date, datetime

from api.duty_shapes import Stay
from api.roster_shapes import PlannedShift
from api.shapes import Shape, Words
from api.told_shapes import DutyTold
from duty.attendance import Arrival
from duty.away import AwayState
from duty.presence import CheckState, How
from sites.duty_policies import CheckAnswer


class SeatCheck(Shape):
    """A presence check: who is asked, until when, and when they answered. `by`: who called it by hand."""

    id: str
    seat_id: str
    person_id: str
    how: How
    by: str | None
    state: CheckState
    asked_at: datetime
    until: datetime
    answered_at: datetime | None
    answer_ms: int | None


class SeatChecks(Shape):
    """Presence checks, newest first; `next` asks for older ones."""

    items: list[SeatCheck]
    next: str | None


class CheckAnswered(Shape):
    """What an answer counted for: `witness` is somebody else's, and counts for nothing."""

    outcome: str
    check: SeatCheck


class Away(Shape):
    """A leave of a post. `until`: when to be back."""

    id: str
    seat_id: str
    person_id: str
    stand_in: str | None
    contact: str
    reason: str
    state: AwayState
    minutes: int
    asked_at: datetime
    left_at: datetime | None
    until: datetime | None
    ended_at: datetime | None


class Aways(Shape):
    """Leaves of posts, newest first; `next` asks for older ones."""

    items: list[Away]
    next: str | None


class Absence(Shape):
    """A shift to which somebody has not come."""

    shift_id: str
    seat_id: str
    person_id: str
    called_at: datetime
    ended_at: datetime | None
    ended_by: str | None


class LoneWatch(Shape):
    """Who has themselves called while they walk alone, `every_min` minutes after their last sign of life, since when and why."""

    seat_id: str
    person_id: str
    every_min: int
    reason: str
    since: datetime


class LoneWatches(Shape):
    """Those that stand, by seat."""

    items: list[LoneWatch]


class Presence(Shape):
    """What goes on now: checks that may still be answered, and by what; who is away; who has not come; who has themselves called
    while they walk alone.
    """

    checks: list[SeatCheck]
    away: list[Away]
    absences: list[Absence]
    answer: CheckAnswer
    lone: list[LoneWatch]


class AttendanceRecord(Shape):
    """A shift that has begun, and what the attendance record says of it."""

    shift: PlannedShift
    stays: list[Stay]
    arrival: Arrival
    late_s: int
    grade: Words | None
    left_early_s: int
    overtime_s: int
    present_s: int
    away_s: int
    no_sign_off: bool


class PersonAttendance(Shape):
    """What a span of duty amounts to for one person."""

    person: str
    shifts: int
    planned_s: int
    present_s: int
    late: int
    late_s: int
    absent: int
    excused: int
    left_early: int
    overtime_s: int
    away_s: int
    checks_answered: int
    checks_missed: int
    answer_ms_median: int | None


class AttendanceSpan(Shape):
    """The attendance record of some days: shifts, stays that nobody had planned, what phones told of coming and leaving without
    a line, and each person's sum.
    """

    first: date
    last: date
    shifts: list[AttendanceRecord]
    unplanned: list[Stay]
    told: list[DutyTold]
    people: list[PersonAttendance]
