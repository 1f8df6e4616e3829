"""The outbox: what changed, in commit order, written in the transaction that changed it.

`seq` counts per site without gaps; the live feed resumes from it. A push's `body` is complete: the reader never asks back.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select

from core.clock import micros
from store import bulk
from store.db import Tx
from store.tables import outbox, site_head

_encode = msgspec.json.Encoder().encode
_COLUMNS = ("site_id", "seq", "at", "type", "body")


def append(tx: Tx, site_id: str, at: datetime, pushes: Sequence[tuple[str, Any]]) -> None:
    """Add (type, body) pushes for a site whose head this transaction holds."""
    head, at_us = tx.heads[site_id], micros(at)
    rows = [
        (site_id, seq, at_us, kind, _encode(body).decode()) for seq, (kind, body) in enumerate(pushes, head.seq + 1)
    ]
    if rows:
        head.seq += len(rows)
        head.changed = True
        bulk.insert_tuples(tx.conn, tx.dialect, outbox, _COLUMNS, rows, clean=True)  # JSON writes a NUL in six signs


def after(conn: Connection, site_id: str, seq: int, limit: int = 500) -> list[tuple[int, str, str]]:
    """Up to `limit` (seq, type, body text) that came after `seq`; bodies stay encoded, they are only passed on."""
    mark = "%s" if conn.dialect.name == "postgresql" else "?"
    sql = f"SELECT seq, type, body FROM outbox WHERE site_id = {mark} AND seq > {mark} ORDER BY seq LIMIT {mark}"
    return [(r[0], r[1], r[2]) for r in conn.exec_driver_sql(sql, (site_id, seq, limit))]


def span(conn: Connection, site_id: str) -> tuple[int, int]:
    """(oldest kept, newest given) seq of a site: whoever has seen `oldest - 1` or later can resume. When nothing is kept,
    oldest is newest + 1; a site that never pushed is at (1, 0).
    """
    newest = conn.scalar(select(site_head.c.seq).where(site_head.c.site_id == site_id)) or 0
    oldest = conn.scalar(select(func.min(outbox.c.seq)).where(outbox.c.site_id == site_id))
    return (newest + 1 if oldest is None else oldest, newest)


def trim(tx: Tx, before: datetime, limit: int = 5000) -> int:
    """Forget pushes older than `before`, at most `limit` a site so that nobody waits long: a client that far behind
    refetches. Returns how many went. Goes by seq, so that a clock which stepped back leaves no hole in what is kept.
    """
    seq, site = outbox.c.seq, outbox.c.site_id
    tops = tx.conn.execute(select(site, func.max(seq)).where(outbox.c.at < before).group_by(site)).all()
    gone = 0
    for site_id, top in tops:
        low = tx.conn.scalar(select(func.min(seq)).where(site == site_id)) or 0
        gone += tx.conn.execute(delete(outbox).where(site == site_id, seq <= min(top, low + limit - 1))).rowcount
    return gone
