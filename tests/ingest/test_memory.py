"""What the path remembers of a site is what the rows say, whoever else moved them meanwhile; and it does spare the asking."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Connection

from alerts import acts as alert_acts
from alerts import store as alert_store
from alerts.rules import Alert, Cause, Close, Disposition
from core.errors import Refusal
from ingest.desks import Desks
from ingest.flow import Flow
from ingest.memory import Memory, place
from ingest.rules import OFFLINE
from store.db import Store, Tx
from store.migrate import upgrade
from tests.conftest import HandClock
from tests.night import Night

SAYS = st.sampled_from(
    [
        ("fire.alarm", "B2-07"),
        ("fire.fault", "B2-07"),
        ("fire.restore", "B2-07"),
        ("device.heartbeat", "B2-07"),
        ("water.leak", "L-1"),
        ("water.restore", "L-1"),
        ("access.forced", "D-1"),
        ("access.held_open", "D-1"),
        ("access.closed", "D-1"),
        ("manual.panic", "P-1"),
        ("fire.alarm", "nobody"),
    ]
)
CLOSES = [
    Close(Disposition.CONFIRMED, None, "looked", "still active"),
    Close(Disposition.FALSE_ALARM, Cause.DUST, "dust", "still active"),
]
TEN = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)


def checked(memory: Memory, conn: Connection, site: str) -> int:
    """Every condition remembered, against its row. Returns how many."""
    known = dict(memory._known)
    stored = alert_store.conditions(conn, site, known)
    assert {pair: cond for pair, cond in known.items() if cond is not None} == {
        p: stored[p] for p in stored if p in known
    }
    assert memory._silent == {p for p, cond in stored.items() if p[1] == OFFLINE and cond.active}
    return len(known)


class Anybody(RuleBasedStateMachine):
    """Devices, people, the clock and a second server move one site's conditions in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.db = Store("sqlite://")
        upgrade(self.db)
        self.night = Night(self.db, HandClock(TEN))
        self.other = Flow(self.db, Desks(), self.night.telemetry, self.night.clock, lambda *_: None)

    def teardown(self) -> None:
        self.db.close()

    @rule(said=st.lists(SAYS, min_size=1, max_size=6))
    def devices_say(self, said: list[tuple[str, str]]) -> None:
        self.night.clock.tick()
        self.night.flow.handle([self.night.message(kind, device) for kind, device in said])

    @rule(said=st.lists(SAYS, min_size=1, max_size=3))
    def another_server_hears_them(self, said: list[tuple[str, str]]) -> None:
        self.night.clock.tick()
        self.other.handle([self.night.message(kind, device) for kind, device in said])

    @rule(seconds=st.sampled_from([1, 80, 700]))
    def time_passes(self, seconds: int) -> None:
        until = self.night.clock() + timedelta(seconds=seconds)
        while self.night.clock() < until:  # the gateway lives, and its other devices may fall silent
            self.night.pass_(40, step=40)
            self.night.say("device.heartbeat", "R-1")

    @rule(nth=st.integers(0, 9), who=st.sampled_from(["wang", "li", "chen"]))
    def acknowledges(self, nth: int, who: str) -> None:
        with suppress(Refusal), self._one(nth) as alert:
            self.night.ack(who, alert)

    @rule(nth=st.integers(0, 9), close=st.sampled_from(CLOSES))
    def disposes(self, nth: int, close: Close) -> None:
        with suppress(Refusal), self._one(nth) as alert:
            self.night.dispose(alert.custody_by or "chen", close, alert)

    @rule(nth=st.integers(0, 9))
    def resets(self, nth: int) -> None:
        with suppress(Refusal), self._one(nth) as alert, self.db.begin([self.night.site]) as tx:
            desk = self.night.desks.get(tx.conn, self.night.site)
            assert desk is not None
            by = alert.custody_by or "chen"
            roles = self.night.roles(by)
            alert_acts.reset(tx, desk.register, alert.id, by=by, roles=roles, at=self.night.clock())

    @contextmanager
    def _one(self, nth: int) -> Iterator[Alert]:
        found = self.night.open()
        if found:
            yield found[nth % len(found)]
        else:
            raise Refusal("nothing is open")

    @invariant()
    def what_is_remembered_is_so(self) -> None:
        memory = self.night.flow._memories.get(self.night.site)
        if memory is None:
            return
        with self.db.begin([self.night.site]) as tx:
            if memory._place == place(tx.heads[self.night.site]):
                checked(memory, tx.conn, self.night.site)


TestAnybody = Anybody.TestCase
TestAnybody.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many conditions each look at the rows was for."""
    made: list[int] = []
    plain = alert_store.conditions

    def counted(conn: Connection, site: str, pairs: list[tuple[str, str]], *more: object, **how: object) -> object:
        made.append(len(pairs))
        return plain(conn, site, pairs, *more, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(alert_store, "conditions", counted)
    return made


def test_what_was_asked_for_is_not_asked_for_again(night: Night, asked: list[int]) -> None:
    night.say("fire.alarm")
    assert asked.pop() > 0
    night.say("fire.alarm")
    night.say("device.heartbeat", "L-1")
    assert asked == []
    night.say("water.leak", "L-1")
    ends = night.flow.desks._desks[night.site].meaning("L-1", "water.leak").ended_by
    assert asked == [1 + len(ends)], "only what is new is asked for"
    assert night.alert("fire.alarm").repeats == 1


def test_whoever_else_moves_the_site_makes_it_ask_again(night: Night, asked: list[int]) -> None:
    night.say("fire.alarm")
    before = asked.pop()
    night.ack("wang")
    night.say("fire.alarm")
    assert asked == [before]


def test_a_batch_that_was_not_committed_is_not_remembered(
    night: Night, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    night.say("fire.alarm")
    memory = night.flow._memories[night.site]
    was = memory._place

    def breaks(_tx: Tx) -> int | None:
        raise ZeroDivisionError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr("ingest.flow.commit_soon", breaks)
        night.say("water.leak", "L-1")
    assert night.only().kind == "fire.alarm"
    assert memory._place == was
    night.say("water.leak", "L-1")
    assert {a.kind for a in night.open()} == {"fire.alarm", "water.leak"}
    with night.db.begin([night.site]) as tx:
        assert memory._place == place(tx.heads[night.site])
        assert checked(memory, tx.conn, night.site) > 1


def test_too_much_to_remember_is_forgotten_and_asked_for_anew(
    night: Night, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    night.say("fire.alarm")
    monkeypatch.setattr("ingest.memory.MOST", 0)
    asked.clear()
    night.say("fire.alarm")
    assert len(asked) == 1
    assert night.alert("fire.alarm").repeats == 1


def test_a_silent_device_that_is_remembered_speaks_again(night: Night) -> None:
    night.say("device.heartbeat", "B2-07")
    for _ in range(14):
        night.pass_(50, step=50)
        night.say("device.heartbeat", "L-1")
    assert "device.offline" in {a.kind for a in night.open()}
    night.say("device.heartbeat", "L-1")  # the silent one is now remembered
    night.say("device.heartbeat", "B2-07")
    with night.db.read() as conn:
        assert "device.offline" not in {c["name"] for c in alert_store.active_conditions(conn, night.site)}
