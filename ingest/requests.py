"""What becomes of requests: agreed to, decided, taken back; and how the roster follows in the same transaction.

Each takes an open transaction that holds the site's head. Who decides is the site's policy `swap_approvers`, and never who
asked (DUTY-06). What breaks a rule is let pass only with a reason, which the logbook keeps.
"""

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import msgspec

from duty import lieu, request_moves, request_reading, request_store, requests
from duty.calendar import month_of
from duty.errors import NotOfThisSite
from duty.handover_errors import SamePerson, WordsOwed
from duty.request_checks import broken
from duty.request_errors import (
    AgreementOwed,
    NoStandIn,
    NotAsked,
    NotAsker,
    OwnRequest,
    RequestRole,
    RequestTooLate,
    RulesBroken,
)
from duty.request_moves import span_of
from duty.requests import Act, Move, Request, RequestKind, RequestState
from duty.roster_cover import Finding
from duty.rosters import Edit
from ingest import rosters
from ingest.scene import Desk
from logbook import entries
from logbook.rules import Line
from sites.register import Register, Role
from store import outbox
from store.db import Tx

# Where whoever decides may name somebody else.
_ASSIGNED: Final = frozenset({RequestKind.LEAVE, RequestKind.SUBSTITUTE})
_PAIRED: Final = frozenset({RequestKind.SWAP, RequestKind.SUBSTITUTE})


def agree(tx: Tx, desk: Desk, request_id: str, by: str, at: datetime) -> Request:
    """Say yes as the person who was asked; or, of a call-in, that one knows of it. Where the site lets two people arrange
    a swap between themselves, and no rule is broken by it, that is all it takes.
    """
    before = request_store.get(tx.conn, desk.register.site_id, request_id)
    if before.kind is RequestKind.REINFORCEMENT:
        if by not in before.called:
            raise NotAsked
        if by in before.heard:
            return before
        return keep(tx, *requests.step(before, Act.HEAR, by=by, at=at, heard=(*before.heard, by)))
    if by != before.other:
        raise NotAsked
    requests.step(before, Act.AGREE, by=by, at=at)  # before anything else is said of it: whether it can be agreed to
    moves = _moves_now(tx, desk.register, before, None)
    looked = _looked_at(tx, desk.register, before, moves, at)
    after = keep(tx, *requests.step(looked, Act.AGREE, by=by, at=at, agreed_at=at))
    if not desk.register.policies.duty.swap_own_arrangement or after.kind not in _PAIRED or after.findings:
        return after
    return let_stand(tx, desk, after, Act.ARRANGE, by, at, "")


def approve(
    tx: Tx, desk: Desk, request_id: str, by: str, roles: Collection[Role], at: datetime,
    *, override: str = "", stand_in: str | None = None, answer: str = "",
) -> Request:  # fmt: skip
    """Let it stand. `stand_in`: whom the approver puts there (DUTY-06), whoever was asked; `override`: why a rule may be
    broken this time.
    """
    register = desk.register
    before = request_store.get(tx.conn, register.site_id, request_id)
    decides(register, roles)
    _third(before, by)
    requests.step(before, Act.APPROVE, by=by, at=at)  # before anything else is said of it: whether it is open
    if stand_in is not None:
        if before.kind not in _ASSIGNED:
            raise NoStandIn(field="stand_in")
        other_person(register, stand_in, before.asked_by, "stand_in")
    elif before.other is not None and before.state is not RequestState.AGREED:
        raise AgreementOwed(other=before.other)
    moves = _moves_now(tx, register, before, stand_in)
    looked = _looked_at(tx, register, before, moves, at)
    return let_stand(tx, desk, looked, Act.APPROVE, by, at, override, stand_in=stand_in, answer=answer)


def refuse(tx: Tx, desk: Desk, request_id: str, reason: str, by: str, roles: Collection[Role], at: datetime) -> Request:
    """Say no, with the reason: who was asked, or who decides."""
    before = request_store.get(tx.conn, desk.register.site_id, request_id)
    if by != before.other:
        decides(desk.register, roles)
        _third(before, by)
    why = words(reason, "reason")
    return keep(tx, *requests.step(before, Act.REFUSE, by=by, at=at, told={"reason": why}, answer=why))


def withdraw(tx: Tx, desk: Desk, request_id: str, by: str, at: datetime) -> Request:
    """Take one's own request back while nobody has decided."""
    before = request_store.get(tx.conn, desk.register.site_id, request_id)
    if by != before.asked_by:
        raise NotAsker
    return keep(tx, *requests.step(before, Act.WITHDRAW, by=by, at=at))


