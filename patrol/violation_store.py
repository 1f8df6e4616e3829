"""Violations: in and out of their rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from core.clock import instant, micros
from patrol.errors import NoSuchViolation
from patrol.tables import patrol_violation
from patrol.violations import Violation
from store import bulk
from store.bulk import marked
from store.db import Tx
from store.metadata import json_text

_TIMES = ("found_at", "since", "until", "ended_at", "due_at")


def save(tx: Tx, some: Sequence[Violation]) -> None:
    """Store violations as they are now."""
    bulk.upsert(tx.conn, tx.dialect, patrol_violation, [_row(found) for found in some])


def get(conn: Connection, site_id: str, id_: str) -> Violation:
    """One of them. Raises `NoSuchViolation`."""
    t = patrol_violation
    found = _some(conn, select(t).where(t.c.site_id == site_id, t.c.id == id_))
    if not found:
        raise NoSuchViolation
    return found[0]


def live(conn: Connection, site_id: str, checkpoints: Collection[str] | None = None) -> list[Violation]:
    """Those that are not over, the oldest first."""
    t = patrol_violation
    query = select(t).where(t.c.site_id == site_id, t.c.ended_at.is_(None))
    if checkpoints is not None:
        query = query.where(t.c.checkpoint_id.in_(list(checkpoints)))
    return _some(conn, query.order_by(t.c.found_at, t.c.id))


def between(conn: Connection, site_id: str, first: datetime, until: datetime, limit: int = 1000) -> list[Violation]:
    """Those that were open at some moment of a span, the newest first."""
    t = patrol_violation
    query = select(t).where(
        t.c.site_id == site_id, t.c.found_at < until, (t.c.ended_at.is_(None)) | (t.c.ended_at >= first)
    )
    return _some(conn, query.order_by(t.c.found_at.desc(), t.c.id).limit(limit))


def standing(conn: Connection, site_id: str, subject: str, at: datetime) -> Violation | None:
    """The one of this subject that was not over at a moment, that in which it was found among them."""
    t = patrol_violation
    query = select(t).where(t.c.site_id == site_id, t.c.found_at <= at, (t.c.ended_at.is_(None)) | (t.c.ended_at > at))
    return next((one for one in _some(conn, query.order_by(t.c.found_at.desc())) if one.subject == subject), None)


def due(conn: Connection, site_id: str, at: datetime) -> list[Violation]:
    """Those whose step has had its time."""
    t = patrol_violation
    return _some(conn, select(t).where(t.c.site_id == site_id, t.c.due_at <= at).order_by(t.c.due_at, t.c.id))


DUE_ROWS: Final = "SELECT site_id FROM patrol_violation WHERE due_at <= ?"


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites with one whose step has had its time."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """When the next step has had its time."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM patrol_violation").scalar()
    return None if found is None else instant(found)


def _row(found: Violation) -> dict[str, Any]:
    times = {name: None if (at := getattr(found, name)) is None else micros(at) for name in _TIMES}
    plain = {n: getattr(found, n) for n in ("site_id", "id", "checkpoint_id", "task", "note", "found_by", "tap")}
    return {**plain, **times, "step": found.step.value, "done": json_text(msgspec.to_builtins(found.done))}


def _some(conn: Connection, query: Any) -> list[Violation]:
    rows = conn.execute(query).mappings()
    return [msgspec.convert({str(k): v for k, v in row.items() if k != "due_at"}, Violation) for row in rows]
