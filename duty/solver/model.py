"""The problem as OR-Tools CP-SAT understands it. Only this module imports ortools, and only a child process imports it.

`x[p, d]` says that person p works demand d. A rule that only forbids leaves its `x` out; to find out which rules clash,
each rule gets a literal instead, and the solver says which of them it cannot have together.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from ortools.sat.python import cp_model

from duty.solver.check import LEEWAY, broken, costs, earlier, measures, meets, shares, weighs
from duty.solver.draft import draft, started
from duty.solver.problem import Answer, Cell, Code, Demand, GaveUp, Problem, Rule, Why, Worker
from duty.solver.rules import certificate, coverage, eligible, fills, holds, most, pinned, rules_of, touched

LARGE: Final = 2000  # pairs of a person and a shift; below it, nothing cheaper is mostly proven in seconds
_DAY: Final = timedelta(days=1)


class Model:
    """The hard rules among `rules`, and what can never be; with `literals`, each rule holds only if its literal does."""

    def __init__(self, problem: Problem, rules: Collection[Rule], *, literals: bool = False) -> None:
        self.problem, self.rules, self.zone = problem, frozenset(rules), ZoneInfo(problem.zone)
        self.cp: Any = cp_model.CpModel()
        self.literals = {rule: self.cp.new_bool_var("") for rule in rules} if literals else {}
        self.x: dict[tuple[int, int], Any] = {}
        self.follows: list[tuple[Any, Callable[[Any], int]]] = []  # what else is known once each `x` is
        self.touched = [touched(demand, self.zone) for demand in problem.demands]
        self.by_person: dict[int, list[int]] = defaultdict(list)
        self.by_demand: dict[int, list[int]] = defaultdict(list)
        wanted = [(d, demand) for d, demand in enumerate(problem.demands) if self._wanted(demand)]
        for p, who in enumerate(problem.people):
            for d, demand in wanted:
                self._pair(p, who, d, demand)
        for d, demand in enumerate(problem.demands):
            self._demand(d, demand)
        for p, who in enumerate(problem.people):
            self._person(p, who)

    def _wanted(self, demand: Demand) -> bool:
        """Whether one of our rules asks that somebody works a shift; else nobody does, which breaks none."""
        asks = [coverage(demand), *(certificate(demand, name) for name in demand.certificates)]
        asks += [pinned(cell) for cell in self.problem.fixed if fills(demand, cell)]
        return not self.rules.isdisjoint(asks)

    # --- one person and one shift ------------------------------------------------------------------------------------

    def _pair(self, p: int, who: Worker, d: int, demand: Demand) -> None:
        """Make `x[p, d]`, unless something forbids it."""
        if any(demand.starts_at < shift.ends_at for shift in who.before):
            return
        barred = [rule for rule in self._bars(who, demand, self.touched[d]) if rule in self.rules]
        if barred and not self.literals:
            return
        x = self.x[p, d] = self.cp.new_bool_var("")
        self.by_person[p].append(d)
        self.by_demand[d].append(p)
        for rule in barred:
            self.cp.add_implication(self.literals[rule], x.negated())

    def _bars(self, who: Worker, demand: Demand, days: set[date]) -> Iterator[Rule]:
        limits = self.problem.limits
        if not eligible(who, demand):
            yield Rule(Code.ELIGIBLE, seat=demand.seat)
        yield from (Rule(Code.LEAVE, who.id, day=day) for day in who.leave if day in days)
        yield from (pinned(c) for c in self.problem.fixed if (c.person, c.day, c.template) == (who.id, demand.day, ""))
        rest = timedelta(hours=limits.rest_min_h)
        if any(demand.starts_at - shift.ends_at < rest for shift in who.before):
            yield Rule(Code.REST, who.id)
        if any(demand.day - s.day == _DAY and (s.template, demand.template) in limits.successions for s in who.before):
            yield Rule(Code.SUCCESSION, who.id)

    def _hold(self, rule: Rule, constraint: Callable[[], Any]) -> None:
        """Add what a rule asks, if it is one of ours."""
        if rule in self.rules:
            made = constraint()
            if self.literals:
                made.only_enforce_if(self.literals[rule])

    # --- one shift -----------------------------------------------------------------------------------------------------

    def _demand(self, d: int, demand: Demand) -> None:
        here = {p: self.x[p, d] for p in self.by_demand[d]}
        total, people = sum(here.values()), self.problem.people
        if len(here) > (top := most(self.problem, demand)):
            self.cp.add(total <= top)
        self._hold(coverage(demand), lambda: self.cp.add_linear_constraint(total, demand.need, len(people)))
        for name in demand.certificates:
            licensed = [x for p, x in here.items() if holds(people[p], name, demand.day)]
            self._hold(certificate(demand, name), lambda licensed=licensed: self.cp.add_bool_or(licensed))  # type: ignore[misc]

    # --- one person ----------------------------------------------------------------------------------------------------

    def _person(self, p: int, who: Worker) -> None:
        demands, limits = self.problem.demands, self.problem.limits
        kinds: dict[tuple[Any, ...], list[int]] = defaultdict(list)  # shifts at the same hours are one to a person
        for d in self.by_person[p]:
            it = demands[d]
            kinds[it.day, it.starts_at, it.ends_at, it.template, it.worked].append(d)
        works = {key: self._any([self.x[p, d] for d in ds]) for key, ds in kinds.items()}
        days: dict[date, list[Any]] = defaultdict(list)
        for key, y in works.items():
            days[key[0]].append(y)
        for ys in days.values():
            self.cp.add_at_most_one(ys)
        self._pairs(who, works)
        z = {day: sum(ys) for day, ys in days.items()}
        if limits.max_consecutive_days:
            self._in_a_row(who, z, limits.max_consecutive_days)
        if limits.max_week_h:
            self._week(who, works, limits.max_week_h * 60)
        for cell in self.problem.fixed:
            if cell.person == who.id and cell.template:
                kept = [self.x[p, d] for d in self.by_person[p] if fills(demands[d], cell)]
                self._hold(pinned(cell), lambda kept=kept: self.cp.add_bool_or(kept))  # type: ignore[misc]

    def _any(self, xs: list[Any]) -> Any:
        """One literal for several of which at most one is true."""
        if len(xs) == 1:
            return xs[0]
        y = self.cp.new_bool_var("")
        self.cp.add(sum(xs) == y)
        self.follows.append((y, lambda value: sum(map(value, xs))))
        return y

    def _pairs(self, who: Worker, works: dict[tuple[Any, ...], Any]) -> None:
        """Two shifts that overlap, have too little rest between them, or must not follow each other."""
        limits = self.problem.limits
        rest, near = timedelta(hours=limits.rest_min_h), sorted(works, key=lambda key: (key[1], key[2], key[3]))
        for n, a in enumerate(near):
            for b in near[n + 1 :]:
                if b[1] - a[1] > timedelta(days=6):
                    break
                either = [works[a].negated(), works[b].negated()]
                if a[0] == b[0]:
                    continue  # one shift a day
                if b[1] < a[2]:
                    self.cp.add_bool_or(either)
                    continue
                if b[1] - a[2] < rest:
                    self._hold(Rule(Code.REST, who.id), lambda e=either: self.cp.add_bool_or(e))  # type: ignore[misc]
                if b[0] - a[0] == _DAY and (a[3], b[3]) in limits.successions:
                    self._hold(Rule(Code.SUCCESSION, who.id), lambda e=either: self.cp.add_bool_or(e))  # type: ignore[misc]

    def _in_a_row(self, who: Worker, z: dict[date, Any], limit: int) -> None:
        before = {shift.day for shift in who.before}
        for last in z:
            window = [last - n * _DAY for n in range(limit + 1)]
            past, new = sum(day in before for day in window), [z[day] for day in window if day in z]
            if past + len(new) > limit:
                self._hold(Rule(Code.CONSECUTIVE, who.id), lambda n=new, t=limit - past: self.cp.add(sum(n) <= t))  # type: ignore[misc]

    def _week(self, who: Worker, works: dict[tuple[Any, ...], Any], limit: int) -> None:
        for last in {key[0] for key in works}:
            window = {last - n * _DAY for n in range(7)}
            past = sum(shift.minutes for shift in who.before if shift.day in window)
            new = [key[4] * y for key, y in works.items() if key[0] in window]
            top = max(limit - past, 0)
            self._hold(Rule(Code.WEEK_HOURS, who.id), lambda n=new, t=top: self.cp.add(sum(n) <= t))  # type: ignore[misc]

    # --- what is better ------------------------------------------------------------------------------------------------

    def prefer(self) -> None:
        """Wishes, and each one's fair share of nights, weekends, holidays and hours."""
        self.cp.minimize(sum(self._wishes()) + sum(self._unfair()))

    def _wishes(self) -> Iterator[Any]:
        demands, weight = self.problem.demands, self.problem.weights.wish
        for p, who in enumerate(self.problem.people):
            mine = self.by_person[p]
            for wish in who.avoids:
                yield from (weight * self.x[p, d] for d in mine if meets(wish, demands[d]))
            for wish in who.prefers:
                unmet = self.cp.new_bool_var("")
                met = [self.x[p, d] for d in mine if meets(wish, demands[d])]
                self.cp.add_bool_or([unmet, *met])
                self.follows.append((unmet, lambda value, met=met: not any(map(value, met))))  # type: ignore[misc]
                yield weight * unmet

    def _unfair(self) -> Iterator[Any]:
        demands = self.problem.demands
        number = {who.id: p for p, who in enumerate(self.problem.people)}
        for measure, weight in measures(self.problem).items():
            for who, due in shares(self.problem, measure) if weight else ():
                p, borne = number[who.id], earlier(measure, who.load)
                leeway, off = LEEWAY[measure], borne - due
                loads = [(load, self.x[p, d]) for d in self.by_person[p] if (load := weighs(measure, demands[d]))]
                top = sum(load for load, _ in loads) + abs(off)
                far, farther = self.cp.new_int_var(0, top, ""), self.cp.new_int_var(0, top, "")
                total = sum(load * x for load, x in loads) + off
                self.cp.add(far >= total)
                self.cp.add(far >= -total)
                self.cp.add(farther >= far - leeway)

                def away(value: Any, loads: Any = loads, off: int = off, leeway: int = 0) -> int:
                    return max(0, abs(sum(int(load * value(x)) for load, x in loads) + off) - leeway)

                self.follows += [(far, away), (farther, partial(away, leeway=leeway))]
                yield weight * far + 2 * weight * farther

    def start_from(self, cells: Iterable[Cell]) -> None:
        """Look near this roster first, good or not."""
        taken = set(started(cells, self.problem))
        values = {x.index: int(pair in taken) for pair, x in self.x.items()}
        for x in self.x.values():
            self.cp.add_hint(x, values[x.index])
        for var, known in self.follows:
            self.cp.add_hint(var, int(known(lambda x: values[x.index])))

    # --- asking --------------------------------------------------------------------------------------------------------

    def cells(self, value: Callable[[Any], bool]) -> tuple[Cell, ...]:
        """The roster that a solution says."""
        people, demands = self.problem.people, self.problem.demands
        return tuple(
            sorted(
                Cell(demands[d].day, demands[d].seat, demands[d].template, people[p].id)
                for (p, d), x in self.x.items()
                if value(x)
            )
        )


