"""Authority for a shift (ROLE-05): comes with the seat or from a manager, and is gone with the seat, on both databases."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from app.imports import import_site
from duty import mandate_store
from duty.mandates import Act, Mandate, MandateState, Source, step
from duty.rosters import Edit
from ingest import away, mandates
from ingest.rosters import amend
from sites.duty_policies import BlockMode, DutyPolicies, HandoverBlock
from sites.duty_words import Seat
from sites.pack import digest
from sites.people import Role
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_handover import Watch as HandedOver
from tests.ingest.test_handover import code
from tests.night import HARBOUR, Night, words

S, M = Role.SUPERVISOR, Role.MANAGER
DAY = "centre/2026-03-02/day"  # li's


class Watch(HandedOver):
    """At 22:00 wang, whose shift ends at 08:00, signs on to the centre."""

    def __init__(self, db: Store, clock: HandClock, *lends: Role, handed_over: bool = False) -> None:
        Night.__init__(self, db, clock, site(*lends, handed_over=handed_over))
        self.act("sign_on", "wang", "centre")

    def give(self, role: Role = S, reason: str = "台风值守", by: str = "zhao", **more: Any) -> Any:
        with self.tx() as (tx, desk):
            return mandates.give(tx, desk, "centre", role, reason, by, self.clock(), **more)

    def revoke(self, mandate: Any, reason: str = "台风已过", by: str = "zhao") -> Any:
        with self.tx() as (tx, desk):
            return mandates.revoke(tx, desk, mandate.id, reason, by, self.clock())

    def may(self, who: str = "wang") -> list[str]:
        with self.db.read() as conn:
            return sorted(role for _, _, role in mandate_store.in_force(conn, [who], self.clock()))

    def over(self) -> list[tuple[str, Any]]:
        return [(e.data["person"], e.data["why"]) for e in self.log() if e.act == "mandate.expire"]


def site(*lends: Role, handed_over: bool = False) -> Register:
    """The small site, where the centre's seat lends these roles."""
    seats = {**HARBOUR.seats, "centre": Seat("centre", "centre", words("Centre"), mandate=lends)}
    duty = DutyPolicies(handover_required=handed_over, handover_block=HandoverBlock(BlockMode.OFF))
    policies = msgspec.structs.replace(HARBOUR.policies, duty=duty)
    return msgspec.structs.replace(HARBOUR, seats=seats, policies=policies)


def test_it_comes_with_the_seat_and_is_over_with_the_hand_over(store: Store, clock: HandClock) -> None:
    """ROLE-05: expires at hand-over, in the same transaction; whoever takes over in their own shift has it then."""
    watch = Watch(store, clock, S, handed_over=True)
    assert watch.may() == ["supervisor"]
    assert watch.log()[-1].data | {"until": None} == {
        "seat": "centre",
        "person": "wang",
        "role": "supervisor",
        "until": None,
    }
    clock.set(watch.local(2, 8, 20))  # relief is late: still his to command
    watch.sweeper.run()
    assert watch.may() == ["supervisor"]
    h = watch.do(watch.live()[0], "offer", by="wang")
    for item in h.items:
        h = watch.do(h, "confirm", item.key, "", by="li")
    watch.sign(h)
    assert (watch.may(), watch.may("li")) == ([], ["supervisor"])
    assert watch.over() == [("wang", "left")]


def test_where_seats_are_not_handed_over_it_ends_with_the_shift(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, S, M)
    assert watch.may() == ["manager", "supervisor"]
    clock.set(watch.local(2, 8))
    assert watch.may() == []  # before anything has looked
    watch.sweeper.run()
    assert watch.over() == [("wang", "over")] * 2
    clock.tick(3600)
    watch.sweeper.run()
    assert watch.may() == []


def test_signing_off_ends_it_and_coming_back_brings_it_again(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, S)
    watch.act("sign_off", "wang", "centre")
    assert (watch.may(), watch.over()) == ([], [("wang", "left")])


def test_who_signs_on_unasked_gets_the_seat_and_no_authority(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, S)
    watch.act("sign_off", "wang", "centre")
    watch.act("sign_on", "guard", "centre")
    assert (watch.holder().person, watch.may("guard")) == ("guard", [])


def test_a_stand_in_does_not_have_it_and_who_is_away_cannot_use_it(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, S)
    with watch.tx() as (tx, desk):
        asked = away.leave(tx, desk, "centre", "wang", 15, "洗手间", clock(), stand_in="li")
        away.accept(tx, desk, asked.id, "li", clock())
    assert (watch.holder().person, watch.may(), watch.may("li")) == ("li", [], [])
    with watch.tx() as (tx, desk):
        away.come_back(tx, desk, asked.id, "wang", clock())
    assert (watch.may(), watch.over()) == (["supervisor"], [])


