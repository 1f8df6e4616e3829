"""How good a month's roster is: what is missing, who bears how much, and whose hours go beyond which limit. Pure.

A shift counts for the date on which it begins; hours are real ones, so a night in which clocks are changed has seven or
nine. A night is a shift with at least three hours between 22:00 and 06:00. Who is on call works no hours.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from duty.calendar import days_of
from duty.coverage import Gap, Lack
from duty.limits import Limit, Measure, limits_of
from duty.roster_checks import Work, by_person, whole_shifts
from sites.duty_words import Dated, DayType
from sites.register import Register

NIGHT: Final = (time(22), time(6))
NIGHT_SHIFT_H: Final = 3.0
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Over(msgspec.Struct, frozen=True):
    """A limit that somebody's month goes beyond: which, by the worst value there is, and on which day."""

    measure: Measure
    value: float
    limit: float
    day: date | None


class Burden(msgspec.Struct, frozen=True, kw_only=True):
    """One person's month."""

    person: str
    shifts: int
    hours: float
    nights: int
    weekends: int
    holidays: int
    longest_run_days: int
    least_rest_h: float | None
    most_week_h: float
    over: tuple[Over, ...] = ()


class Share(msgspec.Struct, frozen=True):
    """How evenly something is borne by those who work that month; `spread` is the standard deviation."""

    what: str
    least: float
    most: float
    mean: float
    spread: float


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """A month in figures."""

    month: str
    gaps: int
    uncovered_min: float
    short_min: float
    limits: tuple[Limit, ...]
    people: tuple[Burden, ...]
    fairness: tuple[Share, ...]


def quality(
    register: Register,
    month: str,
    shifts: Iterable[Dated],
    missing: Sequence[Gap],
    day_type: Callable[[date], DayType],
) -> Quality:
    """A month's figures. `shifts` reach beyond the month on both sides, so that rest and weeks are seen whole."""
    limits, zone = limits_of(register.policies.duty), register.zone_info
    people = tuple(
        burden(person, whole_shifts(mine), month, limits, zone, day_type)
        for person, mine in sorted(by_person(shifts).items())
        if any(_in(w.day, month) for w in whole_shifts(mine))
    )
    return Quality(
        month=month,
        gaps=len(missing),
        uncovered_min=sum(g.minutes for g in missing if g.code is Lack.UNCOVERED),
        short_min=sum(g.minutes for g in missing if g.code is not Lack.UNCOVERED),
        limits=limits,
        people=people,
        fairness=tuple(_share(what, people) for what in ("hours", "nights", "weekends", "holidays")) if people else (),
    )


def _share(what: str, people: Sequence[Burden]) -> Share:
    borne = [float(getattr(p, what)) for p in people]
    return Share(what, min(borne), max(borne), round(fmean(borne), 2), round(pstdev(borne), 2))


def burden(
    person: str,
    all_works: Sequence[Work],
    month: str,
    limits: Iterable[Limit],
    zone: ZoneInfo,
    day_type: Callable[[date], DayType],
) -> Burden:
    """What one person bears in a month, held against the limits."""
    mine = [w for w in all_works if _in(w.day, month)]
    values: dict[Measure, Sequence[tuple[float, date | None]]] = {
        Measure.SHIFT_H: [(w.hours, w.day) for w in mine],
        Measure.NIGHT_H: [(w.hours, w.day) for w in mine if is_night(w.starts_at, w.ends_at, zone)],
        Measure.WEEK_AVERAGE_H: [(_hours(mine) * 7 / len(days_of(month)), None)],
        Measure.ANY_WEEK_H: list(_weeks(all_works, month)),
        Measure.OVERTIME_H: [(_overtime(mine, month, day_type), None)],
        Measure.REST_H: list(_rests(all_works, month)),
        Measure.WEEKLY_REST_H: list(_weekly_rests(all_works, month, zone)),
        Measure.DAYS_RUN: list(_runs(all_works, month)),
    }
    return Burden(
        person=person,
        shifts=len(mine),
        hours=round(_hours(mine), 2),
        nights=len(values[Measure.NIGHT_H]),
        weekends=sum(day_type(w.day) is DayType.WEEKEND for w in mine),
        holidays=sum(day_type(w.day) is DayType.HOLIDAY for w in mine),
        longest_run_days=int(max((run for run, _ in values[Measure.DAYS_RUN]), default=0)),
        least_rest_h=min((rest for rest, _ in values[Measure.REST_H]), default=None),
        most_week_h=max((hours for hours, _ in values[Measure.ANY_WEEK_H]), default=0.0),
        over=tuple(over for limit in limits for over in _over(limit, values[limit.measure])),
    )


