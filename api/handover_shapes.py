"""What the API answers about hand-overs (see `api.shapes`)."""

from datetime import datetime
from typing import Any

from api.shapes import Shape
from duty.handover_packet import HandoverKind, Verdict
from duty.handover_signatures import How
from duty.handovers import HandoverState


class HandoverBrief(Shape):
    """Where a seat's hand-over stands. `expected`: who is to take over by roster."""

    id: str
    seat_id: str
    state: HandoverState
    version: int
    outgoing: str
    incoming: str | None
    expected: str | None
    planned_end: datetime | None


class HandoverItem(Shape):
    """One item. `explanation` and `answer` are the outgoing person's, `comment` the incoming one's, `resolution` a
    supervisor's. `live`: from the site's data; `listed`: from the seat's checklist; `over`: it ended meanwhile;
    `last`: what was counted at the seat's last hand-over; `follow_up`: it comes up again at the next one;
    `review`: why the site's rules should be looked at for it.
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
    last: int | None
    follow_up: bool
    review: str


class HandoverSignature(Shape):
    """Who signed what (`act`: offer or sign), how they proved to be themselves, and the digest of what they saw."""

    by: str
    at: datetime
    act: str
    how: How
    digest: str


class Handover(Shape):
    """A hand-over. `planned_end`: of the outgoing person's shift; `joint`: alerts that both stay responsible for;
    `since`: when the outgoing person took the seat; `changed_at`: the last act.
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
    since: datetime | None
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


class TaggedItem(Shape):
    """An item that was marked: the site's rules should be looked at for it."""

    handover: str
    seat: str
    opened_at: datetime
    item: HandoverItem


class TaggedItems(Shape):
    """What hand-overs said about the site's rules, newest first."""

    items: list[TaggedItem]


class HandoverSheet(Shape):
    """A hand-over as it stands. `blocking`: items that stand in the way now; `equipment`: the acceptance record of what was
    counted and checked; `prepare_by`: when the outgoing person is to begin.
    """

    handover: Handover
    overtime_s: int
    prepare_by: datetime | None
    blocking: list[str]
    equipment: list[HandoverItem]


class ReachablePerson(Shape):
    """Somebody whose shift is over and who may still be asked; `phone` for those who lead and those in a seat."""

    person: str
    seat: str
    ended_at: datetime
    until: datetime
    phone: str | None


class ReachablePeople(Shape):
    """Whom to ask about the shifts that are over, the last one first."""

    items: list[ReachablePerson]


class Handovers(Shape):
    """Hand-overs, newest first; `next` asks for older ones."""

    items: list[Handover]
    next: datetime | None