def test_a_manager_gives_it_with_a_reason_and_takes_it_back(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    assert watch.may() == []
    made = watch.give()
    assert (watch.may(), made.until) == (["supervisor"], watch.local(2, 8))
    said = watch.log()[-1]
    assert (said.act, said.actor, said.data["reason"]) == ("mandate.give", "zhao", "台风值守")
    assert code(lambda: watch.revoke(made, " ")) == "words_needed"
    watch.revoke(made)
    assert (watch.may(), watch.log()[-1].act) == ([], "mandate.revoke")
    assert code(lambda: watch.revoke(made)) == "mandate_not_allowed"


def test_what_was_given_ends_at_its_own_time_by_the_watch(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    watch.give(until=clock() + timedelta(hours=1))
    watch.pass_(3599, step=3599)
    assert watch.may() == ["supervisor"]
    watch.pass_(1)
    assert (watch.may(), watch.over()) == ([], [("wang", "over")])


def test_what_is_refused(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    assert code(lambda: watch.give(Role.ADMIN)) == "role_not_lent"
    assert code(lambda: watch.give(Role.AUDITOR)) == "role_not_lent"
    assert code(lambda: watch.give(Role.OPERATOR)) == "already_may"
    assert code(lambda: watch.give(by="wang")) == "not_to_oneself"
    assert code(lambda: watch.give(reason=" ")) == "words_needed"
    assert code(lambda: watch.give(until=watch.local(2, 8, 1))) == "past_shift"
    assert code(lambda: watch.give(until=clock())) == "past_shift"
    watch.give()
    assert code(watch.give) == "already_may"
    watch.act("sign_off", "wang", "centre")
    assert code(watch.give) == "nobody_on_shift"
    for nothing in ("", "centre/2026-03-09/nothing", "leader/2026-03-01/night", "centre/2026-03-01/day"):
        assert code(lambda named=nothing: watch.give(shift=named)) == "shift_not_found"


def test_it_is_given_before_the_sign_on_and_begins_with_it(store: Store, clock: HandClock) -> None:
    """ROLE-05: the manager need not wait until the shift begins; nobody has it before they are there."""
    watch = Watch(store, clock)
    assert code(lambda: watch.give(shift=DAY, until=watch.local(2, 20, 1))) == "past_shift"
    made = watch.give(shift=DAY)
    assert (made.state, made.person_id, made.until) == ("waits", "li", watch.local(2, 20))
    assert code(lambda: watch.give(shift=DAY)) == "already_may"
    assert code(lambda: watch.give(shift=DAY, by="li")) == "not_to_oneself"
    clock.set(watch.local(2, 7, 55))
    watch.act("sign_off", "wang", "centre")
    watch.act("sign_on", "li", "centre")  # five minutes early: not yet their shift
    assert watch.may("li") == []
    clock.set(watch.local(2, 8))
    watch.sweeper.run()
    begun = [e.data["reason"] for e in watch.log() if e.act == "mandate.begin"]
    assert (watch.may("li"), begun) == (["supervisor"], ["台风值守"])
    clock.set(watch.local(2, 20))
    watch.sweeper.run()
    assert (watch.may("li"), watch.over()) == ([], [("li", "over")])


def test_who_is_late_for_their_shift_has_it_from_the_sign_on(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    watch.act("sign_off", "wang", "centre")
    clock.set(watch.local(2, 8, 10))
    watch.sweeper.run()
    made = watch.give()  # for the one who is rostered there now
    assert (made.state, made.person_id, watch.may("li")) == ("waits", "li", [])
    watch.act("sign_on", "guard", "centre")
    assert (watch.may("guard"), watch.may("li")) == ([], [])
    watch.act("sign_on", "li", "centre")
    assert watch.may("li") == ["supervisor"]


def test_what_waits_is_taken_back_or_over_with_its_shift(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    watch.revoke(watch.give(shift=DAY))
    waits = watch.give(shift=DAY)
    watch.act("sign_off", "wang", "centre")
    clock.set(watch.local(2, 20))
    watch.sweeper.run()  # nobody ever came
    assert (watch.over(), code(lambda: watch.revoke(waits))) == ([("li", "over")], "mandate_not_allowed")


def test_what_waits_for_a_shift_that_becomes_anothers_is_over(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    watch.give(shift=DAY)
    with watch.tx() as (tx, desk):
        edit = Edit("centre", date(2026, 3, 2), "day", "chen")
        amend(tx, desk, "2026-03", [edit], "zhao", clock(), "替班")
    assert watch.over() == [("li", "moved")]


def test_what_a_manager_took_back_does_not_come_again_in_the_same_shift(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, S)
    with store.read() as conn:
        (mine,) = mandate_store.standing(conn, watch.site)
    watch.revoke(mine)
    watch.act("sign_off", "wang", "centre")
    watch.act("sign_on", "wang", "centre")
    assert watch.may() == []


def test_a_rule_that_is_taken_away_takes_it_along(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, S)
    import_site(store, watch.desks, site(), digest(site()), clock(), "system")
    watch.pass_(1)
    watch.act("sign_on", "chen", "leader")
    assert (watch.may(), watch.over()) == ([], [("wang", "rule")])


@pytest.mark.parametrize("state", sorted({MandateState.EXPIRED, MandateState.REVOKED}))
@pytest.mark.parametrize("act", sorted(Act))
def test_what_is_over_stays_over(clock: HandClock, state: MandateState, act: Act) -> None:
    over = Mandate(
        site_id="s", id="1", seat_id="c", person_id="p", role=S, source=Source.GIVEN, state=state, given_at=clock()
    )
    assert code(lambda: step(over, act, by="zhao", at=clock())) == "mandate_not_allowed"
