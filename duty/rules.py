"""Who holds a seat. One pure answer, with its basis, for every instant."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from sites.duty_words import Dated, DayType, Presence, Rota, ShiftTemplate
from sites.register import Register


class Basis(StrEnum):
    """Why someone counts as the holder."""

    SIGNED_ON = "signed_on"
    STAND_IN = "stand_in"  # for somebody who signed on and left the post for a while (ATT-07)
    ROSTERED = "rostered"
    NOBODY = "nobody"


class Attended(msgspec.Struct, frozen=True):
    """One stay in a seat; `off_at` is None while it lasts. `stand_in`: who stands there since `away_at`, while the person
    is away.
    """

    id: str
    seat: str
    person: str
    on_at: datetime
    off_at: datetime | None = None
    stand_in: str | None = None
    away_at: datetime | None = None


class Holding(msgspec.Struct, frozen=True):
    """Who holds a seat at an instant, on what basis, and under which shift. `stands_for`: the person who is away."""

    seat: str
    person: str | None
    basis: Basis
    shift: str | None = None
    since: datetime | None = None
    stands_for: str | None = None

    @property
    def principal(self) -> "Holding":
        """The same as if nobody were away: whose seat it is to hand over, and to come back to."""
        if self.stands_for is None:
            return self
        return Holding(self.seat, self.stands_for, Basis.SIGNED_ON, self.shift, self.since)


def who_holds(
    seat: str, at: datetime, shifts: Iterable[Dated], attended: Iterable[Attended], keeps: str | None = None
) -> Holding:
    """The holder of `seat` at `at`: signed on, else rostered, else nobody.

    `keeps`: who holds it until it is handed over (HND-03, HND-04), and does so for as long as they are signed on, whoever
    else signs on meanwhile.

    Whoever signed off during their shift has left it, and no longer counts as rostered: an empty chair must be seen.
    Several signed on: the one whose shift runs, else the one who came last. Several rostered: the later start; two that
    start together: the smaller shift id, so that the answer never depends on order. Who is on call holds nothing.
    While the one who signed on is away, whoever stands in for them holds it.
    """
    running = sorted(
        (s for s in shifts if s.seat == seat and not s.on_call and s.starts_at <= at < s.ends_at),
        key=lambda s: (_down(s.starts_at), s.id),
    )
    stays = [a for a in attended if a.seat == seat and a.on_at <= at]
    here = sorted(
        (a for a in stays if a.off_at is None or at < a.off_at), key=lambda a: (_down(a.on_at), a.person, a.id)
    )
    if here:
        kept = [stay for stay in here if stay.person == keeps]
        for shift in running:
            for stay in kept or here:
                if stay.person == shift.person:
                    return _there(stay, shift.id, at)
        return _there((kept or here)[0], None, at)
    for shift in running:
        if not any(a.person == shift.person and a.off_at is not None and a.off_at > shift.starts_at for a in stays):
            return Holding(seat, shift.person, Basis.ROSTERED, shift.id, shift.starts_at)
    return Holding(seat, None, Basis.NOBODY)


def _there(stay: Attended, shift: str | None, at: datetime) -> Holding:
    if stay.stand_in is not None and stay.away_at is not None and stay.away_at <= at:
        return Holding(stay.seat, stay.stand_in, Basis.STAND_IN, shift, stay.away_at, stay.person)
    return Holding(stay.seat, stay.person, Basis.SIGNED_ON, shift, stay.on_at)


def _down(at: datetime) -> float:
    return -at.timestamp()


def next_change(seat: str, at: datetime, shifts: Iterable[Dated]) -> datetime | None:
    """The next instant at which the roster alone may change who holds `seat`."""
    held = (s for s in shifts if s.seat == seat and not s.on_call)
    edges = [edge for s in held for edge in (s.starts_at, s.ends_at) if edge > at]
    return min(edges, default=None)


def by_weekday(day: date) -> DayType:
    """The type of a day where no calendar says more."""
    return DayType.WEEKEND if day.isoweekday() > 5 else DayType.WORKDAY


def shift_on(day: date, template: ShiftTemplate, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Place a template on a date, part by part, in wall-clock time; a part begins at the next such time after the part
    before it, and one that ends at or before it starts ends the next day. A part that the clocks skip wholly is empty.
    """
    placed, here = [], datetime.combine(day, time())
    for starts, ends in template.spans:
        begins = _next(here, starts)
        here = _next(begins, ends)
        if here == begins:
            here += timedelta(days=1)
        placed.append((_instant(begins, zone), _instant(here, zone)))
    return placed


def _next(here: datetime, clock: time) -> datetime:
    """The first time from `here` on that the wall clock shows `clock`."""
    there = datetime.combine(here.date(), clock)
    return there if there >= here else there + timedelta(days=1)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def dated(register: Register, first: date, days: int, day_type: Callable[[date], DayType] = by_weekday) -> list[Dated]:
    """The shifts that the site's rotas give for `days` days from `first`. The same day always gives the same ids: a split
    shift's later parts have theirs with `/2`, `/3`, … `day_type` is the site's calendar.
    """
    return [
        made
        for rota in register.rotas
        for offset in range(days)
        for made in _day(register, rota, first + timedelta(days=offset), day_type)
    ]


def _day(register: Register, rota: Rota, day: date, day_type: Callable[[date], DayType]) -> Iterator[Dated]:
    into = (day - date.fromisoformat(rota.from_day)).days
    for name, person in rota.days[into % len(rota.days)].items() if into >= 0 else ():
        template = register.templates[name]
        if template.worked_on(day, day_type(day)):
            yield from placed(template, rota.seat, person, day, register.zone_info)


def placed(template: ShiftTemplate, seat: str, person: str, day: date, zone: ZoneInfo) -> Iterator[Dated]:
    """One person's shift on a date, part by part. Its id says where, when and which, so that it stays when the person
    changes.
    """
    on_call = template.presence is Presence.ON_CALL
    for n, (starts_at, ends_at) in enumerate(shift_on(day, template, zone)):
        if starts_at < ends_at:
            part = f"{seat}/{day.isoformat()}/{template.id}{f'/{n + 1}' * (n > 0)}"
            yield Dated(part, seat, person, template.id, starts_at, ends_at, on_call)
