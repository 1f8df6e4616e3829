"""A first roster, made quickly day by day, for the solver to start from. It may leave shifts short; it breaks no other limit."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from duty.solver.check import earlier, measures, meets, shares, weighs
from duty.solver.problem import Cell, Demand, Problem, Worked, Worker
from duty.solver.rules import eligible, fills, holds, touched

_DAY = timedelta(days=1)


def draft(problem: Problem) -> list[Cell]:
    """Each day's shifts, those that fewest can work first, go to whoever is furthest below their share."""
    made = _Draft(problem)
    for demand in sorted(problem.demands, key=lambda d: (d.day, len(made.can[d]), d.starts_at, d.seat)):
        made.fill(demand)
    return made.cells


class _Draft:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        zone = ZoneInfo(problem.zone)
        self.worked: dict[str, list[Worked]] = {
            who.id: sorted(who.before, key=lambda s: s.starts_at) for who in problem.people
        }
        self.owed: dict[str, dict[str, int]] = defaultdict(dict)
        for measure in measures(problem):
            for who, due in shares(problem, measure):
                self.owed[who.id][measure] = due - earlier(measure, who.load)
        self.painted = {(cell.person, cell.day): cell for cell in problem.fixed}
        self.can = {
            d: [
                who
                for who in problem.people
                if eligible(who, d) and touched(d, zone).isdisjoint(who.leave) and self._as_painted(who, d)
            ]
            for d in problem.demands
        }
        self.cells = list[Cell]()

    def _as_painted(self, who: Worker, demand: Demand) -> bool:
        cell = self.painted.get((who.id, demand.day))
        return cell is None or fills(demand, cell)

    def fill(self, demand: Demand) -> None:
        """Who was painted in comes first, then a holder of each certificate, then whoever is the best choice."""
        free = [who for who in self.can[demand] if self._fits(who, demand)]
        free.sort(key=lambda who: ((who.id, demand.day) not in self.painted, self._price(who, demand), who.id))
        wanted = [next((w for w in free if holds(w, name, demand.day)), None) for name in demand.certificates]
        first = dict.fromkeys(who for who in wanted if who is not None)
        for who in [*first, *(who for who in free if who not in first)][: demand.need]:
            self.cells.append(Cell(demand.day, demand.seat, demand.template, who.id))
            self.worked[who.id].append(
                Worked(demand.day, demand.template, demand.starts_at, demand.ends_at, demand.worked)
            )
            for measure in self.owed[who.id]:
                self.owed[who.id][measure] -= weighs(measure, demand)

    def _price(self, who: Worker, demand: Demand) -> int:
        owed, weights = self.owed[who.id], measures(self.problem)
        unfair = sum(-owed[m] * weights[m] * (weighs(m, demand) > 0) for m in owed)
        wish = self.problem.weights.wish * (
            sum(meets(w, demand) for w in who.avoids) - sum(meets(w, demand) for w in who.prefers)
        )
        return unfair + 4 * wish + 2 * len(who.certificates) * (not demand.certificates)

    def _fits(self, who: Worker, demand: Demand) -> bool:
        limits, mine = self.problem.limits, self.worked[who.id]
        near = [shift for shift in mine if demand.day - shift.day <= 31 * _DAY]
        rest = timedelta(hours=limits.rest_min_h)
        return (
            all(self._apart(shift, demand, rest) for shift in near)
            and not (limits.max_consecutive_days and self._run(near, demand.day) > limits.max_consecutive_days)
            and not (limits.max_week_h and self._week(near, demand) > limits.max_week_h * 60)
        )

    def _apart(self, shift: Worked, demand: Demand, rest: timedelta) -> bool:
        follows = (
            demand.day - shift.day == _DAY and (shift.template, demand.template) in self.problem.limits.successions
        )
        return shift.day != demand.day and demand.starts_at - shift.ends_at >= rest and not follows

    @staticmethod
    def _run(near: Iterable[Worked], day: date) -> int:
        days, run = {shift.day for shift in near}, 1
        while day - run * _DAY in days:
            run += 1
        return run

    @staticmethod
    def _week(near: Iterable[Worked], demand: Demand) -> int:
        return demand.worked + sum(shift.minutes for shift in near if demand.day - shift.day < 7 * _DAY)


def started(cells: Iterable[Cell], problem: Problem) -> Iterator[tuple[int, int]]:
    """A roster as pairs of a person's and a demand's number."""
    people = {who.id: p for p, who in enumerate(problem.people)}
    demands = {(d.day, d.seat, d.template): n for n, d in enumerate(problem.demands)}
    yield from ((people[c.person], demands[c.day, c.seat, c.template]) for c in cells)
