"""The rules of a problem by name, what a demand is to a person, and whether a problem makes sense. Values only."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import Invalid
from duty.solver.problem import ANY, Code, Demand, Fixed, Problem, Rule, Worker


def rules_of(problem: Problem) -> list[Rule]:
    """Every rule that is in force, those that say least about one day first."""
    return list(_people(problem)) + list(_seats(problem))


def _people(problem: Problem) -> Iterator[Rule]:
    limits = problem.limits
    for code, on in (
        (Code.WEEK_HOURS, limits.max_week_h),
        (Code.CONSECUTIVE, limits.max_consecutive_days),
        (Code.SUCCESSION, limits.successions),
        (Code.REST, limits.rest_min_h),
    ):
        if on:
            yield from (Rule(code, who.id) for who in problem.people)


def _seats(problem: Problem) -> Iterator[Rule]:
    for seat in dict.fromkeys(d.seat for d in problem.demands):
        yield Rule(Code.ELIGIBLE, seat=seat)
    for demand in problem.demands:
        yield from (certificate(demand, name) for name in demand.certificates)
    for who in problem.people:
        yield from (Rule(Code.LEAVE, who.id, day=day) for day in who.leave)
    yield from (pinned(cell) for cell in problem.fixed)
    yield from (coverage(demand) for demand in problem.demands)


def coverage(demand: Demand) -> Rule:
    """A shift has the people it needs."""
    return Rule(Code.COVERAGE, seat=demand.seat, day=demand.day, template=demand.template)


def certificate(demand: Demand, name: str) -> Rule:
    """One of those who work a shift holds a certificate."""
    return Rule(Code.CERTIFICATE, seat=demand.seat, day=demand.day, template=demand.template, certificate=name)


def pinned(cell: Fixed) -> Rule:
    """A cell stays as it was painted."""
    return Rule(Code.FIXED, cell.person, cell.seat, cell.day, cell.template)


def eligible(who: Worker, demand: Demand) -> bool:
    """Whether post and role let somebody work a shift."""
    return (not who.posts or demand.post in who.posts) and (
        not demand.roles or not set(demand.roles).isdisjoint(who.roles)
    )


def holds(who: Worker, name: str, day: date) -> bool:
    """Whether somebody has a certificate that is good on a day."""
    return any(has.name == name and has.good_on(day) for has in who.certificates)


def fills(demand: Demand, cell: Fixed) -> bool:
    """Whether working this shift is what the cell says."""
    return (demand.day, demand.template) == (cell.day, cell.template) and cell.seat in {ANY, demand.seat}


def most(problem: Problem, demand: Demand) -> int:
    """How many may work a shift: as many as it needs, or as were painted into it."""
    return max(demand.need, sum(fills(demand, cell) for cell in problem.fixed))


def touched(demand: Demand, zone: ZoneInfo) -> set[date]:
    """The local days on which a shift is worked, be it a minute."""
    first = demand.starts_at.astimezone(zone).date()
    last = (demand.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


def checked(problem: Problem) -> ZoneInfo:
    """The problem's zone; a problem that makes no sense is refused, with the field that is wrong."""
    try:
        zone = ZoneInfo(problem.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid(f"there is no time zone {problem.zone!r}", field="zone") from None
    for field, wrong in _faults(problem, zone):
        raise Invalid(wrong, field=field)
    return zone


def _faults(problem: Problem, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    for name, times in Counter(who.id for who in problem.people).items():
        if times > 1:
            yield "people", f"{name!r} is there {times} times"
    for (day, seat, template), times in Counter((d.day, d.seat, d.template) for d in problem.demands).items():
        if times > 1:
            yield "demands", f"{template!r} is asked for {times} times in {seat!r} on {day}"
    for n, demand in enumerate(problem.demands):
        if not demand.template:
            yield f"demands[{n}].template", "a shift needs a template"
        if demand.starts_at >= demand.ends_at:
            yield f"demands[{n}].ends_at", "a shift ends after it begins"
        elif demand.ends_at - demand.starts_at > timedelta(days=2):
            yield f"demands[{n}].ends_at", "a shift is no longer than two days"
        elif demand.starts_at.astimezone(zone).date() != demand.day:
            yield f"demands[{n}].day", "a shift begins on its day"
    yield from _wrong_cells(problem)


def _wrong_cells(problem: Problem) -> Iterator[tuple[str, str]]:
    people = {who.id for who in problem.people}
    first = min((d.day for d in problem.demands), default=None)
    for who in problem.people:
        if first is not None and any(shift.day >= first for shift in who.before):
            yield "people.before", f"{who.id!r}: shifts before the month are on days before it"
    seen = set[tuple[str, date]]()
    for n, cell in enumerate(problem.fixed):
        if cell.person not in people:
            yield f"fixed[{n}].person", f"there is nobody {cell.person!r}"
        if (cell.person, cell.day) in seen:
            yield f"fixed[{n}]", f"{cell.person!r} has two cells on {cell.day}"
        seen.add((cell.person, cell.day))
        if cell.template and not any(fills(demand, cell) for demand in problem.demands):
            yield f"fixed[{n}].template", f"no {cell.template!r} is asked for there on {cell.day}"
