"""When the next status entry is owed (fire-control rooms: every two hours while somebody is on). The rule, and its row."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from core.clock import instant, micros
from logbook.forms import STATUS
from logbook.tables import log_status
from store import bulk
from store.bulk import marked
from store.db import Tx

TELLS: Final = frozenset({STATUS, "opening", "closing"})  # the forms that tell how things stand


class Owed(msgspec.Struct, frozen=True):
    """A site's row: the register's version that it follows, the last entry that told the state, and when to look again."""

    version: int
    last_at: datetime | None = None
    due_at: datetime | None = None


def owed_at(every_min: int, last_at: datetime | None, held_since: datetime | None) -> datetime | None:
    """When an entry is owed: so long after the last one, or after somebody came on, whichever is later. None: never, for
    the site asks for none or nobody is there to write it.
    """
    if not every_min or held_since is None:
        return None
    begun = held_since if last_at is None else max(last_at, held_since)
    return begun + timedelta(minutes=every_min)


def get(conn: Connection, site_id: str) -> Owed | None:
    """A site's row."""
    sql = marked(conn, "SELECT version, last_at, due_at FROM log_status WHERE site_id = ?")
    row = conn.exec_driver_sql(sql, (site_id,)).first()
    return None if row is None else Owed(row[0], _instant(row[1]), _instant(row[2]))


def put(tx: Tx, site_id: str, owed: Owed) -> None:
    """Store it."""
    row = {
        "site_id": site_id,
        "version": owed.version,
        "last_at": None if owed.last_at is None else micros(owed.last_at),
        "due_at": None if owed.due_at is None else micros(owed.due_at),
    }
    bulk.upsert(tx.conn, tx.dialect, log_status, [row])


def told(tx: Tx, site_id: str, version: int, form: str, at: datetime) -> None:
    """An entry was written: if it tells how things stand, have the watch look at once."""
    if form in TELLS:
        put(tx, site_id, Owed(version, at, at))


DUE_ROWS: Final = (
    "SELECT s.id AS site_id FROM site s LEFT JOIN log_status l ON l.site_id = s.id "
    "WHERE l.site_id IS NULL OR l.version <> s.version OR l.due_at <= ?"
)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where an entry is owed by `at`, or whose rules are new."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """The earliest look of any site."""
    return _instant(conn.exec_driver_sql("SELECT min(due_at) FROM log_status").scalar())


def _instant(us: int | None) -> datetime | None:
    return None if us is None else instant(us)
