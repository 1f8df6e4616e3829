"""Hand-over, signing on and off, and time, in any order: a required seat has exactly one responsible holder, or a gap is
raised; who signed on keeps it until it is handed over, or until they may go (HND-03, HND-04, EVT-13, I6).
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts import store as alert_store
from alerts.rules import HELD
from core.errors import Refusal
from duty import handover_store, handovers
from duty.handovers import Handover
from duty.rules import Basis
from ingest import acts, handover
from sites.duty_policies import BlockMode, HandoverBlock
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_handover import Watch, strict
from tests.servers import create_schema

START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
PEOPLE = st.sampled_from(["wang", "li", "chen", "guard"])
MODES = st.sampled_from([BlockMode.OFF, BlockMode.STRICT, BlockMode.LENIENT])


@cache
def furnished() -> Path:
    """A store with our schema, made once."""
    file = Path(mkdtemp()) / "empty.db"
    create_schema(f"sqlite:///{file}")
    return file


class Relief(RuleBasedStateMachine):
    """People come, go and hand over as they like; most of what they try is refused."""

    @initialize(mode=MODES)
    def begins(self, mode: BlockMode) -> None:
        self.folder = Path(mkdtemp())
        self.db = Store(f"sqlite:///{shutil.copy(furnished(), self.folder / 'night.db')}")
        self.watch = Watch(self.db, HandClock(START), strict(HandoverBlock(mode)))
        self.keeper: str | None = "wang"

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()
            shutil.rmtree(self.folder)

    def tries(self, act: Callable[[], Any]) -> bool:
        """Whether it was allowed. A second goes by, so that two acts are never at once."""
        self.watch.clock.tick()
        with suppress(Refusal):
            act()
            return True
        return False

    def on(self, name: str, *rest: Any, by: str) -> bool:
        live = self.watch.live()
        return bool(live) and self.tries(lambda: self.watch.do(live[0], name, *rest, by=by))

    @rule(minutes=st.integers(1, 400))
    def time_goes_by(self, minutes: int) -> None:
        self.watch.clock.tick(minutes * 60)
        self.watch.sweeper.run()

    @rule(who=PEOPLE)
    def signs_on(self, who: str) -> None:
        if self.tries(lambda: self.watch.act("sign_on", who, "centre")) and self.keeper is None:
            self.keeper = who

    @rule(who=PEOPLE)
    def signs_off(self, who: str) -> None:
        if self.tries(lambda: self.watch.act("sign_off", who, "centre")):
            self.gone(who)

    @rule(who=PEOPLE)
    def is_let_go(self, who: str) -> None:
        def goes() -> None:
            with self.watch.tx() as (tx, desk):
                acts.let_go(tx, desk, "centre", who, "zhao", "r", self.watch.clock())

        if self.tries(goes):
            self.gone(who)

    def gone(self, who: str) -> None:
        if self.keeper == who:
            held = self.watch.holder()
            self.keeper = held.person if held.basis is Basis.SIGNED_ON else None
            assert self.keeper != who

    @rule(who=PEOPLE)
    def begins_to_hand_over(self, who: str) -> None:
        self.tries(lambda: self.watch.begin(who))

    @rule(who=PEOPLE)
    def offers(self, who: str) -> None:
        self.on("offer", by=who)

    @rule(who=PEOPLE)
    def takes_it_back(self, who: str) -> None:
        self.on("withdraw", by=who)

    @rule(reason=st.just("r"))
    def is_lifted(self, reason: str) -> None:
        self.on("lift", reason, by="zhao")

    @rule(who=PEOPLE)
    def confirms(self, who: str) -> None:
        for item in self.sheet().items if self.watch.live() else ():
            self.on("confirm", item.key, "", by=who)

    @rule(who=PEOPLE, data=st.data())
    def disputes(self, who: str, data: st.DataObject) -> None:
        if self.watch.live() and (items := self.sheet().items):
            self.on("dispute", data.draw(st.sampled_from(items)).key, "nein", by=who)

    @rule()
    def is_decided(self) -> None:
        for item in self.sheet().items if self.watch.live() else ():
            self.on("resolve", item.key, "r", by="zhao")

    @rule(who=PEOPLE)
    def signs(self, who: str) -> None:
        live = self.watch.live()
        before = self.watch.holder().person
        if live and self.tries(lambda: self.watch.sign(live[0], who)):
            assert live[0].outgoing == before != who
            self.keeper = who

    @rule(who=PEOPLE)
    def is_overridden(self, who: str) -> None:
        live = self.watch.live()

        def overridden() -> None:
            with self.watch.tx() as (tx, desk):
                h, at = live[0], self.watch.clock()
                handover.override(tx, desk, h.id, h.version, who, "r", "zhao", at, None)

        if live and self.tries(overridden):
            self.keeper = who

    @rule(who=PEOPLE)
    def is_relieved_as_it_should_be(self, who: str) -> None:
        if self.keeper is not None:
            self.begins_to_hand_over(self.keeper)
            self.offers(self.keeper)
            self.confirms(who)
            self.signs(who)

    @rule()
    def is_cancelled(self) -> None:
        self.on("cancel", "r", by="zhao")

    @rule(who=PEOPLE)
    def something_burns_and_is_answered(self, who: str) -> None:
        self.watch.say("water.leak", "L-1")
        for alert in self.watch.open():
            self.tries(partial(self.watch.ack, who, alert))

    def sheet(self) -> Handover:
        return self.watch.live()[0]

    @invariant()
    def somebody_is_responsible_or_a_gap_is_raised(self) -> None:
        if not hasattr(self, "watch"):
            return
        self.watch.sweeper.run()
        held = self.watch.holder()
        with self.db.read() as conn:
            active = {(c["subject"], c["name"]) for c in alert_store.active_conditions(conn, self.watch.site)}
        assert (held.person is None) == (("seat/centre", "duty.gap") in active)
        assert (held.person if held.basis is Basis.SIGNED_ON else None) == self.keeper
        assert len([h for h in self.watch.live() if h.seat == "centre"]) <= 1

    @invariant()
    def what_is_held_is_held_by_somebody_called_or_in_a_seat(self) -> None:
        """Nobody keeps custody who has handed the seat over."""
        if not hasattr(self, "watch"):
            return
        done = [h for h in _all(self.watch) if h.state is handovers.HandoverState.DONE]
        for alert in self.watch.open():
            if alert.state in HELD and done:
                last = done[-1]
                assert alert.custody_by != last.outgoing or alert.custody_at is None or alert.custody_at > last.ended_at  # type: ignore[operator]


def _all(watch: Watch) -> list[Handover]:

    with watch.db.read() as conn:
        return handover_store.newest(conn, watch.site, 200)[::-1]


TestRelief = Relief.TestCase
TestRelief.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
