"""Results of equipment tests, and when to look for those that are overdue: in and out of their rows."""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, func, select

from core.clock import instant, micros
from duty.equipment import Result
from duty.tables import equipment_due, equipment_result
from store import bulk
from store.bulk import marked
from store.db import Tx


class Look(msgspec.Struct, frozen=True):
    """A site's row: the register's version that it follows, and when to look again."""

    version: int
    due_at: datetime | None = None


def insert(tx: Tx, site_id: str, made: Result) -> None:
    """Store a result."""
    values = {name: value for name, value in msgspec.structs.asdict(made).items() if name != "test"}
    tx.conn.execute(equipment_result.insert().values(site_id=site_id, test_id=made.test, **values))


def last(conn: Connection, site_id: str) -> dict[str, Result]:
    """The last result of each test that has one; of two at one time, the one that came later."""
    r = equipment_result.c
    newest = (
        select(r.test_id, func.max(r.at).label("at")).where(r.site_id == site_id).group_by(r.test_id).subquery("newest")
    )
    query = select(equipment_result).join(newest, (newest.c.test_id == r.test_id) & (newest.c.at == r.at))
    rows = conn.execute(query.where(r.site_id == site_id).order_by(r.at, r.id))
    return {
        row.test_id: Result(id=row.id, test=row.test_id, passed=row.passed, note=row.note, by=row.by, at=row.at)
        for row in rows
    }


def get(conn: Connection, site_id: str) -> Look | None:
    """When to look at a site."""
    sql = marked(conn, "SELECT version, due_at FROM equipment_due WHERE site_id = ?")
    row = conn.exec_driver_sql(sql, (site_id,)).first()
    return None if row is None else Look(row[0], None if row[1] is None else instant(row[1]))


def put(tx: Tx, site_id: str, look: Look) -> None:
    """Store when to look."""
    due = None if look.due_at is None else micros(look.due_at)
    bulk.upsert(tx.conn, tx.dialect, equipment_due, [{"site_id": site_id, "version": look.version, "due_at": due}])


DUE_ROWS: Final = (
    "SELECT s.id AS site_id FROM site s LEFT JOIN equipment_due e ON e.site_id = s.id "
    "WHERE e.site_id IS NULL OR e.version <> s.version OR e.due_at <= ?"
)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where a test may be overdue by `at`, or whose register is new."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """The earliest look of any site."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM equipment_due").scalar()
    return None if found is None else instant(found)
