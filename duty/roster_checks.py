"""What is wrong with a roster: findings, each with its severity, exact to the minute. Pure.

*Errors* keep a roster from being submitted or published. *Warnings* are for the people who decide: they are told, counted
and written down.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import msgspec

from duty.calendar import days_of
from duty.roster_cover import Finding, Severity, holes
from duty.rosters import Roster, shifts_of
from duty.rules import shift_on
from sites.duty_words import Dated, DayType
from sites.register import Register

AROUND: Final = timedelta(days=14)  # how far beyond the month its neighbours are looked at
_HOUR: Final = timedelta(hours=1)


class Work(msgspec.Struct, frozen=True):
    """One person's whole shift: its parts together, since the break within it is no rest."""

    seat: str
    day: date
    template: str
    starts_at: datetime
    ends_at: datetime
    hours: float
    ids: tuple[str, ...]


def check(
    register: Register, roster: Roster, around: Iterable[Dated], day_type: Callable[[date], DayType]
) -> list[Finding]:
    """Everything that is wrong with a roster, given what stands in the months beside it."""
    days = days_of(roster.month)
    made = shifts_of(register, roster.cells, days[0], days[-1])
    beside = [s for s in around if not s.id.split("/")[1].startswith(roster.month)]
    found = [
        *_strangers(register, roster, day_type),
        *_clashes(made, beside),
        *_posts(register, made),
        *_rests(register, roster.month, made, beside),
        *holes(register, days, [*made, *beside], day_type),
    ]
    return sorted(found, key=lambda f: (f.severity, str(f.day or f.starts_at), f.code, f.seat or "", f.person or ""))


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those that stand in the way."""
    return [f for f in findings if f.severity is Severity.ERROR]


def _strangers(register: Register, roster: Roster, day_type: Callable[[date], DayType]) -> Iterator[Finding]:
    """Cells that name what is not there, or a shift on a day on which it is not worked."""
    for seat, there in roster.cells.items():
        for text, cell in there.items():
            day = date.fromisoformat(text)
            for name, person in cell.items():
                where: dict[str, Any] = {"seat": seat, "day": day, "template": name, "person": person}
                template = register.templates.get(name)
                for code, known in (
                    ("unknown_seat", seat in register.seats),
                    ("unknown_person", person in register.people),
                    ("unknown_template", template is not None),
                ):
                    if not known:
                        yield Finding(code=code, severity=Severity.ERROR, **where)
                if template is None:
                    continue
                if any(ends <= starts for starts, ends in shift_on(day, template, register.zone_info)):
                    yield Finding(code="ends_before_it_begins", severity=Severity.ERROR, **where)
                if not template.worked_on(day, day_type(day)):
                    data = {"day_type": day_type(day)}
                    yield Finding(code="not_worked_that_day", severity=Severity.WARNING, data=data, **where)


def _clashes(made: Sequence[Dated], beside: Iterable[Dated]) -> Iterator[Finding]:
    """One person in two shifts at once. Who is only on call may be so beside anything."""
    mine = {s.id for s in made}
    for person, shifts in by_person([*made, *beside]).items():
        latest: Dated | None = None
        for shift in shifts:
            if latest is not None and shift.starts_at < latest.ends_at and (shift.id in mine or latest.id in mine):
                yield Finding(
                    code="two_seats_at_once",
                    severity=Severity.ERROR,
                    seat=shift.seat,
                    person=person,
                    day=_day(shift),
                    template=shift.template,
                    starts_at=shift.starts_at,
                    ends_at=min(shift.ends_at, latest.ends_at),
                    data={"other": latest.id, "this": shift.id},
                )
            if latest is None or shift.ends_at > latest.ends_at:
                latest = shift


def _posts(register: Register, made: Iterable[Dated]) -> Iterator[Finding]:
    """People at a post that they may not stand at (DUTY-09)."""
    for shift in made:
        person, post = register.people[shift.person], register.seats[shift.seat].post
        if person.posts and post not in person.posts:
            yield Finding(
                code="post_not_allowed",
                severity=Severity.ERROR,
                seat=shift.seat,
                person=shift.person,
                day=_day(shift),
                template=shift.template,
                data={"post": post},
            )


def _rests(register: Register, month: str, made: Sequence[Dated], beside: Iterable[Dated]) -> Iterator[Finding]:
    """Too little rest, too many days in a row, too many hours in a week (DUTY-05)."""
    policy = register.policies.duty
    for person, shifts in by_person([*made, *beside]).items():
        works = whole_shifts(shifts)
        yield from _short_rests(person, works, month, policy.rest_min_h)
        days = sorted({w.day for w in works})
        yield from _long_runs(person, days, month, policy.max_consecutive_days)
        yield from _long_weeks(person, works, month, policy.max_week_h)


def _short_rests(person: str, works: Sequence[Work], month: str, least_h: int) -> Iterator[Finding]:
    for before, after in pairwise(works):
        rest = after.starts_at - before.ends_at
        if timedelta() <= rest < least_h * _HOUR and (_in(before.day, month) or _in(after.day, month)):
            yield Finding(
                code="rest_too_short",
                severity=Severity.WARNING,
                seat=after.seat,
                person=person,
                day=after.day,
                template=after.template,
                starts_at=before.ends_at,
                ends_at=after.starts_at,
                data={"rest_h": rest / _HOUR, "least_h": least_h, "before": before.ids[-1], "after": after.ids[0]},
            )


def _long_runs(person: str, days: Sequence[date], month: str, most: int) -> Iterator[Finding]:
    if not most:
        return
    run: list[date] = []
    for day in [*days, date.max]:
        if run and day != run[-1] + timedelta(days=1):
            if len(run) > most and any(_in(d, month) for d in run):
                data = {"days": len(run), "most": most, "from": run[0], "to": run[-1]}
                yield Finding(code="too_many_days", severity=Severity.WARNING, person=person, day=run[most], data=data)
            run = []
        run.append(day)


def _long_weeks(person: str, works: Sequence[Work], month: str, most_h: int) -> Iterator[Finding]:
    """The worst seven days of each person, and how many such weeks begin in the month."""
    if not most_h:
        return
    hours: dict[date, float] = defaultdict(float)
    for work in works:
        hours[work.day] += work.hours
    weeks = {
        first: sum(hours.get(first + timedelta(days=n), 0) for n in range(7))
        for first in _weeks_of(month)
        if first in hours
    }
    over = {first: worked for first, worked in weeks.items() if worked > most_h}
    if over:
        worst = max(over, key=lambda first: (over[first], -first.toordinal()))
        data = {"hours": over[worst], "most_h": most_h, "weeks": len(over)}
        yield Finding(code="too_many_hours", severity=Severity.WARNING, person=person, day=worst, data=data)


def _weeks_of(month: str) -> list[date]:
    """The first days of all weeks that touch a month."""
    days = days_of(month)
    return [days[0] - timedelta(days=n) for n in range(6, 0, -1)] + days


def by_person(shifts: Iterable[Dated]) -> dict[str, list[Dated]]:
    """Everybody's shifts on site, in order of time."""
    made: dict[str, list[Dated]] = defaultdict(list)
    for shift in sorted(shifts, key=lambda s: (s.starts_at, s.id)):
        if not shift.on_call:
            made[shift.person].append(shift)
    return made


def whole_shifts(shifts: Iterable[Dated]) -> list[Work]:
    """Parts of one shift put together."""
    whole: dict[tuple[str, date, str], list[Dated]] = defaultdict(list)
    for shift in shifts:
        whole[shift.seat, _day(shift), shift.template].append(shift)
    made = [
        Work(*key, parts[0].starts_at, parts[-1].ends_at, sum((p.ends_at - p.starts_at) / _HOUR for p in parts), ids)
        for key, parts in whole.items()
        for ids in (tuple(p.id for p in parts),)
    ]
    return sorted(made, key=lambda w: (w.starts_at, w.ids))


def _day(shift: Dated) -> date:
    return date.fromisoformat(shift.id.split("/")[1])


def _in(day: date, month: str) -> bool:
    return day.isoformat().startswith(month)
