"""Slow and simple answers to the questions that the product answers fast: who was on, and when a rung is due.

Written from the house's rules, not from its code: everything is counted anew from the register and from what people did.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.clock import instant, micros
from simulators.hunter.record import SECOND, Stay
from sites.register import Register, Rung


class Turn(NamedTuple):
    """A shift as the roster promises it."""

    id: str
    seat: str
    person: str
    starts: int
    ends: int


def turns(register: Register, first: date, days: int) -> list[Turn]:
    """Every shift of the rotas that begins on one of `days` dates from `first`, by the walls of the site's own clock."""
    zone = ZoneInfo(register.time_zone)
    made = []
    for rota in register.rotas:
        for day in (first + timedelta(days=n) for n in range(days)):
            since = (day - date.fromisoformat(rota.from_day)).days
            for name, person in rota.days[since % len(rota.days)].items() if since >= 0 else ():
                template = register.templates[name]
                next_day = 0 if template.ends > template.starts else 1
                starts = datetime.combine(day, template.starts, zone)
                ends = datetime.combine(day + timedelta(days=next_day), template.ends, zone)
                made.append(
                    Turn(
                        f"{rota.seat}/{day.isoformat()}/{name}",
                        rota.seat,
                        person,
                        micros(starts.astimezone(UTC)),
                        micros(ends.astimezone(UTC)),
                    )
                )
    return made


def turns_around(register: Register, start: int, end: int) -> list[Turn]:
    """The shifts that may touch a night."""
    first = (instant(start).astimezone(register.zone_info) - timedelta(days=1)).date()
    return turns(register, first, (instant(end) - instant(start)).days + 4)


def on_duty(seat: str, at: int, all_turns: Sequence[Turn], stays: Iterable[Stay]) -> str | None:
    """Who holds `seat`: someone signed on goes before the roster, and who signed off during a shift has left that shift."""
    running = [t for t in all_turns if t.seat == seat and t.starts <= at < t.ends]
    running.sort(key=lambda t: t.id)
    running.sort(key=lambda t: t.starts, reverse=True)
    here = [s for s in stays if s.seat == seat and s.on_us <= at and (s.off_us is None or at < s.off_us)]
    if here:
        rostered = [t.person for t in running if any(s.person == t.person for s in here)]
        return rostered[0] if rostered else max(here, key=lambda s: s.on_us).person
    for turn in running:
        left = [s for s in stays if s.seat == seat and s.person == turn.person and s.on_us <= at]
        if not any(s.off_us is not None and s.off_us > turn.starts for s in left):
            return turn.person
    return None


def reached(rung: Rung, register: Register, holders: dict[str, str | None]) -> list[str]:
    """Whom a rung calls."""
    what, _, name = rung.who.partition(":")
    if what == "external":
        return [f"external/{e.id}" for e in register.externals if name in {"", e.id}]
    if what == "seat":
        found = [holders.get(name)]
    elif what == "post":
        found = [holders.get(s.id) for s in register.seats.values() if s.post == name]
    elif what == "role":
        found = [p.id for p in register.people.values() if name in [str(role) for role in p.roles]]
    else:
        found = [name]
    return list(dict.fromkeys(p for p in found if p is not None and p in register.people))


def after(rungs: Sequence[Rung], repeat_s: int, n: int, due: int, fired: int, *, nobody: bool) -> int:
    """When rung `n + 1` is due, `n` having been due at `due` and fired at `fired`. A rung without anybody passes the call
    on at once; the last one comes again, and does not make up for what an outage cost.
    """
    last = len(rungs) - 1
    if nobody and n < last:
        return fired
    if n < last:
        return due + (rungs[n + 1].after_s - rungs[n].after_s) * SECOND
    planned = due + repeat_s * SECOND
    return planned if planned > fired else fired + repeat_s * SECOND
