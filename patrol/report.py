"""What was walked and what was not, per route, guard and day (PAT-01, PAT-07). Pure: rounds and taps in, figures out.

A point that was missed counts as missed though it was explained later or excused: those are shown beside it, never instead.
Rounds that are not over yet are told apart, and count nowhere else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from patrol.rounds import PatrolRound, Proof, Stand, verdict
from patrol.rules import Tap
from patrol.verdicts import PROVED, Point, RoundState
from patrol.violation_rows import ViolationRow, by_guard, by_route


class Tally(msgspec.Struct, frozen=True):
    """Points that were due: each is in exactly one of these, but `late` ones were walked."""

    on_time: int = 0
    late: int = 0
    missed: int = 0
    excused: int = 0
    explained: int = 0

    @property
    def planned(self) -> int:
        """How many there were."""
        return self.on_time + self.late + self.missed + self.excused + self.explained

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            *(a + b for a, b in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True))
        )


class RoundRow(msgspec.Struct, frozen=True):
    """One round that is over: a line of the record form. `began_at`, `ended_at`: its first and last counted tap."""

    id: str
    day: date
    route: str
    plan: str
    seat: str
    opens_at: datetime
    closes_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    result: RoundState
    points: Tally
    planned: int
    people: tuple[str, ...]
    odd: tuple[str, ...]
    reasons: tuple[str, ...]


class RouteFigures(msgspec.Struct, frozen=True):
    """A route over the days. `completion`: walked of planned points; `punctuality`: on time of walked ones; 0 to 1;
    `violations`: found on it in these days.
    """

    route: str
    rounds: int
    complete: int
    partial: int
    missed: int
    excused: int
    to_come: int
    points: Tally
    planned: int
    completion: float | None
    punctuality: float | None
    odd: Mapping[str, int]
    violations: int


class GuardFigures(msgspec.Struct, frozen=True):
    """A guard over the days: the points they proved, what was odd about their taps, and the violations they found."""

    person: str
    rounds: int
    on_time: int
    late: int
    explained: int
    punctuality: float | None
    taps: int
    void: int
    flags: Mapping[str, int]
    violations: int


class PatrolReport(msgspec.Struct, frozen=True):
    """The figures of some days, and the violations that were open in them."""

    routes: tuple[RouteFigures, ...]
    guards: tuple[GuardFigures, ...]
    rows: tuple[RoundRow, ...]
    violations: tuple[ViolationRow, ...]


def report(
    rounds: Sequence[PatrolRound],
    taps: Iterable[Tap],
    zone: ZoneInfo,
    now: datetime,
    violations: Sequence[ViolationRow] = (),
) -> PatrolReport:
    """The figures. `taps` and `violations`: those of the same days."""
    over = [found for found in rounds if found.stand is Stand.OVER]
    rows = tuple(_row(found, zone, now) for found in over)
    routes = _routes(rounds, rows, by_route(violations))
    return PatrolReport(routes, _guards(over, taps, by_guard(violations), now), rows, tuple(violations))


def _row(found: PatrolRound, zone: ZoneInfo, now: datetime) -> RoundRow:
    worth = verdict(found, now)
    times = sorted(proof_at(p) for proofs in found.proofs.values() for p in proofs)
    reasons = [*([found.suspended.reason] if found.suspended else []), *(e.reason for e in found.excused.values())]
    tally = tallied(worth.points.values())
    return RoundRow(
        found.id,
        found.opens_at.astimezone(zone).date(),
        found.route.id,
        found.plan,
        found.seat,
        found.opens_at,
        found.closes_at,
        times[0] if times else None,
        times[-1] if times else None,
        worth.state,
        tally,
        tally.planned,
        walkers(found),
        tuple(worth.odd),
        tuple(dict.fromkeys(reasons)),
    )


def tallied(points: Iterable[Point]) -> Tally:
    """How many points stand how; those that may still be walked stand nowhere."""
    seen = Counter(points)
    return Tally(seen[Point.ON_TIME], seen[Point.LATE], seen[Point.MISSED], seen[Point.EXCUSED], seen[Point.EXPLAINED])


def proof_at(proof: Proof) -> datetime:
    """When the guard was there, as far as we know."""
    return proof.at


def walkers(found: PatrolRound) -> tuple[str, ...]:
    """Who proved anything on it, whoever came first first."""
    proofs = sorted((p for some in found.proofs.values() for p in some), key=proof_at)
    return tuple(dict.fromkeys(p.person for p in proofs if p.person))


def _routes(
    rounds: Sequence[PatrolRound], rows: Sequence[RoundRow], violations: Counter[str]
) -> tuple[RouteFigures, ...]:
    made = []
    for route in sorted({found.route.id for found in rounds} | violations.keys()):
        mine = [row for row in rows if row.route == route]
        results = Counter(row.result for row in mine)
        points = sum((row.points for row in mine), Tally())
        walked = points.on_time + points.late
        made.append(
            RouteFigures(
                route,
                len(mine),
                results[RoundState.COMPLETE],
                results[RoundState.PARTIAL],
                results[RoundState.MISSED],
                results[RoundState.EXCUSED],
                sum(1 for found in rounds if found.route.id == route and found.stand is not Stand.OVER),
                points,
                points.planned,
                _share(walked, points.planned),
                _share(points.on_time, walked),
                dict(sorted(Counter(odd for row in mine for odd in row.odd).items())),
                violations[route],
            )
        )
    return tuple(made)


def _guards(
    over: Sequence[PatrolRound], taps: Iterable[Tap], violations: Counter[str], now: datetime
) -> tuple[GuardFigures, ...]:
    proved: dict[str, Counter[Point]] = {}
    walked: Counter[str] = Counter()
    for found in over:
        worth = verdict(found, now)
        walked.update(walkers(found))
        for point, state in worth.points.items():
            first = next((p.person for p in found.proofs.get(point, ()) if p.person), None)
            if first is not None and (state in PROVED or state is Point.EXPLAINED):
                proved.setdefault(first, Counter())[state] += 1
    given, void = Counter[str](), Counter[str]()
    flags: dict[str, Counter[str]] = {}
    for tap in taps:
        if tap.person_id is not None:
            given[tap.person_id] += 1
            void[tap.person_id] += not tap.counts
            flags.setdefault(tap.person_id, Counter()).update(tap.flags)
    people = sorted({*walked, *given, *violations})
    return tuple(
        GuardFigures(
            person,
            walked[person],
            seen[Point.ON_TIME],
            seen[Point.LATE],
            seen[Point.EXPLAINED],
            _share(seen[Point.ON_TIME], seen[Point.ON_TIME] + seen[Point.LATE]),
            given[person],
            void[person],
            dict(sorted(flags.get(person, {}).items())),
            violations[person],
        )
        for person in people
        for seen in [proved.get(person, Counter())]
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
