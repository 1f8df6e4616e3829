"""Rounds on the path (PAT-01, 02, 04, 11, 12): made ahead, opened, settled, missed, explained; on both databases."""

from datetime import datetime, timedelta

import msgspec
import pytest

from alerts.rules import Alert, State
from duty.handover_packet import HandoverKind
from ingest import packet
from ingest import rounds as round_path
from ingest.rosters import publish_roster
from patrol import round_store
from patrol import rounds as round_rules
from patrol.rounds import PatrolRound, Stand
from patrol.verdicts import Point, RoundState
from sites.patrol_words import PatrolPlan, PatrolRoute, Stop
from sites.register import Checkpoint, Device, Register
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, by_id, words

TAGS = {"C1": "04A1B2C3D4E5F6", "C2": "04A1B2C3D4E5F7", "C3": "04A1B2C3D4E5F8"}
ROUTE = PatrolRoute("house", words("House"), tuple(Stop(name) for name in TAGS))
HOURLY = PatrolPlan("hourly", "house", "leader", every_min=60, grace_min=5)


def site(*plans: PatrolPlan, route: PatrolRoute = ROUTE) -> Register:
    return msgspec.structs.replace(
        HARBOUR,
        devices={**HARBOUR.devices, "H-1": Device("H-1", words("Handheld"), "handheld", "estate", "gw-a")},
        checkpoints=by_id([Checkpoint(name, words(name), "b7", (tag,)) for name, tag in TAGS.items()]),
        patrol_routes={route.id: route},
        patrol_plans=by_id(plans),
    )


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    """From five past nine in the evening."""
    clock.set(datetime.fromisoformat("2026-03-01T21:05:00+08:00").astimezone(clock().tzinfo))
    made = Night(store, clock, site(HOURLY))
    made.sweeper.run()
    return made


def tap(night: Night, name: str, *, guard: str = "guard", done: datetime | None = None) -> None:
    data = {"tag": TAGS[name], "guard": guard, "proof": "uid"}
    if done is None:
        night.say("patrol.tap", "H-1", data=data)
    else:
        night.say("patrol.tap", "H-1", data={**data, "synced": True}, said_at=done)


def all_rounds(night: Night) -> list[PatrolRound]:
    with night.db.read() as conn:
        return round_store.between(
            conn, night.site, night.clock() - timedelta(days=2), night.clock() + timedelta(days=9)
        )


def missed(night: Night) -> list[Alert]:
    return [a for a in night.open() if a.kind.startswith("patrol.")]


def at(night: Night, hour: int, minute: int = 0, day: int = 1, second: int = 0) -> None:
    until = night.local(day, hour, minute, second)
    while night.clock() < until:
        night.clock.set(min(until, night.clock() + timedelta(minutes=5)))
        night.sweeper.run()


def test_rounds_are_made_ahead_once(night: Night) -> None:
    """PAT-01: a round is known before it starts."""
    made = all_rounds(night)
    assert made[0].opens_at == night.local(1, 22)
    assert len(made) == 48 - 1 + 1
    night.restart()
    night.sweeper.run()
    at(night, 0, 10, day=2)
    assert len({r.id for r in all_rounds(night)}) == len(all_rounds(night))
    assert all_rounds(night)[-1].opens_at == night.local(4, 0)
    assert [e.act for e in night.log(f"site/{night.site}")] == ["patrol.plan", "patrol.plan"]


def test_a_walked_round_is_complete_and_rings_nobody(night: Night) -> None:
    at(night, 22, 10)
    for name in TAGS:
        tap(night, name)
        night.clock.tick(120)
    done = all_rounds(night)[0]
    assert (done.stand, done.result) == (Stand.OVER, RoundState.COMPLETE)
    assert [e.act for e in night.log(f"round/{done.id}")] == ["patrol.open", "patrol.settle"]
    at(night, 23, 4)
    assert missed(night) == []


def test_a_point_without_proof_is_an_alert_to_the_second(night: Night) -> None:
    """PAT-02: not at 23:05:00, which is within the grace; a moment later."""
    at(night, 22, 10)
    tap(night, "C1")
    at(night, 23, 5)
    assert missed(night) == []
    night.clock.set(night.clock() + timedelta(seconds=1))
    night.sweeper.run()
    alert = night.alert("patrol.missed")
    over = all_rounds(night)[0]
    assert (alert.subject, alert.state) == (f"round/{over.id}", State.RAISED)
    assert (over.stand, over.result) == (Stand.OVER, RoundState.PARTIAL)
    told = next(e for e in night.log(f"alert/{alert.id}") if e.act == "alert.raise")
    assert told.data["data"]["points"] == ["C2", "C3"]
    assert told.data["data"]["seat"] == "leader"


