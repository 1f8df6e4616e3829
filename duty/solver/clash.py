"""Which rules clash: from all of them down to a few of which none can be spared."""

import time
from collections.abc import Callable
from datetime import date
from itertools import groupby
from typing import Final

from duty.solver.problem import Clash, Code, Problem, Rule
from duty.solver.rules import rules_of

Possible = Callable[[Problem, list[Rule], float], bool | None]
Core = Callable[[Problem, list[Rule], float], list[Rule]]

MANY: Final = 20


def clash(problem: Problem, seconds: float, core: Core, possible: Possible) -> Clash:
    """The rules that clash. Rules are tried for sparing kind by kind, then in ever smaller lots, then one by one; the most
    general go first, so that what stays names days and people if it can. Out of time, what is left may hold too many.
    """
    began = time.perf_counter()

    def left() -> float:
        return seconds - (time.perf_counter() - began)

    def clashing(rules: list[Rule]) -> bool | None:
        """Whether they clash; None: not known in the time that one question may take."""
        found = possible(problem, rules, min(left(), max(1.0, seconds / 5))) if left() > 0 else None
        return None if found is None else not found

    named = _narrowed(core(problem, rules_of(problem), seconds / 6), clashing)
    lots = [list(lot) for _, lot in groupby(named, key=lambda rule: rule.code)]
    while True:
        sure = True
        for lot in lots:
            rest = [rule for rule in named if rule not in lot]
            found = clashing(rest)
            if found:
                named = rest
            sure = sure and found is not None
        size = max(map(len, lots), default=1)
        if size == 1 or left() <= 0:
            return Clash(tuple(named), sure and size == 1, round(time.perf_counter() - began, 3))
        half = max(1, min(size, len(named)) // 2)
        lots = [named[n : n + half] for n in range(0, len(named), half)]


def _narrowed(named: list[Rule], clashing: Callable[[list[Rule]], bool | None]) -> list[Rule]:
    """Of many rules, those of one week, and of these coverage and one other kind, if they clash alone: the commonest clash
    is that people are too few.
    """
    if len(named) > MANY:
        first = min((rule.day for rule in named if rule.day is not None), default=date.min)
        for n in range(5):
            week = range(7 * n, 7 * n + 7)
            few = [rule for rule in named if rule.day is None or (rule.day - first).days in week]
            if len(few) < len(named) and clashing(few):
                named = few
                break
        for code in dict.fromkeys(rule.code for rule in named if rule.code is not Code.COVERAGE):
            few = [rule for rule in named if rule.code in {code, Code.COVERAGE}]
            if clashing(few):
                return few
    return named
