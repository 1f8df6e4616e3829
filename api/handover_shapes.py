"""What the API answers about hand-overs (see `api.shapes`)."""

from datetime import datetime
from typing import Any

from api.shapes import Shape
from duty.handover_packet import HandoverKind, Verdict
from duty.handover_signatures import How
from duty.handovers import HandoverState


class HandoverItem(Shape):
    """One item. `explanation` and `answer` are the outgoing person's, `comment` the incoming one's, `resolution` a
    supervisor's. `live`: from the site's data; `listed`: from the seat's checklist; `over`: it ended meanwhile.
    """

    key: str
    kind: HandoverKind
    text: str
    data: dict[str, Any]
    live: bool
    listed: bool
    mandatory: bool
    expected: int | None
    counted: int | None
    fine: bool | None
    explanation: str
    verdict: Verdict | None
    comment: str
    answer: str
    resolution: str
    over: bool


class HandoverSignature(Shape):
    """Who signed what (`act`: offer or sign), how they proved to be themselves, and the digest of what they saw."""

    by: str
    at: datetime
    act: str
    how: How
    digest: str


class Handover(Shape):
    """A hand-over. `planned_end`: of the outgoing person's shift; `joint`: alerts that both stay responsible for;
    `changed_at`: the last act.
    """

    site_id: str
    id: str
    seat: str
    state: HandoverState
    version: int
    outgoing: str
    incoming: str | None
    expected: str | None
    planned_end: datetime | None
    opened_at: datetime
    opened_by: str
    offered_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    reason: str
    lifted_by: str | None
    lifted_for: str
    items: list[HandoverItem]
    joint: list[str]
    signatures: list[HandoverSignature]
    changed_at: datetime | None


class HandoverSheet(Shape):
    """A hand-over as it stands. `blocking`: items that stand in the way now; `equipment`: the acceptance record of what was
    counted and checked; `prepare_by`: when the outgoing person is to begin.
    """

    handover: Handover
    overtime_s: int
    prepare_by: datetime | None
    blocking: list[str]
    equipment: list[HandoverItem]


class Handovers(Shape):
    """Hand-overs, newest first; `next` asks for older ones."""

    items: list[Handover]
    next: datetime | None
