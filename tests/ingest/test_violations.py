"""Violations on the path (PAT-13): found by an answer, taken further by the clock, over by a person; on both databases."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from alerts.rules import State
from ingest import violation_acts as acts
from patrol import violation_store
from patrol.errors import NoSuchCheckpoint, NoSuchViolation
from patrol.violations import Step, Violation
from sites.patrol_words import PatrolPlan, PatrolRoute, PatrolTask, Stop, ViolationPolicy
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_rounds import TAGS, site
from tests.night import Night, words

BUILDING = PatrolTask("building", words("Nobody builds"), violation=True)
ROUTE = PatrolRoute("house", words("House"), (Stop("C1", (BUILDING,)),))
MINUTES = ViolationPolicy(dissuade_min=20, stop_min=40, report_min=60)


def here() -> Register:
    register = site(PatrolPlan("hourly", "house", "leader", every_min=60), route=ROUTE)
    patrol = msgspec.structs.replace(register.policies.patrol, violations=MINUTES)
    return msgspec.structs.replace(register, policies=msgspec.structs.replace(register.policies, patrol=patrol))


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    clock.set(datetime.fromisoformat("2026-03-01T21:58:00+08:00").astimezone(clock().tzinfo))
    made = Night(store, clock, here())
    made.sweeper.run()
    clock.tick(180)
    made.sweeper.run()
    return made


def tap(night: Night, fine: bool, note: str = "") -> None:
    data = {"tag": TAGS["C1"], "guard": "guard", "proof": "uid", "answers": {"building": fine}, "note": note}
    night.say("patrol.tap", "H-1", data=data)


def live(night: Night) -> list[Violation]:
    with night.db.read() as conn:
        return violation_store.live(conn, night.site)


def do(night: Night, act: Any, *rest: Any) -> Violation:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        made: Violation = act(tx, desk, *rest, night.clock())
        return made


def ringing(night: Night) -> list[tuple[str, str]]:
    mine = [a for a in night.open() if a.kind.startswith("patrol.violation")]
    return [(a.kind.removeprefix("patrol.violation"), a.state.value) for a in mine if a.state is not State.CLEARED]


def test_an_answer_finds_one_and_each_step_is_taken_when_its_time_is_over(night: Night) -> None:
    tap(night, fine=True)
    assert live(night) == []
    tap(night, fine=False, note="a shed on the roof")
    began = night.clock()
    (found,) = live(night)
    assert (found.subject, found.step, found.found_by) == ("violation/C1/building", Step.DISSUADE, "guard")
    assert ringing(night) == [("", "raised")]
    assert [a.zone_id for a in night.open() if a.kind == "patrol.violation"] == ["b7"], "it is where its point is"
    assert [a for a in night.open() if a.kind == "patrol.finding"] == [], "it has steps of its own"
    for minutes, kind in ((20, "_stop"), (40, "_report"), (60, "_assist")):
        stood = ringing(night)
        began += timedelta(minutes=minutes)
        night.clock.set(began)
        night.sweeper.run()
        assert ringing(night) == stood, "within its last moment it may still be over in time"
        began += timedelta(seconds=1)
        night.clock.set(began)
        night.sweeper.run()
        assert ringing(night) == [(kind, "raised")], "the step before has ended"
    night.clock.tick(7 * 24 * 3600)
    assert live(night)[0].step is Step.ASSIST
    assert [e.act for e in night.log("violation/C1/building")] == ["violation.begin", *["violation.climb"] * 3]
    do(night, acts.resolve, live(night)[0].id, "torn down", "chen")
    assert (live(night), ringing(night)) == ([], [])


def test_found_again_it_is_the_same_and_after_its_end_a_new_one(night: Night) -> None:
    tap(night, fine=False)
    night.clock.tick(60)
    tap(night, fine=False, note="still there")
    (first,) = live(night)
    assert [e.act for e in night.log(first.subject)] == ["violation.begin", "violation.see"]
    do(night, acts.resolve, first.id, "gone", "chen")
    night.clock.tick(60)
    tap(night, fine=False)
    (second,) = live(night)
    assert second.id != first.id
    assert ringing(night) == [("", "raised")]


def test_one_that_a_reader_found_without_a_guard_is_nobodys(night: Night) -> None:
    night.say("patrol.tap", "H-1", data={"tag": TAGS["C1"], "proof": "uid", "answers": {"building": False}})
    (found,) = live(night)
    assert found.found_by == "system"
    assert {e.actor for e in night.log(found.subject)} == {"system"}


def test_a_restart_forgets_nothing(night: Night) -> None:
    tap(night, fine=False)
    night.restart()
    night.clock.tick(20 * 60 + 1)
    night.restart()
    night.sweeper.run()
    night.sweeper.run()
    assert ringing(night) == [("_stop", "raised")]


def test_a_person_reports_one_and_says_that_a_step_was_in_vain(night: Night) -> None:
    made = do(night, acts.report, "C1", "keeps pigs", "guard")
    assert (made.task, made.subject) == ("", "violation/C1")
    assert do(night, acts.report, "C1", "keeps more pigs", "guard").id == made.id
    assert do(night, acts.climb, made.id, "laughed at us", "chen").step is Step.STOP
    assert ringing(night) == [("_stop", "raised")]
    with pytest.raises(NoSuchCheckpoint):
        do(night, acts.report, "C9", "x", "guard")
    with pytest.raises(NoSuchViolation):
        do(night, acts.climb, "01900000-0000-7000-8000-000000000000", "x", "chen")