def solver(seed: int, seconds: float) -> Any:
    """A solver of one thread, in which several ways of searching take turns in an order that never changes."""
    made: Any = cp_model.CpSolver()
    made.parameters.num_workers = 1
    made.parameters.interleave_search = True
    made.parameters.random_seed = seed
    made.parameters.max_time_in_seconds = max(seconds, 0.01)
    return made


class _Better(cp_model.CpSolverSolutionCallback):
    def __init__(self, found: Callable[[Any], None]) -> None:
        super().__init__()
        self._found = found

    def on_solution_callback(self) -> None:
        self._found(self)


def best(problem: Problem, seconds: float, better: Callable[[Answer], None]) -> Answer | GaveUp | None:
    """The cheapest roster that is found in time; None if there is none. `better` is told each that is found on the way.

    First any roster, made by hand or, where that leaves shifts short, by the solver. A large one is then only bettered,
    neighbourhood by neighbourhood: a proof that nothing is cheaper would not come in time.
    """
    began = time.perf_counter()

    def left() -> float:
        return seconds - (time.perf_counter() - began)

    def answer(cells: tuple[Cell, ...], bound: float, *, proven: bool) -> Answer:
        return Answer(cells, costs(problem, cells), round(bound), proven, round(time.perf_counter() - began, 3))

    first = _any_roster(problem, left())
    if not isinstance(first, tuple):
        return first
    better(answer(first, 0, proven=False))
    model = Model(problem, rules_of(problem))
    model.prefer()
    model.start_from(first)

    def found(callback: Any) -> None:
        better(answer(model.cells(callback.boolean_value), callback.best_objective_bound, proven=False))

    asked = solver(problem.seed, left())
    if len(model.x) > LARGE:
        asked.parameters.use_lns_only = True
        asked.parameters.cp_model_probing_level = 0
    status = asked.solve(model.cp, _Better(found))
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return answer(first, 0, proven=False)
    cells = model.cells(asked.boolean_value)
    return answer(cells, asked.best_objective_bound, proven=status == cp_model.OPTIMAL)


