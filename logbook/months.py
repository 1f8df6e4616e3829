"""Which entries belong to a month, and what is known of its archive (LOG-09, RPT-06). The making is in `logbook.archive`."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select, update

from core.clock import micros
from core.errors import Invalid
from logbook import entries
from logbook.errors import AlreadyReceived, NoSuchArchive
from logbook.rules import Line
from logbook.tables import log_archive, log_entry
from store.db import Tx

_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


class Archived(msgspec.Struct, frozen=True):
    """A month that was archived: its entries, the checkpoint that closes them, and the file; `gone_at`: since when the
    file is deleted, its time being over.
    """

    month: str
    first: int
    last: int
    note: str
    made_by: str
    made_at: datetime
    size: int
    sha256: str
    received_by: str | None = None
    received_at: datetime | None = None
    comment: str = ""
    gone_at: datetime | None = None


def span(zone: ZoneInfo, month: str) -> tuple[datetime, datetime]:
    """A month of the site as instants, end excluded."""
    if not _MONTH.fullmatch(month):
        raise Invalid("A month is written 2026-03.", field="month")
    first = date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=32)).replace(day=1)
    starts, ends = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, after))
    return starts, ends


def last_of(conn: Connection, site_id: str, ends: datetime) -> int:
    """The number of the last entry written before a time. What lies between two such numbers is a month: every entry is
    in exactly one, also where a clock was set back.
    """
    query = select(log_entry.c.n).where(log_entry.c.site_id == site_id, log_entry.c.at < micros(ends))
    return conn.execute(query.order_by(log_entry.c.n.desc()).limit(1)).scalar() or 0


def archived(conn: Connection, site_id: str) -> list[Archived]:
    """The months that were archived, newest first."""
    query = select(log_archive).where(log_archive.c.site_id == site_id).order_by(log_archive.c.month.desc())
    return [Archived(*(getattr(row, name) for name in Archived.__struct_fields__)) for row in conn.execute(query)]


def one(conn: Connection, site_id: str, month: str) -> Archived:
    """One of them."""
    found = next((a for a in archived(conn, site_id) if a.month == month), None)
    if found is None:
        raise NoSuchArchive
    return found


def not_archived(conn: Connection, site_id: str, zone: ZoneInfo, at: datetime) -> list[str]:
    """The months that are over, have entries and were not archived, oldest first; of the last two years."""
    query = select(log_entry.c.at).where(log_entry.c.site_id == site_id).order_by(log_entry.c.n).limit(1)
    begun = conn.execute(query).scalar()
    if begun is None:
        return []
    there = {a.month for a in archived(conn, site_id)}
    day, found = at.astimezone(zone).date().replace(day=1), list[str]()
    for _ in range(24):
        day = (day - timedelta(days=1)).replace(day=1)
        month = day.isoformat()[:7]
        if micros(span(zone, month)[1]) <= begun:
            break
        if month not in there:
            found.append(month)
    return found[::-1]


def receive(tx: Tx, site_id: str, month: str, comment: str, *, by: str, at: datetime) -> Archived:
    """The archivist has it; they say so once."""
    found = one(tx.conn, site_id, month)
    if found.received_at is not None:
        raise AlreadyReceived(by=found.received_by, at=found.received_at)
    change = update(log_archive).where(log_archive.c.site_id == site_id, log_archive.c.month == month)
    tx.conn.execute(change.values(received_by=by, received_at=at, comment=comment))
    said = {"month": month, "sha256": found.sha256, "comment": comment}
    entries.append(tx, site_id, [Line(at, "logbook.archive_received", by, f"month/{month}", said)])
    return one(tx.conn, site_id, month)
