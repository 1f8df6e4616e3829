"""An alert does not wait for who cannot be reached (ESC-13), on the whole path and in both stores."""

import msgspec
import pytest

from duty import reach_store
from sites.duty_policies import DutyPolicies, Reach
from sites.register import Policies
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night

REACHED = msgspec.structs.replace(HARBOUR, policies=Policies(duty=DutyPolicies(reach=Reach(after_s=60))))


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock, REACHED)


def seen(night: Night, who: str) -> None:
    with night.db.begin() as tx:
        reach_store.seen(tx, night.site, who, night.clock())


def rungs(night: Night) -> list[tuple[int, float]]:
    return [(rung, after) for _, rung, _, _, after in night.fired(night.alert("fire.alarm"))]


def test_with_no_page_connected_the_next_rung_fires_at_once_and_says_why(night: Night) -> None:
    """Disconnect the sink of who is on duty: it escalates immediately, not after the ladder's delay."""
    night.say("fire.alarm")
    alert = night.alert("fire.alarm")
    assert rungs(night) == [(0, 0.0), (1, 0.0)]
    (line,) = [e for e in night.log(f"alert/{alert.id}") if e.act == "alert.escalate"]
    assert (line.data["rung"], line.data["people"], line.data["unreached"]) == (1, ["chen"], "wang")
    night.pass_(35, step=0.5)
    assert rungs(night) == [(0, 0.0), (1, 0.0), (2, 30.0)]


def test_a_connected_page_keeps_the_ladder_s_times_until_it_is_gone(night: Night) -> None:
    seen(night, "wang")
    seen(night, "wang")  # the row is written over
    night.clock.tick(59)
    night.say("fire.alarm")
    assert rungs(night) == [(0, 0.0)]
    night.pass_(31, step=0.5)
    assert rungs(night) == [(0, 0.0), (1, 30.0)]
    night.say("water.leak", "L-1")
    assert [r for _, r, *_ in night.fired(night.alert("water.leak"))] == [0, 1]


def test_without_the_policy_nobody_looks(store: Store, clock: HandClock) -> None:
    plain = Night(store, clock)
    plain.say("fire.alarm")
    assert rungs(plain) == [(0, 0.0)]
