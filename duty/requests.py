"""Leave, swaps, substitutes and call-ins: one state field, one table, one function. Pure: values in, values out.

A request says which shifts would change hands. Nothing changes before it is approved (DUTY-06); one that nobody decided
about before its first shift begins has lapsed, and whoever was to be there still is.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import msgspec

from duty.request_errors import RequestNotAllowed
from duty.roster_cover import Finding
from logbook.rules import Line


class RequestState(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    AGREED = "agreed"  # the other person says yes; whoever decides has not yet
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class RequestKind(StrEnum):
    """What is asked for."""

    LEAVE = "leave"  # away from one time until another, with somebody in my place or nobody
    SWAP = "swap"  # my shift for yours
    SUBSTITUTE = "substitute"  # you take my shift
    REINFORCEMENT = "reinforcement"  # more people than the roster says: a call, not a question (DUTY-08)


class Act(StrEnum):
    """What may happen to a request."""

    AGREE = "agree"
    APPROVE = "approve"
    ARRANGE = "arrange"  # both agree, and the site lets them
    CALL = "call"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    HEAR = "hear"  # somebody who was called says that they know


S, A = RequestState, Act
NEXT: Final[Mapping[tuple[RequestState, Act], RequestState]] = MappingProxyType(
    {
        (S.ASKED, A.AGREE): S.AGREED,
        (S.ASKED, A.APPROVE): S.APPROVED,
        (S.ASKED, A.CALL): S.APPROVED,
        (S.ASKED, A.REFUSE): S.REFUSED,
        (S.ASKED, A.WITHDRAW): S.WITHDRAWN,
        (S.ASKED, A.LAPSE): S.LAPSED,
        (S.AGREED, A.APPROVE): S.APPROVED,
        (S.AGREED, A.ARRANGE): S.APPROVED,
        (S.AGREED, A.REFUSE): S.REFUSED,
        (S.AGREED, A.WITHDRAW): S.WITHDRAWN,
        (S.AGREED, A.LAPSE): S.LAPSED,
        (S.APPROVED, A.HEAR): S.APPROVED,
    }
)
OPEN: Final = frozenset({S.ASKED, S.AGREED})


class Move(msgspec.Struct, frozen=True):
    """One shift, who stands in it, and who would; None is nobody."""

    seat: str
    day: date
    template: str
    was: str | None
    now: str | None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked for, and what became of it.

    `in_lieu`: a leave for a holiday that was worked (DUTY-11). `other` must agree first. `starts_at` until `ends_at` is the leave, or the time of the shifts. `findings` are the rules
    that it would break, as last looked at. `stand_in` is whom the approver put there instead of who was asked. `due_at` is
    when it lapses. `heard` are those of the called who know of it. `rosters` are the versions that it made.
    """

    site_id: str
    id: str
    kind: RequestKind
    state: RequestState = RequestState.ASKED
    version: int = 1
    asked_by: str
    asked_at: datetime
    other: str | None = None
    starts_at: datetime
    ends_at: datetime
    moves: tuple[Move, ...] = ()
    reason: str = ""
    in_lieu: bool = False
    findings: tuple[Finding, ...] = ()
    due_at: datetime | None = None
    agreed_at: datetime | None = None
    stand_in: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    answer: str = ""
    override: str = ""
    heard: tuple[str, ...] = ()
    rosters: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Somebody has yet to say yes or no."""
        return self.state in OPEN

    @property
    def concerns(self) -> frozenset[str]:
        """Everybody whom it is about."""
        moved = (p for m in self.moves for p in (m.was, m.now))
        return frozenset(p for p in (self.asked_by, self.other, self.stand_in, *moved) if p is not None)

    @property
    def called(self) -> frozenset[str]:
        """Whom a call-in calls."""
        return frozenset(m.now for m in self.moves if m.now is not None and self.kind is RequestKind.REINFORCEMENT)


def asked(request: Request) -> Line:
    """The line of a request that was just made. Why somebody wants leave is theirs and the approver's, not the log's."""
    told: dict[str, Any] = {
        "kind": request.kind,
        "to": request.state,
        "from_time": request.starts_at,
        "until": request.ends_at,
        "shifts": _told(request.moves),
        "broken": [f.code for f in request.findings],
    }
    if request.in_lieu:
        told["in_lieu"] = True
    if request.other is not None:
        told["other"] = request.other
    if request.kind is not RequestKind.LEAVE:
        told["reason"] = request.reason
    return Line(request.asked_at, "request.ask", request.asked_by, f"request/{request.id}", told)


def step(
    request: Request, act: Act, *, by: str, at: datetime, told: Mapping[str, Any] | None = None, **change: Any
) -> tuple[Request, Line]:
    """The request after `act`, with its line. Raises `RequestNotAllowed` when the table has no such edge."""
    try:
        state = NEXT[request.state, act]
    except KeyError:
        raise RequestNotAllowed(state=request.state, act=act) from None
    if act in {A.APPROVE, A.ARRANGE, A.CALL, A.REFUSE, A.WITHDRAW, A.LAPSE}:
        change |= {"decided_by": by, "decided_at": at, "due_at": None}
    after = msgspec.structs.replace(request, state=state, version=request.version + 1, **change)
    said: dict[str, Any] = {"kind": request.kind, "from": request.state, "to": state, **(told or {})}
    if state is S.APPROVED and act is not A.HEAR:
        said |= {"shifts": _told(after.moves), "broken": [f.code for f in after.findings], "rosters": after.rosters}
        if after.override:
            said["override"] = after.override
        if after.stand_in is not None:
            said["stand_in"] = after.stand_in
    return after, Line(at, f"request.{act}", by, f"request/{request.id}", said)


def excused(person: str, at: datetime, requests: Iterable[Request]) -> Request | None:
    """The approved leave on which somebody is at `at`, if they are: whoever is away without one has left the post."""
    for request in requests:
        leave = request.kind is RequestKind.LEAVE and request.state is S.APPROVED
        if leave and request.asked_by == person and request.starts_at <= at < request.ends_at:
            return request
    return None


def _told(moves: Iterable[Move]) -> list[list[str | None]]:
    return [[m.seat, m.day.isoformat(), m.template, m.was, m.now] for m in moves]
