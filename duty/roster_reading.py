"""What stands for a month, and what is wrong with a roster beside it: read from the store, judged by the rules."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection

from duty import calendar_store, request_store, roster_store
from duty import store as duty_store
from duty.calendar import day_types, days_of
from duty.coverage import span
from duty.errors import RosterFaulty
from duty.request_checks import on_leave
from duty.roster_checks import AROUND, check, errors
from duty.roster_cover import Finding
from duty.rosters import Roster, cells_of, shifts_of
from duty.rotations import Cells
from duty.rules import dated
from sites.duty_words import DayType
from sites.register import Register


def standing_cells(conn: Connection, register: Register, month: str) -> Cells:
    """What a month follows now: its published roster, else the shifts that stand, and the rotas where none do yet."""
    there = roster_store.published_one(conn, register.site_id, month)
    if there is not None:
        return there.cells
    days = days_of(month)
    starts, ends = span(register, days)
    stand = [s for s in duty_store.shifts(conn, register.site_id, starts, ends) if s.id.split("/")[1].startswith(month)]
    until = max((s.id.split("/")[1] for s in stand), default="")
    coming = [day for day in days if day.isoformat() > until]
    if coming:
        stand += dated(register, coming[0], len(coming), calendar(conn, register, days))
    return cells_of(stand, month)


def findings(conn: Connection, register: Register, roster: Roster, at: datetime) -> list[Finding]:
    """What is wrong with what is still to come of a roster, beside the months that stand around it."""
    today = at.astimezone(register.zone_info).date()
    days = days_of(roster.month)
    starts, ends = span(register, days)
    around = duty_store.shifts(conn, register.site_id, starts - AROUND, ends + AROUND)
    found = check(register, roster, around, calendar(conn, register, days))
    leaves = request_store.leaves(conn, register.site_id, starts, ends + AROUND)
    found += on_leave(shifts_of(register, roster.cells, days[0], days[-1]), leaves)
    return [f for f in found if (f.day is None or f.day >= today) and (f.ends_at is None or f.ends_at > at)]


def sound(conn: Connection, register: Register, roster: Roster, at: datetime) -> int:
    """How many warnings a roster without faults has. Raises `RosterFaulty` for one with any."""
    found = findings(conn, register, roster, at)
    wrong = errors(found)
    if wrong:
        first = {k: v for k, v in msgspec.to_builtins(wrong[0]).items() if v not in (None, {})}
        raise RosterFaulty(count=len(wrong), first=first)
    return len(found)


def calendar(conn: Connection, register: Register, days: Sequence[date]) -> Callable[[date], DayType]:
    said = calendar_store.overrides(conn, register.site_id, days[0], days[-1])
    return day_types(register.policies.duty.jurisdiction, said)
