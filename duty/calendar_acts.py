"""Saying what a day is: who may is asked at the edge; what follows for the shifts is settled by the path."""

from datetime import date, datetime

from duty import calendar_store
from duty.calendar import Override
from duty.errors import DayIsPast, NotOverridden
from logbook import entries
from logbook.rules import Line
from sites.duty_words import DayType
from sites.register import Register
from store.db import Tx


def set_day(tx: Tx, register: Register, day: date, kind: DayType, reason: str, by: str, at: datetime) -> None:
    """Override what a day is, from today on: a day that is over was what it was."""
    _to_come(register, day, at)
    was = calendar_store.overrides(tx.conn, register.site_id, day, day).get(day)
    calendar_store.save(tx, register.site_id, Override(day, kind, reason, by, at))
    told = {"day": day, "type": kind, "was": was.type if was else None, "reason": reason}
    entries.append(tx, register.site_id, [Line(at, "calendar.set", by, f"day/{day}", told)])


def clear_day(tx: Tx, register: Register, day: date, by: str, at: datetime) -> None:
    """Take an override back."""
    _to_come(register, day, at)
    was = calendar_store.overrides(tx.conn, register.site_id, day, day).get(day)
    if was is None:
        raise NotOverridden(field="day")
    calendar_store.remove(tx, register.site_id, day)
    told = {"day": day, "was": was.type, "reason": was.reason}
    entries.append(tx, register.site_id, [Line(at, "calendar.clear", by, f"day/{day}", told)])


def _to_come(register: Register, day: date, at: datetime) -> None:
    if day < at.astimezone(register.zone_info).date():
        raise DayIsPast(field="day", day=day.isoformat())
