"""By when next month's roster is owed (DUTY-03), for the sites that make rosters: one that lives from its rotas owes none."""

from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, select

from core.clock import instant, micros
from duty.calendar import days_of, month_after, month_of
from duty.tables import roster_due
from sites.register import Register
from store import bulk
from store.bulk import marked
from store.db import Tx


def due_after(register: Register, at: datetime) -> datetime | None:
    """The next end of a due day after `at`. A day that a month does not have is its last one; None: never due."""
    number, zone = register.policies.duty.roster_due_day, register.zone_info
    if not number:
        return None
    month = month_of(at.astimezone(zone).date() - timedelta(days=1))
    while True:
        days = days_of(month)
        over = days[min(number, len(days)) - 1] + timedelta(days=1)
        moment = datetime.combine(over, time(), zone).astimezone(at.tzinfo)
        if moment > at:
            return moment
        month = month_after(month)


def owed_at(register: Register, moment: datetime) -> str:
    """The month whose roster is owed when a due day ends at `moment`."""
    last: date = moment.astimezone(register.zone_info).date() - timedelta(days=1)
    return month_after(month_of(last))


def stored(conn: Connection, site_id: str) -> tuple[bool, datetime | None]:
    """Whether the site owes rosters at all, and when the next one is due."""
    row = conn.execute(select(roster_due.c.due_at).where(roster_due.c.site_id == site_id)).one_or_none()
    return row is not None, None if row is None else row.due_at


def begin(tx: Tx, register: Register, at: datetime) -> None:
    """From its first own roster on, a site owes one each month."""
    if not stored(tx.conn, register.site_id)[0]:
        put(tx, register, due_after(register, at))


def reset(tx: Tx, register: Register, at: datetime) -> None:
    """The site's due day may be another now. What has come due is not forgotten by it."""
    owes, due = stored(tx.conn, register.site_id)
    again = due_after(register, at)
    if owes and again != due and (due is None or due > at):
        put(tx, register, again)


def put(tx: Tx, register: Register, due: datetime | None) -> None:
    """Store when to look next."""
    row = {"site_id": register.site_id, "due_at": None if due is None else micros(due)}
    bulk.upsert(tx.conn, tx.dialect, roster_due, [row])


DUE_ROWS: Final = "SELECT site_id FROM roster_due WHERE due_at <= ?"


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites whose due day has ended."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """When the next due day ends."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM roster_due").scalar()
    return None if found is None else instant(found)
