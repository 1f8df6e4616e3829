"""Rounds as they fall due: made ahead from the plans, opened, settled; and what taps do to them.

A point without proof is an alert of its round, to the shift leader by the site's own routes (PAT-01, PAT-02). Proof that comes
too late explains it, which ends the condition; whoever was called still says what became of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection

from core.ids import derived
from duty import calendar_store
from duty import store as duty_store
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from logbook import entries
from logbook.rules import Line
from patrol import planning, round_store, rounds
from patrol.round_store import DUE_ROWS, next_due, sites_due
from patrol.rounds import PatrolRound, Proof, Stand
from patrol.rules import Tap
from patrol.verdicts import Bands, learn
from sites.register import Register
from store.db import Tx

__all__ = [
    "DUE_ROWS",
    "asked",
    "begin",
    "conditions",
    "excused",
    "heard",
    "look",
    "next_due",
    "replan_soon",
    "sites_due",
    "tapped",
]

MISSED: Final = "patrol.missed"
MISSED_NIGHT: Final = "patrol.missed_night"
EXPLAINED: Final = "patrol.explained"
_LEARNED: Final = 30  # rounds that a band may be learned from, the newest


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """The rounds that are due may be missed."""
    return [pair for found in round_store.due(conn, desk.register.site_id, at) for pair in _pairs(found)]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Make the rounds of the days ahead, open and settle those whose moment has come."""
    register = desk.register
    horizon = round_store.horizon(tx.conn, register.site_id)
    if horizon is not None and horizon[1] <= at:
        _plan(tx, register, at)
    stepped, lines = [], []
    for found in round_store.due(tx.conn, register.site_id, at):
        after, said = rounds.due(found, at, _bands(tx.conn, register, found))
        stepped.append(after)
        lines += said
        _missed(judgement, after, at)
    _keep(tx, register.site_id, stepped, lines, at)


def _missed(judgement: Judgement, found: PatrolRound, at: datetime) -> None:
    points = rounds.missed(found, at) if found.stand is Stand.OVER else ()
    if points:
        data: dict[str, Any] = {"route": found.route.id, "plan": found.plan, "seat": found.seat, "points": points}
        data["closes_at"] = found.closes_at
        judgement.occur(_subject(found), _kind(found), Origin(derived(at, found.id, MISSED), at), data)


# -- taps --------------------------------------------------------------------------------------------------------------


def tapped(conn: Connection, site_id: str, taps: Sequence[tuple[datetime, ...]]) -> list[PatrolRound]:
    """The rounds that taps may count for; each tap as the moments at which it may have been made."""
    return round_store.touched(conn, site_id, [moment for some in taps for moment in some])


def asked(found: Iterable[PatrolRound]) -> list[tuple[str, str]]:
    """What taps may end."""
    return [pair for each in found for pair in _pairs(each)]


def heard(tx: Tx, judgement: Judgement, found: Sequence[PatrolRound], taps: Sequence[Tap]) -> None:
    """What taps change of the rounds they fall into. Before the judgement is committed: proof may end what was missed."""
    counted = [tap for tap in taps if tap.counts and tap.checkpoint_id is not None]
    register, at, changed, lines = judgement.scene.desk.register, judgement.at, [], []
    for each in found:
        stops = {stop.checkpoint: stop for stop in each.route.stops}
        mine: dict[str, list[Proof]] = {}
        for tap in counted:
            if tap.checkpoint_id in stops and each.opens_at <= tap.at <= each.window.ends_at:
                mine.setdefault(tap.checkpoint_id, []).append(rounds.proof(tap, stops[tap.checkpoint_id]))
        if not any(mine.values()):
            continue
        after, said = rounds.prove(each, mine, at, _bands(tx.conn, register, each))
        if after is each or after == each:
            continue
        changed.append(after)
        lines += said
        if each.stand is Stand.OVER:
            _explained(judgement, after, at)
        else:
            _missed(judgement, after, at)
    _keep(tx, register.site_id, changed, lines, at)


def excused(judgement: Judgement, found: PatrolRound, at: datetime) -> None:
    """A reason was given for points of a round that is over: when none is missed any more, the condition has ended."""
    if found.stand is Stand.OVER:
        _explained(judgement, found, at)


def _explained(judgement: Judgement, found: PatrolRound, at: datetime) -> None:
    if judgement.stands(_subject(found), _kind(found)) and not rounds.missed(found, at):
        judgement.over(_subject(found), EXPLAINED, Origin(derived(at, found.id, EXPLAINED), at))


