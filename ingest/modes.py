"""Reinforced duty and all hands (DUTY-08): called, begun, ended and lifted, each time with everybody told and the shifts to
come looked through again.

People's commands take an open transaction that holds the site's head.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from core.clock import rfc3339
from core.ids import fresh
from duty import coverage_reading, coverage_store, mode_store, modes, notice_store
from duty import store as duty_store
from duty.coverage import bands
from duty.mode_store import DUE_ROWS, next_due, sites_due
from duty.modes import Act, Called, ModeState, Muster, Stepped
from duty.notices import NoticeKind
from duty.roster_reading import calendar
from ingest.rules import Judgement
from ingest.scene import Desk
from logbook import entries
from sites.duty_words import Mode
from sites.people import Role
from sites.register import Register
from store import outbox
from store.db import Tx

__all__ = ["DUE_ROWS", "call", "conditions", "lift", "look", "mustered", "next_due", "sites_due"]


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:  # noqa: ARG001 - a watch's question
    """None: what is short rings by the coverage watch."""
    return []


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:  # noqa: ARG001 - a watch's question
    """Begin and end what is due; one without an end counts for another day."""
    for one in mode_store.live(tx.conn, desk.register.site_id):
        if one.due_at is None or one.due_at > at:
            continue
        if one.state is ModeState.PLANNED:
            _keep(tx, desk.register, modes.step(one, Act.BEGIN, by="system", at=at), at)
        elif one.ends_at is not None:
            _keep(tx, desk.register, modes.step(one, Act.END, by="system", at=at), at)
        else:
            mode_store.save(tx, msgspec.structs.replace(one, counts_until=at + modes.OPEN_FOR))
            coverage_store.look_at(tx, desk.register.site_id, at)


def call(
    tx: Tx,
    desk: Desk,
    mode: Mode,
    reason: str,
    by: str,
    roles: Collection[Role],
    at: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Called:
    """Call it, now or for later."""
    live = mode_store.live(tx.conn, desk.register.site_id)
    made = modes.called(
        desk.register,
        fresh(at),
        mode,
        reason,
        by=by,
        roles=roles,
        at=at,
        starts_at=starts_at,
        ends_at=ends_at,
        live=live,
    )
    return _keep(tx, desk.register, made, at)


def lift(tx: Tx, desk: Desk, mode_id: str, reason: str, by: str, roles: Collection[Role], at: datetime) -> Called:
    """Say that it is over."""
    one = mode_store.get(tx.conn, desk.register.site_id, mode_id)
    return _keep(tx, desk.register, modes.lifted(desk.register, one, reason, by=by, roles=roles, at=at), at)


def mustered(conn: Connection, register: Register, at: datetime) -> Muster:
    """Who is there, who must still come, and how strong each post is."""
    site = register.site_id
    on = [m for m in mode_store.live(conn, site) if m.state is ModeState.ON]
    shifts, stays = duty_store.on_duty(conn, site, at)
    running = [s for s in shifts if s.starts_at <= at < s.ends_at]
    leave = {a.person for a in coverage_reading.on_leave(conn, register, at, at) if a.starts_at <= at < a.ends_at}
    needs = _needs(conn, register, [m.mode for m in on], at)
    return modes.muster(register, [m.mode for m in on], needs, running, stays, leave)


def _needs(conn: Connection, register: Register, on: Collection[Mode], at: datetime) -> dict[str, int]:
    """How many each post needs now: the most that a band or a mode asks for."""
    days = coverage_reading.days(register, at, at + modes.OPEN_FOR)
    day_type = calendar(conn, register, days)
    found = {}
    for post in register.posts.values():
        asked = [b.min for b, _, starts, ends in bands(register, post.id, days, day_type) if starts <= at < ends]
        found[post.id] = max([0, *asked, *(post.least(mode) for mode in on)])
    return found


def _keep(tx: Tx, register: Register, stepped: Stepped, at: datetime) -> Called:
    """Save it with its line and push, tell everybody, and have the shifts to come looked through."""
    after, line = stepped
    mode_store.save(tx, after)
    entries.append(tx, after.site_id, [line])
    outbox.append(tx, after.site_id, at, [("mode", after.shown)])
    ends = after.ends_at
    told = {
        "mode": after.mode,
        "state": after.state,
        "reason": after.end_reason or after.reason,
        "by": after.ended_by or after.called_by,
        "starts_at": rfc3339(after.starts_at),
        "ends_at": None if ends is None else rfc3339(ends),
    }
    people = [p.id for p in register.people.values() if not modes.HANDS.isdisjoint(p.roles)]
    notice_store.owe(tx, register, NoticeKind.MODE, f"mode/{after.mode}", dict.fromkeys(people, told), line.actor, at)
    coverage_store.look_at(tx, after.site_id, at)
    return after
