"""Presence checks (查岗): asked when their time comes or by hand, answered in person, and an alert when nobody answers.

People's commands take an open transaction that holds the site's head. Whoever holds the seat is asked; an answer by anybody
else is written down as a witness's, and counts for nothing.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from core.clock import seconds
from core.ids import derived, fresh
from duty import presence, presence_store
from duty.errors import NoSuchSeat
from duty.handover_errors import SamePerson
from duty.presence import Check, CheckState, How, Plan, Stepped
from duty.presence_errors import CheckOpen, NobodyToAsk
from ingest.commit import commit
from ingest.loading import load_scene
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from logbook import entries
from logbook.rules import Line
from sites.register import Register
from store import outbox
from store.db import Tx

KIND: Final = "duty.presence_check"
PRESENT: Final = "duty.present"
ALONE: Final = "duty.lone_worker"
SAFE: Final = "duty.lone_safe"
_NAME: Final = presence_store.PRESENCE
DUE_ROWS: Final = presence_store.DUE_ROWS[_NAME]


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where it is time to look."""
    return presence_store.sites_due(conn, _NAME, at)


def next_due(conn: Connection) -> datetime | None:
    """When it is next time to look at any site."""
    return presence_store.next_due(conn, _NAME)


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:  # noqa: ARG001 - a watch's question
    """What may be raised and ended: the pass itself may settle seats and make it time to look."""
    if not presence.seats_of(desk.register) and not presence_store.live_checks(conn, desk.register.site_id):
        return []
    return [(f"seat/{seat}", KIND) for seat in desk.register.seats]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Ask whom it is time to ask; of those who were asked, see who has not answered and who is not there any more."""
    site, register = desk.register.site_id, desk.register
    if not presence_store.is_due(tx.conn, site, _NAME, at):
        return
    waiting = [c for c in presence_store.live_checks(tx.conn, site) if c.how is not How.LONE]
    live = [one for c in waiting if (one := _seen_to(tx, judgement, c, at))]
    stood, wanted = presence_store.plans(tx.conn, site), presence.seats_of(register)
    made = []
    for seat in wanted:
        was = stood.get(seat)
        if was is None or not was.follows(register.policies.duty.presence_check):
            made.append(_plan(register, seat, at))
        elif was.due_at <= at:
            next_ = _plan(register, seat, at)
            person = judgement.scene.held[seat].person
            if person is not None and not any(c.seat_id == seat and c.state is CheckState.ASKED for c in live):
                live.append(_asked_by_plan(tx, register, was, next_, person, at))
            made.append(next_)
    presence_store.save_plans(tx, site, made, stood.keys() - set(wanted))
    plans = [{p.seat: p for p in (*stood.values(), *made)}[seat].due_at for seat in wanted]
    waits = [c.until for c in live if c.state is CheckState.ASKED]
    presence_store.look_at(tx, site, _NAME, min([*plans, *waits], default=None))


def call(tx: Tx, desk: Desk, seat: str, by: str, at: datetime) -> Check:
    """Somebody above asks by hand: whoever holds the seat, and it is not themselves."""
    register = desk.register
    if seat not in register.seats:
        raise NoSuchSeat(field="seat", seat=seat)
    scene = load_scene(tx, desk, at)
    person = scene.held[seat].person
    if person is None:
        raise NobodyToAsk(field="seat", seat=seat)
    if person == by:
        raise SamePerson(field="seat")
    if any(c.state is CheckState.ASKED for c in presence_store.live_checks(tx.conn, register.site_id, seat)):
        raise CheckOpen(field="seat", seat=seat)
    made = _ask(tx, register, seat, person, How.HAND, at, by=by)
    due = presence_store.next_look(tx.conn, register.site_id, _NAME)
    presence_store.look_at(tx, register.site_id, _NAME, made.until if due is None else min(due, made.until))
    return made


def answer(tx: Tx, desk: Desk, check_id: str, by: str, at: datetime) -> tuple[str, Check]:
    """Answer a check. Returns ("answered" | "late" | "witness", the check after it). Late is whatever comes after the window,
    also when no alert was raised yet.
    """
    site = desk.register.site_id
    check = presence_store.check(tx.conn, site, check_id)
    if check.person_id != by:
        if check.state not in presence.LIVE:
            presence.answer(check, at=at)  # refuses
        told = {"seat": check.seat_id, "person": check.person_id}
        entries.append(tx, site, [Line(at, "presence.witness", by, f"presence/{check.id}", told)])
        return "witness", check
    for stepped in presence.answer(check, at=at):
        check = keep(tx, stepped, at)
    _present(tx, desk, check, at)
    return check.state.value, check


def _seen_to(tx: Tx, judgement: Judgement, check: Check, at: datetime) -> Check | None:
    """A check that waits, as it is after a look; None when it waits no more."""
    subject = f"seat/{check.seat_id}"
    holding = judgement.scene.held.get(check.seat_id)
    if holding is None or holding.person != check.person_id:
        keep(tx, presence.step(check, presence.Act.VOID, at=at, by="system"), at)
        judgement.over(subject, PRESENT, Origin(derived(at, PRESENT, check.id), at))
        return None
    if check.state is not CheckState.ASKED or check.until > at:
        return check
    window_s = judgement.scene.desk.register.policies.duty.presence_check.window_s
    after = keep(tx, presence.due(check, window_s, at=at), at)
    if after.state is CheckState.MISSED:
        data = {"person": after.person_id, "asked_at": after.asked_at, "how": after.how, "check": after.id}
        judgement.occur(subject, KIND, Origin(derived(at, KIND, check.id), at), data)
    return after


def _plan(register: Register, seat: str, at: datetime) -> Plan:
    return presence.plan(seat, register.policies.duty.presence_check, register.zone_info, at, fresh(at))


def _asked_by_plan(tx: Tx, register: Register, was: Plan, next_: Plan, person: str, at: datetime) -> Check:
    """The line names the seed that chose this time, and binds the one that has chosen the next."""
    told = {"since": was.since, "seed": was.seed, "next": presence.bound(next_.seed)}
    how = How(was.mode.value)
    return _ask(tx, register, was.seat, person, how, at, told=told if how is How.RANDOM else {})


def _ask(
    tx: Tx,
    register: Register,
    seat: str,
    person: str,
    how: How,
    at: datetime,
    *,
    by: str | None = None,
    told: dict[str, object] | None = None,
) -> Check:
    until = at + seconds(register.policies.duty.presence_check.window_s)
    made = Check(
        site_id=register.site_id,
        id=fresh(at),
        seat_id=seat,
        person_id=person,
        how=how,
        by=by,
        asked_at=at,
        until=until,
    )
    said = {"seat": seat, "person": person, "to": made.state, "how": how, "until": until, **(told or {})}
    return keep(tx, (made, Line(at, "presence.ask", by or "system", f"presence/{made.id}", said)), at)


def keep(tx: Tx, stepped: Stepped, at: datetime) -> Check:
    """Save what became of a check, with its line, and show it."""
    after, line = stepped
    presence_store.save_check(tx, after)
    entries.append(tx, after.site_id, [line])
    outbox.append(tx, after.site_id, at, [("presence", after.shown)])
    return after


def _present(tx: Tx, desk: Desk, check: Check, at: datetime) -> None:
    """The holder is there after all: whoever was called for it need not come."""
    subject = f"seat/{check.seat_id}"
    kind, over = (ALONE, SAFE) if check.how is How.LONE else (KIND, PRESENT)
    scene = load_scene(tx, desk, at, also=[(subject, kind)])
    judgement = Judgement(scene)
    judgement.over(subject, over, Origin(derived(at, over, check.seat_id), at))
    commit(tx, scene, judgement.changes)
