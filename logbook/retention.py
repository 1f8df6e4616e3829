"""How long the log keeps what was written, and deleting texts after that (LOG-04).

Only the *text* of an entry goes: its number, its time, its hash and the chain stay, so that whatever is younger can still
be checked to its beginning. What goes stands up to a signed checkpoint that is older than the site keeps its log, and an
entry says so first; a verifier asks for both, so that nobody can pass off a young text as an old one (see `logbook.walk`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, not_, or_, select

from core.clock import micros, rfc3339
from logbook import entries
from logbook.attached import named
from logbook.checkpoints import last_before
from logbook.errors import ClockDoubted
from logbook.holds import holds
from logbook.rules import LEAST_DAYS, Line, leaf
from logbook.tables import (
    log_attached,
    log_copy,
    log_entry,
    log_file,
    log_hold,
    log_read,
    log_retention,
    log_review,
    log_text,
)
from logbook.walk import PURGED
from store import bulk, fulltext
from store.db import Store, Tx

QUIET: Final = timedelta(days=31)
PAGE: Final = 500


class Plan(msgspec.Struct, frozen=True):
    """What may go now: texts older than `before`, up to entry `through`; `held` more would, were they not on hold."""

    keep_days: int
    before: datetime
    through: int
    due: int
    held: int


class Stands(msgspec.Struct, frozen=True):
    """How far a site's log was gone through, and when last."""

    through: int
    looked_at: datetime


def plan(conn: Connection, site_id: str, keep_days: int, at: datetime) -> Plan:
    """What may go at `at`, at a site that keeps its log for `keep_days`, which is never less than a year."""
    days = max(keep_days, LEAST_DAYS)
    before = at - timedelta(days=days)
    mark = last_before(conn, site_id, before)
    through = 0 if mark is None else mark.size
    old = _old(site_id, through, before)
    every = conn.execute(select(func.count()).select_from(log_entry).where(old)).scalar_one()
    due = every and conn.execute(select(func.count()).select_from(log_entry).where(old, not_(_held()))).scalar_one()
    return Plan(days, before, through, due, every - due)


def _old(site_id: str, through: int, before: datetime) -> ColumnElement[bool]:
    """Whole entries whose time has come; one with a later time than its checkpoint's stays with the younger ones."""
    return and_(
        log_entry.c.site_id == site_id,
        log_entry.c.n <= through,
        log_entry.c.leaf.is_(None),
        log_entry.c.at < micros(before),
    )


def _held() -> ColumnElement[bool]:
    h = log_hold.c
    return exists().where(
        h.site_id == log_entry.c.site_id,
        h.lifted_at.is_(None),
        or_(h.subject == "", h.subject == log_entry.c.subject),
        or_(h.since.is_(None), log_entry.c.at >= h.since),
        or_(h.until.is_(None), log_entry.c.at < h.until),
    )


def stands(conn: Connection, site_id: str) -> Stands | None:
    """Where a site is, if it was ever gone through."""
    query = select(log_retention.c.through, log_retention.c.looked_at).where(log_retention.c.site_id == site_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else Stands(row.through, row.looked_at)


def purge(db: Store, site_id: str, keep_days: int, *, by: str, at: datetime, asked: bool) -> Iterator[tuple[int, int]]:
    """Delete the texts whose time has come; yields (done, all). The log says so first, and each page of texts is a
    transaction of its own: whoever is killed on the way goes on the next time.

    Unless somebody `asked` for it, a log that was quiet for a month before `at` is left alone: the clock may be wrong.
    """
    with db.begin([site_id]) as tx:
        newest = tx.conn.execute(
            select(func.max(log_entry.c.at)).where(log_entry.c.site_id == site_id, log_entry.c.n > 0)
        ).scalar()
        if not asked and newest is not None and newest < micros(at - QUIET):
            raise ClockDoubted
        found = plan(tx.conn, site_id, keep_days, at)
        row = {
            "site_id": site_id,
            "keep_days": found.keep_days,
            "through": found.through,
            "looked_at": micros(at),
        }
        bulk.upsert(tx.conn, tx.dialect, log_retention, [row])
        if found.due:
            entries.append(tx, site_id, [Line(at, PURGED, by, "site", _said(found))])
        _beside(tx, site_id, found.before)
    done = 0
    while done < found.due:
        with db.begin([site_id]) as tx:
            gone = _page(tx, site_id, found)
        if not gone:
            break  # a hold was placed meanwhile
        done += gone
        yield done, found.due


def _said(found: Plan) -> dict[str, Any]:
    return {
        "through": found.through,
        "before": rfc3339(found.before),
        "keep_days": found.keep_days,
        "entries": found.due,
        "held": found.held,
    }


def _page(tx: Tx, site_id: str, found: Plan) -> int:
    """The next texts: their hashes take their place, and what was derived from them goes, too."""
    old = _old(site_id, found.through, found.before)
    query = select(log_entry.c.n, log_entry.c.body).where(old, not_(_held()))
    rows = tx.conn.execute(query.order_by(log_entry.c.n).limit(PAGE)).all()
    bare = [
        {
            "site_id": site_id,
            "n": row.n,
            "body": b"",
            "leaf": leaf(bytes(row.body)),
            "act": "",
            "actor": "",
            "subject": "",
        }
        for row in rows
    ]
    if not bare:
        return 0
    bulk.update(tx.conn, tx.dialect, log_entry, ("site_id", "n"), bare)
    numbers = [row.n for row in rows]
    words = select(log_text.c.n, log_text.c.words).where(log_text.c.site_id == site_id, log_text.c.n.in_(numbers))
    fulltext.remove(tx, "log_words", site_id, [(row.n, row.words) for row in tx.conn.execute(words)])
    for table in (log_text, log_attached):
        tx.conn.execute(delete(table).where(table.c.site_id == site_id, table.c.n.in_(numbers)))
    _unattached(tx, site_id, sorted({name for row in rows for name in named(bytes(row.body))}))
    return len(rows)


def _unattached(tx: Tx, site_id: str, names: list[str]) -> None:
    """Those of the files that no entry has any more are not the site's any more."""
    still = select(log_attached.c.sha256).where(log_attached.c.site_id == site_id, log_attached.c.sha256.in_(names))
    gone = set(names) - set(tx.conn.execute(still).scalars())
    if gone:
        tx.conn.execute(delete(log_file).where(log_file.c.site_id == site_id, log_file.c.sha256.in_(sorted(gone))))


def _beside(tx: Tx, site_id: str, before: datetime) -> None:
    """What was kept beside the log for as long as the log: who read it, what was signed, files nobody attached."""
    if holds(tx.conn, site_id, standing=True):
        return
    tx.conn.execute(delete(log_read).where(log_read.c.site_id == site_id, log_read.c.at < before))
    tx.conn.execute(delete(log_review).where(log_review.c.site_id == site_id, log_review.c.at < before))
    tx.conn.execute(delete(log_copy).where(log_copy.c.site_id == site_id, log_copy.c.made_at < before))
    attached = exists().where(log_attached.c.site_id == log_file.c.site_id, log_attached.c.sha256 == log_file.c.sha256)
    tx.conn.execute(delete(log_file).where(log_file.c.site_id == site_id, log_file.c.at < before, not_(attached)))


def owned(conn: Connection, names: list[str]) -> set[str]:
    """Those of the files that some site still has."""
    return set(conn.execute(select(log_file.c.sha256).where(log_file.c.sha256.in_(names))).scalars())
