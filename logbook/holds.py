"""Legal holds: while one stands, nothing that it covers is deleted, however old it is (LOG-04).

A hold covers everything of a site, or what is about one subject, or a span of time. It is never taken out, only lifted.
"""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, select, update

from core.clock import micros
from core.errors import Invalid
from core.ids import fresh
from logbook import entries
from logbook.errors import AlreadyLifted, NoSuchHold
from logbook.rules import Line
from logbook.tables import log_hold
from store import bulk
from store.db import Tx


class Hold(msgspec.Struct, frozen=True):
    """One hold. `since` is within it, `until` is not; None: no bound. An empty subject: whatever it is about."""

    id: str
    reason: str
    subject: str
    since: datetime | None
    until: datetime | None
    placed_by: str
    placed_at: datetime
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lift_reason: str = ""


def place(
    tx: Tx,
    site_id: str,
    reason: str,
    *,
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    by: str,
    at: datetime,
) -> Hold:
    """Put a hold on a site's log."""
    if not reason.strip():
        raise Invalid("A hold gives its reason.", field="reason")
    if since is not None and until is not None and until <= since:
        raise Invalid("A hold ends after it begins.", field="until")
    made = Hold(fresh(at), reason.strip(), subject, since, until, by, at)
    row = {
        "site_id": site_id,
        "id": made.id,
        "reason": made.reason,
        "subject": subject,
        "since": None if since is None else micros(since),
        "until": None if until is None else micros(until),
        "placed_by": by,
        "placed_at": micros(at),
        "lift_reason": "",
    }
    bulk.insert(tx.conn, tx.dialect, log_hold, [row])
    said = {"reason": made.reason, "about": subject, "since": since, "until": until}
    entries.append(tx, site_id, [Line(at, "logbook.hold_placed", by, f"hold/{made.id}", said)])
    return made


def lift(tx: Tx, site_id: str, hold_id: str, reason: str, *, by: str, at: datetime) -> Hold:
    """Take a hold off; what it covered may then go when its time has come."""
    if not reason.strip():
        raise Invalid("Lifting a hold gives its reason.", field="reason")
    query = select(log_hold).where(log_hold.c.site_id == site_id, log_hold.c.id == hold_id)
    row = tx.conn.execute(query).one_or_none()
    if row is None:
        raise NoSuchHold
    if row.lifted_at is not None:
        raise AlreadyLifted(by=row.lifted_by, at=row.lifted_at)
    change = update(log_hold).where(log_hold.c.site_id == site_id, log_hold.c.id == hold_id)
    tx.conn.execute(change.values(lifted_by=by, lifted_at=at, lift_reason=reason.strip()))
    entries.append(tx, site_id, [Line(at, "logbook.hold_lifted", by, f"hold/{hold_id}", {"reason": reason.strip()})])
    return next(hold for hold in holds(tx.conn, site_id) if hold.id == hold_id)


def holds(conn: Connection, site_id: str, *, standing: bool = False) -> list[Hold]:
    """A site's holds, newest first; with `standing` only those that are not lifted."""
    query = select(log_hold).where(log_hold.c.site_id == site_id).order_by(log_hold.c.id.desc())
    if standing:
        query = query.where(log_hold.c.lifted_at.is_(None))
    return [Hold(*(getattr(row, name) for name in Hold.__struct_fields__)) for row in conn.execute(query)]
