"""What the API answers about requests for leave, swaps, substitutes and call-ins (see `api.shapes`)."""

from datetime import date, datetime

from api.roster_shapes import Finding
from api.shapes import Shape
from duty.requests import RequestKind, RequestState


class ShiftMove(Shape):
    """One shift, who stood in it when that was asked, and who is to; null is nobody."""

    seat: str
    day: date
    template: str
    was: str | None
    now: str | None


class DutyRequest(Shape):
    """What somebody asked for, and what became of it. `other` must agree; `findings` are the rules that it breaks, which
    whoever approves must have a reason for (`override`); `stand_in`: whom they put there instead; `answer`: what they
    said; `due_at`: when it lapses; `heard`: those of the called who know of it; `rosters`: the versions that it made.
    """

    site_id: str
    id: str
    kind: RequestKind
    state: RequestState
    version: int
    asked_by: str
    asked_at: datetime
    other: str | None
    starts_at: datetime
    ends_at: datetime
    moves: list[ShiftMove]
    reason: str
    in_lieu: bool
    findings: list[Finding]
    due_at: datetime | None
    agreed_at: datetime | None
    stand_in: str | None
    decided_by: str | None
    decided_at: datetime | None
    answer: str
    override: str
    heard: list[str]
    rosters: list[str]


class LieuBalance(Shape):
    """Days off that holidays on duty earned within the last year, and how many of them are spent or promised."""

    earned: int
    spent: int
    left: int


class DutyRequests(Shape):
    """Requests, newest first; `next` is the `before` of the following page. `decides`: whether the caller may approve."""

    items: list[DutyRequest]
    next: str | None
    decides: bool