def _any_roster(problem: Problem, seconds: float) -> tuple[Cell, ...] | GaveUp | None:
    """A roster that keeps every rule, good or not; None if there is none."""
    made = tuple(sorted(draft(problem)))
    if not broken(problem, made):
        return made
    model = Model(
        problem, rules_of(problem)
    )  # not told of the draft: that makes it slow to see that nothing can be found
    asked = solver(problem.seed, seconds)
    status = asked.solve(model.cp)
    if status == cp_model.UNKNOWN:
        return GaveUp(Why.TIME, f"no roster and no clash in {seconds:.1f} s")
    return None if status == cp_model.INFEASIBLE else model.cells(asked.boolean_value)


def core(problem: Problem, rules: list[Rule], seconds: float) -> list[Rule]:
    """Some of `rules` that clash by themselves, as far as the solver can tell in time; else all of them."""
    model = Model(problem, rules, literals=True)
    model.cp.add_assumptions(list(model.literals.values()))
    asked = solver(problem.seed, seconds)
    asked.parameters.interleave_search = False  # with assumptions the solver takes one way only
    if asked.solve(model.cp) != cp_model.INFEASIBLE:
        return rules
    named = set(asked.sufficient_assumptions_for_infeasibility())
    return [rule for rule in rules if model.literals[rule].index in named] or rules


def possible(problem: Problem, rules: Iterable[Rule], seconds: float) -> bool | None:
    """Whether these rules can hold together; None: not known in time."""
    asked = solver(problem.seed, seconds)
    status = asked.solve(Model(problem, list(rules)).cp)
    return None if status == cp_model.UNKNOWN else status != cp_model.INFEASIBLE
