"""Whoever walks alone is called when nothing was heard of them, and a leader when they do not answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest

from alerts.rules import State
from duty import lone_store
from duty.lone import Watch
from duty.presence import Check, CheckState, How
from duty.presence_errors import LoneOff, NotYours
from duty.presence_store import live_checks, newest_checks
from ingest import lone_acts, presence
from ingest.seats import held_now
from sites.duty_policies import LoneWorker
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_rounds import HOURLY, at, site, tap
from tests.night import HARBOUR, Night

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


# -- by hand, where the site's rule calls nobody


@pytest.fixture
def plain(store: Store, clock: HandClock) -> Night:
    """The same round, and no rule."""
    clock.set(datetime.fromisoformat("2026-03-01T21:05:00+08:00").astimezone(clock().tzinfo))
    made = Night(store, clock, site(HOURLY))
    made.sweeper.run()
    return made


def do(night: Night, act: Callable[..., Any], *rest: Any) -> Any:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        return act(tx, desk, *rest, night.clock())


def holder(night: Night) -> tuple[str, str]:
    """Somebody in a seat, and the seat."""
    with night.db.read() as conn:
        desk = night.desks.get(conn, night.site)
        assert desk is not None
        held, _, _ = held_now(conn, desk.register, night.clock())
    return next((seat, str(h.person)) for seat, h in sorted(held.items()) if h.person is not None)


def stand(night: Night) -> list[Watch]:
    with night.db.read() as conn:
        return lone_store.standing(conn, night.site)


def test_a_guard_turns_the_calls_on_and_is_missed(plain: Night) -> None:
    """Outside any round, and where no rule wants it: called half an hour on, and a leader is told after the grace."""
    at(plain, 21, 10)
    seat, who = holder(plain)
    do(plain, lone_acts.begin, seat, 30, "去地库查漏水", who)
    at(plain, 21, 39)
    assert calls(plain) == []
    at(plain, 21, 40)
    assert [(c.seat_id, c.person_id, c.asked_at) for c in calls(plain)] == [(seat, who, plain.local(1, 21, 40))]
    at(plain, 21, 42)
    assert alone(plain) == [State.RAISED]
    at(plain, 21, 43)
    assert answer(plain) == "late"
    assert alone(plain) == [State.CLEARED]
    at(plain, 22, 14)
    assert calls(plain)[0].asked_at == plain.local(1, 22, 13), "half an hour after the answer"


def test_turning_them_off_answers_the_call_that_waits(plain: Night) -> None:
    at(plain, 21, 10)
    seat, who = holder(plain)
    do(plain, lone_acts.begin, seat, 15, "去地库查漏水", who)
    at(plain, 21, 26)
    do(plain, lone_acts.end, seat, "回到岗亭", who)
    at(plain, 22, 30)
    assert ([c.state for c in calls(plain)], stand(plain), alone(plain)) == ([CheckState.ANSWERED], [], [])
    lines = [(e.act, e.actor, e.data["reason"]) for e in plain.log() if e.act.startswith("lone.")]
    assert lines == [("lone.begin", who, "去地库查漏水"), ("lone.end", who, "回到岗亭")]


def test_whoever_leaves_the_seat_is_called_no_more(plain: Night) -> None:
    at(plain, 21, 10)
    seat, who = holder(plain)
    do(plain, lone_acts.begin, seat, 15, "去地库查漏水", who)
    with plain.db.begin([plain.site]) as tx:
        lone_store.save(tx, msgspec.structs.replace(stand(plain)[0], person_id="somebody-else"))
    at(plain, 22, 30)
    assert (calls(plain), stand(plain)) == ([], [])
    assert [e.actor for e in plain.log() if e.act == "lone.end"] == ["system"]


def test_only_who_holds_the_seat_turns_them_on_and_off(plain: Night) -> None:
    at(plain, 21, 10)
    seat, who = holder(plain)
    other = next(name for name in HARBOUR.people if name != who)
    with pytest.raises(NotYours):
        do(plain, lone_acts.begin, seat, 15, "x", other)
    with pytest.raises(LoneOff):
        do(plain, lone_acts.end, seat, "x", who)
    do(plain, lone_acts.begin, seat, 15, "x", who)
    with pytest.raises(NotYours):
        do(plain, lone_acts.end, seat, "x", other)
    do(plain, lone_acts.begin, seat, 60, "y", who)
    assert [(w.every_min, w.reason) for w in stand(plain)] == [(60, "y")]
