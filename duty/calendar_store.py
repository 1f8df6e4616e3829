"""The site's overrides of its calendar: in and out of their rows."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select

from core.clock import micros
from duty.calendar import Override, shift_days
from duty.tables import day_override
from sites.duty_words import DayType
from sites.register import Register
from store import bulk
from store.db import Tx


def overrides(conn: Connection, site_id: str, first: date, last: date) -> dict[date, Override]:
    """What the site says of the days from `first` to `last`."""
    query = select(day_override).where(
        day_override.c.site_id == site_id,
        day_override.c.day >= first.isoformat(),
        day_override.c.day <= last.isoformat(),
    )
    return {(made := _override(row)).day: made for row in conn.execute(query.order_by(day_override.c.day))}


def save(tx: Tx, site_id: str, said: Override) -> None:
    """Let this stand for its day."""
    values = {"day": said.day.isoformat(), "type": str(said.type), "reason": said.reason, "by": said.by}
    bulk.upsert(tx.conn, tx.dialect, day_override, [{"site_id": site_id, **values, "at": micros(said.at)}])


def remove(tx: Tx, site_id: str, day: date) -> None:
    """Let the country's word stand for a day."""
    which = (day_override.c.site_id == site_id, day_override.c.day == day.isoformat())
    tx.conn.execute(delete(day_override).where(*which))


def calendar(conn: Connection, register: Register, first: date, last: date) -> Callable[[date], DayType]:
    """The site's calendar for the days from `first` to `last`; plain weekdays where no shift asks what day it is."""
    return shift_days(register, overrides(conn, register.site_id, first, last))


def _override(row: Any) -> Override:
    return Override(date.fromisoformat(row.day), DayType(row.type), row.reason, row.by, row.at)
