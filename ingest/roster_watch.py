"""The watch over rosters: next month's, not published by the site's due day, is an alert until it is (DUTY-03)."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from core.ids import derived
from duty import roster_due, roster_store
from duty.calendar import first_of, month_of
from ingest.commit import commit
from ingest.loading import load_scene
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from store.db import Tx

DUE: Final = "duty.roster_due"
PUBLISHED: Final = "duty.roster_published"

DUE_ROWS = roster_due.DUE_ROWS
sites_due = roster_due.sites_due
next_due = roster_due.next_due


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """The month that is owed now, and the one before it."""
    _, due = roster_due.stored(conn, desk.register.site_id)
    if due is None or due > at:
        return []
    owed = roster_due.owed_at(desk.register, due)
    return [(_subject(owed), DUE), (_subject(_before(owed)), DUE)]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Raise what is owed; what was owed of the month that is now running out helps nobody any more."""
    register = desk.register
    _, due = roster_due.stored(tx.conn, register.site_id)
    if due is None or due > at:
        return
    month = roster_due.owed_at(register, due)
    judgement.over(_subject(_before(month)), PUBLISHED, Origin(derived(at, PUBLISHED, _before(month)), at))
    if roster_store.published_one(tx.conn, register.site_id, month) is None:
        data = {"month": month, "due_day": register.policies.duty.roster_due_day}
        judgement.occur(_subject(month), DUE, Origin(derived(at, DUE, month), at), data)
    roster_due.put(tx, register, roster_due.due_after(register, at))


def published(tx: Tx, desk: Desk, month: str, at: datetime) -> None:
    """A month stands: whoever was called for it need not come."""
    scene = load_scene(tx, desk, at, also=[(_subject(month), DUE)])
    judgement = Judgement(scene)
    judgement.over(_subject(month), PUBLISHED, Origin(derived(at, PUBLISHED, month), at))
    commit(tx, scene, judgement.changes)


def _subject(month: str) -> str:
    return f"roster/{month}"


def _before(month: str) -> str:
    return month_of(first_of(month) - timedelta(days=1))
