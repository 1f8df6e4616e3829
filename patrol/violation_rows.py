"""Violations as the patrol report tells them: on which route each was found, and whether it was found in these days (PAT-07,
PAT-13). Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from patrol.rounds import PatrolRound
from patrol.violations import Violation
from sites.patrol_words import PatrolRoute


class ViolationRow(msgspec.Struct, frozen=True):
    """One that was open in these days. `route`: where it was found, if on one; `fresh`: found in these days, not before."""

    violation: Violation
    route: str | None
    fresh: bool


def rows(
    found: Iterable[Violation], rounds: Iterable[PatrolRound], routes: Mapping[str, PatrolRoute], begins: datetime
) -> tuple[ViolationRow, ...]:
    """Each with its route: that of the round which its tap proved, else the only one that asks its task at its point. What a
    person reported on no round was found on none.
    """
    proved = {proof.tap: r.route.id for r in rounds for proofs in r.proofs.values() for proof in proofs}
    asking: dict[tuple[str, str], set[str]] = {}
    for route in routes.values():
        for stop in route.stops:
            for task in stop.tasks:
                asking.setdefault((stop.checkpoint, task.id), set()).add(route.id)
    made = []
    for one in found:
        name = proved.get(one.tap or "")
        asked = asking.get((one.checkpoint_id, one.task), set())
        if name is None and len(asked) == 1:
            (name,) = asked
        made.append(ViolationRow(one, name, one.found_at >= begins))
    return tuple(made)


def by_route(rows_: Sequence[ViolationRow]) -> Counter[str]:
    """How many were found in these days on each route."""
    return Counter(row.route for row in rows_ if row.fresh and row.route is not None)


def by_guard(rows_: Sequence[ViolationRow]) -> Counter[str]:
    """How many each person found in these days."""
    return Counter(row.violation.found_by for row in rows_ if row.fresh)
