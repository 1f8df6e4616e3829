"""What the API answers about coverage, a roster's quality, and its solving (see `api.shapes`)."""

from datetime import date, datetime

from api.shapes import Shape, Words
from duty.coverage import Lack
from duty.limits import Measure
from duty.solver.problem import Code
from duty.solving_store import SolveState


class CoverageGap(Shape):
    """From when until when something is missing. `seat` is null where a post has too few, or none with the certificate."""

    code: Lack
    post: str
    seat: str | None
    day: date
    starts_at: datetime
    ends_at: datetime
    have: int
    need: int
    certificate: str | None
    people: list[str]


class Coverage(Shape):
    """What the shifts that stand leave open on these days."""

    first: date
    days: int
    gaps: list[CoverageGap]


class HoursLimit(Shape):
    """A limit on hours, rest or days, and where the number comes from."""

    measure: Measure
    most: float | None
    least: float | None
    source: Words


class OverLimit(Shape):
    """A limit that a month goes beyond, by its worst value. `day` is null where it is one for the whole month."""

    measure: Measure
    value: float
    limit: float
    day: date | None


class Burden(Shape):
    """What somebody bears in a month. A night has three hours between 22:00 and 06:00 at least."""

    person: str
    shifts: int
    hours: float
    nights: int
    weekends: int
    holidays: int
    longest_run_days: int
    least_rest_h: float | None
    most_week_h: float
    over: list[OverLimit]


class Fairness(Shape):
    """How evenly something is borne by those who work that month; `spread` is the standard deviation."""

    what: str
    least: float
    most: float
    mean: float
    spread: float


class RosterQuality(Shape):
    """How good a month's roster is."""

    month: str
    gaps: int
    uncovered_min: float
    short_min: float
    limits: list[HoursLimit]
    people: list[Burden]
    fairness: list[Fairness]


class SolveRule(Shape):
    """A rule that clashes with others, worded as `clash.<code>`. What does not belong to it is empty, the day null."""

    code: Code
    person: str
    seat: str
    day: date | None
    template: str
    certificate: str


class SolveCosts(Shape):
    """What a solved roster costs, part by part: wishes not met, and how far each person is from their fair share."""

    wishes: int
    nights: int
    weekends: int
    holidays: int
    hours: int
    total: int


class RosterSolve(Shape):
    """A draft given to the solver. `found` rosters so far, the last one at `costs`; none costs less than `bound`. A clash names
    its `rules`; `minimal`: without any one of them the others can hold. `why` is a code: what stood in the way.
    """

    id: str
    roster_id: str
    month: str
    state: SolveState
    by: str
    made_at: datetime
    ended_at: datetime | None
    seconds: int
    revision: int
    found: int
    costs: SolveCosts | None
    bound: int | None
    proven: bool | None
    rules: list[SolveRule]
    minimal: bool | None
    why: str | None
    made_revision: int | None
