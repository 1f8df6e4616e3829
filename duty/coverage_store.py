"""Whom to tell of what the shifts to come leave open: in and out of the rows, and when to look next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, select

from core.clock import instant, micros
from duty.coverage import Gap
from duty.coverage_calls import Call
from duty.tables import coverage_gap, coverage_look
from store import bulk
from store.bulk import marked
from store.db import Tx


def calls(conn: Connection, site_id: str) -> list[Call]:
    """Every call of a site, told or still to tell."""
    c = coverage_gap.c
    rows = conn.execute(select(coverage_gap).where(c.site_id == site_id).order_by(c.subject, c.kind))
    return [Call(r.subject, r.kind, msgspec.convert(r.gaps, tuple[Gap, ...]), r.told_at, r.due_at) for r in rows]


def put(tx: Tx, site_id: str, made: Sequence[Call]) -> None:
    """Let these calls stand, and no others."""
    c = coverage_gap.c
    keys = {(call.subject, call.kind) for call in made}
    for call in calls(tx.conn, site_id):
        if (call.subject, call.kind) not in keys:
            tx.conn.execute(
                delete(coverage_gap).where(c.site_id == site_id, c.subject == call.subject, c.kind == call.kind)
            )
    bulk.upsert(tx.conn, tx.dialect, coverage_gap, [_row(site_id, call) for call in made])


def look_at(tx: Tx, site_id: str, due_at: datetime) -> None:
    """Look the site's shifts through again at `due_at`."""
    bulk.upsert(tx.conn, tx.dialect, coverage_look, [{"site_id": site_id, "due_at": micros(due_at)}])


def due(conn: Connection, site_id: str, at: datetime) -> tuple[bool, bool]:
    """Whether the site's shifts are to be looked through, and whether any call is to be looked at."""
    sql = (
        "SELECT EXISTS (SELECT 1 FROM coverage_look WHERE site_id = ? AND due_at <= ?), "
        "EXISTS (SELECT 1 FROM coverage_gap WHERE site_id = ? AND due_at <= ?)"
    )
    looks, owed = conn.exec_driver_sql(marked(conn, sql), (site_id, micros(at)) * 2).one()
    return bool(looks), bool(owed)


DUE_ROWS: Final = (
    "SELECT site_id FROM coverage_look WHERE due_at <= ? UNION SELECT site_id FROM coverage_gap WHERE due_at <= ?"
)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where shifts are to be looked through, or somebody is to be told."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),) * 2)}


def next_due(conn: Connection) -> datetime | None:
    """When the next of both is due."""
    sql = (
        "SELECT min(due_at) FROM "
        "(SELECT min(due_at) AS due_at FROM coverage_look UNION ALL SELECT min(due_at) FROM coverage_gap) AS due"
    )
    found: int | None = conn.exec_driver_sql(sql).scalar()
    return None if found is None else instant(found)


def _row(site_id: str, call: Call) -> dict[str, object]:
    return {
        "site_id": site_id,
        "subject": call.subject,
        "kind": call.kind,
        "starts_at": micros(call.starts_at),
        "ends_at": micros(max(g.ends_at for g in call.gaps)),
        "told_at": None if call.told_at is None else micros(call.told_at),
        "due_at": None if call.due_at is None else micros(call.due_at),
        "gaps": msgspec.json.encode(call.gaps).decode(),
    }
