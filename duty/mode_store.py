"""Reinforced duty and all hands: in and out of their rows."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select

from core.clock import instant, micros
from duty.mode_errors import NoSuchMode
from duty.modes import LIVE, Called, ModeState
from duty.tables import duty_mode
from sites.duty_words import Mode
from store import bulk
from store.bulk import marked
from store.db import Tx

_PLAIN = ("site_id", "id", "reason", "called_by", "ended_by", "end_reason")
_TIMES = ("called_at", "starts_at", "ends_at", "counts_until", "ended_at", "due_at")


def get(conn: Connection, site_id: str, mode_id: str) -> Called:
    """One of them. Raises `NoSuchMode`."""
    row = conn.execute(select(duty_mode).where(duty_mode.c.site_id == site_id, duty_mode.c.id == mode_id)).one_or_none()
    if row is None:
        raise NoSuchMode
    return _read(row)


def live(conn: Connection, site_id: str) -> list[Called]:
    """Those that are on or planned, soonest first."""
    states = [s.value for s in sorted(LIVE)]
    query = select(duty_mode).where(duty_mode.c.site_id == site_id, duty_mode.c.state.in_(states))
    return [_read(row) for row in conn.execute(query.order_by(duty_mode.c.starts_at, duty_mode.c.id))]


def between(conn: Connection, site_id: str, starts: datetime, ends: datetime) -> list[Called]:
    """Those that raise what is needed at any time of a span, over or not."""
    c = duty_mode.c
    query = select(duty_mode).where(c.site_id == site_id, c.starts_at < ends, c.counts_until > starts)
    found = [_read(row) for row in conn.execute(query.order_by(c.starts_at, c.id))]
    return [m for m in found if m.starts_at < m.until and m.until > starts]


def newest(conn: Connection, site_id: str, limit: int, before: tuple[datetime, str] | None = None) -> list[Called]:
    """Newest first, those called before a place: a time, and the id that tells equal times apart."""
    c = duty_mode.c
    query = select(duty_mode).where(c.site_id == site_id)
    if before is not None:
        query = query.where(or_(c.called_at < before[0], and_(c.called_at == before[0], c.id < before[1])))
    return [_read(row) for row in conn.execute(query.order_by(c.called_at.desc(), c.id.desc()).limit(limit))]


def save(tx: Tx, made: Called) -> None:
    """Store one as it stands now."""
    times = {f: getattr(made, f) for f in _TIMES}
    row = {
        **{f: getattr(made, f) for f in _PLAIN},
        **{f: None if at is None else micros(at) for f, at in times.items()},
        "mode": made.mode.value,
        "state": made.state.value,
    }
    bulk.upsert(tx.conn, tx.dialect, duty_mode, [row])


DUE_ROWS: Final = "SELECT DISTINCT site_id FROM duty_mode WHERE due_at <= ?"


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where one begins, ends, or counts for another day."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """The earliest of those times."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM duty_mode").scalar()
    return None if found is None else instant(found)


def _read(row: Any) -> Called:
    return Called(
        **{f: getattr(row, f) for f in _PLAIN},
        **{f: getattr(row, f) for f in _TIMES if f != "due_at"},
        mode=Mode(row.mode),
        state=ModeState(row.state),
    )
