"""The outbox: what changed, in commit order, written in the transaction that changed it.

`seq` counts per site without gaps; the live feed resumes from it. A push's `body` is complete: the reader never asks back.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from core.clock import micros
from store import bulk
from store.db import Tx
from store.metadata import json_text
from store.tables import outbox


def append(tx: Tx, site_id: str, at: datetime, pushes: Sequence[tuple[str, Any]]) -> None:
    """Add (type, body) pushes for a site whose head this transaction holds."""
    head = tx.heads[site_id]
    rows = []
    for kind, body in pushes:
        head.seq += 1
        rows.append({"site_id": site_id, "seq": head.seq, "at": micros(at), "type": kind, "body": json_text(body)})
    if rows:
        head.changed = True
        bulk.insert(tx.conn, tx.dialect, outbox, rows)


def after(conn: Connection, site_id: str, seq: int, limit: int = 500) -> list[tuple[int, str, str]]:
    """Up to `limit` (seq, type, body text) that came after `seq`; bodies stay encoded, they are only passed on."""
    mark = "%s" if conn.dialect.name == "postgresql" else "?"
    sql = f"SELECT seq, type, body FROM outbox WHERE site_id = {mark} AND seq > {mark} ORDER BY seq LIMIT {mark}"
    return [(r[0], r[1], r[2]) for r in conn.exec_driver_sql(sql, (site_id, seq, limit))]


def span(conn: Connection, site_id: str) -> tuple[int, int]:
    """(oldest kept, newest) seq of a site; (0, 0) when it has none."""
    row = conn.execute(select(func.min(outbox.c.seq), func.max(outbox.c.seq)).where(outbox.c.site_id == site_id)).one()
    return (row[0] or 0, row[1] or 0)


def trim(tx: Tx, before: datetime) -> int:
    """Forget pushes older than `before`: a client that far behind refetches. Returns how many went."""
    return tx.conn.execute(delete(outbox).where(outbox.c.at < before)).rowcount
