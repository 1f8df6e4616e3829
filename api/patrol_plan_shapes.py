"""What the API answers about an edit of patrol routes and plans (see `api.shapes`)."""

from datetime import datetime
from typing import Any, Literal

from api.patrol_register_shapes import PatrolPlan, PatrolRoute
from api.shapes import Shape
from sites.changes import How


class PatrolEdited(Shape):
    """That routes and plans are not those of the site's pack: who edited them last, when and why."""

    version: int
    by: str
    reason: str
    at: datetime


class PatrolBook(Shape):
    """The site's routes and plans. `edited`: None while they are the pack's own."""

    version: int
    routes: list[PatrolRoute]
    plans: list[PatrolPlan]
    edited: PatrolEdited | None


class RegisterChange(Shape):
    """One thing that would be different; a changed one has its field, what it was and what it is."""

    section: str
    id: str
    how: How
    field: str
    old: Any
    new: Any


class RoundToCome(Shape):
    """A round that the plans would make. `how`: beside what stands now; `gone`: it would be taken back."""

    plan: str
    route: str
    seat: str
    opens_at: datetime
    closes_at: datetime
    ends_at: datetime
    points: int
    how: Literal["new", "changed", "same", "gone"]


class PatrolPreview(Shape):
    """What an edit would come to: the changes, and the rounds that would open from now (`at`) until then."""

    at: datetime
    until: datetime
    changes: list[RegisterChange]
    rounds: list[RoundToCome]
