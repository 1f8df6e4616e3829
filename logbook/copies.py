"""Copies of checkpoints kept elsewhere: each new one is owed to every place that the site's policy names, until it has
arrived there. Who rewrites this log cannot rewrite those (see docs/howto/verify-a-logbook.md).

A row is made in the transaction of its checkpoint; whoever sends asks `due`, and says `tried`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, select, update

from core.clock import micros
from logbook import entries
from logbook.rules import Line
from logbook.tables import log_checkpoint, log_copy
from sites.people import Contact
from store import bulk
from store.db import Store, Tx

PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 60, 120, 240, 480))
CLAIM: Final = timedelta(minutes=2)


class Owed(msgspec.Struct, frozen=True):
    """A checkpoint that is due at a place, with its signed note."""

    site_id: str
    size: int
    channel: str
    target: str
    attempts: int
    note: str
    made_at: datetime


def owe(tx: Tx, site_id: str, size: int, places: Sequence[Contact], at: datetime) -> None:
    """A checkpoint was made: it is owed to each of `places`."""
    rows = [
        {
            "site_id": site_id,
            "size": size,
            "channel": place.channel,
            "target": place.target,
            "state": "owed",
            "attempts": 0,
            "made_at": micros(at),
            "due_at": micros(at),
            "code": "",
        }
        for place in places
    ]
    bulk.insert_ignoring(tx.conn, tx.dialect, log_copy, rows)


def claim(db: Store, at: datetime, limit: int = 20) -> list[Owed]:
    """What is due, oldest first, and not anybody else's for `CLAIM`: who dies on the way leaves it to be sent again."""
    with db.read() as conn:
        if not _due(conn, at, 1):
            return []
    with db.begin() as tx:
        found = _due(tx.conn, at, limit)
        return [owed for owed in found if _set(tx, owed, at, due_at=at + CLAIM, attempts=owed.attempts + 1)]


def _due(conn: Connection, at: datetime, limit: int) -> list[Owed]:
    on = (log_checkpoint.c.site_id == log_copy.c.site_id) & (log_checkpoint.c.size == log_copy.c.size)
    columns = (log_copy.c.site_id, log_copy.c.size, log_copy.c.channel, log_copy.c.target, log_copy.c.attempts)
    query = select(*columns, log_checkpoint.c.note, log_copy.c.made_at).join_from(log_copy, log_checkpoint, on)
    rows = conn.execute(query.where(log_copy.c.due_at <= at).order_by(log_copy.c.due_at, log_copy.c.size).limit(limit))
    return [Owed(*row) for row in rows]


def tried(db: Store, owed: Owed, *, ok: bool, again: bool, code: str, at: datetime) -> None:
    """It arrived, or will be tried again after a pause; given up after the last one, which the log says."""
    if ok:
        with db.begin() as tx:
            _set(tx, owed, None, state="arrived", due_at=None, code=code)
    elif again and owed.attempts < len(PAUSES):
        with db.begin() as tx:
            _set(tx, owed, None, due_at=at + PAUSES[owed.attempts], code=code)
    else:
        data = {"size": owed.size, "channel": owed.channel, "code": code}
        with db.begin([owed.site_id]) as tx:
            _set(tx, owed, None, state="failed", due_at=None, code=code)
            entries.append(tx, owed.site_id, [Line(at, "logbook.copy_failed", "system", "site", data)])


def _set(tx: Tx, owed: Owed, due_by: datetime | None, **values: object) -> bool:
    """Change the row; with `due_by` only if it is still due then."""
    change = update(log_copy).where(
        log_copy.c.site_id == owed.site_id,
        log_copy.c.size == owed.size,
        log_copy.c.channel == owed.channel,
        log_copy.c.target == owed.target,
    )
    if due_by is not None:
        change = change.where(log_copy.c.due_at <= due_by)
    return tx.conn.execute(change.values(**values)).rowcount == 1


def states(conn: Connection, site_id: str, size: int) -> dict[tuple[str, str], str]:
    """What became of the copies of one checkpoint: owed, arrived or failed, by (channel, target)."""
    query = select(log_copy.c.channel, log_copy.c.target, log_copy.c.state)
    rows = conn.execute(query.where(log_copy.c.site_id == site_id, log_copy.c.size == size))
    return {(row.channel, row.target): row.state for row in rows}
