"""The life of a round: one state field, one table, one function.

A round waits, is open, and is over; what its points are worth is the verdict's to say (`patrol.verdicts`). Each act gives the
round after it and the lines that the logbook will hold.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from core.ids import derived
from logbook.rules import Line
from patrol.errors import NoSuchPoint, ReasonOwed, RoundNotThere
from patrol.findings import answered
from patrol.planning import Planned
from patrol.rules import Tap, done_at
from patrol.verdicts import PROVED, Bands, Odd, Point, Proved, RoundState, Verdict, Window, judge_round
from sites.patrol_words import PatrolRoute, Stop

MOST_PROOFS: Final = 20  # of one point: more taps are kept as taps, and say nothing new
_TICK: Final = timedelta(microseconds=1)  # a window's end is within it


class Stand(StrEnum):
    """Where a round stands."""

    WAITING = "waiting"
    OPEN = "open"
    OVER = "over"
    SUSPENDED = "suspended"  # somebody gave a reason not to walk it (PAT-12)
    DROPPED = "dropped"  # the plan or the roster changed before it opened


class Act(StrEnum):
    """What can happen to a round."""

    OPEN = "open"
    PROVE = "prove"
    URGE = "urge"  # a leak or fire makes a point the next one
    EXCUSE = "excuse"
    SUSPEND = "suspend"
    RESUME = "resume"
    SETTLE = "settle"
    EXPLAIN = "explain"  # proof of a missed point, told too late
    DROP = "drop"


S, A = Stand, Act
NEXT: Final[Mapping[tuple[Stand, Act], Stand]] = {
    (S.WAITING, A.OPEN): S.OPEN,
    (S.WAITING, A.DROP): S.DROPPED,
    (S.WAITING, A.SUSPEND): S.SUSPENDED,
    (S.OPEN, A.PROVE): S.OPEN,
    (S.OPEN, A.URGE): S.OPEN,
    (S.OPEN, A.EXCUSE): S.OPEN,
    (S.OPEN, A.SUSPEND): S.SUSPENDED,
    (S.OPEN, A.SETTLE): S.OVER,
    (S.SUSPENDED, A.RESUME): S.WAITING,
    (S.SUSPENDED, A.SETTLE): S.OVER,
    (S.OVER, A.EXCUSE): S.OVER,
    (S.OVER, A.EXPLAIN): S.OVER,
}


class Proof(msgspec.Struct, frozen=True):
    """A tap that counts at a point, with who gave it and how well it is proved. `answered`: the point's tasks that it answers;
    None where that is not known.
    """

    tap: str
    person: str | None
    proof: str
    said_at: datetime
    heard_at: datetime
    synced: bool = False
    kept_at: datetime | None = None
    answered: tuple[str, ...] | None = None

    @property
    def at(self) -> datetime:
        """When it was done, as far as we know."""
        return done_at(self.said_at, self.heard_at, self.kept_at, synced=self.synced)

    @property
    def times(self) -> dict[str, datetime]:
        """What every clock that saw it says."""
        said = {"said_at": self.said_at, "heard_at": self.heard_at}
        return said if self.kept_at is None else said | {"kept_at": self.kept_at}


def proof(tap: Tap, stop: Stop) -> Proof:
    """What a tap is to a stop of the round that it counts for."""
    given = answered(stop.tasks, tap)
    return Proof(tap.event_id, tap.person_id, tap.proof, tap.said_at, tap.heard_at, tap.synced, tap.kept_at, given)


class Excuse(msgspec.Struct, frozen=True):
    """Why a point, or a whole round, was not walked."""

    by: str
    at: datetime
    reason: str


class PatrolRound(msgspec.Struct, frozen=True, kw_only=True):
    """One round: a route as it was when the round was made, and when it counts. `urgent`: points that an alert made urgent,
    with the alert; `bands`: what each leg may take, in seconds, frozen when it opens; `result` and `odd` are the newest
    verdict's; `due_at`: when to look again.
    """

    site_id: str
    id: str
    plan: str
    route: PatrolRoute
    seat: str
    opens_at: datetime
    closes_at: datetime
    grace_s: int
    stand: Stand = Stand.WAITING
    version: int = 1
    result: RoundState = RoundState.UPCOMING
    proofs: Mapping[str, tuple[Proof, ...]] = {}
    urgent: Mapping[str, str] = {}
    excused: Mapping[str, Excuse] = {}
    suspended: Excuse | None = None
    odd: tuple[str, ...] = ()
    bands: tuple[tuple[str, str, float, float], ...] = ()
    settled_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def window(self) -> Window:
        """When its points count."""
        return Window(self.opens_at, self.closes_at, timedelta(seconds=self.grace_s))


Stepped = tuple[PatrolRound, list[Line]]


def made(site_id: str, planned: Planned, route: PatrolRoute) -> PatrolRound:
    """A round as its plan wants it. Its id follows from plan and moment: the same round is never made twice."""
    window = planned.window
    return PatrolRound(
        site_id=site_id,
        id=derived(window.opens_at, site_id, planned.plan, "round"),
        plan=planned.plan,
        route=route,
        seat=planned.seat,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        grace_s=int(window.grace.total_seconds()),
        due_at=window.opens_at,
    )


def verdict(found: PatrolRound, now: datetime) -> Verdict:
    """What its taps are worth by `now`."""
    bands = {(a, b): (low, high) for a, b, low, high in found.bands}
    taps = (
        Proved(point, proof.said_at, proof.heard_at, proof.synced, proof.kept_at)
        for point, proofs in found.proofs.items()
        for proof in proofs
    )
    whole = frozenset(found.route.checkpoints) if found.suspended is not None else frozenset()
    excused = whole | found.excused.keys()
    worth = judge_round(found.route, found.window, taps, now, bands=bands, excused=frozenset(excused))
    if not unanswered(found, worth):
        return worth
    return msgspec.structs.replace(worth, odd=tuple(sorted({*worth.odd, Odd.TASK_UNANSWERED})))


def unanswered(found: PatrolRound, worth: Verdict) -> dict[str, tuple[str, ...]]:
    """The tasks that had to be answered at points where somebody was, and were not, by point; none while the round may still
    be walked. Any tap at the point may answer.
    """
    if worth.state in {RoundState.UPCOMING, RoundState.OPEN}:
        return {}
    missing: dict[str, tuple[str, ...]] = {}
    for stop in found.route.stops:
        given = [proof.answered for proof in found.proofs.get(stop.checkpoint, ())]
        if worth.points[stop.checkpoint] not in {*PROVED, Point.EXPLAINED} or None in given:
            continue
        known = {task for some in given for task in some or ()}
        if left := tuple(task.id for task in stop.tasks if task.required and task.id not in known):
            missing[stop.checkpoint] = left
    return missing


def due(found: PatrolRound, at: datetime, bands: Bands | None = None) -> Stepped:
    """What the clock does: a round opens, with the `bands` of that moment, and a round is over. One that was slept through
    does both.
    """
    lines: list[Line] = []
    if found.stand is Stand.WAITING and found.opens_at <= at:
        found, line = _step(found, Act.OPEN, at, "system", plan=found.plan, seat=found.seat, closes_at=found.closes_at)
        fresh = tuple((a, b, low, high) for (a, b), (low, high) in sorted((bands or {}).items()))
        frozen = found.bands or fresh
        ends = found.window.ends_at + _TICK
        found = msgspec.structs.replace(found, due_at=ends, result=RoundState.OPEN, bands=frozen)
        lines.append(line)
    if found.stand in {Stand.OPEN, Stand.SUSPENDED} and at > found.window.ends_at:
        found, line = _settled(found, at)
        lines.append(line)
    return found, lines


def prove(
    found: PatrolRound, proofs: Mapping[str, Iterable[Proof]], at: datetime, bands: Bands | None = None
) -> Stepped:
    """Taps at its points. What was proved already, or tapped outside its window, changes nothing."""
    found, lines = due(found, at, bands)
    before = verdict(found, at)
    held = {point: list(found.proofs.get(point, ())) for point in found.route.checkpoints}
    for point, more in proofs.items():
        known = {proof.tap for proof in held.get(point, ())}
        held.get(point, []).extend(p for p in more if p.tap not in known)
    kept = {p: tuple(sorted(some, key=_when)[:MOST_PROOFS]) for p, some in held.items() if some}
    if kept == found.proofs or found.stand is Stand.DROPPED:
        return found, lines
    found = msgspec.structs.replace(found, proofs=kept, version=found.version + 1)
    after = verdict(found, at)
    found = msgspec.structs.replace(found, result=after.state, odd=tuple(after.odd))
    if found.stand is Stand.OVER:
        late = {point: state.word for point, state in after.points.items() if state is not before.points[point]}
        if late:
            times = {p: [x.times for x in kept[p]] for p in late}
            found, line = _step(found, Act.EXPLAIN, at, "system", result=after.state, points=late, taps=times)
            lines.append(line)
    elif found.stand is Stand.OPEN and all(state in PROVED for state in after.points.values()):
        found, line = _settled(found, at)
        lines.append(line)
    return found, lines


def _when(proof: Proof) -> tuple[datetime, str]:
    return proof.at, proof.tap


def _settled(found: PatrolRound, at: datetime) -> tuple[PatrolRound, Line]:
    worth = verdict(found, at)
    points = {point: state.word for point, state in worth.points.items()}
    after, line = _step(
        found,
        Act.SETTLE,
        at,
        "system",
        plan=found.plan,
        seat=found.seat,
        result=worth.state,
        points=points,
        odd=worth.odd,
    )
    return msgspec.structs.replace(after, result=worth.state, odd=tuple(worth.odd), settled_at=at, due_at=None), line


def missed(found: PatrolRound, at: datetime) -> tuple[str, ...]:
    """The points that nobody proved, explained or excused, in the route's order; none while the round is not over."""
    worth = verdict(found, at)
    return tuple(point for point, state in worth.points.items() if state is Point.MISSED)


