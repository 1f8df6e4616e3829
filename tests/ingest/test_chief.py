"""Somebody in charge must be on site within 30 minutes of a major incident (ESC-03)."""

from datetime import timedelta

import msgspec
import pytest

from alerts.rules import State
from patrol import step_store
from patrol.steps import Step, StepKind, StepState
from sites.major_words import ChiefPolicy, MajorPolicy
from sites.patrol_words import PatrolPolicies, TapProof
from sites.register import Register, Role
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night

DUE = "duty.chief_due"


def wanting(chief: ChiefPolicy | None, **more: object) -> Register:
    policies = msgspec.structs.replace(HARBOUR.policies, major=MajorPolicy(chief=chief), **more)
    return msgspec.structs.replace(HARBOUR, policies=policies)


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock, wanting(ChiefPolicy(seat="leader")))


def chiefs(night: Night) -> list[Step]:
    with night.db.read() as conn:
        ids = [a.id for a in night.open()]
        return [s for s in step_store.of(conn, night.site, ids) if s.kind is StepKind.CHIEF]


def sign_on(night: Night, seat: str, person: str) -> None:
    night.act("sign_on", person, seat)


def tap(night: Night, person: str) -> None:
    night.say("patrol.tap", "R-1", data={"tag": "04A1B2C3D4E5F6", "guard": person, "proof": "uid"})


def told(night: Night) -> list[str]:
    return [e.act for e in night.log() if e.act.startswith("chief.")]


@pytest.mark.parametrize(("late_us", "met"), [(-1_000_000, True), (0, True), (1, False), (1_000_000, False)])
def test_in_time_until_the_minute_itself(night: Night, late_us: int, met: bool) -> None:
    """29:59 and 30:00 are in time, whatever comes after them is a breach."""
    night.say("fire.alarm")
    (step,) = chiefs(night)
    assert (step.people, step.seat, step.until - step.since) == (("chen",), "leader", timedelta(minutes=30))
    night.clock.set(step.until + timedelta(microseconds=late_us))
    night.sweeper.run()
    assert (DUE in [a.kind for a in night.open()]) is not met
    sign_on(night, "leader", "chen")
    (step,) = chiefs(night)
    assert (step.state, step.by) == (StepState.GIVEN if met else StepState.LATE, "chen")
    if not met:
        assert night.alert(DUE).state is State.CLEARED, "it is over, and somebody answers for it"
    assert told(night) == ["chief.owe", *([] if met else ["chief.miss"]), "chief.give"]


def test_a_tap_anywhere_shows_that_they_are_there(night: Night) -> None:
    night.say("fire.alarm")
    night.clock.tick(600)
    tap(night, "guard")
    assert chiefs(night)[0].state is StepState.OWED, "somebody else's tap is no proof"
    tap(night, "chen")
    assert (chiefs(night)[0].state, chiefs(night)[0].by) == (StepState.GIVEN, "chen")


def test_whoever_signs_on_to_the_seat_takes_the_chiefs_place(night: Night) -> None:
    night.say("fire.alarm")
    sign_on(night, "centre", "li")
    assert chiefs(night)[0].state is StepState.OWED
    sign_on(night, "leader", "zhao")
    assert (chiefs(night)[0].state, chiefs(night)[0].by) == (StepState.GIVEN, "zhao")


def test_having_signed_on_before_is_no_proof(night: Night) -> None:
    sign_on(night, "leader", "chen")
    night.clock.tick(60)
    night.say("fire.alarm")
    night.pass_(31 * 60, step=120)
    assert night.alert(DUE).subject == f"chief/{night.alert('fire.alarm').id}"


def test_a_role_may_be_asked_instead(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, wanting(ChiefPolicy(role=Role.MANAGER, within_min=10)))
    night.say("fire.alarm")
    (step,) = chiefs(night)
    assert (step.people, step.until - step.since) == (("zhao",), timedelta(minutes=10))
    sign_on(night, "leader", "chen")
    assert chiefs(night)[0].state is StepState.OWED
    tap(night, "zhao")
    assert chiefs(night)[0].state is StepState.GIVEN


def test_it_stands_beside_a_proof_on_the_spot(store: Store, clock: HandClock) -> None:
    patrol = PatrolPolicies(proofs=(TapProof(("fire",), 5),))
    night = Night(store, clock, wanting(ChiefPolicy(seat="leader"), patrol=patrol))
    night.say("fire.alarm")
    night.clock.tick(60)
    tap(night, "chen")
    with night.db.read() as conn:
        found = step_store.of(conn, night.site, [night.only().id])
    assert {(s.kind, s.state) for s in found} == {
        (StepKind.PROOF, StepState.GIVEN),
        (StepKind.CHIEF, StepState.GIVEN),
    }


def test_no_chief_is_asked_for_where_the_site_does_not_say_so(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, wanting(None))
    night.say("fire.alarm")
    assert chiefs(night) == []
