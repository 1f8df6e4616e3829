"""Hand-overs and reliefs: in and out of their rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, select, update

from core.clock import instant, micros
from core.errors import Stale
from duty.handover_errors import NoSuchHandover
from duty.handover_packet import Item
from duty.handovers import LIVE, Handover, HandoverState
from duty.relief import Relief
from duty.tables import handover, relief
from store import bulk
from store.db import Tx


def get(conn: Connection, site_id: str, handover_id: str) -> Handover:
    """One hand-over. Raises `NoSuchHandover`."""
    row = conn.execute(_of(site_id).where(handover.c.id == handover_id)).one_or_none()
    if row is None:
        raise NoSuchHandover
    return _read(row.body)


def live(conn: Connection, site_id: str, seat: str | None = None) -> list[Handover]:
    """Hand-overs under way, of one seat or of all."""
    query = _of(site_id).where(handover.c.state.in_([s.value for s in LIVE]))
    if seat is not None:
        query = query.where(handover.c.seat_id == seat)
    return [_read(row.body) for row in conn.execute(query.order_by(handover.c.opened_at, handover.c.id))]


def newest(conn: Connection, site_id: str, limit: int, before: datetime | None = None) -> list[Handover]:
    """Hand-overs newest first, those opened before a time."""
    query = _of(site_id).order_by(handover.c.opened_at.desc(), handover.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(handover.c.opened_at < before)
    return [_read(row.body) for row in conn.execute(query)]


def last_done(conn: Connection, site_id: str, seat: str) -> Handover | None:
    """The last time that a seat changed hands."""
    ended = [HandoverState.DONE.value, HandoverState.OVERRIDDEN.value]
    query = _of(site_id).where(handover.c.seat_id == seat, handover.c.state.in_(ended))
    row = conn.execute(query.order_by(handover.c.opened_at.desc(), handover.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _read(row.body)


def tagged(conn: Connection, site_id: str, limit: int = 200) -> list[tuple[Handover, Item]]:
    """Items that were marked for review, of the newest hand-overs."""
    return [(h, i) for h in newest(conn, site_id, limit) for i in h.items if i.review]


def of_outgoing(conn: Connection, site_id: str, seat: str, person: str, since: datetime) -> list[Handover]:
    """What a person handed over, or began to, in a seat since a time."""
    query = _of(site_id).where(
        handover.c.seat_id == seat, handover.c.outgoing_id == person, handover.c.opened_at >= since
    )
    return [_read(row.body) for row in conn.execute(query.order_by(handover.c.opened_at, handover.c.id))]


def insert(tx: Tx, h: Handover) -> None:
    """Store a new hand-over."""
    tx.conn.execute(handover.insert().values(**_row(h)))


def save(tx: Tx, before: Handover, after: Handover) -> None:
    """Store what became of one. Raises `Stale` when somebody else changed it meanwhile."""
    which = (handover.c.site_id == before.site_id, handover.c.id == before.id, handover.c.version == before.version)
    if tx.conn.execute(update(handover).where(*which).values(**_row(after))).rowcount != 1:
        raise Stale(handover_id=before.id)


def reliefs(conn: Connection, site_id: str) -> dict[str, Relief]:
    """Who is to be relieved, by seat."""
    rows = conn.execute(select(relief).where(relief.c.site_id == site_id))
    return {r.seat_id: Relief(r.seat_id, r.person_id, r.end_at, r.prepare_at, r.late_at) for r in rows}


def save_reliefs(tx: Tx, site_id: str, stand: Sequence[Relief]) -> None:
    """Let these stand, and no others."""
    kept = [r.seat for r in stand]
    tx.conn.execute(delete(relief).where(relief.c.site_id == site_id, relief.c.seat_id.not_in(kept)))
    rows = [
        {
            "site_id": site_id,
            "seat_id": r.seat,
            "person_id": r.person,
            "end_at": micros(r.end_at),
            "prepare_at": None if r.prepare_at is None else micros(r.prepare_at),
            "late_at": None if r.late_at is None else micros(r.late_at),
        }
        for r in stand
    ]
    bulk.upsert(tx.conn, tx.dialect, relief, rows)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where a hand-over is to be prepared, or relief is late."""
    sql = "SELECT DISTINCT site_id FROM relief WHERE prepare_at <= ? OR late_at <= ?"
    return {r[0] for r in conn.exec_driver_sql(bulk.marked(conn, sql), (micros(at), micros(at)))}


def next_due(conn: Connection) -> datetime | None:
    """When the next one is due."""
    row = conn.exec_driver_sql("SELECT min(prepare_at), min(late_at) FROM relief").one()
    return min((instant(us) for us in row if us is not None), default=None)


def _of(site_id: str) -> Select[Any]:
    return select(handover.c.body).where(handover.c.site_id == site_id)


def _read(body: Any) -> Handover:
    return msgspec.convert(body, Handover)


def _row(h: Handover) -> dict[str, Any]:
    return {
        "site_id": h.site_id,
        "id": h.id,
        "seat_id": h.seat,
        "state": h.state.value,
        "version": h.version,
        "outgoing_id": h.outgoing,
        "opened_at": h.opened_at,
        "body": msgspec.to_builtins(h),
    }
