"""Which rounds a plan makes, and when each is open. Pure: wall-clock plans are placed in the site's zone, so that a window keeps
its wall-clock meaning over midnight and over a change of the clocks.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
from dateutil.rrule import rrulestr

from patrol.verdicts import Window
from sites.duty_words import Dated, DayType
from sites.patrol_shapes import RULES_BEGIN
from sites.patrol_words import PatrolPlan

DayTypeOf = Callable[[date], DayType]


class Planned(msgspec.Struct, frozen=True):
    """A round as a plan makes it. Its plan and the moment it opens are its name: the same plan never makes it twice."""

    plan: str
    route: str
    seat: str
    window: Window


def rounds(
    plan: PatrolPlan,
    zone: ZoneInfo,
    day_type: DayTypeOf,
    shifts: Iterable[Dated],
    first: datetime,
    until: datetime,
) -> list[Planned]:
    """The rounds that open from `first` on and before `until`, in order. `shifts`: those of the plan's seat that touch that
    time; only `per_shift` asks them.
    """
    if plan.per_shift:
        spans = _by_shift(plan, zone, day_type, shifts)
    elif plan.rrule:
        spans = _by_rule(plan, zone, day_type, first, until)
    else:
        spans = _by_clock(plan, zone, day_type, first, until)
    grace = timedelta(minutes=plan.grace_min)
    found = {opens: closes for opens, closes in spans if first <= opens < until and opens < closes}
    return [Planned(plan.id, plan.route, plan.seat, Window(at, found[at], grace)) for at in sorted(found)]


Span = tuple[datetime, datetime]


def _by_shift(plan: PatrolPlan, zone: ZoneInfo, day_type: DayTypeOf, shifts: Iterable[Dated]) -> Iterator[Span]:
    """A shift's rounds share it evenly."""
    for shift in shifts:
        if shift.on_call or not _wanted(plan, day_type, shift.starts_at.astimezone(zone).date()):
            continue
        part = (shift.ends_at - shift.starts_at) / plan.per_shift
        for n in range(plan.per_shift):
            opens = shift.starts_at + n * part
            yield opens, _capped(plan, opens, shift.starts_at + (n + 1) * part)


def _by_clock(
    plan: PatrolPlan, zone: ZoneInfo, day_type: DayTypeOf, first: datetime, until: datetime
) -> Iterator[Span]:
    """From `from_` to `to` by the clock on the wall, every so many minutes; a day's last round ends with its span."""
    for day in _days(zone, first, until):
        if not _wanted(plan, day_type, day):
            continue
        starts = datetime.combine(day, plan.from_)
        ends = datetime.combine(day + timedelta(days=plan.to <= plan.from_), plan.to)
        edges = sorted({_placed(wall, zone) for wall in _steps(starts, ends, timedelta(minutes=plan.every_min))})
        for opens, closes in pairwise(edges):
            yield opens, _capped(plan, opens, closes)


def _steps(starts: datetime, ends: datetime, step: timedelta) -> Iterator[datetime]:
    while starts < ends:
        yield starts
        starts += step
    yield ends


def _by_rule(plan: PatrolPlan, zone: ZoneInfo, day_type: DayTypeOf, first: datetime, until: datetime) -> Iterator[Span]:
    """By a rule of the calendar, begun on a Monday long ago at `from_`."""
    rule = rrulestr(plan.rrule, dtstart=datetime.combine(RULES_BEGIN.date(), plan.from_))
    day = timedelta(days=1)
    walls = rule.between(
        first.astimezone(zone).replace(tzinfo=None) - day, until.astimezone(zone).replace(tzinfo=None) + day, inc=True
    )
    for wall in walls:
        if _wanted(plan, day_type, wall.date()):
            opens = _placed(wall, zone)
            yield opens, opens + timedelta(minutes=plan.window_min)


def _wanted(plan: PatrolPlan, day_type: DayTypeOf, day: date) -> bool:
    return not plan.day_types or day_type(day) in plan.day_types


def _capped(plan: PatrolPlan, opens: datetime, closes: datetime) -> datetime:
    return min(closes, opens + timedelta(minutes=plan.window_min)) if plan.window_min else closes


def _days(zone: ZoneInfo, first: datetime, until: datetime) -> Iterator[date]:
    """The days whose rounds may open in that time; a day's span may go on over midnight."""
    day, last = first.astimezone(zone).date() - timedelta(days=1), until.astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _placed(wall: datetime, zone: ZoneInfo) -> datetime:
    """A wall-clock time as an instant: the first of two, and in a gap as much later as the clocks were put forward."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
