"""Categories of what is kept (RPT-09): the site's own list, given to an entry or to a file that hangs on it.

The log is append-only: giving is an entry of its own that names its target, and the newest one holds. The rows beside it say
what holds now, so that a search finds exactly that.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, func, select

from core.clock import micros
from logbook import entries, finding
from logbook.acts import about
from logbook.errors import NoSuchCategory, NoSuchEntry, NotAttached, NotTagged, TextGone
from logbook.finding import Asked
from logbook.rules import Line
from logbook.tables import log_category, log_entry
from sites.register import Register
from store import bulk
from store.db import Tx

TAGGED: Final = "log.tagged"
_c = log_category.c


class Tag(msgspec.Struct, frozen=True):
    """A category that entry `n`, or its file `attachment`, has."""

    n: int
    attachment: str | None
    category: str


def tag(
    tx: Tx, register: Register, n: int, categories: Sequence[str], attachment: str | None, by: str, at: datetime
) -> None:
    """Give entry `n`, or one of its files, these categories and no others. What it has already is not said again."""
    site = register.site_id
    target = entries.one(tx.conn, site, n)
    if target is None:
        raise NoSuchEntry(field="n")
    if target.act == entries.GONE:
        raise TextGone(field="n")
    if target.act == TAGGED:
        raise NotTagged(field="n", of=target.data["of"])
    if attachment is not None and attachment not in {f["sha256"] for f in target.data.get("attachments", ())}:
        raise NotAttached("The entry has no such file.", field="attachment", sha256=attachment)
    for name in categories:
        if name not in register.categories:
            raise NoSuchCategory(field="categories", category=name)
    before = [t.category for t in of(tx.conn, site, [n]) if t.attachment == attachment]
    wanted = [name for name in register.categories if name in set(categories)]
    if set(before) == set(wanted):
        return
    named = [{"id": name, "name": msgspec.to_builtins(register.categories[name].name)} for name in wanted]
    told = {"of": n, "attachment": attachment, "categories": named, "had": sorted(before)}
    entries.append(tx, site, [Line(at, TAGGED, by, about(n), told)])
    here = (_c.site_id == site, _c.n == n, _c.attachment == (attachment or ""))
    tx.conn.execute(delete(log_category).where(*here))
    rows = [{"site_id": site, "n": n, "attachment": attachment or "", "category": name} for name in wanted]
    bulk.insert(tx.conn, tx.dialect, log_category, rows)


def of(conn: Connection, site_id: str, numbers: Iterable[int]) -> list[Tag]:
    """What these entries and their files have."""
    query = select(log_category).where(_c.site_id == site_id, _c.n.in_(list(numbers)))
    rows = conn.execute(query.order_by(_c.n, _c.attachment, _c.category))
    return [Tag(row.n, row.attachment or None, row.category) for row in rows]


def find(conn: Connection, site_id: str, category: str, asked: Asked, limit: int) -> list[int]:
    """The numbers of up to `limit` entries that have the category, or a file that has, newest first; all else that is asked
    for fits, too.
    """
    if asked.text.strip() or asked.form:
        return _among(conn, site_id, category, asked, limit)
    tagged = select(_c.n).where(_c.site_id == site_id, _c.category == category)
    e = log_entry.c
    query = select(e.n).where(e.site_id == site_id, e.n.in_(tagged))
    query = query if asked.before is None else query.where(e.n < asked.before)
    query = query if asked.since is None else query.where(e.at >= micros(asked.since))
    query = query if asked.until is None else query.where(e.at < micros(asked.until))
    for column, value in ((e.actor, asked.person), (e.act, asked.act), (e.subject, asked.subject)):
        query = query if value is None else query.where(column == value)
    return list(conn.execute(query.order_by(e.n.desc()).limit(limit)).scalars())


def _among(conn: Connection, site_id: str, category: str, asked: Asked, limit: int) -> list[int]:
    """What words find, page by page, as far back as anything has the category."""
    where = (_c.site_id == site_id, _c.category == category)
    first = conn.execute(select(func.min(_c.n)).where(*where)).scalar()
    found: list[int] = []
    before = asked.before
    while first is not None and len(found) < limit and (before is None or before > first):
        page = finding.find(conn, site_id, msgspec.structs.replace(asked, before=before), 500)
        if not page:
            break
        tagged: Collection[int] = set(conn.execute(select(_c.n).where(*where, _c.n.in_(page))).scalars())
        found += [n for n in page if n in tagged]
        before = page[-1]
    return found[:limit]
