"""Coverage: the published shifts held against what seats and posts need, in one sweep along the time line. Pure.

A required seat needs somebody on site at every instant (DUTY-01); a post needs so many people, of such roles, and among
them certain certificates, in bands of the day (DUTY-02, DUTY-09). Whoever is on leave does not count, nor does who is only
on call. Exact to the instant: certificates run out at the site's midnight, and days have the hours that the clocks give them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from duty.rules import shift_on
from sites.duty_words import Dated, DayType, Mode, Staffing
from sites.people import Words
from sites.register import Register, ShiftTemplate


class Lack(StrEnum):
    """What is missing."""

    UNCOVERED = "uncovered"
    TOO_FEW = "too_few"
    CERTIFICATE_MISSING = "certificate_missing"


class Away(msgspec.Struct, frozen=True):
    """Somebody is on leave: their shifts then cover nothing."""

    person: str
    starts_at: datetime
    ends_at: datetime


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """From when until when something is missing. `day` is the local day on which the need began; `people` are those who are
    there without the certificate.
    """

    code: Lack
    post: str
    seat: str | None = None
    day: date
    starts_at: datetime
    ends_at: datetime
    have: int = 0
    need: int = 1
    certificate: str | None = None
    people: tuple[str, ...] = ()

    @property
    def minutes(self) -> float:
        """How long it lasts."""
        return (self.ends_at - self.starts_at) / timedelta(minutes=1)


class _Need(msgspec.Struct, frozen=True):
    """What a seat (no band) or a post needs for a while."""

    post: str
    seat: str | None
    band: Staffing | None
    day: date
    starts_at: datetime
    ends_at: datetime
    raised: bool = False


class Raised(msgspec.Struct, frozen=True):
    """Reinforced duty or all hands: every post then needs at least so many (DUTY-08)."""

    mode: Mode
    starts_at: datetime
    ends_at: datetime


_Found = tuple[Lack, str | None, int, tuple[str, ...]]  # what, which certificate, how many there are, who


def gaps(
    register: Register,
    days: Sequence[date],
    shifts: Iterable[Dated],
    day_type: Callable[[date], DayType],
    away: Iterable[Away] = (),
    within: tuple[datetime, datetime] | None = None,
    modes: Sequence[Raised] = (),
) -> list[Gap]:
    """Everything that is missing on these days, in order of time. Bands that begin on the last of them are seen to their
    end, unless `within` says from when until when to look.
    """
    found: list[Gap] = []
    there = list(_there(register, shifts, away))
    for post in register.posts:
        asked = [*_needs(register, post, days, day_type), *_raised(register, post, days, modes)]
        needs = [n for n in asked if n.starts_at < n.ends_at]
        if within is not None:
            needs = [n for n in (_clipped(n, *within) for n in needs) if n.starts_at < n.ends_at]
        if needs:
            found += _swept(register, needs, [s for s in there if register.seats[s.seat].post == post])
    return sorted(found, key=lambda g: (g.starts_at, g.code, g.post, g.seat or "", g.certificate or ""))


def span(register: Register, days: Sequence[date]) -> tuple[datetime, datetime]:
    """The instants at which these days begin and are over at the site."""
    return _midnight(register, days[0]), _midnight(register, days[-1] + timedelta(days=1))


def _midnight(register: Register, day: date) -> datetime:
    return datetime.combine(day, time(), register.zone_info).astimezone(UTC)


def _there(register: Register, shifts: Iterable[Dated], away: Iterable[Away]) -> Iterator[Dated]:
    """Whoever is on site, less their leave."""
    gone: dict[str, list[Away]] = {}
    for leave in sorted(away, key=lambda a: a.starts_at):
        gone.setdefault(leave.person, []).append(leave)
    for shift in shifts:
        if shift.on_call or shift.seat not in register.seats or shift.person not in register.people:
            continue
        here = shift.starts_at
        for leave in gone.get(shift.person, ()):
            if leave.starts_at > here:
                yield msgspec.structs.replace(shift, starts_at=here, ends_at=min(leave.starts_at, shift.ends_at))
            here = max(here, leave.ends_at)
        if here < shift.ends_at:
            yield msgspec.structs.replace(shift, starts_at=here)


def _needs(register: Register, post: str, days: Sequence[date], day_type: Callable[[date], DayType]) -> Iterator[_Need]:
    first, last = span(register, days)
    for seat in register.seats.values():
        if seat.post == post and seat.required:
            yield _Need(post, seat.id, None, days[0], first, last)
    for band, day, starts_at, ends_at in bands(register, post, days, day_type):
        yield _Need(post, None, band, day, starts_at, ends_at)


def _raised(register: Register, post: str, days: Sequence[date], modes: Iterable[Raised]) -> Iterator[_Need]:
    """What a mode asks of a post, day by day: one hole a day is one thing to see to."""
    for mode in modes:
        least = register.posts[post].least(mode.mode)
        for day in days if least else ():
            first, last = _midnight(register, day), _midnight(register, day + timedelta(days=1))
            band = Staffing(time(), time(), min=least)
            yield _Need(post, None, band, day, max(first, mode.starts_at), min(last, mode.ends_at), raised=True)


def bands(
    register: Register, post: str, days: Sequence[date], day_type: Callable[[date], DayType]
) -> Iterator[tuple[Staffing, date, datetime, datetime]]:
    """A post's bands that begin on these days, each placed in time."""
    for band in register.posts[post].staffing:
        clock = ShiftTemplate("", Words("", ""), band.from_, band.to)
        for day in days:
            if not band.day_types or day_type(day) in band.day_types:
                ((starts_at, ends_at),) = shift_on(day, clock, register.zone_info)
                yield band, day, starts_at, ends_at


