"""Reinforced duty and all hands (DUTY-08): everybody told, posts need more, who is missing is listed; on both databases."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from duty import mode_store, notice_store
from duty.coverage_reading import missing
from duty.modes import Act, Called, ModeState, step
from ingest import acts, modes
from sites.duty_policies import DutyPolicies
from sites.duty_words import Mode, Post
from sites.people import Role
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_handover import Watch as HandedOver
from tests.ingest.test_handover import code
from tests.night import HARBOUR, Night, words

STORM = Mode.ALL_HANDS
POSTS = {"centre": Post("centre", words("Centre"), reinforced=2, all_hands=3), "leader": HARBOUR.posts["leader"]}


class Watch(HandedOver):
    """22:00: wang is on at the centre by the roster, chen leads; a storm comes."""

    def __init__(self, db: Store, clock: HandClock, **policy: Any) -> None:
        policies = msgspec.structs.replace(HARBOUR.policies, duty=DutyPolicies(**policy))
        Night.__init__(self, db, clock, msgspec.structs.replace(HARBOUR, policies=policies, posts=POSTS))

    def call(self, mode: Mode = STORM, by: str = "chen", reason: str = "台风红色预警", **more: Any) -> Called:
        with self.tx() as (tx, desk):
            return modes.call(tx, desk, mode, reason, by, self.roles(by), self.clock(), **more)

    def lift(self, mode: Called, by: str = "chen", reason: str = "台风已过") -> Called:
        with self.tx() as (tx, desk):
            return modes.lift(tx, desk, mode.id, reason, by, self.roles(by), self.clock())

    def there(self) -> Any:
        with self.tx() as (tx, desk):
            return modes.mustered(tx.conn, desk.register, self.clock())

    def state(self, mode: Called) -> ModeState:
        with self.db.read() as conn:
            return mode_store.get(conn, self.site, mode.id).state

    def needs(self, hours: float = 48) -> list[tuple[int, int, datetime, datetime]]:
        with self.tx() as (tx, desk):
            found = missing(tx.conn, desk.register, self.clock(), self.clock() + timedelta(hours=hours))
        return [(g.have, g.need, g.starts_at, g.ends_at) for g in found if g.code == "too_few"]

    def news(self, who: str) -> list[Any]:
        with self.db.read() as conn:
            return [(n.data["mode"], n.data["state"]) for n in notice_store.inbox(conn, self.site, who, 10)]


def test_all_hands_tells_everybody_raises_what_is_needed_and_lists_who_must_come(
    store: Store, clock: HandClock
) -> None:
    watch = Watch(store, clock)
    assert [(p.have, p.need) for p in watch.there().posts] == [(0, 0), (0, 0)]
    assert watch.there().missing == (("chen", "leader"), ("wang", "centre"))
    made = watch.call()
    assert {who: watch.news(who) for who in HARBOUR.people} == {key: [("all_hands", "on")] for key in HARBOUR.people}
    watch.act("sign_on", "wang", "centre")
    watch.act("sign_on", "li", "centre")  # comes on top; the seat stays wang's
    there = watch.there()
    assert watch.holder().person == "wang"
    assert next((p.post, p.have, p.need, p.people) for p in there.posts) == ("centre", 2, 3, ("li", "wang"))
    assert there.missing == (("chen", "leader"), ("guard", None), ("zhao", None))
    clock.tick(60)
    watch.lift(made)
    assert (watch.there().missing, watch.there().posts[0].need) == ((("chen", "leader"),), 0)
    assert watch.news("guard")[0] == ("all_hands", "lifted")
    said = [e.act for e in watch.log("mode/all_hands")]
    assert said == ["mode.call", "duty.told", "mode.lift", "duty.told"]


def test_the_coverage_watch_counts_against_what_the_mode_asks_and_lets_go_when_it_is_over(
    store: Store, clock: HandClock
) -> None:
    watch = Watch(store, clock, coverage_lead_h=(24, 2))
    made = watch.call(Mode.REINFORCED, ends_at=clock() + timedelta(hours=4))
    midnight = watch.local(2, 0)
    assert watch.needs() == [(1, 2, clock(), midnight), (1, 2, midnight, clock() + timedelta(hours=4))]
    watch.pass_(2)
    assert [a.kind for a in watch.open()].count("duty.short") == 2
    watch.pass_(4 * 3600, step=1800)
    assert (watch.state(made), watch.needs()) == (ModeState.OVER, [])
    watch.pass_(2)
    assert {a.state for a in watch.open() if a.kind == "duty.short"} <= {"cleared", "settling"}
    assert watch.log("mode/reinforced")[-1].act == "duty.told"


def test_one_for_a_time_to_come_is_announced_and_begins_by_itself(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    starts = clock() + timedelta(hours=2)
    made = watch.call(Mode.REINFORCED, starts_at=starts, ends_at=starts + timedelta(hours=1))
    assert (made.state, watch.news("guard")) == (ModeState.PLANNED, [("reinforced", "planned")])
    assert watch.there().posts[0].need == 0
    clock.set(starts)
    watch.sweeper.run()
    assert (watch.state(made), watch.there().posts[0].need) == (ModeState.ON, 2)
    clock.tick(3600)
    watch.sweeper.run()
    assert watch.news("guard")[0] == ("reinforced", "over")


def test_one_without_an_end_counts_for_a_day_and_then_for_another(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    made = watch.call()
    assert watch.needs(72)[-1][-1] == clock() + timedelta(hours=24)
    clock.tick(24 * 3600)
    watch.sweeper.run()
    assert (watch.state(made), watch.needs(72)[-1][-1]) == (ModeState.ON, clock() + timedelta(hours=24))


def test_what_is_refused(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    assert code(lambda: watch.call(by="wang")) == "mode_role_needed"
    assert code(lambda: watch.call(reason=" ")) == "words_needed"
    assert code(lambda: watch.call(starts_at=clock() - timedelta(seconds=1))) == "mode_times"
    assert code(lambda: watch.call(ends_at=clock())) == "mode_times"
    assert code(lambda: watch.call(ends_at=clock() + timedelta(days=32))) == "mode_times"
    made = watch.call()
    assert code(lambda: watch.call(starts_at=clock() + timedelta(days=3))) == "mode_twice"
    assert code(lambda: watch.lift(made, by="wang")) == "mode_role_needed"
    watch.call(Mode.REINFORCED)  # the other one may be on beside it
    clock.tick(60)
    watch.lift(made)
    assert code(lambda: watch.lift(made)) == "mode_not_allowed"


def test_the_site_names_who_calls_it(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, mode_callers=(Role.OPERATOR,))
    assert watch.call(by="wang").called_by == "wang"
    assert code(lambda: watch.call(Mode.REINFORCED, by="zhao")) == "mode_role_needed"


def test_who_signs_off_in_a_storm_is_missing_again(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    watch.call()
    watch.act("sign_on", "guard", "leader")
    assert "guard" not in dict(watch.there().missing)
    with watch.tx() as (tx, desk):
        acts.sign_off(tx, desk, "leader", "guard", clock())
    assert "guard" in dict(watch.there().missing)


@pytest.mark.parametrize("state", sorted({ModeState.OVER, ModeState.LIFTED}))
@pytest.mark.parametrize("act", sorted(Act))
def test_what_is_over_stays_over(clock: HandClock, state: ModeState, act: Act) -> None:
    at = clock()
    made = Called(
        site_id="s",
        id="1",
        mode=STORM,
        state=state,
        reason="r",
        called_by="c",
        called_at=at,
        starts_at=at,
        counts_until=at,
    )
    assert code(lambda: step(made, act, by="zhao", at=at)) == "mode_not_allowed"
