"""Which rules clash: from all of them down to a few of which none can be spared."""

import time
from collections.abc import Callable
from itertools import groupby

from duty.solver.problem import Clash, Problem, Rule
from duty.solver.rules import rules_of

Possible = Callable[[Problem, list[Rule], float], bool | None]
Core = Callable[[Problem, list[Rule], float], list[Rule]]


def clash(problem: Problem, seconds: float, core: Core, possible: Possible) -> Clash:
    """The rules that clash. Rules are tried for sparing kind by kind, then in ever smaller lots, then one by one; the most
    general go first, so that what stays names days and people if it can. Out of time, what is left may hold too many.
    """
    began = time.perf_counter()

    def left() -> float:
        return seconds - (time.perf_counter() - began)

    named, sure = core(problem, rules_of(problem), seconds / 3), True
    lots = [list(lot) for _, lot in groupby(named, key=lambda rule: rule.code)]
    while True:
        sure = True
        for lot in lots:
            rest = [rule for rule in named if rule not in lot]
            found = possible(problem, rest, left()) if left() > 0 else None
            if found is False:
                named = rest
            sure = sure and found is not None
        size = max(map(len, lots), default=1)
        if size == 1 or left() <= 0:
            return Clash(tuple(named), sure and size == 1, round(time.perf_counter() - began, 3))
        half = max(1, min(size, len(named)) // 2)
        lots = [named[n : n + half] for n in range(0, len(named), half)]