def suspend(found: PatrolRound, by: str, reason: str, at: datetime) -> Stepped:
    """Not to be walked, and why: its points will be missed with a reason (PAT-12)."""
    reason = _owed(reason)
    after, line = _step(found, Act.SUSPEND, at, by, reason=reason)
    ends = found.window.ends_at + _TICK
    return msgspec.structs.replace(after, suspended=Excuse(by, at, reason), due_at=ends), [line]


def resume(found: PatrolRound, by: str, at: datetime) -> Stepped:
    """To be walked after all: it opens again at once if its time has come, and waits for it otherwise."""
    after, line = _step(found, Act.RESUME, at, by)
    after, lines = due(msgspec.structs.replace(after, suspended=None, due_at=found.opens_at), at)
    return after, [line, *lines]


def excuse(found: PatrolRound, points: Iterable[str], by: str, reason: str, at: datetime) -> Stepped:
    """A supervisor's reason for points that were or will be missed. It stays seen that they were missed."""
    reason = _owed(reason)
    named = tuple(dict.fromkeys(points)) or missed(found, at)
    if unknown := [point for point in named if point not in found.route.checkpoints]:
        raise NoSuchPoint(field="points", point=unknown[0])
    after, line = _step(found, Act.EXCUSE, at, by, points=named, reason=reason)
    after = msgspec.structs.replace(after, excused={**found.excused, **dict.fromkeys(named, Excuse(by, at, reason))})
    return msgspec.structs.replace(after, result=verdict(after, at).state), [line]


