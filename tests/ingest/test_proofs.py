"""An alert that needs somebody on the spot: owed, given by a tap, missed by the clock (EMG-10's and ESC-03's manner)."""

from datetime import datetime, timedelta

import msgspec
import pytest

from alerts.rules import Close, Disposition, State
from patrol import step_store
from patrol.steps import Step, StepState
from sites.patrol_words import PatrolPolicies, TapProof
from sites.register import Checkpoint
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_rounds import TAGS, site
from tests.night import Night, words

WANTED = TapProof(kinds=("water",), within_min=30)


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    register = site()
    far = Checkpoint("C9", words("C9"), "estate", ("0BADC0DE",))
    policies = msgspec.structs.replace(register.policies, patrol=PatrolPolicies(proofs=(WANTED,)))
    register = msgspec.structs.replace(register, policies=policies, checkpoints={**register.checkpoints, "C9": far})
    return Night(store, clock, register)


def tap(night: Night, tag: str, done: datetime | None = None) -> None:
    data = {"tag": tag, "guard": "chen", "proof": "uid"}
    more = {} if done is None else {"said_at": done}
    night.say("patrol.tap", "H-1", data=data | ({} if done is None else {"synced": True}), **more)


def the_step(night: Night) -> Step:
    with night.db.read() as conn:
        (step,) = step_store.of(conn, night.site, [a.id for a in night.open()] or [""])
    return step


def proof_acts(night: Night) -> list[str]:
    return [e.act for e in night.log() if e.act.startswith("proof.")]


def test_a_leak_needs_somebody_there_and_a_tap_near_it_closes_the_step(night: Night) -> None:
    night.say("water.leak", "L-1")
    step = the_step(night)
    assert (step.state, set(step.checkpoints)) == (StepState.OWED, set(TAGS)), "the points of its own floor"
    assert step.until - step.since == timedelta(minutes=30)
    night.clock.tick(60)
    tap(night, "0BADC0DE")
    assert the_step(night).state is StepState.OWED, "the gate is not the spot"
    night.clock.tick(60)
    tap(night, TAGS["C2"])
    step = the_step(night)
    assert (step.state, step.by) == (StepState.GIVEN, "chen")
    assert proof_acts(night) == ["proof.owe", "proof.give"]
    given = next(e for e in night.log() if e.act == "proof.give")
    assert (given.data["after_s"], given.data["checkpoint"]) == (120, "C2")


def test_nobody_comes_to_the_second(night: Night) -> None:
    """29:59 and 30:00 are in time; a moment later it is an alert of its own."""
    night.say("water.leak", "L-1")
    night.clock.set(night.clock() + timedelta(minutes=30))
    night.sweeper.run()
    assert the_step(night).state is StepState.OWED
    night.clock.set(night.clock() + timedelta(milliseconds=1))
    night.sweeper.run()
    alert = night.alert("patrol.proof_due")
    leak = night.alert("water.leak")
    assert alert.subject == f"proof/{leak.id}"
    night.clock.tick(300)
    tap(night, TAGS["C1"])
    with night.db.read() as conn:
        (step,) = step_store.of(conn, night.site, [leak.id])
    assert step.state is StepState.LATE
    assert night.alert("patrol.proof_due").state is State.CLEARED


def test_a_tap_of_before_the_alert_proves_nothing(night: Night) -> None:
    before = night.clock()
    night.clock.tick(600)
    night.say("water.leak", "L-1")
    night.clock.tick(60)
    tap(night, TAGS["C1"], done=before)
    assert the_step(night).state is StepState.OWED


def test_a_closed_alert_needs_nobody_any_more(night: Night) -> None:
    night.say("water.leak", "L-1")
    leak = night.alert("water.leak")
    night.say("water.restore", "L-1")
    night.ack("wang", night.alert("water.leak"))
    night.dispose("wang", Close(Disposition.CONFIRMED, None, "阀门"), night.alert("water.leak"))
    night.pass_(31 * 60, step=60)
    assert [a.kind for a in night.open() if a.kind.startswith("patrol.")] == []
    with night.db.read() as conn:
        assert [s.state for s in step_store.of(conn, night.site, [leak.id])] == [StepState.DROPPED]


def test_other_kinds_need_nobody(night: Night) -> None:
    night.say("fire.alarm")
    with night.db.read() as conn:
        assert step_store.live(conn, night.site) == []


def test_a_restart_forgets_no_step(night: Night) -> None:
    night.say("water.leak", "L-1")
    night.clock.tick(3600)
    night.restart()
    night.sweeper.run()
    assert night.alert("patrol.proof_due")
