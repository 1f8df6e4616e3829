"""When to look for days that nobody has signed in time (LOG-06). The rule, and its row."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from core.clock import instant, micros
from logbook.reviews import span
from logbook.tables import log_review_due
from store import bulk
from store.bulk import marked
from store.db import Tx

BACK: Final = 9  # days: the longest time to sign, a week, and what the clocks may change


class Look(msgspec.Struct, frozen=True):
    """A site's row: the register's version that it follows, and when to look again."""

    version: int
    due_at: datetime | None = None


def next_look(zone: ZoneInfo, due_h: int, at: datetime) -> datetime:
    """The next moment after `at` at which a day becomes overdue, signed or not."""
    today = at.astimezone(zone).date()
    days: list[date] = [today - timedelta(days=n) for n in range(BACK)]
    return min(due for day in days if (due := span(zone, day)[1] + timedelta(hours=due_h)) > at)


def get(conn: Connection, site_id: str) -> Look | None:
    """A site's row."""
    sql = marked(conn, "SELECT version, due_at FROM log_review_due WHERE site_id = ?")
    row = conn.exec_driver_sql(sql, (site_id,)).first()
    return None if row is None else Look(row[0], None if row[1] is None else instant(row[1]))


def put(tx: Tx, site_id: str, look: Look) -> None:
    """Store it."""
    due = None if look.due_at is None else micros(look.due_at)
    row = {"site_id": site_id, "version": look.version, "due_at": due}
    bulk.upsert(tx.conn, tx.dialect, log_review_due, [row])


def soon(tx: Tx, site_id: str, version: int, at: datetime) -> None:
    """A day was signed: have the watch look at once."""
    put(tx, site_id, Look(version, at))


DUE_ROWS: Final = (
    "SELECT s.id AS site_id FROM site s LEFT JOIN log_review_due l ON l.site_id = s.id "
    "WHERE l.site_id IS NULL OR l.version <> s.version OR l.due_at <= ?"
)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where a day may be overdue by `at`, or whose rules are new."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """The earliest look of any site."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM log_review_due").scalar()
    return None if found is None else instant(found)
