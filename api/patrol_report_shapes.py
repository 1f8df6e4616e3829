"""What the API answers about what was walked over some days (see `api.shapes`)."""

from datetime import date, datetime

from api.shapes import Shape
from api.violation_shapes import Violation
from patrol.verdicts import RoundState


class PointTally(Shape):
    """Points that were due: on time, late, missed; missed with a reason (excused), or told too late (explained)."""

    on_time: int
    late: int
    missed: int
    excused: int
    explained: int


class RoundRow(Shape):
    """A round that is over, as the record form has it: when it was planned, when it was walked, what was missed."""

    id: str
    day: date
    route: str
    plan: str
    seat: str
    opens_at: datetime
    closes_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    result: RoundState
    points: PointTally
    planned: int
    people: list[str]
    odd: list[str]
    reasons: list[str]


class RouteFigures(Shape):
    """A route over the days. `completion`: walked of planned points; `punctuality`: on time of walked ones; 0 to 1;
    `violations`: found on it in these days.
    """

    route: str
    rounds: int
    complete: int
    partial: int
    missed: int
    excused: int
    to_come: int
    points: PointTally
    planned: int
    completion: float | None
    punctuality: float | None
    odd: dict[str, int]
    violations: int


class GuardFigures(Shape):
    """A guard over the days. `void`: taps that prove nothing; `flags`: how often each was odd; `violations`: those they found."""

    person: str
    rounds: int
    on_time: int
    late: int
    explained: int
    punctuality: float | None
    taps: int
    void: int
    flags: dict[str, int]
    violations: int


class ReportedViolation(Violation):
    """One that was open in these days (PAT-13). `route`: on which it was found, if on one; `fresh`: found in these days."""

    route: str | None
    fresh: bool


class PatrolReport(Shape):
    """The figures of some days: per route, per guard, each round, and the violations that were open then (PAT-13)."""

    first: date
    days: int
    routes: list[RouteFigures]
    guards: list[GuardFigures]
    rows: list[RoundRow]
    violations: list[ReportedViolation]
