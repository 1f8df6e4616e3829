"""Small months, and every roster that they could have: what the solver says is held against all of them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from typing import Any

from hypothesis import strategies as st

from duty.solver.check import Impossible, broken
from duty.solver.problem import Cell, Demand, Fixed, Limits, Load, Problem, Rule, Wish, Worked, Worker
from duty.solver.rules import most
from sites.duty_words import DayType
from sites.people import Certificate

FIRST = date(2026, 3, 2)
HOURS = {"early": (6, 14), "late": (14, 22), "night": (22, 30), "long": (8, 20)}


def demand(day: int, template: str = "early", seat: str = "gate", **more: Any) -> Demand:
    on = FIRST + timedelta(days=day)
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC)
    starts, ends = (midnight + timedelta(hours=h) for h in HOURS[template])
    return Demand(seat, seat, on, template, starts, ends, **({"night": template == "night"} | more))


def worked(days_ago: int, template: str = "early") -> Worked:
    it = demand(-days_ago, template)
    return Worked(it.day, template, it.starts_at, it.ends_at, it.worked)


def problem(people: Iterable[Worker], demands: Iterable[Demand], **more: Any) -> Problem:
    return Problem("UTC", tuple(people), tuple(demands), **more)


def every_roster(given: Problem) -> Iterator[tuple[Cell, ...]]:
    """All that can be written down, good and bad, save too many in a shift."""
    choices = [
        [
            tuple(Cell(d.day, d.seat, d.template, who) for who in some)
            for size in range(most(given, d) + 1)
            for some in combinations([who.id for who in given.people], size)
        ]
        for d in given.demands
    ]
    for chosen in product(*choices):
        yield tuple(cell for cells in chosen for cell in cells)


def what_they_break(given: Problem) -> list[tuple[tuple[Cell, ...], frozenset[Rule]]]:
    """Each roster that can be, with the rules that it breaks."""
    tried = ((cells, broken(given, cells)) for cells in every_roster(given))
    return [
        (cells, frozenset(r for r in wrong if isinstance(r, Rule)))
        for cells, wrong in tried
        if not any(isinstance(r, Impossible) for r in wrong)
    ]


DAYS = st.integers(0, 2).map(lambda n: FIRST + timedelta(days=n))
TEMPLATES = st.sampled_from(sorted(HOURS))
WISHES = st.lists(st.builds(Wish, st.none() | DAYS, st.just("") | TEMPLATES), max_size=2).map(tuple)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to three people and five shifts on three days, with all that a problem can say."""
    workers = [
        draw(
            st.builds(
                Worker,
                st.just(name),
                posts=st.sampled_from([(), (), (), ("gate",), ("desk", "gate")]),
                roles=st.sampled_from([("guard", "operator"), ("guard", "operator"), ("guard",)]),
                certificates=st.sampled_from(
                    [(Certificate("fire"),), (Certificate("fire"),), (), (Certificate("fire", FIRST),)]
                ),
                prefers=WISHES,
                avoids=WISHES,
                leave=st.sampled_from([set(), set(), {FIRST + timedelta(days=1)}]).map(tuple),
                share=st.sampled_from([100, 50]),
                load=st.builds(Load, *[st.integers(0, 3)] * 3, st.integers(0, 3000)),
                before=st.sampled_from([(), (worked(1),), (worked(1, "night"),), (worked(2), worked(1, "late"))]),
            )
        )
        for name in ("ann", "bo", "cy")[: draw(st.sampled_from([3, 2, 3, 1]))]
    ]
    wanted = draw(
        st.lists(
            st.tuples(st.integers(0, 2), TEMPLATES, st.sampled_from(["gate", "desk"])),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    demands = [
        demand(
            *shift,
            need=draw(st.sampled_from([1, 1, 1, 2])),
            certificates=draw(st.sampled_from([(), (), (), ("fire",)])),
            roles=draw(st.sampled_from([(), (), (), ("operator",)])),
            day_type=draw(st.sampled_from(DayType)),
        )
        for shift in wanted
    ]
    limits = draw(
        st.builds(
            Limits,
            st.sampled_from([9, 0, 11, 24]),
            st.sampled_from([3, 0, 2, 1]),
            st.sampled_from([44, 0, 24, 16]),
            st.sampled_from([(), (("late", "early"),), (("early", "early"), ("night", "late"))]),
        )
    )
    fixed = draw(
        st.lists(
            st.sampled_from(
                [Fixed(who.id, d.day, d.template, seat) for who in workers for d in demands for seat in ("", d.seat)]
                + [Fixed(who.id, FIRST) for who in workers]
            ),
            max_size=2,
            unique_by=lambda cell: (cell.person, cell.day),
        )
    )
    return problem(workers, demands, limits=limits, fixed=tuple(fixed))
