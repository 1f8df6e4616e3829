"""Which opening entry is owed: for each seat, of whom, and when to look (LOG-01). The watch over it is `ingest.opening`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, select, update

from core.clock import micros
from logbook.tables import log_opening, log_text
from store import bulk
from store.db import Tx

OPENING: Final = "opening"
GRACE: Final = timedelta(minutes=15)  # to write it in, after signing on
AHEAD: Final = timedelta(hours=1)  # who comes early may write it before signing on


class Owed(msgspec.Struct, frozen=True):
    """A seat and who came to it; `due_at` None: nothing is owed (any more). An empty person: nobody is signed on."""

    seat: str
    person: str
    since: datetime | None = None
    due_at: datetime | None = None


def rows(conn: Connection, site_id: str) -> list[Owed]:
    """What is known of each seat."""
    o = log_opening.c
    query = select(o.seat_id, o.person, o.since, o.due_at).where(o.site_id == site_id).order_by(o.seat_id)
    return [Owed(*row) for row in conn.execute(query)]


def put(tx: Tx, site_id: str, owed: Sequence[Owed]) -> None:
    """Store it."""
    made = [
        {
            "site_id": site_id,
            "seat_id": o.seat,
            "person": o.person,
            "since": None if o.since is None else micros(o.since),
            "due_at": None if o.due_at is None else micros(o.due_at),
        }
        for o in owed
    ]
    bulk.upsert(tx.conn, tx.dialect, log_opening, made)


def written(conn: Connection, site_id: str, person: str, since: datetime) -> bool:
    """Whether somebody wrote their opening entry, for having come at `since`."""
    t = log_text.c
    query = select(t.n).where(t.site_id == site_id, t.act == "log.written", t.form == OPENING, t.actor == person)
    return conn.execute(query.where(t.at >= micros(since - AHEAD)).limit(1)).first() is not None


def told(tx: Tx, site_id: str, person: str, at: datetime) -> None:
    """Somebody wrote one: have the watch look at once."""
    o = log_opening.c
    change = update(log_opening).where(o.site_id == site_id, o.person == person, o.due_at.is_not(None))
    tx.conn.execute(change.values(due_at=at))
