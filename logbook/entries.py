"""The log at rest: append lines in the transaction that made them true, and read them back."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select, select

from core.clock import instant, micros
from logbook import finding
from logbook.rules import NO_CHAIN, Line, Seals, seal
from logbook.tables import log_entry
from store import bulk, outbox
from store.db import Tx
from store.tables import site_head

GONE: Final = "log.gone"


class Entry(msgspec.Struct, frozen=True):
    """One entry as pages show it. Of one whose text was deleted after its time only number, time and chain are left."""

    n: int
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]
    chain: str


class LogHead(msgspec.Struct, frozen=True):
    """How long a site's log is, and its chain in hex."""

    size: int
    chain: str


_COLUMNS: Final = ("site_id", "n", "at", "act", "actor", "subject", "body", "chain")


def append(tx: Tx, site_id: str, lines: Sequence[Line]) -> None:
    """Write `lines` at the end of a log whose head this transaction holds, and tell the live feed once."""
    if not lines:
        return
    head = tx.heads[site_id]
    entries, after = seal(site_id, Seals(head.log_size, head.log_chain, head.log_frontier), lines)
    bare = bytearray if tx.dialect == "sqlite" else bytes  # its driver takes a detour for bytes that may not change
    rows = [
        (site_id, entry.n, micros(line.at), line.act, line.actor, line.subject, bare(entry.body), bare(entry.chain))
        for line, entry in zip(lines, entries, strict=True)
    ]
    bulk.insert_tuples(tx.conn, tx.dialect, log_entry, _COLUMNS, rows)
    finding.index(tx, site_id, head.log_size + 1, lines)
    head.log_size, head.log_chain, head.log_frontier = after.size, after.chain, after.frontier
    head.changed = True
    outbox.append(tx, site_id, lines[-1].at, [("log", {"size": after.size, "chain": after.chain.hex()})])


def head(conn: Connection, site_id: str) -> LogHead:
    """Where a site's log stands; empty for a site that has never written."""
    query = select(site_head.c.log_size, site_head.c.log_chain).where(site_head.c.site_id == site_id)
    row = conn.execute(query).one_or_none()
    return LogHead(0, NO_CHAIN.hex()) if row is None else LogHead(row.log_size, bytes(row.log_chain).hex())


def read(
    conn: Connection, site_id: str, before: int | None = None, subject: str | None = None, limit: int = 100
) -> list[Entry]:
    """Up to `limit` entries, newest first: those older than number `before`, those of `subject`, when given."""
    query = _select(site_id, subject).order_by(log_entry.c.n.desc()).limit(limit)
    if before is not None:
        query = query.where(log_entry.c.n < before)
    return [_entry(row) for row in conn.execute(query)]


def history(conn: Connection, site_id: str, subject: str) -> list[Entry]:
    """Everything the log says of `subject`, oldest first."""
    return [_entry(row) for row in conn.execute(_select(site_id, subject).order_by(log_entry.c.n))]


def said(
    conn: Connection, site_id: str, subject: str, acts: Collection[str], since: datetime, until: datetime | None = None
) -> list[Entry]:
    """Certain acts that the log tells of `subject` in a span, its last moment too; oldest first."""
    query = _select(site_id, subject).where(log_entry.c.act.in_(sorted(acts)), log_entry.c.at >= micros(since))
    if until is not None:
        query = query.where(log_entry.c.at <= micros(until))
    return [_entry(row) for row in conn.execute(query.order_by(log_entry.c.n))]


def begun(conn: Connection, site_id: str) -> datetime | None:
    """When the log begins: before that nobody watched over the site."""
    found = conn.scalar(select(log_entry.c.at).where(log_entry.c.site_id == site_id, log_entry.c.n == 1))
    return None if found is None else instant(found)


def one(conn: Connection, site_id: str, n: int) -> Entry | None:
    """Entry number `n`."""
    row = conn.execute(_select(site_id, None).where(log_entry.c.n == n)).one_or_none()
    return None if row is None else _entry(row)


def some(conn: Connection, site_id: str, numbers: Collection[int]) -> list[Entry]:
    """The entries with these numbers, newest first."""
    query = _select(site_id, None).where(log_entry.c.n.in_(numbers)).order_by(log_entry.c.n.desc())
    return [_entry(row) for row in conn.execute(query)]


def corrections(conn: Connection, site_id: str, numbers: Iterable[int]) -> list[Entry]:
    """Every entry that corrects one of `numbers`, oldest first."""
    about = [f"log/{n}" for n in numbers]
    query = _select(site_id, None).where(log_entry.c.subject.in_(about), log_entry.c.act == "log.corrected")
    return [_entry(row) for row in conn.execute(query.order_by(log_entry.c.n))]


def stored(conn: Connection, site_id: str, size: int, page: int = 2000, after: int = 0) -> Iterator[Row[Any]]:
    """The first `size` entries as they rest, those behind number `after`, in order, a page at a time."""
    done = after
    while done < size:
        query = select(log_entry).where(log_entry.c.site_id == site_id, log_entry.c.n > done, log_entry.c.n <= size)
        rows = conn.execute(query.order_by(log_entry.c.n).limit(page)).all()
        if not rows:
            return
        yield from rows
        done = rows[-1].n


def _select(site_id: str, subject: str | None) -> Select[Any]:
    columns = (log_entry.c.n, log_entry.c.at, log_entry.c.body, log_entry.c.chain)
    query = select(*columns).where(log_entry.c.site_id == site_id)
    return query if subject is None else query.where(log_entry.c.subject == subject)


class _Body(msgspec.Struct):
    n: int
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]


_decode = msgspec.json.Decoder(_Body).decode


def _entry(row: Row[Any]) -> Entry:
    """What the sealed bytes say; the columns beside them are only for finding."""
    if not row.body:
        return Entry(row.n, instant(row.at), GONE, "system", "", {}, bytes(row.chain).hex())
    said = _decode(bytes(row.body))
    return Entry(said.n, said.at, said.act, said.actor, said.subject, said.data, bytes(row.chain).hex())
