"""Where a roster leaves holes: seats without anybody, posts with too few, or without a certificate. Pure, exact to the
minute.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

import msgspec

from duty.rules import shift_on
from sites.duty_words import Dated, DayType, Post, Staffing
from sites.people import Words
from sites.register import Register, ShiftTemplate


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `code` is stable; the pages word it as `finding.<code>`."""

    code: str
    severity: Severity
    seat: str | None = None
    person: str | None = None
    day: date | None = None
    template: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    data: dict[str, Any] = {}


def uncovered(register: Register, days: Sequence[date], shifts: Iterable[Dated]) -> Iterator[Finding]:
    """When nobody is on site in a required seat, to the minute (DUTY-01)."""
    first, last = span(register, days)
    by_seat: dict[str, list[Dated]] = defaultdict(list)
    for shift in shifts:
        if not shift.on_call:
            by_seat[shift.seat].append(shift)
    for seat in register.seats.values():
        if not seat.required:
            continue
        here = first
        for shift in sorted(by_seat[seat.id], key=lambda s: s.starts_at):
            if here < min(shift.starts_at, last):
                yield _gap(seat.id, here, min(shift.starts_at, last))
            here = max(here, shift.ends_at)
        if here < last:
            yield _gap(seat.id, here, last)


def _gap(seat: str, starts_at: datetime, ends_at: datetime) -> Finding:
    data = {"minutes": (ends_at - starts_at).total_seconds() / 60}
    return Finding(
        code="uncovered", severity=Severity.WARNING, seat=seat, starts_at=starts_at, ends_at=ends_at, data=data
    )


def thin(
    register: Register, days: Sequence[date], shifts: Iterable[Dated], day_type: Callable[[date], DayType]
) -> Iterator[Finding]:
    """When a post has fewer people than one of its bands asks for, or none of them holds what it asks for (DUTY-02)."""
    by_post: dict[str, list[Dated]] = defaultdict(list)
    for shift in shifts:
        if not shift.on_call and shift.seat in register.seats and shift.person in register.people:
            by_post[register.seats[shift.seat].post].append(shift)
    for post in register.posts.values():
        for band in post.staffing:
            for day in days:
                if not band.day_types or day_type(day) in band.day_types:
                    yield from _thin_band(register, post, band, day, by_post[post.id])


def _thin_band(register: Register, post: Post, band: Staffing, day: date, shifts: Sequence[Dated]) -> Iterator[Finding]:
    ((starts_at, ends_at),) = shift_on(day, ShiftTemplate("", Words("", ""), band.from_, band.to), register.zone_info)
    here = [s for s in shifts if s.starts_at < ends_at and s.ends_at > starts_at]
    edges = sorted(
        {starts_at, ends_at, *(t for s in here for t in (s.starts_at, s.ends_at) if starts_at < t < ends_at)}
    )
    runs: list[Finding] = []
    for low, high in pairwise(edges):
        for finding in _short_of(register, post, band, {s.person for s in here if s.starts_at <= low < s.ends_at}, low):
            made = msgspec.structs.replace(finding, day=day, starts_at=low, ends_at=high)
            same = next((r for r in runs if r.ends_at == low and (r.code, r.data) == (made.code, made.data)), None)
            if same is not None:
                runs.remove(same)
                made = msgspec.structs.replace(made, starts_at=same.starts_at)
            runs.append(made)
    yield from runs


def _short_of(register: Register, post: Post, band: Staffing, there: set[str], at: datetime) -> Iterator[Finding]:
    """What a band lacks at an instant, with these people at the post."""
    fit = {p for p in there if not band.roles or set(band.roles) & set(register.people[p].roles)}
    if len(fit) < band.min:
        data: dict[str, Any] = {"post": post.id, "have": len(fit), "need": band.min}
        yield Finding(code="too_few", severity=Severity.WARNING, data=data)
    day = at.astimezone(register.zone_info).date()
    for name in band.certificates if there else ():
        if not any(register.people[p].certified(name, day) for p in there):
            data = {"post": post.id, "certificate": name, "people": sorted(there)}
            yield Finding(code="certificate_missing", severity=Severity.ERROR, data=data)


def span(register: Register, days: Sequence[date]) -> tuple[datetime, datetime]:
    """The instants at which these days begin and are over at the site."""
    edges = (days[0], days[-1] + timedelta(days=1))
    first, last = (datetime.combine(day, time(), register.zone_info).astimezone(UTC) for day in edges)
    return first, last