def test_late_proof_explains_and_never_erases(night: Night) -> None:
    """PAT-11: all three times are told; the alert is still somebody's to close."""
    at(night, 22, 10)
    tap(night, "C1")
    at(night, 23, 6)
    done = night.local(1, 22, 30)
    tap(night, "C2", done=done)
    assert night.alert("patrol.missed").state is State.RAISED, "C3 is missed still"
    night.clock.tick(60)
    tap(night, "C3", done=done + timedelta(minutes=4))
    alert, late = night.alert("patrol.missed"), all_rounds(night)[0]
    assert alert.state is State.CLEARED
    worth = round_rules.verdict(late, night.clock())
    assert worth.points == {"C1": Point.ON_TIME, "C2": Point.EXPLAINED, "C3": Point.EXPLAINED}
    explained = [e for e in night.log(f"round/{late.id}") if e.act == "patrol.explain"]
    assert [list(e.data["points"]) for e in explained] == [["C2"], ["C3"]]
    times = explained[0].data["taps"]["C2"][0]
    assert datetime.fromisoformat(times["said_at"]) == done
    assert datetime.fromisoformat(times["heard_at"]) > night.local(1, 23, 5)


def test_a_missed_night_route_is_one_priority_higher(store: Store, clock: HandClock) -> None:
    """PAT-04."""
    route = msgspec.structs.replace(ROUTE, night=True)
    night = Night(store, clock, site(HOURLY, route=route))
    night.pass_(2 * 3600 + 400, step=60)
    night_alert = next(a for a in night.open() if a.kind == "patrol.missed_night")
    assert night_alert.priority == 2


def test_two_rounds_a_shift_follow_the_roster(store: Store, clock: HandClock) -> None:
    """PAT-02: rounds go by the shifts; when these change, rounds to come are taken back and made anew."""
    plan = PatrolPlan("twice", "house", "leader", per_shift=2)
    night = Night(store, clock, site(plan))
    night.sweeper.run()
    before = [r for r in all_rounds(night) if r.stand is Stand.WAITING]
    assert {r.closes_at - r.opens_at for r in before} == {timedelta(hours=6)}
    none = msgspec.structs.replace(site(plan), rotas=HARBOUR.rotas[:1], version=1)
    with night.db.begin([night.site]) as tx:
        publish_roster(tx, none, night.clock())
    night.sweeper.run()
    left = [r.opens_at for r in all_rounds(night) if r.stand is Stand.WAITING]
    assert left == [night.local(2, 2)], "the shift that has begun stays, and so does its second round"
    assert [e.act for e in night.log()].count("patrol.drop") == len(before) - 1


def test_a_server_that_slept_through_a_round_finds_it_missed(night: Night) -> None:
    night.clock.set(night.local(2, 0, 30))
    night.restart()
    night.sweeper.run()
    assert len(missed(night)) == 2, "that of 22 o'clock and that of 23 o'clock"


def test_a_suspended_round_is_excused_with_its_reason(night: Night) -> None:
    """PAT-12: an emergency may take the guard away."""
    at(night, 22, 10)
    found = all_rounds(night)[0]
    after, lines = round_rules.suspend(found, "chen", "台风，全员抢险", night.clock())
    with night.db.begin([night.site]) as tx:
        round_path._keep(tx, night.site, [after], lines, night.clock())
    at(night, 23, 10)
    over = all_rounds(night)[0]
    assert (over.stand, over.result) == (Stand.OVER, RoundState.EXCUSED)
    assert missed(night) == []


def test_a_tap_counts_once_however_often_it_is_delivered(night: Night) -> None:
    at(night, 22, 10)
    said = night.message("patrol.tap", "H-1", data={"tag": TAGS["C1"], "guard": "guard"})
    for _ in range(3):
        night.flow.handle([said])
    assert len(all_rounds(night)[0].proofs["C1"]) == 1
    assert [t for _, t, _ in night.pushes()].count("taps") == 1


def test_a_leak_makes_the_points_around_it_the_next_ones(night: Night) -> None:
    """The round that is open takes them first, and says for which alert."""
    at(night, 22, 10)
    night.say("water.leak", "L-1")
    going = all_rounds(night)[0]
    alert = night.alert("water.leak")
    assert going.urgent == dict.fromkeys(TAGS, alert.id)
    assert all_rounds(night)[1].urgent == {}, "only of the round that somebody walks"
    assert [e.data["alert"] for e in night.log(f"round/{going.id}") if e.act == "patrol.urge"] == [alert.id]
    night.say("water.leak", "L-1")
    assert night.said_in_log(f"round/{going.id}").count("patrol.urge") == 1
    brief = [b for _, t, b in night.pushes() if t == "round"][-1]
    assert brief["urgent"] == list(TAGS)


def test_a_missed_point_is_handed_over_until_it_is_explained(night: Night) -> None:
    """HND-05: whoever takes the seat over hears which points of its rounds nobody walked."""
    at(night, 22, 10)
    tap(night, "C1")
    tap(night, "C2")
    at(night, 23, 6)

    def told() -> list[str]:
        with night.db.read() as conn:
            items = packet.live_items(conn, site(HOURLY), "leader", "chen", night.local(1, 20))
            assert packet.live_items(conn, site(HOURLY), "centre", "wang", night.local(1, 20)) != items
        return [i.data["checkpoint"] for i in items if i.kind is HandoverKind.POINT_MISSED]

    assert told() == ["C3"]
    tap(night, "C3", done=night.local(1, 22, 40))
    assert told() == []
