"""The watch over status entries: one that is not written in time is an alert, until it is."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from core.clock import rfc3339
from core.ids import derived
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from logbook import status
from store.db import Tx

SUBJECT: Final = "logbook"
DUE: Final = "logbook.status_due"
TOLD: Final = "logbook.status_told"

DUE_ROWS = status.DUE_ROWS
sites_due = status.sites_due
next_due = status.next_due


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """The one alert there may be."""
    return [(SUBJECT, DUE)] if _due(conn, desk, at) else []


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Raise what is owed, end what was told, and note when to look again."""
    if not _due(tx.conn, desk, at):
        return
    register, row = desk.register, status.get(tx.conn, desk.register.site_id)
    last = None if row is None else row.last_at
    every = register.policies.duty.status_every_min
    owed = status.owed_at(every, last, _held_since(judgement))
    again = (
        at + timedelta(minutes=every) if every else None
    )  # an empty seat is looked at again: it may be taken meanwhile
    if owed is not None and owed <= at:
        if not judgement.stands(SUBJECT, DUE):
            data = {"every_min": every, "last_at": last and rfc3339(last), "owed_at": rfc3339(owed)}
            judgement.occur(SUBJECT, DUE, Origin(derived(at, DUE, register.site_id), at), data)
    else:
        judgement.over(SUBJECT, TOLD, Origin(derived(at, TOLD, register.site_id), at))
        again = owed or again
    status.put(tx, register.site_id, status.Owed(register.version, last, again))


def _due(conn: Connection, desk: Desk, at: datetime) -> bool:
    row = status.get(conn, desk.register.site_id)
    return row is None or row.version != desk.register.version or (row.due_at is not None and row.due_at <= at)


def _held_since(judgement: Judgement) -> datetime | None:
    """Since when somebody has been in a seat that must be held: the one who has been there longest."""
    seats = judgement.scene.desk.register.seats
    since = [h.since for seat, h in judgement.scene.held.items() if h.person is not None and seats[seat].required]
    return min((at for at in since if at is not None), default=None)
