"""Taps: in and out of their rows."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select

from core.clock import micros
from patrol.rules import Tap
from patrol.tables import tap
from store import bulk
from store.db import Tx


def insert(tx: Tx, site_id: str, made: Sequence[Tap]) -> None:
    """Store taps."""
    rows = [
        {**msgspec.structs.asdict(t), "site_id": site_id, "said_at": micros(t.said_at), "heard_at": micros(t.heard_at)}
        for t in made
    ]
    bulk.insert(tx.conn, tx.dialect, tap, rows)


def newest(conn: Connection, site_id: str, limit: int = 50) -> list[Tap]:
    """Taps newest first."""
    query = select(tap).where(tap.c.site_id == site_id).order_by(tap.c.heard_at.desc()).limit(limit)
    return [Tap(**{k: v for k, v in r.items() if k != "site_id"}) for r in conn.execute(query).mappings()]
