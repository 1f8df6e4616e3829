"""Taps: in and out of their rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, or_, select

from core.clock import micros
from patrol.rules import Tap
from patrol.tables import tap
from store import bulk
from store.db import Tx
from store.metadata import json_text


def insert(tx: Tx, site_id: str, made: Sequence[Tap]) -> None:
    """Store taps."""
    rows = [
        {
            **msgspec.structs.asdict(t),
            "site_id": site_id,
            "said_at": micros(t.said_at),
            "heard_at": micros(t.heard_at),
            "kept_at": None if t.kept_at is None else micros(t.kept_at),
            "flags": json_text(t.flags),
            "answers": json_text(t.answers),
            "photos": json_text(t.photos),
        }
        for t in made
    ]
    bulk.insert(tx.conn, tx.dialect, tap, rows)


def newest(conn: Connection, site_id: str, limit: int = 50) -> list[Tap]:
    """Taps newest first."""
    query = select(tap).where(tap.c.site_id == site_id).order_by(tap.c.heard_at.desc()).limit(limit)
    return _taps(conn, query)


def page(
    conn: Connection,
    site_id: str,
    limit: int,
    before: tuple[datetime, str] | None = None,
    *,
    checkpoint: str | None = None,
    person: str | None = None,
) -> list[Tap]:
    """Taps newest first, one page of them."""
    query = select(tap).where(tap.c.site_id == site_id)
    if checkpoint is not None:
        query = query.where(tap.c.checkpoint_id == checkpoint)
    if person is not None:
        query = query.where(tap.c.person_id == person)
    if before is not None:
        at, tie = before
        query = query.where(or_(tap.c.heard_at < at, and_(tap.c.heard_at == at, tap.c.event_id < tie)))
    return _taps(conn, query.order_by(tap.c.heard_at.desc(), tap.c.event_id.desc()).limit(limit))


_SINCE = (  # asked with every batch that holds a tap: put together once
    select(tap)
    .where(
        tap.c.site_id == bindparam("site"),
        tap.c.heard_at >= bindparam("since"),
        or_(
            tap.c.tag.in_(bindparam("tags", expanding=True)),
            tap.c.person_id.in_(bindparam("people", expanding=True)),
            tap.c.client.in_(bindparam("clients", expanding=True)),
        ),
    )
    .order_by(tap.c.heard_at, tap.c.event_id)
)


def since(
    conn: Connection,
    site_id: str,
    at: datetime,
    tags: Collection[str],
    people: Collection[str],
    clients: Collection[str] = (),
) -> list[Tap]:
    """What these tags, people and phones tapped since `at`, in the order we heard it: what a new tap is held against."""
    given = {"site": site_id, "since": at, "tags": list(tags), "people": list(people), "clients": list(clients)}
    return _taps(conn, _SINCE, given)


def some(conn: Connection, site_id: str, event_ids: Collection[str]) -> dict[str, Tap]:
    """Those of these taps that are there."""
    if not event_ids:
        return {}
    query = select(tap).where(tap.c.site_id == site_id, tap.c.event_id.in_(list(event_ids)))
    return {found.event_id: found for found in _taps(conn, query)}


def between(conn: Connection, site_id: str, first: datetime, until: datetime, limit: int = 100_000) -> list[Tap]:
    """The taps of a span, in the order we heard them: what a report counts."""
    query = (
        select(tap)
        .where(tap.c.site_id == site_id, tap.c.heard_at >= first, tap.c.heard_at < until)
        .order_by(tap.c.heard_at, tap.c.event_id)
        .limit(limit)
    )
    return _taps(conn, query)


def unknown(conn: Connection, site_id: str, since: datetime, limit: int = 500) -> list[Tap]:
    """Reads of tags that stood for no point when they were read, newest first."""
    query = select(tap).where(
        tap.c.site_id == site_id, tap.c.heard_at >= since, tap.c.checkpoint_id.is_(None), tap.c.tag != ""
    )
    return _taps(conn, query.order_by(tap.c.heard_at.desc(), tap.c.event_id.desc()).limit(limit))


def of_checkpoint(
    conn: Connection, site_id: str, checkpoint_id: str, first: datetime, until: datetime, limit: int = 1000
) -> list[Tap]:
    """A checkpoint's taps in a span, in the order we heard them."""
    query = (
        select(tap)
        .where(
            tap.c.site_id == site_id,
            tap.c.checkpoint_id == checkpoint_id,
            tap.c.heard_at >= first,
            tap.c.heard_at < until,
        )
        .order_by(tap.c.heard_at, tap.c.event_id)
        .limit(limit)
    )
    return _taps(conn, query)


def _taps(conn: Connection, query: Any, given: dict[str, Any] | None = None) -> list[Tap]:
    return [_tap(row) for row in conn.execute(query, given).mappings()]


def _tap(row: Any) -> Tap:
    plain = {k: v for k, v in row.items() if k != "site_id"}
    return Tap(**{**plain, "flags": tuple(plain["flags"]), "photos": tuple(plain["photos"])})
