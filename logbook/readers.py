"""Who read the log (LOG-05): its pages, searches, days, entries and attachments. Exports are entries of the log itself.

One row for a person, a page and ten minutes, whatever they do there meanwhile; so reading stays cheap. The rows are beside
the chain: that somebody read is not worth an entry each time, and a log that grows by being read is never read to its end.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, and_, or_, select

from core.clock import micros
from logbook.tables import log_read
from store import bulk
from store.bulk import marked
from store.db import Store

SLOT_S: Final = 600


class Read(msgspec.Struct, frozen=True):
    """Somebody looked at a page of the log; `at` is the first time in those ten minutes."""

    at: datetime
    who: str
    page: str


def note(db: Store, site_id: str, who: str, page: str, at: datetime) -> None:
    """Put down that `who` (a person, or account/ID) looks at `page`. Once written it costs one look at a key."""
    slot = micros(at) // (SLOT_S * 1_000_000)
    key = (site_id, slot, who, page)
    with db.read() as conn:
        sql = "SELECT 1 FROM log_read WHERE site_id = ? AND slot = ? AND who = ? AND page = ?"
        if conn.exec_driver_sql(marked(conn, sql), key).first() is not None:
            return
    row = {"site_id": site_id, "slot": slot, "who": who, "page": page, "at": micros(at)}
    with db.begin() as tx:
        bulk.insert_ignoring(tx.conn, tx.dialect, log_read, [row])


def readers(
    conn: Connection, site_id: str, before: tuple[int, str, str] | None = None, limit: int = 100
) -> tuple[list[Read], tuple[int, str, str] | None]:
    """Who read, newest first, and the place at which the next page goes on."""
    columns = (log_read.c.slot, log_read.c.who, log_read.c.page)
    query = select(*columns, log_read.c.at).where(log_read.c.site_id == site_id)
    if before is not None:
        slot, who, page = before
        query = query.where(
            or_(
                log_read.c.slot < slot,
                and_(log_read.c.slot == slot, log_read.c.who < who),
                and_(log_read.c.slot == slot, log_read.c.who == who, log_read.c.page < page),
            )
        )
    rows = conn.execute(query.order_by(*(c.desc() for c in columns)).limit(limit)).all()
    more = _place(rows[-1]) if len(rows) == limit else None
    return [Read(r.at, r.who, r.page) for r in rows], more


def _place(row: Sequence[object]) -> tuple[int, str, str]:
    return int(str(row[0])), str(row[1]), str(row[2])
