"""Coverage and quality of what stands: read from the store, judged by the rules."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from duty import calendar_store, mode_store, request_store, roster_store
from duty import store as duty_store
from duty.calendar import days_of, month_of
from duty.coverage import Away, Gap, Raised, gaps, span
from duty.quality import Quality, quality
from duty.roster_checks import AROUND
from duty.roster_reading import calendar, standing_cells
from duty.rosters import planned, shifts_of
from duty.rotations import Cells
from sites.duty_words import Dated
from sites.register import Register

_DAY = timedelta(days=1)


def missing(conn: Connection, register: Register, starts: datetime, ends: datetime) -> list[Gap]:
    """What the shifts leave open from `starts` until `ends`: the published ones, and beyond them those that will be."""
    shifts = duty_store.shifts(conn, register.site_id, starts, ends)
    return _missing(conn, register, [*shifts, *_coming(conn, register, shifts, ends)], starts, ends)


def _coming(conn: Connection, register: Register, shifts: Sequence[Dated], ends: datetime) -> list[Dated]:
    """Shifts that are not published yet, up to `ends`."""
    published, zone = duty_store.last_published(conn, register.site_id), register.zone_info
    if published is None or published >= ends:
        return []
    first, last = (at.astimezone(zone).date() for at in (published - _DAY, ends))
    rosters = roster_store.published(conn, register.site_id, month_of(first))
    made = planned(register, first, last, calendar_store.calendar(conn, register, first, last), rosters)
    known = {s.id for s in shifts}
    return [s for s in made if s.id not in known]


def month_quality(conn: Connection, register: Register, month: str, cells: Cells | None = None) -> Quality:
    """How good a month is: what stands of it, or these cells in its place."""
    days = days_of(month)
    starts, ends = span(register, days)
    if cells is None:
        cells = standing_cells(conn, register, month)
    made = shifts_of(register, cells, days[0], days[-1])
    around = duty_store.shifts(conn, register.site_id, starts - AROUND, ends + AROUND)
    whole = [*made, *(s for s in around if not s.id.split("/")[1].startswith(month))]
    day_type = calendar(conn, register, days)
    return quality(register, month, whole, _missing(conn, register, whole, starts, ends), day_type)


def _missing(
    conn: Connection, register: Register, shifts: Sequence[Dated], starts: datetime, ends: datetime
) -> list[Gap]:
    span_ = days(register, starts, ends)
    away = on_leave(conn, register, starts, ends)
    raised = [Raised(m.mode, m.starts_at, m.until) for m in mode_store.between(conn, register.site_id, starts, ends)]
    return gaps(register, span_, shifts, calendar(conn, register, span_), away, within=(starts, ends), modes=raised)


def on_leave(conn: Connection, register: Register, starts: datetime, ends: datetime) -> list[Away]:
    """Who is on leave that was approved (DUTY-06)."""
    found = request_store.leaves(conn, register.site_id, starts, ends)
    return [Away(leave.asked_by, leave.starts_at, leave.ends_at) for leave in found]


def days(register: Register, starts: datetime, ends: datetime) -> list[date]:
    """Every local day of a span, and the one before it: its night reaches in."""
    zone = register.zone_info
    first, last = starts.astimezone(zone).date() - _DAY, (ends - timedelta.resolution).astimezone(zone).date()
    return [first + n * _DAY for n in range((last - first).days + 1)]
