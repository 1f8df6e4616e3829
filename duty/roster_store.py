"""Rosters and the revisions of their drafts: in and out of their rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from duty.errors import NoSuchRoster
from duty.rosters import OPEN, Change, Roster, RosterState
from duty.rotations import Cells
from duty.tables import roster, roster_revision
from store import outbox
from store.db import Tx

_HEAD: Final = [c for c in roster.c if c.name != "cells"]


class Revision(msgspec.Struct, frozen=True):
    """One edit of a draft: what it changed, and the revision it was made upon."""

    n: int
    parent: int
    how: str
    by: str
    at: datetime
    changes: tuple[Change, ...]


def get(conn: Connection, site_id: str, roster_id: str) -> Roster:
    """One roster, whole. Raises `NoSuchRoster`."""
    row = conn.execute(select(roster).where(roster.c.site_id == site_id, roster.c.id == roster_id)).one_or_none()
    if row is None:
        raise NoSuchRoster
    return _roster(row, row.cells)


def listed(conn: Connection, site_id: str, month: str | None = None, limit: int = 200) -> list[Roster]:
    """Rosters without their cells, newest month and newest roster first."""
    query = select(*_HEAD).where(roster.c.site_id == site_id)
    if month is not None:
        query = query.where(roster.c.month == month)
    rows = conn.execute(
        query.order_by(roster.c.month.desc(), roster.c.based_on.desc(), roster.c.id.desc()).limit(limit)
    )
    return [_roster(row, {}) for row in rows]


def open_one(conn: Connection, site_id: str, month: str) -> Roster | None:
    """The roster of a month that is on its way, if there is one."""
    return _one(conn, site_id, month, [str(s) for s in OPEN])


def published_one(conn: Connection, site_id: str, month: str) -> Roster | None:
    """The roster that a month follows, if it has one."""
    return _one(conn, site_id, month, [str(RosterState.PUBLISHED)])


def published(conn: Connection, site_id: str, first_month: str) -> dict[str, Cells]:
    """The cells of every published month from `first_month` on."""
    query = select(roster.c.month, roster.c.cells).where(
        roster.c.site_id == site_id, roster.c.month >= first_month, roster.c.state == str(RosterState.PUBLISHED)
    )
    return {row.month: row.cells for row in conn.execute(query.order_by(roster.c.month))}


def last_version(conn: Connection, site_id: str, month: str) -> int:
    """How many versions of a month were published."""
    query = select(func.max(roster.c.version)).where(roster.c.site_id == site_id, roster.c.month == month)
    return conn.scalar(query) or 0


def add(tx: Tx, made: Roster) -> None:
    """Write a new roster."""
    tx.conn.execute(insert(roster).values(**_values(made)))


def save(tx: Tx, made: Roster, *, cells: bool = False) -> None:
    """Write where a roster stands now; its cells only when they changed."""
    values = {k: v for k, v in _values(made).items() if cells or k != "cells"}
    tx.conn.execute(update(roster).where(roster.c.site_id == made.site_id, roster.c.id == made.id).values(**values))


def tell(tx: Tx, made: Roster, at: datetime) -> None:
    """Let the pages know that a roster moved: where it stands, not what it holds."""
    body = {f: getattr(made, f) for f in ("id", "month", "state", "version", "revision")}
    outbox.append(tx, made.site_id, at, [("roster", body)])


def add_revision(tx: Tx, made: Roster, parent: int, how: str, by: str, at: datetime, changes: Sequence[Change]) -> int:
    """Write one edit upon `parent`. Returns its number."""
    mine = (roster_revision.c.site_id == made.site_id, roster_revision.c.roster_id == made.id)
    n = (tx.conn.scalar(select(func.max(roster_revision.c.n)).where(*mine)) or 0) + 1
    told = [[c.seat, c.day.isoformat(), c.template, c.was, c.now] for c in changes]
    values = {"site_id": made.site_id, "roster_id": made.id, "n": n, "parent": parent, "how": how, "by": by, "at": at}
    tx.conn.execute(insert(roster_revision).values(**values, changes=told))
    return n


def revision(conn: Connection, made: Roster, n: int) -> Revision | None:
    """One edit of a draft."""
    return _revision(_revisions(conn, made, roster_revision.c.n == n).first())


def newest_upon(conn: Connection, made: Roster, parent: int) -> Revision | None:
    """The newest edit that was made upon `parent`: what doing again means."""
    query = _revisions(conn, made, roster_revision.c.parent == parent, newest=True)
    return _revision(query.first())


def revisions(conn: Connection, made: Roster) -> list[Revision]:
    """Every edit of a draft, newest first."""
    found = (_revision(row) for row in _revisions(conn, made, roster_revision.c.n > 0, newest=True))
    return [r for r in found if r is not None]


def _revisions(conn: Connection, made: Roster, which: Any, *, newest: bool = False) -> Any:
    mine = (roster_revision.c.site_id == made.site_id, roster_revision.c.roster_id == made.id, which)
    order = roster_revision.c.n.desc() if newest else roster_revision.c.n
    return conn.execute(select(roster_revision).where(*mine).order_by(order))


def _revision(row: Row[Any] | None) -> Revision | None:
    if row is None:
        return None
    changes = tuple(msgspec.convert(c, Change) for c in (dict(zip(_CHANGE, c, strict=True)) for c in row.changes))
    return Revision(row.n, row.parent, row.how, row.by, row.at, changes)


_CHANGE: Final = Change.__struct_fields__


def _one(conn: Connection, site_id: str, month: str, states: list[str]) -> Roster | None:
    which = (roster.c.site_id == site_id, roster.c.month == month, roster.c.state.in_(states))
    row = conn.execute(select(roster).where(*which)).one_or_none()
    return None if row is None else _roster(row, row.cells)


def _values(made: Roster) -> dict[str, Any]:
    return {f: getattr(made, f) for f in Roster.__struct_fields__} | {"state": str(made.state)}


def _roster(row: Row[Any], cells: Cells) -> Roster:
    fields = {f: getattr(row, f) for f in Roster.__struct_fields__ if f not in {"cells", "state", "authors"}}
    return Roster(**fields, state=RosterState(row.state), authors=tuple(row.authors), cells=cells)
