"""What is wrong with an answer, and what it costs: read off the roster person by person, knowing nothing of the solver."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from duty.solver.problem import Cell, Code, Costs, Demand, Load, Problem, Rule, Wish, Worked, Worker
from duty.solver.rules import certificate, coverage, eligible, fills, holds, most, pinned, touched
from sites.duty_words import DayType

LEEWAY: Final = {
    "nights": 1,
    "weekends": 1,
    "holidays": 1,
    "hours": 8,
}  # beyond this, away from the fair share costs thrice


class Impossible(msgspec.Struct, frozen=True):
    """What no roster can say, whatever the rules: two shifts of one person at once or on one day, too many in a shift, or
    somebody or a shift that the problem doesn't know.
    """

    what: str
    cell: Cell


def broken(problem: Problem, cells: Iterable[Cell]) -> list[Rule | Impossible]:
    """Every rule that a roster breaks, and whatever in it cannot be; nothing if it is good."""
    demands = {(d.day, d.seat, d.template): d for d in problem.demands}
    people = {who.id: who for who in problem.people}
    listed, strange = list[tuple[Cell, Demand]](), list[Rule | Impossible]()
    for cell in cells:
        demand = demands.get((cell.day, cell.seat, cell.template))
        if demand is None or cell.person not in people:
            strange.append(Impossible("unknown", cell))
        else:
            listed.append((cell, demand))
    found = strange + list(_of_seats(problem, people, listed))
    for who in problem.people:
        mine = sorted((d for cell, d in listed if cell.person == who.id), key=lambda d: d.starts_at)
        found += _of_person(problem, who, mine)
    return list(dict.fromkeys(found))


def _of_seats(
    problem: Problem, people: Mapping[str, Worker], listed: Sequence[tuple[Cell, Demand]]
) -> Iterator[Rule | Impossible]:
    there: dict[tuple[date, str, str], list[Cell]] = {}
    for cell, demand in listed:
        there.setdefault((cell.day, cell.seat, cell.template), []).append(cell)
        if not eligible(people[cell.person], demand):
            yield Rule(Code.ELIGIBLE, seat=cell.seat)
    for demand in problem.demands:
        here = there.get((demand.day, demand.seat, demand.template), [])
        if len(here) < demand.need:
            yield coverage(demand)
        if len(here) > most(problem, demand):
            yield Impossible("too_many", here[-1])
        for name in demand.certificates:
            if not any(holds(people[cell.person], name, demand.day) for cell in here):
                yield certificate(demand, name)


def _of_person(problem: Problem, who: Worker, mine: Sequence[Demand]) -> Iterator[Rule | Impossible]:
    limits, zone = problem.limits, ZoneInfo(problem.zone)
    for early, late in pairwise(mine):
        if late.starts_at < early.ends_at or late.day == early.day:
            yield Impossible("two_at_once", Cell(late.day, late.seat, late.template, who.id))
    yield from (
        Impossible("two_at_once", Cell(d.day, d.seat, d.template, who.id))
        for d in mine
        if any(d.starts_at < shift.ends_at for shift in who.before)
    )
    shifts = [*sorted(who.before, key=lambda s: s.starts_at), *(_as_worked(demand) for demand in mine)]
    if limits.rest_min_h and _short_rest(shifts, timedelta(hours=limits.rest_min_h), len(who.before)):
        yield Rule(Code.REST, who.id)
    follows = {
        (a.template, b.template)
        for a in shifts
        for b in shifts[len(who.before) :]
        if b.day - a.day == timedelta(days=1)
    }
    if follows & set(limits.successions):
        yield Rule(Code.SUCCESSION, who.id)
    if limits.max_consecutive_days and _too_long(shifts, limits.max_consecutive_days, {d.day for d in mine}):
        yield Rule(Code.CONSECUTIVE, who.id)
    if limits.max_week_h and _too_much(shifts, limits.max_week_h * 60, {d.day for d in mine}):
        yield Rule(Code.WEEK_HOURS, who.id)
    away = set[date]().union(*(touched(demand, zone) for demand in mine))
    yield from (Rule(Code.LEAVE, who.id, day=day) for day in who.leave if day in away)
    for cell in problem.fixed:
        if cell.person == who.id:
            kept = any(fills(d, cell) for d in mine) if cell.template else all(d.day != cell.day for d in mine)
            if not kept:
                yield pinned(cell)


def _as_worked(demand: Demand) -> Worked:
    return Worked(demand.day, demand.template, demand.starts_at, demand.ends_at, demand.worked)


def _short_rest(shifts: Sequence[Worked], rest: timedelta, past: int) -> bool:
    """Whether a shift of this month begins too soon after the one before; what is past is not judged again."""
    return any(b.starts_at - a.ends_at < rest for n, (a, b) in enumerate(pairwise(shifts)) if n + 1 >= past)


def _too_long(shifts: Iterable[Worked], limit: int, new: set[date]) -> bool:
    """Whether a run of days that ends with a new one is longer than the limit."""
    days, run = sorted({s.day for s in shifts}), 0
    for n, day in enumerate(days):
        run = run + 1 if n and day - days[n - 1] == timedelta(days=1) else 1
        if run > limit and day in new:
            return True
    return False


def _too_much(shifts: Sequence[Worked], limit: int, new: set[date]) -> bool:
    """Whether seven days in a row, the last of those worked a new one, hold more minutes than the limit."""
    return any(
        sum(s.minutes for s in shifts if timedelta() <= last - s.day < timedelta(days=7)) > limit for last in new
    )


def costs(problem: Problem, cells: Iterable[Cell]) -> Costs:
    """What a roster costs: wishes not met, and how far each person is from their fair share, earlier months included."""
    demands = {(d.day, d.seat, d.template): d for d in problem.demands}
    mine: dict[str, list[Demand]] = {who.id: [] for who in problem.people}
    for cell in cells:
        mine[cell.person].append(demands[cell.day, cell.seat, cell.template])
    weights, parts = problem.weights, dict[str, int]()
    for measure, weight in measures(problem).items():
        borne = {who.id: sum(weighs(measure, d) for d in mine[who.id]) for who in problem.people}
        parts[measure] = weight * sum(
            _away(earlier(measure, who.load) + borne[who.id] - due, LEEWAY[measure])
            for who, due in shares(problem, measure)
        )
    missed = sum(_missed(who, mine[who.id]) for who in problem.people)
    return Costs(weights.wish * missed, **parts)


def _away(off: int, leeway: int) -> int:
    return abs(off) + 2 * max(0, abs(off) - leeway)


def _missed(who: Worker, mine: Sequence[Demand]) -> int:
    unmet = sum(not any(meets(wish, d) for d in mine) for wish in who.prefers)
    return unmet + sum(meets(wish, d) for wish in who.avoids for d in mine)


def meets(wish: Wish, demand: Demand) -> bool:
    """Whether a shift is one of those that a wish speaks of."""
    return wish.day in {None, demand.day} and wish.template in {"", demand.template}


def measures(problem: Problem) -> dict[str, int]:
    """What is shared fairly, with what a unit costs."""
    weights = problem.weights
    return {
        "nights": weights.night,
        "weekends": weights.weekend,
        "holidays": weights.holiday,
        "hours": weights.hour,
    }


def weighs(measure: str, demand: Demand) -> int:
    """What one shift adds to a person's load."""
    return {
        "nights": int(demand.night),
        "weekends": int(demand.day_type is DayType.WEEKEND),
        "holidays": int(demand.day_type is DayType.HOLIDAY),
        "hours": round(demand.worked / 60),
    }[measure]


def earlier(measure: str, load: Load) -> int:
    """What earlier months left, in the measure's unit."""
    return {
        "nights": load.nights,
        "weekends": load.weekends,
        "holidays": load.holidays,
        "hours": round(load.minutes / 60),
    }[measure]


def shares(problem: Problem, measure: str) -> list[tuple[Worker, int]]:
    """Each person who can bear a part of something, and how much of it is theirs, earlier months included.

    Who may work only shifts that have none of it is left out: they can do nothing about it.
    """
    wanted = [d for d in problem.demands if weighs(measure, d)]
    people = [who for who in problem.people if any(eligible(who, d) for d in wanted)]
    whole = sum(earlier(measure, who.load) for who in people) + sum(weighs(measure, d) * d.need for d in wanted)
    parts = Counter({who.id: who.share for who in people}).total()
    return [(who, round(whole * who.share / parts)) for who in people]
