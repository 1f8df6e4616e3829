"""What the API answers about rounds and taps (see `api.shapes`)."""

from datetime import datetime

from api.patrol_register_shapes import PatrolRoute
from api.shapes import Shape
from api.tap_shapes import Tap
from patrol.rounds import Stand
from patrol.verdicts import Odd, RoundState


class RoundBrief(Shape):
    """A round as lists and the live feed show it. `proved`: the points that were tapped, and when first; `points`: how each
    stood when this was told; `people`: who proved them.
    """

    id: str
    plan_id: str
    route_id: str
    seat_id: str
    opens_at: datetime
    closes_at: datetime
    ends_at: datetime
    stand: Stand
    result: RoundState
    version: int
    proved: dict[str, datetime]
    points: dict[str, str]
    people: list[str]
    urgent: list[str]
    odd: list[Odd]


class Rounds(Shape):
    """The rounds of some days, in the order in which they open."""

    items: list[RoundBrief]


class RoundProof(Shape):
    """A tap that counts at a point."""

    tap: str
    person: str | None
    proof: str
    said_at: datetime
    heard_at: datetime
    synced: bool
    kept_at: datetime | None
    answered: list[str] | None


class RoundExcuse(Shape):
    """Why something was not walked."""

    by: str
    at: datetime
    reason: str


class RoundPoint(Shape):
    """A point of a round: how it stands, its taps, the tasks that had to be answered and were not, the alert that made it
    urgent, and why it was missed.
    """

    checkpoint: str
    state: str
    proofs: list[RoundProof]
    unanswered: list[str]
    urgent: str | None
    excuse: RoundExcuse | None


class RoundLeg(Shape):
    """The way between two points as it was walked, and how many seconds it may take."""

    begins: str
    ends: str
    seconds: float
    band: tuple[float, float] | None
    odd: Odd | None


class RoundSheet(Shape):
    """A round with everything that is known of it. `route` is as it was when the round was made; `taps`: all at its points
    while it lasted, those that prove nothing too.
    """

    brief: RoundBrief
    route: PatrolRoute
    points: list[RoundPoint]
    legs: list[RoundLeg]
    taps: list[Tap]
    suspended: RoundExcuse | None
    settled_at: datetime | None


class TapPage(Shape):
    """Taps, newest first; `next` asks for older ones."""

    items: list[Tap]
    next: str | None
