"""The watch over tests of equipment (EQP-02): one that a site wants to hear of (`alert`) and that is overdue is an alert, until
a result is recorded or the pack no longer asks for it.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from alerts import store as alert_store
from core.ids import derived
from duty import equipment_acts, equipment_store
from duty.equipment import overdue_from, subject_of
from duty.equipment_store import DUE_ROWS, Look, next_due, sites_due
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from store.db import Tx

__all__ = ["DUE", "DUE_ROWS", "TESTED", "conditions", "look", "next_due", "sites_due"]

DUE: Final = "duty.equipment_due"
TESTED: Final = "duty.equipment_tested"


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """Every test that may ring, and what rings still of a test that may no longer."""
    if not _due(conn, desk, at):
        return []
    asked = {subject_of(test.id) for test in desk.register.equipment_tests.values() if test.alert}
    return [(subject, DUE) for subject in sorted(asked | _ringing(conn, desk.register.site_id))]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Raise what is overdue, end what was done, and note when to look again: when the next one becomes overdue."""
    if not _due(tx.conn, desk, at):
        return
    register = desk.register
    asked = [found for found in equipment_acts.listed(tx.conn, register, at) if found.test.alert]
    owed = {subject_of(found.test.id): found for found in asked if found.overdue}
    for subject, found in owed.items():
        if not judgement.stands(subject, DUE):
            data = {"test": found.test.id, "due": found.due.isoformat(), "role": found.test.by.value}
            judgement.occur(subject, DUE, Origin(derived(at, DUE, register.site_id, subject), at), data)
    for subject in sorted(_ringing(tx.conn, register.site_id) - set(owed)):
        judgement.over(subject, TESTED, Origin(derived(at, TESTED, register.site_id, subject), at))
    coming = [overdue_from(register.zone_info, found.due) for found in asked if not found.overdue]
    equipment_store.put(tx, register.site_id, Look(register.version, min(coming, default=None)))


def _ringing(conn: Connection, site_id: str) -> set[str]:
    return {c["subject"] for c in alert_store.active_conditions(conn, site_id) if c["name"] == DUE}


def _due(conn: Connection, desk: Desk, at: datetime) -> bool:
    row = equipment_store.get(conn, desk.register.site_id)
    return row is None or row.version != desk.register.version or (row.due_at is not None and row.due_at <= at)
