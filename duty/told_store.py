"""Acts that phones told: in and out of their rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from core.clock import micros
from duty.tables import duty_told
from duty.told import Deed, Told, ToldState
from store import bulk
from store.db import Tx

_TIMES = ("said_at", "heard_at", "proved_at")


def some(conn: Connection, site_id: str, ids: Collection[str]) -> dict[str, Told]:
    """Those of these acts that are known."""
    if not ids:
        return {}
    return {t.id: t for t in _read(conn, _of(site_id).where(duty_told.c.id.in_(sorted(ids))))}


def waiting(conn: Connection, site_id: str, person: str | None = None) -> list[Told]:
    """Acts that their person has still to prove, in the order in which they were done by the phones' clocks."""
    query = _of(site_id).where(duty_told.c.state == ToldState.TOLD.value)
    if person is not None:
        query = query.where(duty_told.c.person_id == person)
    return _read(conn, query)


def between(conn: Connection, site_id: str, starts: datetime, ends: datetime) -> list[Told]:
    """Acts of a span, by the phones' clocks."""
    return _read(conn, _of(site_id).where(duty_told.c.said_at >= starts, duty_told.c.said_at < ends))


def save(tx: Tx, made: Sequence[Told]) -> None:
    """Store acts as they stand now."""
    rows: list[dict[str, Any]] = []
    for one in made:
        row: dict[str, Any] = {f: getattr(one, f) for f in one.__struct_fields__}
        row |= {"deed": one.deed.value, "state": one.state.value}
        row |= {f: None if row[f] is None else micros(row[f]) for f in _TIMES}
        rows.append(row)
    if rows:
        bulk.upsert(tx.conn, tx.dialect, duty_told, rows)


def _of(site_id: str) -> Select[Any]:
    return (
        select(duty_told)
        .where(duty_told.c.site_id == site_id)
        .order_by(duty_told.c.said_at, duty_told.c.id)
        .limit(1000)
    )


def _read(conn: Connection, query: Select[Any]) -> list[Told]:
    found = []
    for row in conn.execute(query).mappings():
        told = {f: row[f] for f in Told.__struct_fields__} | {
            "deed": Deed(row["deed"]),
            "state": ToldState(row["state"]),
        }
        found.append(Told(**told))
    return found