def _clipped(need: _Need, first: datetime, last: datetime) -> _Need:
    return msgspec.structs.replace(need, starts_at=max(need.starts_at, first), ends_at=min(need.ends_at, last))


def _swept(register: Register, needs: Sequence[_Need], shifts: Sequence[Dated]) -> Iterator[Gap]:
    """One post: at each edge of a need, a shift or a day, see who is there and what is asked for."""
    comes: dict[datetime, list[Dated]] = {}
    goes: dict[datetime, list[Dated]] = {}
    begins: dict[datetime, list[_Need]] = {}
    first, last = min(n.starts_at for n in needs), max(n.ends_at for n in needs)
    for shift in shifts:
        if shift.starts_at < shift.ends_at and shift.starts_at < last and shift.ends_at > first:
            comes.setdefault(max(shift.starts_at, first), []).append(shift)
            goes.setdefault(shift.ends_at, []).append(shift)
    for need in needs:
        begins.setdefault(need.starts_at, []).append(need)
    edges = {*comes, *goes, *begins, *(n.ends_at for n in needs), *_midnights(register, needs, first, last)}
    on: Counter[tuple[str, str]] = Counter()
    asked: list[_Need] = []
    running: dict[tuple[_Need, _Found], datetime] = {}
    for at in sorted(edges):
        for shift in goes.get(at, ()):
            on[shift.seat, shift.person] -= 1
        for shift in comes.get(at, ()):
            on[shift.seat, shift.person] += 1
        asked = [n for n in asked if n.ends_at > at] + begins.get(at, [])
        here = [pair for pair, times in on.items() if times > 0]
        missing = _once({(need, found) for need in asked for found in _missing(register, need, here, at)})
        for (need, found), since in running.items():
            if (need, found) not in missing:
                yield _gap(register, need, found, since, at)
        running = {pair: running.get(pair, at) for pair in missing}


def _once(missing: set[tuple[_Need, _Found]]) -> set[tuple[_Need, _Found]]:
    """A post that a mode finds too few at is said so once: by how many the mode needs, not by what is usual."""
    most = max((n.band.min for n, f in missing if n.raised and n.band and f[0] is Lack.TOO_FEW), default=0)
    if not most:
        return missing
    return {
        (n, f)
        for n, f in missing
        if f[0] is not Lack.TOO_FEW or n.band is None or n.band.roles or (n.raised and n.band.min == most)
    }


def _midnights(register: Register, needs: Iterable[_Need], first: datetime, last: datetime) -> Iterator[datetime]:
    """When dates change, where certificates are asked for: one may be good until then."""
    if any(n.band is not None and n.band.certificates for n in needs):
        day = first.astimezone(register.zone_info).date() + timedelta(days=1)
        while (at := _midnight(register, day)) < last:
            yield at
            day += timedelta(days=1)


def _missing(register: Register, need: _Need, here: Iterable[tuple[str, str]], at: datetime) -> Iterator[_Found]:
    """What a need lacks from `at` on, with these people in these seats of the post."""
    if need.band is None:
        if not any(seat == need.seat for seat, _ in here):
            yield Lack.UNCOVERED, None, 0, ()
        return
    wanted = set(need.band.roles)
    fit = {p for _, p in here if not wanted or wanted & set(register.people[p].roles)}
    if len(fit) < need.band.min:
        yield Lack.TOO_FEW, None, len(fit), ()
    day = at.astimezone(register.zone_info).date()
    for name in need.band.certificates if fit else ():
        if not any(register.people[p].certified(name, day) for p in fit):
            yield Lack.CERTIFICATE_MISSING, name, len(fit), tuple(sorted(fit))


def _gap(register: Register, need: _Need, found: _Found, since: datetime, until: datetime) -> Gap:
    code, certificate, have, people = found
    return Gap(
        code=code,
        post=need.post,
        seat=need.seat,
        day=need.day if need.band is not None else since.astimezone(register.zone_info).date(),
        starts_at=since,
        ends_at=until,
        have=have,
        need=1 if need.band is None else need.band.min,
        certificate=certificate,
        people=people,
    )