def urge(found: PatrolRound, points: Iterable[str], alert_id: str, at: datetime) -> Stepped:
    """An alert makes some of its points urgent. Only an open round is walked by somebody who could go there."""
    fresh = {p: alert_id for p in points if p in found.route.checkpoints and p not in found.urgent}
    if found.stand is not Stand.OPEN or not fresh:
        return found, []
    after, line = _step(found, Act.URGE, at, "system", points=list(fresh), alert=alert_id)
    return msgspec.structs.replace(after, urgent={**found.urgent, **fresh}), [line]


def drop(found: PatrolRound, at: datetime) -> Stepped:
    """The plan does not want it any more."""
    after, line = _step(found, Act.DROP, at, "system", plan=found.plan, opens_at=found.opens_at)
    return msgspec.structs.replace(after, due_at=None), [line]


def _owed(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ReasonOwed(field="reason")
    return reason


def _step(found: PatrolRound, act: Act, at: datetime, by: str, **data: Any) -> tuple[PatrolRound, Line]:
    stand = NEXT.get((found.stand, act))
    if stand is None:
        raise RoundNotThere(f"a round that is {found.stand} cannot {act}", state=str(found.stand))
    line = Line(at, f"patrol.{act}", by, f"round/{found.id}", {"route": found.route.id, **data})
    return msgspec.structs.replace(found, stand=stand, version=found.version + 1), line
