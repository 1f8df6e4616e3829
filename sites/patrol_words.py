"""The register's words for patrol: routes, what is done at each of their points, and the plans that make rounds of them.

Nothing here does I/O. Clock times are the site's wall clock.
"""

from datetime import time
from enum import StrEnum

import msgspec

from sites.duty_words import Choice, DayType
from sites.people import Role, Words


class TaskKind(StrEnum):
    """What is asked at a point (PAT-03): a yes or no, a meter's reading, a photo, one answer of several, or a few words."""

    YES_NO = "yes_no"
    READING = "reading"
    PHOTO = "photo"
    CHOICE = "choice"
    NOTE = "note"


class PatrolTask(msgspec.Struct, frozen=True):
    """One thing to see to at a point. A reading below `least` or above `most`, a no, and any of `bad` is a finding;
    of a `violation` it is what somebody does that they may not, which has steps of its own (PAT-13).
    """

    id: str
    name: Words
    kind: TaskKind = TaskKind.YES_NO
    required: bool = True
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[Choice, ...] = ()
    bad: tuple[str, ...] = ()
    violation: bool = False


class Stop(msgspec.Struct, frozen=True):
    """A checkpoint on a route. `leg_s` is how long the way from the stop before may take, (least, most) in seconds; None:
    learned from clean rounds.
    """

    checkpoint: str
    tasks: tuple[PatrolTask, ...] = ()
    leg_s: tuple[int, int] | None = None


class Order(StrEnum):
    """Whether a route's points are walked as they are written (PAT-01)."""

    ORDERED = "ordered"
    FREE = "free"


class PatrolRoute(msgspec.Struct, frozen=True):
    """The points of a round. A `night` route that is missed is one priority higher (PAT-04)."""

    id: str
    name: Words
    stops: tuple[Stop, ...]
    order: Order = Order.ORDERED
    night: bool = False

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Its points, in their order."""
        return tuple(stop.checkpoint for stop in self.stops)


class PatrolPlan(msgspec.Struct, frozen=True):
    """When a route is walked, and from which seat. One of three fields says when.

    `every_min`: each day from `from_` on, every so many minutes until `to` (PAT-02); a round is open until the next one.
    `per_shift`: so many rounds in each shift of `seat`, which they share evenly.
    `rrule`: RFC 5545, by the site's wall clock; such a round is open for `window_min`.

    `window_min` 0 leaves a round open as said above. `grace_min`: how much later than its window a point still counts, as late.
    """

    id: str
    route: str
    seat: str
    every_min: int = 0
    per_shift: int = 0
    rrule: str = ""
    from_: time = msgspec.field(default=time(0), name="from")
    to: time = time(0)
    window_min: int = 0
    grace_min: int = 5
    day_types: tuple[DayType, ...] = ()


class TapProof(msgspec.Struct, frozen=True):
    """Alerts of these kinds (or families) in these zones (empty: everywhere) need a tap within `within_min`: at one of
    `checkpoints`, or, empty, at any near the alert's zone.
    """

    kinds: tuple[str, ...]
    within_min: int
    zones: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()


class ViolationPolicy(msgspec.Struct, frozen=True):
    """How many minutes each step against a violation has, before the next one is due (PAT-13). The regulations give the steps
    and no times: these are ours.
    """

    dissuade_min: int = 30
    stop_min: int = 120
    report_min: int = 1440


class PatrolPolicies(msgspec.Struct, frozen=True):
    """The site's patrol rules. Sources: standards part 5 (tags, counters), peers 1D (the band of 50 to 200 %)."""

    interval_min: int = 240  # how often a plan makes rounds that does not say when
    debounce_s: int = 10  # a second read of the same tag within this is the same tap
    page_ttl_s: int = 120  # how long an opened tap page may complete its point
    hoard_s: int = 300  # a tap address proves presence for this long after it was first seen
    counter_jump: int = 50  # reads of a tag that nobody told of, before that is odd
    walk_m_s: float = 3.0  # faster than this between two points of one plan is impossible
    unit_m: float = 0.0  # metres that a unit of the floor plans stands for; 0: not known, so that nobody is too quick
    clone_s: int = 60  # the same tag, or the same guard, at two places within this
    clock_skew_s: int = 120  # a phone's clock that is further off is flagged
    band_low_pct: int = 50
    band_high_pct: int = 200
    band_rounds: int = 5  # clean rounds that a band is learned from
    plan_days: int = 2  # how far ahead rounds are made
    proofs: tuple[TapProof, ...] = ()
    violations: ViolationPolicy = ViolationPolicy()
    manual_roles: tuple[Role, ...] = (Role.SUPERVISOR, Role.MANAGER)
    excuse_roles: tuple[Role, ...] = (Role.SUPERVISOR, Role.MANAGER)
