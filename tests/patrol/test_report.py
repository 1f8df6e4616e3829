"""The figures of a patrol report (PAT-01, PAT-07): pure, from rounds and taps."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from patrol.report import Tally, report
from patrol.rounds import PatrolRound, Proof, Stand, excuse
from patrol.rules import Tap
from patrol.verdicts import RoundState
from patrol.violation_rows import rows
from patrol.violations import Violation
from sites.patrol_words import PatrolRoute, PatrolTask, Stop
from sites.register import Words

OPENS = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)  # half past eleven at night in Shanghai
ZONE = ZoneInfo("Asia/Shanghai")
ROUTE = PatrolRoute("house", Words("全楼", "House"), tuple(Stop(name) for name in ("C1", "C2", "C3")))


def proved(minutes: float, person: str = "wang", *, heard: float | None = None) -> Proof:
    said = OPENS + timedelta(minutes=minutes)
    later = OPENS + timedelta(minutes=minutes if heard is None else heard)
    return Proof(f"tap-{minutes}-{person}", person, "uid", said, later, synced=heard is not None)


def walked(stand: Stand = Stand.OVER, **proofs: Proof) -> PatrolRound:
    return PatrolRound(
        site_id="s",
        id=f"r{len(proofs)}",
        plan="hourly",
        route=ROUTE,
        seat="leader",
        opens_at=OPENS,
        closes_at=OPENS + timedelta(minutes=60),
        grace_s=300,
        stand=stand,
        proofs={point: (proof,) for point, proof in proofs.items()},
    )


NOW = OPENS + timedelta(hours=3)


def test_each_point_counts_once_and_late_ones_were_walked() -> None:
    made = report([walked(C1=proved(5), C2=proved(62))], [], ZONE, NOW)
    (row,) = made.rows
    assert row.points == Tally(on_time=1, late=1, missed=1)
    assert (row.began_at, row.ended_at) == (OPENS + timedelta(minutes=5), OPENS + timedelta(minutes=62))
    assert (row.day.isoformat(), row.result, row.planned) == ("2026-03-01", RoundState.PARTIAL, 3)
    (route,) = made.routes
    assert (route.completion, route.punctuality, route.partial) == (0.6667, 0.5, 1)


def test_what_was_told_too_late_or_excused_is_not_walked() -> None:
    """PAT-12: it stays seen that it was missed."""
    found, _ = excuse(walked(C1=proved(20, heard=120)), ["C2"], "chen", "抢险", NOW)
    made = report([found], [], ZONE, NOW)
    assert made.rows[0].points == Tally(missed=1, excused=1, explained=1)
    assert made.rows[0].reasons == ("抢险",)
    assert made.routes[0].completion == 0
    assert made.routes[0].punctuality is None


def test_rounds_that_are_not_over_are_to_come_and_count_nowhere() -> None:
    made = report([walked(Stand.OPEN, C1=proved(5)), walked(Stand.WAITING)], [], ZONE, NOW)
    assert made.rows == ()
    assert made.guards == ()
    assert (made.routes[0].rounds, made.routes[0].to_come, made.routes[0].completion) == (0, 2, None)


def test_guards_are_told_by_what_they_proved_and_what_was_odd() -> None:
    tap = Tap(event_id="e", tag="T", checkpoint_id="C1", person_id="li", proof="uid", said_at=OPENS, heard_at=OPENS)
    taps = [tap, msgspec.structs.replace(tap, flags=("clone", "replayed"), counts=False)]
    rounds = [walked(C1=proved(5), C2=proved(9, "li"), C3=proved(62, "li"))]
    li, wang = report(rounds, taps, ZONE, NOW).guards
    assert (li.person, li.rounds, li.on_time, li.late, li.punctuality) == ("li", 1, 1, 1, 0.5)
    assert (li.taps, li.void, li.flags) == (2, 1, {"clone": 1, "replayed": 1})
    assert (wang.person, wang.on_time, wang.taps) == ("wang", 1, 0)


def violation(minutes: float, *, task: str = "", tap: str | None = None, by: str = "wang") -> Violation:
    at = OPENS + timedelta(minutes=minutes)
    return Violation(
        site_id="s",
        id=f"v{minutes}",
        checkpoint_id="C1",
        task=task,
        note="",
        found_by=by,
        found_at=at,
        tap=tap,
        since=at,
    )


def test_a_violation_is_counted_on_the_route_it_was_found_on_and_with_whoever_found_it() -> None:
    """PAT-07, PAT-13: by the tap that found it; what came from before these days is told and not counted again."""
    proof = proved(5)
    found = [violation(5, task="pets", tap=proof.tap), violation(7, by="chen"), violation(-600, task="pets")]
    listed = rows(found, [walked(C1=proof)], {"house": ROUTE}, OPENS)
    assert [(row.route, row.fresh) for row in listed] == [("house", True), (None, True), (None, False)]
    made = report([walked(C1=proof)], [], ZONE, NOW, listed)
    assert [(r.route, r.violations) for r in made.routes] == [("house", 1)]
    assert [(g.person, g.violations) for g in made.guards] == [("chen", 1), ("wang", 1)]
    assert made.violations == listed


def test_without_its_round_a_violation_is_of_the_only_route_that_asks_for_it() -> None:
    asks = PatrolRoute("north", Words("北线", "North"), (Stop("C1", (PatrolTask("pets", Words("宠物", "Pets")),)),))
    twin = msgspec.structs.replace(asks, id="twin")
    routes = {"house": ROUTE, "north": asks}
    one = violation(5, task="pets", tap="gone")
    assert [row.route for row in rows([one], [], routes, OPENS)] == ["north"]
    assert [row.route for row in rows([one], [], {**routes, "twin": twin}, OPENS)] == [None]
    (figures,) = report([], [], ZONE, NOW, rows([one], [], routes, OPENS)).routes
    assert (figures.route, figures.rounds, figures.violations) == ("north", 0, 1)
