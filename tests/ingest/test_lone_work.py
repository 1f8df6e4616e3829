"""Whoever walks alone is called when nothing was heard of them, and a leader when they do not answer."""

from datetime import datetime

import msgspec
import pytest

from alerts.rules import State
from duty.presence import Check, CheckState, How
from duty.presence_store import live_checks, newest_checks
from ingest import presence
from sites.duty_policies import LoneWorker
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_rounds import HOURLY, at, site, tap
from tests.night import Night

KIND = "duty.lone_worker"


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    """A round opens at 22:00; whoever walks it is called every 20 minutes."""
    clock.set(datetime.fromisoformat("2026-03-01T21:05:00+08:00").astimezone(clock().tzinfo))
    register = site(HOURLY)
    duty = msgspec.structs.replace(register.policies.duty, lone_worker=LoneWorker(every_min=20, grace_s=120))
    register = msgspec.structs.replace(register, policies=msgspec.structs.replace(register.policies, duty=duty))
    made = Night(store, clock, register)
    made.sweeper.run()
    return made


def calls(night: Night) -> list[Check]:
    with night.db.read() as conn:
        return [c for c in newest_checks(conn, night.site, 50) if c.how is How.LONE]


def alone(night: Night) -> list[State]:
    return [a.state for a in night.open() if a.kind == KIND]


def walker(night: Night) -> str:
    with night.db.read() as conn:
        (check,) = [c for c in live_checks(conn, night.site) if c.how is How.LONE]
    return check.person_id


def answer(night: Night) -> str:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        (check,) = [c for c in live_checks(tx.conn, night.site) if c.how is How.LONE]
        return presence.answer(tx, desk, check.id, check.person_id, night.clock())[0]


def test_nobody_is_called_before_a_round_is_open(night: Night) -> None:
    at(night, 22, 15)
    assert calls(night) == []
    at(night, 22, 21)
    assert [c.asked_at for c in calls(night)] == [night.local(1, 22, 20)]


def test_one_press_answers_and_the_next_call_comes_a_while_later(night: Night) -> None:
    at(night, 22, 21)
    assert answer(night) == "answered"
    at(night, 22, 40)
    assert len(calls(night)) == 1
    at(night, 22, 42)
    assert [c.state for c in calls(night)] == [CheckState.ASKED, CheckState.ANSWERED]
    assert alone(night) == []


def test_nobody_answers_and_a_leader_is_told_where_they_last_were(night: Night) -> None:
    at(night, 22, 5)
    tap(night, "C2", guard="chen")
    at(night, 22, 24)
    assert calls(night) == []
    at(night, 22, 25)
    assert walker(night) == "chen"
    at(night, 22, 27)
    assert alone(night) == [State.RAISED]
    raised = next(e for e in night.log() if e.act == "alert.raise" and e.data["kind"] == KIND)
    assert (raised.data["data"]["person"], raised.data["data"]["checkpoint"]) == ("chen", "C2")
    assert answer(night) == "late"
    assert alone(night) == [State.CLEARED]


def test_a_tap_is_a_sign_of_life(night: Night) -> None:
    at(night, 22, 20)
    at(night, 22, 22)
    assert alone(night) == [State.RAISED]
    tap(night, "C1", guard="chen")
    night.sweeper.run()
    assert alone(night) == [State.CLEARED]
    assert [c.state for c in calls(night)] == [CheckState.LATE]


def test_the_rounds_end_is_the_end_of_the_calls(night: Night) -> None:
    """A site that does not want them has none."""
    at(night, 22, 21)
    assert answer(night) == "answered"
    with night.db.read() as conn:
        assert [c for c in live_checks(conn, night.site) if c.how is How.LONE] == []
