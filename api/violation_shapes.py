"""What the API answers about violations (see `api.shapes`)."""

from datetime import datetime

from api.shapes import Shape
from patrol.violations import Step


class ViolationStep(Shape):
    """What was done at a step, and by whom; `system`: nothing, its time was over."""

    step: Step
    at: datetime
    by: str
    note: str


class Violation(Shape):
    """What somebody does that they may not: where it was found, by which task (empty: somebody reported it), and the step that
    it has come to by `until` (none: it has no time).
    """

    id: str
    checkpoint_id: str
    task: str
    note: str
    found_by: str
    found_at: datetime
    tap: str | None
    step: Step
    since: datetime
    until: datetime | None
    done: list[ViolationStep]
    ended_at: datetime | None


class Violations(Shape):
    """Those that are open, or were on the days asked for."""

    items: list[Violation]
