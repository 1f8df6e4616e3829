"""What the API answers about the patrol part of a site's register (see `api.register_shapes`)."""

from pydantic import Field

from api.logbook_shapes import FormChoice
from api.shapes import Shape, Words
from sites.duty_words import DayType
from sites.patrol_words import Order, TaskKind
from sites.register import Role


class PatrolTask(Shape):
    """One thing to see to at a point."""

    id: str
    name: Words
    kind: TaskKind
    required: bool
    unit: str
    least: float | None
    most: float | None
    choices: list[FormChoice]
    bad: list[str]
    violation: bool


class Stop(Shape):
    """A checkpoint on a patrol route. `leg_s`: how long the way to it may take, least and most."""

    checkpoint: str
    tasks: list[PatrolTask]
    leg_s: tuple[int, int] | None


class PatrolRoute(Shape):
    """The points of a round."""

    id: str
    name: Words
    stops: list[Stop]
    order: Order
    night: bool


class PatrolPlan(Shape):
    """When a route is walked: every so many minutes, so many times a shift, or by a rule of RFC 5545."""

    id: str
    route: str
    seat: str
    every_min: int
    per_shift: int
    rrule: str
    from_: str = Field(alias="from")
    to: str
    window_min: int
    grace_min: int
    day_types: list[DayType]


class TapProof(Shape):
    """Which alerts need somebody on the spot, within how many minutes, and where."""

    kinds: list[str]
    within_min: int
    zones: list[str]
    checkpoints: list[str]


class ViolationPolicy(Shape):
    """How many minutes each step against a violation has."""

    dissuade_min: int
    stop_min: int
    report_min: int


class PatrolPolicies(Shape):
    """The site's patrol rules (see docs/reference/site-pack)."""

    interval_min: int
    debounce_s: int
    page_ttl_s: int
    hoard_s: int
    counter_jump: int
    walk_m_s: float
    unit_m: float
    clone_s: int
    clock_skew_s: int
    band_low_pct: int
    band_high_pct: int
    band_rounds: int
    plan_days: int
    proofs: list[TapProof]
    violations: ViolationPolicy
    manual_roles: list[Role]
    excuse_roles: list[Role]
