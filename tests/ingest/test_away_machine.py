"""Leaving the post for a while among hand-overs, signing on and off, and time, in any order: a required seat has exactly one
responsible holder, or a gap is raised; who is away keeps the seat, and their stand-in holds it meanwhile (ATT-07, HND-03).
"""

from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from alerts import store as alert_store
from core.errors import Refusal
from duty import away_store
from duty.away import GONE, Away
from duty.rules import Basis
from ingest import away
from tests.ingest.test_handover_machine import PEOPLE, Relief


class Leaves(Relief):
    """The same night, in which people also leave for a while."""

    def live_leaves(self) -> list[Away]:
        with self.db.read() as conn:
            return away_store.live(conn, self.watch.site)

    @rule(who=PEOPLE, stand_in=PEOPLE, minutes=st.integers(1, 30), accepted=st.booleans())
    def leaves_for_a_while(self, who: str, stand_in: str, minutes: int, accepted: bool) -> None:
        at = self.watch.clock.tick()
        with suppress(Refusal), self.watch.tx() as (tx, desk):
            one = away.leave(tx, desk, "centre", who, minutes, "r", at, stand_in=stand_in)
            if accepted:
                away.accept(tx, desk, one.id, stand_in, at)

    @rule(who=PEOPLE)
    def accepts(self, who: str) -> None:
        for one in self.live_leaves():
            with suppress(Refusal), self.watch.tx() as (tx, desk):
                away.accept(tx, desk, one.id, who, self.watch.clock.tick())

    @rule(who=PEOPLE)
    def comes_back(self, who: str) -> None:
        for one in self.live_leaves():
            with suppress(Refusal), self.watch.tx() as (tx, desk):
                away.come_back(tx, desk, one.id, who, self.watch.clock.tick())

    def gone(self, who: str) -> None:
        if self.keeper == who:
            held = self.watch.holder().principal
            self.keeper = held.person if held.basis is Basis.SIGNED_ON else None
            assert self.keeper != who

    @invariant()
    def somebody_is_responsible_or_a_gap_is_raised(self) -> None:
        if not hasattr(self, "watch"):
            return
        self.watch.sweeper.run()
        held = self.watch.holder()
        with self.db.read() as conn:
            active = {(c["subject"], c["name"]) for c in alert_store.active_conditions(conn, self.watch.site)}
        assert (held.person is None) == (("seat/centre", "duty.gap") in active)
        whose = held.principal
        assert (whose.person if whose.basis is Basis.SIGNED_ON else None) == self.keeper
        gone = {(a.person_id, a.stand_in) for a in self.live_leaves() if a.state in GONE}
        assert (held.basis is Basis.STAND_IN) == (whose.person in {person for person, _ in gone})
        if held.basis is Basis.STAND_IN:
            assert (whose.person, held.person) in gone
        overdue = any(a.state == "overdue" for a in self.live_leaves())
        assert overdue == (("seat/centre", "duty.away_overdue") in active)


TestLeaves = Leaves.TestCase
TestLeaves.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