# -- planning ----------------------------------------------------------------------------------------------------------


def begin(tx: Tx, register: Register, at: datetime) -> None:
    """A site with plans has its rounds made from now on; one whose plans changed has them made anew."""
    if register.patrol_plans or round_store.horizon(tx.conn, register.site_id) is not None:
        round_store.set_horizon(tx, register.site_id, at, at)


def replan_soon(tx: Tx, register: Register, at: datetime) -> None:
    """The shifts to come are others now; rounds that go by them follow."""
    if any(plan.per_shift for plan in register.patrol_plans.values()):
        begin(tx, register, at)


def _plan(tx: Tx, register: Register, at: datetime) -> None:
    """Make the rounds that are not there, take back those that no plan wants. What has opened stays as it is."""
    site = register.site_id
    until = at + timedelta(days=register.policies.patrol.plan_days)
    stood = {found.id: found for found in round_store.waiting(tx.conn, site, at)}
    planned = {found.id: found for found in wanted(tx.conn, register, at, until)}
    fresh = [
        found
        for id_, found in planned.items()
        if id_ not in stood or (stood[id_].stand is Stand.DROPPED or other(stood[id_], found))
    ]
    dropped, lines = [], []
    for id_, found in stood.items():
        if id_ not in planned and found.stand is Stand.WAITING:
            after, said = rounds.drop(found, at)
            dropped.append(after)
            lines += said
    if fresh:
        told = {"rounds": len(fresh), "from": fresh[0].opens_at, "until": until}
        lines.append(Line(at, "patrol.plan", "system", f"site/{site}", told))
    _keep(tx, site, [*fresh, *dropped], lines, at)
    round_store.set_horizon(tx, site, until, _tomorrow(register, at))


def other(stood: PatrolRound, wanted: PatrolRound) -> bool:
    """Whether the plan makes of it something else than what stands."""
    return (stood.route, stood.seat, stood.window) != (wanted.route, wanted.seat, wanted.window)


def wanted(conn: Connection, register: Register, at: datetime, until: datetime) -> Iterable[PatrolRound]:
    """The rounds that the register's plans make from `at` on and before `until`."""
    zone = register.zone_info
    days = (at.astimezone(zone).date() - timedelta(days=2), until.astimezone(zone).date() + timedelta(days=1))
    day_type = calendar_store.calendar(conn, register, *days)
    shifts = duty_store.shifts(conn, register.site_id, at - duty_store.BEHIND, until)
    for plan in register.patrol_plans.values():
        route = register.patrol_routes[plan.route]
        mine = [shift for shift in shifts if shift.seat == plan.seat]
        for planned in planning.rounds(plan, zone, day_type, mine, at, until):
            if planned.window.opens_at > at:
                yield rounds.made(register.site_id, planned, route)


def _tomorrow(register: Register, at: datetime) -> datetime:
    """Rounds are made once a day, soon after midnight on the wall."""
    zone = register.zone_info
    day = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(0, 5), zone).astimezone(at.tzinfo)


# -- rows --------------------------------------------------------------------------------------------------------------


def _keep(tx: Tx, site: str, found: Sequence[PatrolRound], lines: Sequence[Line], at: datetime) -> None:
    if found:
        round_store.save(tx, found, at)
    if lines:
        entries.append(tx, site, lines)


def _bands(conn: Connection, register: Register, found: PatrolRound) -> Bands | None:
    """What each leg may take, for a round that opens: as its route says, else as it was walked before."""
    if found.stand is not Stand.WAITING:
        return None
    policy = register.policies.patrol
    before = round_store.settled(conn, register.site_id, found.route.id, found.opens_at, _LEARNED)
    walks = [rounds.verdict(each, each.settled_at) for each in before if each.settled_at is not None]
    learned = learn(walks, policy.band_rounds, policy.band_low_pct, policy.band_high_pct)
    said = {
        (a.checkpoint, b.checkpoint): (float(b.leg_s[0]), float(b.leg_s[1]))
        for a, b in pairwise(found.route.stops)
        if b.leg_s is not None
    }
    return {**learned, **said}


def _kind(found: PatrolRound) -> str:
    return MISSED_NIGHT if found.route.night else MISSED


def _subject(found: PatrolRound) -> str:
    return f"round/{found.id}"


def _pairs(found: PatrolRound) -> list[tuple[str, str]]:
    return [(_subject(found), _kind(found))]
