"""Leaves of the post: in and out of their rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from core.clock import instant, micros
from duty import attendance
from duty.away import GONE, LIVE, Away, AwayState
from duty.presence_errors import NoSuchAway
from duty.tables import away
from store import bulk
from store.bulk import marked
from store.db import Tx


def get(conn: Connection, site_id: str, away_id: str) -> Away:
    """One leave. Raises `NoSuchAway`."""
    row = conn.execute(select(away).where(away.c.site_id == site_id, away.c.id == away_id)).one_or_none()
    if row is None:
        raise NoSuchAway
    return _read(row)


def live(conn: Connection, site_id: str) -> list[Away]:
    """Leaves that are asked for or last."""
    states = [s.value for s in sorted(LIVE)]
    query = select(away).where(away.c.site_id == site_id, away.c.state.in_(states))
    return [_read(row) for row in conn.execute(query.order_by(away.c.asked_at, away.c.id))]


def newest(conn: Connection, site_id: str, limit: int, before: tuple[datetime, str] | None = None) -> list[Away]:
    """Leaves newest first, those asked for before a place: a time, and the id that tells equal times apart."""
    c = away.c
    query = select(away).where(c.site_id == site_id)
    if before is not None:
        query = query.where(or_(c.asked_at < before[0], and_(c.asked_at == before[0], c.id < before[1])))
    return [_read(row) for row in conn.execute(query.order_by(c.asked_at.desc(), c.id.desc()).limit(limit))]


def between(conn: Connection, site_id: str, starts: datetime, ends: datetime) -> list[attendance.Away]:
    """The time that people were away from their seats in a span."""
    mine = away.c
    query = select(away).where(
        mine.site_id == site_id, mine.left_at < ends, or_(mine.ended_at.is_(None), mine.ended_at > starts)
    )
    rows = conn.execute(query.order_by(mine.left_at))
    return [attendance.Away(r.seat_id, r.person_id, r.left_at, r.ended_at) for r in rows]


def save(tx: Tx, made: Away) -> None:
    """Store a leave as it stands now."""
    waited = made.state in GONE and made.state is not AwayState.OVERDUE
    times = {f: getattr(made, f) for f in ("asked_at", "left_at", "until", "ended_at")}
    times["due_at"] = made.until if waited else None
    row = {
        "site_id": made.site_id,
        "id": made.id,
        "seat_id": made.seat_id,
        "person_id": made.person_id,
        "stand_in_id": made.stand_in,
        "contact": made.contact,
        "reason": made.reason,
        "state": made.state.value,
        "minutes": made.minutes,
        **{f: None if at is None else micros(at) for f, at in times.items()},
    }
    bulk.upsert(tx.conn, tx.dialect, away, [row])


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where somebody should be back by `at`."""
    sql = "SELECT DISTINCT site_id FROM away WHERE due_at <= ?"
    return {row[0] for row in conn.exec_driver_sql(marked(conn, sql), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """When somebody should next be back."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM away").scalar()
    return None if found is None else instant(found)


def due(conn: Connection, site_id: str, at: datetime) -> list[Away]:
    """Leaves of a site from which somebody should be back by `at`."""
    query = select(away).where(away.c.site_id == site_id, away.c.due_at <= at)
    return [_read(row) for row in conn.execute(query.order_by(away.c.due_at, away.c.id))]


def _read(row: Any) -> Away:
    return Away(
        site_id=row.site_id,
        id=row.id,
        seat_id=row.seat_id,
        person_id=row.person_id,
        stand_in=row.stand_in_id,
        contact=row.contact,
        reason=row.reason,
        state=AwayState(row.state),
        minutes=row.minutes,
        asked_at=row.asked_at,
        left_at=row.left_at,
        until=row.until,
        ended_at=row.ended_at,
    )
