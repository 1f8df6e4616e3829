"""Asking: for leave, a swap, a substitute; and calling more people in.

Each takes an open transaction that holds the site's head. A request is held against the roster's rules at once, so that
whoever asks, and whoever is asked, see what it would break; what cannot be is refused here.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from core.errors import Invalid
from core.ids import fresh
from duty import request_moves, request_reading, request_store, requests
from duty.calendar import month_of
from duty.errors import NoSuchSeat, NotOfThisSite
from duty.request_checks import Plan, broken, notice
from duty.request_errors import LeaveTurned, NoSuchShift, NotYourShift, RequestTooLate, ShiftTaken
from duty.request_moves import Slot, holder, span_of
from duty.requests import Act, Move, Request, RequestKind
from duty.roster_acts import within_reach
from ingest.requests import decides, let_stand, other_person, show, unearned, words
from ingest.scene import Desk
from logbook import entries
from sites.register import Register, Role
from store.db import Tx


def leave(
    tx: Tx, desk: Desk, starts_at: datetime, ends_at: datetime, reason: str, by: str, at: datetime,
    *, stand_in: str | None = None, in_lieu: bool = False,
) -> Request:  # fmt: skip
    """Ask to be away. Every shift that it touches is given up whole: to the stand-in, or to nobody, which is seen as a gap."""
    register = desk.register
    if ends_at <= starts_at:
        raise LeaveTurned(field="ends_at")
    if starts_at < at:
        raise RequestTooLate(field="starts_at")
    if stand_in is not None:
        other_person(register, stand_in, by, "stand_in")
    within_reach(register, month_of(ends_at.astimezone(register.zone_info).date()), at)
    days = request_reading.days_between(register, starts_at, ends_at)
    plan = request_reading.plan(tx.conn, register, days)
    moves = request_moves.of_leave(register, plan.cells, by, starts_at, ends_at, stand_in)
    span = (starts_at, ends_at)
    return _ask(
        tx, register, plan, RequestKind.LEAVE, moves, reason, by, at, other=stand_in, span=span, in_lieu=in_lieu
    )


def swap(tx: Tx, desk: Desk, mine: Slot, theirs: Slot, reason: str, by: str, at: datetime) -> Request:
    """Ask somebody to take my shift for theirs."""
    plan = _plan(tx, desk.register, [mine, theirs], at)
    _mine(plan, mine, by)
    other = request_moves.given(plan.cells, theirs, "theirs")
    other_person(desk.register, other, by, "theirs")
    moves = (
        Move(mine.seat, mine.day, mine.template, by, other),
        Move(theirs.seat, theirs.day, theirs.template, other, by),
    )
    return _ask(tx, desk.register, plan, RequestKind.SWAP, moves, reason, by, at, other=other)


def substitute(tx: Tx, desk: Desk, mine: Slot, other: str, reason: str, by: str, at: datetime) -> Request:
    """Ask somebody to take my shift."""
    other_person(desk.register, other, by, "other")
    plan = _plan(tx, desk.register, [mine], at)
    _mine(plan, mine, by)
    moves = (Move(mine.seat, mine.day, mine.template, by, other),)
    return _ask(tx, desk.register, plan, RequestKind.SUBSTITUTE, moves, reason, by, at, other=other)


def call_in(
    tx: Tx, desk: Desk, wanted: Sequence[tuple[Slot, str]], reason: str, by: str, roles: Collection[Role], at: datetime,
    *, override: str = "",
) -> Request:  # fmt: skip
    """Call more people in than the roster says (DUTY-08): it stands at once, and those who are called say that they know."""
    register = desk.register
    decides(register, roles)
    for slot, person in wanted:
        _known(register, slot, "shifts")
        if person not in register.people:
            raise NotOfThisSite(field="shifts", person=person)
    plan = _plan(tx, register, [slot for slot, _ in wanted], at)
    for slot, _ in wanted:
        found = holder(plan.cells, slot)
        if found is not None:
            raise ShiftTaken(
                field="shifts", seat=slot.seat, day=slot.day.isoformat(), template=slot.template, person=found
            )
    moves = tuple(Move(s.seat, s.day, s.template, None, p) for s, p in wanted)
    if len({(m.seat, m.day, m.template) for m in moves}) != len(moves):
        raise Invalid("A shift is named twice.", field="shifts")
    made = _ask(tx, register, plan, RequestKind.REINFORCEMENT, moves, reason, by, at)
    return let_stand(tx, desk, made, Act.CALL, by, at, override)


def _ask(
    tx: Tx,
    register: Register,
    plan: Plan,
    kind: RequestKind,
    moves: tuple[Move, ...],
    reason: str,
    by: str,
    at: datetime,
    *,
    other: str | None = None,
    span: tuple[datetime, datetime] | None = None,
    in_lieu: bool = False,
) -> Request:
    """Write a request down, with the rules that it would break. Raises what makes it impossible. `span` is a leave's."""
    if by not in register.people:
        raise NotOfThisSite
    request_moves.still_to_come(register, moves, at)
    shifts = span_of(register, moves) or span
    whole = span or shifts
    if shifts is None or whole is None:
        raise NoSuchShift
    made = Request(
        site_id=register.site_id,
        id=fresh(at),
        kind=kind,
        asked_by=by,
        asked_at=at,
        other=other,
        starts_at=whole[0],
        ends_at=whole[1],
        moves=moves,
        reason=words(reason, "reason"),
        in_lieu=in_lieu,
        findings=(*notice(register, shifts[0], at), *broken(register, plan, moves, at)),
        due_at=shifts[0],
    )
    made = msgspec.structs.replace(made, findings=(*made.findings, *unearned(tx, register, made, at)))
    request_store.insert(tx, made)
    entries.append(tx, register.site_id, [requests.asked(made)])
    show(tx, made, at)
    return made


def _plan(tx: Tx, register: Register, slots: Sequence[Slot], at: datetime) -> Plan:
    """What stands around these shifts. Raises `MonthIsPast` or `MonthTooFar` where no roster can be made."""
    for month in {month_of(slot.day) for slot in slots}:
        within_reach(register, month, at)
    return request_reading.plan(tx.conn, register, [slot.day for slot in slots])


def _mine(plan: Plan, slot: Slot, by: str) -> None:
    if request_moves.given(plan.cells, slot, "mine") != by:
        raise NotYourShift(field="mine")


def _known(register: Register, slot: Slot, field: str) -> None:
    if slot.seat not in register.seats:
        raise NoSuchSeat(field=field, seat=slot.seat)
    if slot.template not in register.templates:
        raise NoSuchShift(field=field, template=slot.template)