def is_night(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> bool:
    """Whether a shift is a night's: three hours of it lie between 22:00 and 06:00."""
    return night_hours(starts_at, ends_at, zone) >= NIGHT_SHIFT_H


def night_hours(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> float:
    """How many real hours of a span lie between 22:00 and 06:00 on the wall."""
    total, day = timedelta(), starts_at.astimezone(zone).date() - _DAY
    while (low := _instant(day, NIGHT[0], zone)) < ends_at:
        high = _instant(day + _DAY, NIGHT[1], zone)
        total += max(timedelta(), min(high, ends_at) - max(low, starts_at))
        day += _DAY
    return total / _HOUR


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _over(limit: Limit, values: Sequence[tuple[float, date | None]]) -> Iterator[Over]:
    """The worst value beyond a limit, if any is."""
    if limit.most is not None:
        value, day = max(values, key=lambda v: v[0], default=(0.0, None))
        if value > limit.most:
            yield Over(limit.measure, round(value, 2), limit.most, day)
    if limit.least is not None and values:
        value, day = min(values, key=lambda v: v[0])
        if value < limit.least:
            yield Over(limit.measure, round(value, 2), limit.least, day)


def _hours(mine: Iterable[Work]) -> float:
    return sum(w.hours for w in mine)


def _overtime(mine: Sequence[Work], month: str, day_type: Callable[[date], DayType]) -> float:
    """Hours beyond eight for each working day of the month (综合计算工时 by the month)."""
    working = sum(day_type(day) in {DayType.WORKDAY, DayType.MAKEUP} for day in days_of(month))
    return max(0.0, _hours(mine) - 8 * working)


def _weeks(all_works: Iterable[Work], month: str) -> Iterator[tuple[float, date]]:
    """The hours of each seven days that touch the month."""
    hours: dict[date, float] = defaultdict(float)
    for work in all_works:
        hours[work.day] += work.hours
    for first in _weeks_of(month):
        yield sum(hours.get(first + n * _DAY, 0.0) for n in range(7)), first


def _weeks_of(month: str) -> list[date]:
    days = days_of(month)
    return [days[0] - n * _DAY for n in range(6, 0, -1)] + days


def _rests(all_works: Sequence[Work], month: str) -> Iterator[tuple[float, date]]:
    """Rest before each shift, where one of the two it lies between is the month's; overlaps are no rest, but a fault."""
    for before, after in pairwise(all_works):
        if (_in(before.day, month) or _in(after.day, month)) and after.starts_at >= before.ends_at:
            yield (after.starts_at - before.ends_at) / _HOUR, after.day


def _weekly_rests(all_works: Sequence[Work], month: str, zone: ZoneInfo) -> Iterator[tuple[float, date]]:
    """The longest rest within each seven days that lie in the month whole; of what lies beyond, too little is known."""
    for first in days_of(month)[:-6]:
        low, high = _instant(first, time(), zone), _instant(first + 7 * _DAY, time(), zone)
        here, longest = low, timedelta()
        for work in all_works:
            if work.ends_at > low and work.starts_at < high:
                longest = max(longest, work.starts_at - here)
                here = max(here, work.ends_at)
        yield max(longest, high - here) / _HOUR, first


def _runs(all_works: Iterable[Work], month: str) -> Iterator[tuple[float, date]]:
    """Days worked one after the other, as far as they touch the month: how many, and from when."""
    run: list[date] = []
    for day in [*sorted({w.day for w in all_works}), date.max]:
        if run and day != run[-1] + _DAY:
            if any(_in(d, month) for d in run):
                yield len(run), run[0]
            run = []
        run.append(day)


def _in(day: date, month: str) -> bool:
    return day.isoformat().startswith(month)
