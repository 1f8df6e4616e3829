"""What a request is held against: read from the store, judged by the rules."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from duty import calendar_store, request_store, roster_reading
from duty import store as duty_store
from duty.calendar import day_types, days_of, month_of
from duty.request_checks import Plan
from duty.roster_checks import AROUND
from sites.register import Register


def plan(conn: Connection, register: Register, days: Iterable[date]) -> Plan:
    """What stands in the months of these days and of the days after them, and beside those months."""
    months = sorted({month_of(day + timedelta(days=n)) for day in days for n in (0, 1)})
    cells = {month: roster_reading.standing_cells(conn, register, month) for month in months}
    first, last = days_of(months[0])[0], days_of(months[-1])[-1]
    starts, ends = (_midnight(register, day) for day in (first, last + timedelta(days=1)))
    there = duty_store.shifts(conn, register.site_id, starts - AROUND, ends + AROUND)
    beside = [s for s in there if s.id.split("/")[1][:7] not in cells]
    said = calendar_store.overrides(conn, register.site_id, first, last)
    leaves = request_store.leaves(conn, register.site_id, starts, ends + AROUND)
    return Plan(cells, beside, day_types(register.policies.duty.jurisdiction, said), leaves)


def days_between(register: Register, starts_at: datetime, ends_at: datetime) -> list[date]:
    """One day of each month whose shifts may touch this time: a shift that began the day before counts."""
    zone = register.zone_info
    first = (starts_at - duty_store.BEHIND).astimezone(zone).date()
    last = ends_at.astimezone(zone).date()
    return [date.fromordinal(n) for n in (*range(first.toordinal(), last.toordinal(), 28), last.toordinal())]


def _midnight(register: Register, day: date) -> datetime:
    return datetime.combine(day, time(), register.zone_info).astimezone(UTC)
