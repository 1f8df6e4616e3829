"""Watches over guards who walk alone, begun by hand: in and out of their rows. What is over has no row; the logbook has it."""

import msgspec
from sqlalchemy import Connection, delete, select

from core.clock import micros
from duty.lone import Watch
from duty.tables import lone_watch
from store import bulk
from store.db import Tx


def standing(conn: Connection, site_id: str) -> list[Watch]:
    """Those that stand, by seat."""
    query = select(lone_watch).where(lone_watch.c.site_id == site_id).order_by(lone_watch.c.seat_id)
    return [Watch(**row) for row in conn.execute(query).mappings()]


def of(conn: Connection, site_id: str, seat: str) -> Watch | None:
    """The one of a seat."""
    return next((watch for watch in standing(conn, site_id) if watch.seat_id == seat), None)


def save(tx: Tx, watch: Watch) -> None:
    """It stands now; one of the same seat before it does not any more."""
    bulk.upsert(tx.conn, tx.dialect, lone_watch, [msgspec.structs.asdict(watch) | {"since": micros(watch.since)}])


def drop(tx: Tx, watch: Watch) -> None:
    """It is over."""
    t = lone_watch
    tx.conn.execute(delete(t).where(t.c.site_id == watch.site_id, t.c.seat_id == watch.seat_id))
