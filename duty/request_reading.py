"""What a request is held against: read from the store, judged by the rules."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from duty import calendar_store, lieu, plan_and_fact, request_store, roster_reading
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


def lieu_of(conn: Connection, register: Register, person: str, at: datetime) -> lieu.Balance:
    """What somebody has earned on holidays within the last year, and spent (DUTY-11)."""
    site, since = register.site_id, at - lieu.KEPT_FOR
    shifts = [s for s in duty_store.shifts(conn, site, since, at) if s.person == person]
    stays = [a for a in duty_store.attended(conn, site, since) if a.person == person]
    first, last = since.astimezone(register.zone_info).date(), at.astimezone(register.zone_info).date()
    said = calendar_store.overrides(conn, site, first - timedelta(days=1), last)
    day_type = day_types(register.policies.duty.jurisdiction, said)
    leaves = request_store.leaves(conn, site, since, at + lieu.KEPT_FOR)
    return lieu.balance(person, plan_and_fact.facts(shifts, stays, at).shifts, day_type, leaves, at)


def days_between(register: Register, starts_at: datetime, ends_at: datetime) -> list[date]:
    """One day of each month whose shifts may touch this time: a shift that began the day before counts."""
    zone = register.zone_info
    first = (starts_at - duty_store.BEHIND).astimezone(zone).date()
    last = ends_at.astimezone(zone).date()
    return [date.fromordinal(n) for n in (*range(first.toordinal(), last.toordinal(), 28), last.toordinal())]


def _midnight(register: Register, day: date) -> datetime:
    return datetime.combine(day, time(), register.zone_info).astimezone(UTC)
