"""A month's roster: 40 people, 31 days, 3 posts with 3 shifts each; how long until a roster, and how good it is after the limit."""

import os
import time
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from duty.solver.check import broken
from duty.solver.problem import Answer, Clash, Demand, Limits, Load, Problem, Wish, Worker
from duty.solver.run import solve
from sites.duty_words import DayType
from sites.people import Certificate

ZONE = "Asia/Shanghai"
SHIFTS = (("early", 7), ("late", 15), ("night", 23))
POSTS = ("centre", "gate", "patrol")


def month(need: tuple[int, int, int], *, people: int = 40, seed: int = 7) -> Problem:
    """October 2026: its holidays, a third of the people licensed, leave, wishes, and three months behind them."""
    rng, first = Random(seed), date(2026, 10, 1)
    days = [first + timedelta(days=n) for n in range(31)]
    demands = tuple(
        _demand(day, post, template, hour, count)
        for day in days
        for post, count in zip(POSTS, need, strict=True)
        for template, hour in SHIFTS
    )
    return Problem(
        zone=ZONE,
        people=tuple(_worker(n, days, rng) for n in range(people)),
        demands=demands,
        limits=Limits(successions=(("late", "early"), ("night", "early"))),
    )


def _demand(day: date, post: str, template: str, hour: int, need: int) -> Demand:
    starts = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE))
    kind = DayType.HOLIDAY if day.day <= 7 else DayType.WEEKEND if day.isoweekday() > 5 else DayType.WORKDAY
    return Demand(
        *(post, post, day, template, starts, starts + timedelta(hours=8), need),
        certificates=("fire control",) if post == "centre" else (),
        night=template == "night",
        day_type=kind,
    )


def _worker(n: int, days: list[date], rng: Random) -> Worker:
    away = rng.choice(days[3:-3])
    return Worker(
        f"p{n:02}",
        posts=POSTS if n % 3 == 0 else rng.choice((("gate", "patrol"), ("gate", "patrol"), ("patrol", "centre"))),
        certificates=(Certificate("fire control"),) if n % 3 == 0 else (),
        leave=tuple(away + timedelta(days=k) for k in range(2)) if n % 4 == 0 else (),
        prefers=(Wish(rng.choice(days), rng.choice(SHIFTS)[0]),),
        avoids=(Wish(rng.choice(days)), Wish(rng.choice(days))),
        load=Load(
            15 + rng.randint(0, 4), 12 + rng.randint(0, 4), rng.randint(0, 2), 3 * 9000 + 480 * rng.randint(0, 3)
        ),
    )


def run(*, quick: bool) -> None:
    """Print the table; any rule broken ends the bench."""
    table = Table(title=f"solver: a month of 40 people, 3 posts × 3 shifts (load {os.getloadavg()[0]:.1f})")
    for column in (
        "people a shift",
        "shifts each",
        "seconds",
        "a roster after",
        "costs",
        "at least",
        "halfway",
        "broken",
    ):
        table.add_column(column)
    for need in ((1, 1, 1), (2, 3, 3)) if quick else ((1, 1, 1), (2, 2, 2), (2, 3, 3)):
        problem, seen, began = month(need), list[tuple[float, int]](), time.perf_counter()

        def better(answer: Answer, began: float = began, seen: list[tuple[float, int]] = seen) -> None:
            seen.append((time.perf_counter() - began, answer.costs.total))

        outcome = solve(problem, 10, better)
        took = time.perf_counter() - began
        if not isinstance(outcome, Answer) or broken(problem, outcome.cells):
            raise SystemExit(f"no good roster: {outcome}")
        half = next((cost for at, cost in reversed(seen) if at < took / 2), None)
        table.add_row(
            "+".join(map(str, need)),
            f"{len(outcome.cells) / 40:.1f}",
            f"{took:.1f}{' (best)' * outcome.proven}",
            f"{seen[0][0]:.1f} s" if seen else "",
            str(outcome.costs.total),
            str(outcome.bound),
            str(half or ""),
            "0",
        )
    Console().print(table)
    _clash()


def _clash() -> None:
    problem, began = month((3, 4, 4)), time.perf_counter()
    outcome = solve(problem, 10)
    took = time.perf_counter() - began
    if not isinstance(outcome, Clash):
        raise SystemExit(f"no clash: {outcome}")
    kinds = sorted({rule.code.value for rule in outcome.rules})
    Console().print(
        f"3+4+4 people a shift is too many: {', '.join(kinds)} ({len(outcome.rules)} rules, "
        f"{'minimal' if outcome.minimal else 'not shrunk to the end'}) after {took:.1f} s"
    )
