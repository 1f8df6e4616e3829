"""Who holds a seat. One pure answer, with its basis, for every instant."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from sites.register import Dated, Register, Rota, ShiftTemplate


class Basis(StrEnum):
    """Why someone counts as the holder."""

    SIGNED_ON = "signed_on"
    ROSTERED = "rostered"
    NOBODY = "nobody"


class Attended(msgspec.Struct, frozen=True):
    """One stay in a seat; `off_at` is None while it lasts."""

    id: str
    seat: str
    person: str
    on_at: datetime
    off_at: datetime | None = None


class Holding(msgspec.Struct, frozen=True):
    """Who holds a seat at an instant, on what basis, and under which shift."""

    seat: str
    person: str | None
    basis: Basis
    shift: str | None = None
    since: datetime | None = None


def who_holds(seat: str, at: datetime, shifts: Iterable[Dated], attended: Iterable[Attended]) -> Holding:
    """The holder of `seat` at `at`: signed on, else rostered, else nobody.

    Whoever signed off during their shift has left it, and no longer counts as rostered: an empty chair must be seen.
    Several signed on: the one whose shift runs, else the one who came last. Several rostered: the later start; two that
    start together: the smaller shift id, so that the answer never depends on order.
    """
    running = sorted(
        (s for s in shifts if s.seat == seat and s.starts_at <= at < s.ends_at),
        key=lambda s: (_down(s.starts_at), s.id),
    )
    stays = [a for a in attended if a.seat == seat and a.on_at <= at]
    here = sorted(
        (a for a in stays if a.off_at is None or at < a.off_at), key=lambda a: (_down(a.on_at), a.person, a.id)
    )
    if here:
        for shift in running:
            for stay in here:
                if stay.person == shift.person:
                    return Holding(seat, stay.person, Basis.SIGNED_ON, shift.id, stay.on_at)
        return Holding(seat, here[0].person, Basis.SIGNED_ON, None, here[0].on_at)
    for shift in running:
        if not any(a.person == shift.person and a.off_at is not None and a.off_at > shift.starts_at for a in stays):
            return Holding(seat, shift.person, Basis.ROSTERED, shift.id, shift.starts_at)
    return Holding(seat, None, Basis.NOBODY)


def _down(at: datetime) -> float:
    return -at.timestamp()


def next_change(seat: str, at: datetime, shifts: Iterable[Dated]) -> datetime | None:
    """The next instant at which the roster alone may change who holds `seat`."""
    edges = [edge for s in shifts if s.seat == seat for edge in (s.starts_at, s.ends_at) if edge > at]
    return min(edges, default=None)


def shift_on(day: date, template: ShiftTemplate, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Place a template on a date, in wall-clock time; one that ends at or before it starts ends the next day."""
    last = day if template.starts < template.ends else day + timedelta(days=1)
    starts = datetime.combine(day, template.starts, zone).astimezone(UTC)
    return starts, datetime.combine(last, template.ends, zone).astimezone(UTC)


def dated(register: Register, first: date, days: int) -> list[Dated]:
    """The shifts that the site's rotas give for `days` days from `first`. The same day always gives the same ids."""
    return [
        made
        for rota in register.rotas
        for offset in range(days)
        for made in _day(register, rota, first + timedelta(days=offset))
    ]


def _day(register: Register, rota: Rota, day: date) -> Sequence[Dated]:
    into = (day - date.fromisoformat(rota.from_day)).days
    if into < 0:
        return ()
    return [
        Dated(f"{rota.seat}/{day.isoformat()}/{name}", rota.seat, person, name, *_hours(register, name, day))
        for name, person in rota.days[into % len(rota.days)].items()
    ]


def _hours(register: Register, template: str, day: date) -> tuple[datetime, datetime]:
    return shift_on(day, register.templates[template], register.zone_info)
