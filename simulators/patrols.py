"""Rounds as a site's plans want them, walked on foot by whoever the roster has in their seat; for ever, day after day."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from math import hypot
from random import Random
from typing import Final

from duty.rules import by_weekday, dated, who_holds
from patrol import planning
from patrol.planning import Planned
from simulators import guards
from simulators.guards import Gait, Stop
from simulators.sayings import Stream, event
from sites.patrol_words import PatrolTask, TaskKind
from sites.register import Register

_DAY: Final = timedelta(days=1)
_LATER_S: Final = (60.0, 240.0)  # a guard sets out a little after the round opens
_BETWEEN_S: Final = 45.0  # from the end of one round to the next


def planned(register: Register, seat: str, handset: str, on: datetime, by: Random, free_s: float = 0.0) -> Stream:
    """Every round of a seat, one after the other, with the guard who is in it at each tap. `on`: the moment that the seconds
    count from; `free_s`: nobody sets out before.
    """
    tagged = [point.id for point in register.checkpoints.values() if point.tags]
    stops = dict(zip(tagged, guards.route_of(register), strict=True))
    t = free_s
    for found in _rounds(register, seat, on):
        t = max((found.window.opens_at - on).total_seconds() + by.uniform(*_LATER_S), t)
        before: str | None = None
        tasks = {stop.checkpoint: stop.tasks for stop in register.patrol_routes[found.route].stops}
        for name in (name for name in tasks if name in stops):
            if before is not None:
                t += _way_s(register, before, name, stops) * by.uniform(1.0, 1.15)
            guard = _on(register, seat, on + timedelta(seconds=t))
            data = (
                {"answers": said}
                if (
                    said := {
                        task.id: fine(task, by)
                        for task in tasks[name]
                        if task.required and task.kind is not TaskKind.PHOTO
                    }
                )
                else {}
            )
            yield event(t, handset, "patrol.tap", tag=stops[name].tag, guard=guard, proof="uid", **data)
            t += by.uniform(*Gait().dwell_s)
            before = name
        t += _BETWEEN_S


def fine(task: PatrolTask, by: Random) -> bool | float | str:
    """An answer as it should be."""
    match task.kind:
        case TaskKind.READING:
            low = task.least if task.least is not None else (task.most or 1.0) / 2
            high = task.most if task.most is not None else low * 2
            return round(low + (high - low) * by.uniform(0.3, 0.7), 2)
        case TaskKind.CHOICE:
            return next((c.id for c in task.choices if c.id not in task.bad), task.choices[0].id)
        case TaskKind.NOTE:
            return "-"
    return True


def handsets(register: Register) -> dict[str, str]:
    """A handset for each seat that walks, as far as there are any."""
    seats = dict.fromkeys(plan.seat for plan in register.patrol_plans.values())
    return dict(zip(seats, (d.id for d in register.devices.values() if d.model == "handheld"), strict=False))


def _rounds(register: Register, seat: str, on: datetime) -> Iterator[Planned]:
    zone = register.zone_info
    for n in count():
        first = on + n * _DAY
        shifts = dated(register, first.astimezone(zone).date() - 2 * _DAY, 5)
        day: list[Planned] = []
        for plan in register.patrol_plans.values():
            if plan.seat == seat:
                mine = [shift for shift in shifts if shift.seat == seat]
                day += planning.rounds(plan, zone, by_weekday, mine, first, first + _DAY)
        yield from sorted(day, key=lambda r: (r.window.opens_at, r.window.closes_at, r.plan))


def _on(register: Register, seat: str, at: datetime) -> str:
    day = at.astimezone(register.zone_info).date()
    held = who_holds(seat, at, dated(register, day - _DAY, 3), []).person
    return held or next(iter(register.people))


def _way_s(register: Register, a: str, b: str, stops: Mapping[str, Stop]) -> float:
    """Where both are drawn on one plan, at least what its scale says: the floors of one house may be wide."""
    gait, here, there = Gait(), register.checkpoints[a], register.checkpoints[b]
    way = guards.way_s(stops[a], stops[b], gait)
    if None in {here.x, here.y, there.x, there.y}:
        return way
    units = hypot((here.x or 0) - (there.x or 0), (here.y or 0) - (there.y or 0))
    return max(way, units * (register.policies.patrol.unit_m or gait.metres_per_unit) / gait.speed_mps)