# -- what stands behind


def _moves_now(tx: Tx, register: Register, request: Request, stand_in: str | None) -> tuple[Move, ...]:
    """What a request moves as the roster stands now: a leave may touch shifts that were not there when it was asked for."""
    if request.kind is RequestKind.LEAVE:
        days = request_reading.days_between(register, request.starts_at, request.ends_at)
        cells = request_reading.plan(tx.conn, register, days).cells
        now = request.other if stand_in is None else stand_in
        return request_moves.of_leave(register, cells, request.asked_by, request.starts_at, request.ends_at, now)
    if stand_in is None:
        return request.moves
    return tuple(msgspec.structs.replace(m, now=stand_in) for m in request.moves)


def _looked_at(tx: Tx, register: Register, request: Request, moves: tuple[Move, ...], at: datetime) -> Request:
    """The request with what it moves and breaks now. Raises what makes it impossible meanwhile."""
    request_moves.still_to_come(register, moves, at)
    spans = span_of(register, moves)
    starts_at = spans[0] if spans else request.starts_at
    if starts_at <= at:
        raise RequestTooLate
    days = [m.day for m in moves] or [starts_at.astimezone(register.zone_info).date()]
    plan = request_reading.plan(tx.conn, register, days)
    request_moves.still_standing(plan.cells, moves)
    # notice is a matter of when it was asked for, not of when somebody reads it
    early = [f for f in request.findings if f.code == "notice_too_short"]
    looked = msgspec.structs.replace(request, moves=moves)
    findings = (*early, *broken(register, plan, moves, at), *unearned(tx, register, looked, at))
    return msgspec.structs.replace(looked, findings=findings)


def unearned(tx: Tx, register: Register, request: Request, at: datetime) -> list[Finding]:
    """Whether it is a leave in lieu of holidays that were not worked (DUTY-11)."""
    if not request.in_lieu:
        return []
    return lieu.beyond(request, request_reading.lieu_of(tx.conn, register, request.asked_by, at))


def let_stand(
    tx: Tx, desk: Desk, request: Request, act: Act, by: str, at: datetime, override: str, **change: Any
) -> Request:
    """The roster follows, month by month, and the request says by which versions."""
    override = override.strip()
    if request.findings and not override:
        raise RulesBroken(field="override", findings=msgspec.to_builtins(request.findings))
    made = []
    moves = sorted(request.moves, key=lambda m: (m.day, m.seat, m.template))
    for month, group in groupby(moves, key=lambda m: month_of(m.day)):
        edits = [Edit(m.seat, m.day, m.template, m.now) for m in group]
        made.append(rosters.amend(tx, desk, month, edits, by, at, f"request/{request.id}").id)
    kept = override if request.findings else ""
    return keep(tx, *requests.step(request, act, by=by, at=at, rosters=tuple(made), override=kept, **change))


def keep(tx: Tx, after: Request, line: Line) -> Request:
    """Write down what became of a request, and tell the pages."""
    request_store.save(tx, after)
    entries.append(tx, after.site_id, [line])
    show(tx, after, line.at)
    return after


def show(tx: Tx, request: Request, at: datetime) -> None:
    """Tell the live feed: whoever was asked, or called, sees it at once. Its reason is not for everybody."""
    told = {"id": request.id, "kind": request.kind, "state": request.state, "version": request.version}
    people = sorted(request.concerns)
    outbox.append(tx, request.site_id, at, [("request", {**told, "asked_by": request.asked_by, "people": people})])


def decides(register: Register, roles: Collection[Role]) -> None:
    """Only those whom the site lets decide."""
    allowed = register.policies.duty.swap_approvers
    if not set(allowed) & set(roles):
        raise RequestRole(roles=[str(r) for r in allowed])


def _third(request: Request, by: str) -> None:
    """Nobody decides about what they asked for, nor one half of a swap about the whole."""
    if by == request.asked_by or (request.kind is RequestKind.SWAP and by == request.other):
        raise OwnRequest


def other_person(register: Register, person: str, by: str, field: str) -> None:
    """Somebody who works here, and somebody else."""
    if person not in register.people:
        raise NotOfThisSite(field=field, person=person)
    if person == by:
        raise SamePerson(field=field)


def words(text: str, field: str) -> str:
    """What was written, which must be something."""
    if not text.strip():
        raise WordsOwed(field=field)
    return text.strip()
