"""The watch over daily reviews: a day that nobody signed in time is an alert, one a site, until every such day is signed."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from core.ids import derived
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from logbook import review_due, reviews
from store.db import Tx

SUBJECT: Final = "logbook"
DUE: Final = "logbook.review_due"
TOLD: Final = "logbook.review_signed"

DUE_ROWS = review_due.DUE_ROWS
sites_due = review_due.sites_due
next_due = review_due.next_due


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """The one alert there may be."""
    return [(SUBJECT, DUE)] if _due(conn, desk, at) else []


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Raise what is owed, end what was signed, and note when to look again."""
    if not _due(tx.conn, desk, at):
        return
    register = desk.register
    site, rule = register.site_id, register.policies.duty.review
    asked = rule is not None and rule.alert
    owed = reviews.overdue(tx.conn, register, at) if asked else []
    if owed and not judgement.stands(SUBJECT, DUE):
        data = {"days": owed, "role": str(rule.role) if rule else None}
        judgement.occur(SUBJECT, DUE, Origin(derived(at, DUE, site), at), data)
    elif not owed:
        judgement.over(SUBJECT, TOLD, Origin(derived(at, TOLD, site), at))
    again = review_due.next_look(register.zone_info, rule.due_h, at) if rule is not None and asked else None
    review_due.put(tx, site, review_due.Look(register.version, again))


def _due(conn: Connection, desk: Desk, at: datetime) -> bool:
    row = review_due.get(conn, desk.register.site_id)
    return row is None or row.version != desk.register.version or (row.due_at is not None and row.due_at <= at)
