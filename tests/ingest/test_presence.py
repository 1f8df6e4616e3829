"""Presence checks 查岗, leaving the post for a while, and who does not come: acts and watches, on both databases (ATT-01…07)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from alerts.rules import State
from core.errors import Refusal
from duty import presence as rules
from duty import presence_store
from duty.away import AwayState
from duty.presence import CheckState
from duty.rules import Basis, Holding
from ingest import acts, attendance, away, presence
from ingest.scene import Desk
from ingest.seats import held_now
from sites.duty_policies import CheckMode, DutyPolicies, LateGrade, LeaveNeeds, PresenceCheck
from store.db import Store, Tx
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, words

GRADES = (LateGrade(1, words("late")), LateGrade(1800, words("very late")))
EVERY = PresenceCheck(CheckMode.SCHEDULE, every_min=60, window_s=120)


class Watch(Night):
    """A night of wang's in the centre; chen leads, li comes at 08:00."""

    def __init__(self, db: Store, clock: HandClock, **policy: Any) -> None:
        policies = msgspec.structs.replace(HARBOUR.policies, duty=DutyPolicies(**policy))
        super().__init__(db, clock, msgspec.structs.replace(HARBOUR, policies=policies))

    @contextmanager
    def tx(self) -> Iterator[tuple[Tx, Desk]]:
        with self.db.begin([self.site]) as tx:
            desk = self.desks.get(tx.conn, self.site)
            assert desk is not None
            yield tx, desk

    def do(self, act: Any, *rest: Any, **more: Any) -> Any:
        with self.tx() as (tx, desk):
            return act(tx, desk, *rest, self.clock(), **more)

    def on(self, who: str, seat: str = "centre") -> None:
        self.do(acts.sign_on, seat, who)

    def off(self, who: str, seat: str = "centre") -> None:
        self.do(acts.sign_off, seat, who)

    def holder(self, seat: str = "centre") -> Holding:
        with self.tx() as (tx, desk):
            return held_now(tx.conn, desk.register, self.clock())[0][seat]

    def rings(self, kind: str) -> list[str]:
        return [a.state for a in self.open() if a.kind == kind]

    def sweep(self, seconds: float = 0) -> None:
        if seconds:
            self.clock.tick(seconds)
        self.sweeper.run()

    def live(self) -> list[rules.Check]:
        with self.db.read() as conn:
            return presence_store.live_checks(conn, self.site)

    def check(self, check: rules.Check) -> rules.Check:
        with self.db.read() as conn:
            return presence_store.check(conn, self.site, check.id)

    def data(self, act: str) -> dict[str, Any]:
        return next(e.data for e in reversed(self.log()) if e.act == act)

    def pushed(self, kind: str) -> list[Any]:
        return [body for _, name, body in self.pushes() if name == kind]


# -- presence checks


def test_on_schedule_the_holder_is_asked_and_answers_in_person(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock, presence_check=EVERY)
    night.on("wang")
    night.sweep(3599)
    assert night.live() == []
    night.sweep(1)  # 23:00
    (check,) = night.live()
    assert (check.person_id, check.how, check.until) == ("wang", rules.How.SCHEDULE, clock() + timedelta(seconds=120))
    clock.tick(7.25)
    assert night.do(presence.answer, check.id, "li")[0] == "witness"
    assert night.check(check).state is CheckState.ASKED
    outcome, after = night.do(presence.answer, check.id, "wang")
    assert (outcome, after.state, after.answer_ms) == ("answered", CheckState.ANSWERED, 7250)
    night.sweep(200)
    assert night.rings("duty.presence_check") == []
    assert [p["state"] for p in night.pushed("presence")] == ["asked", "answered"]
    said = [e.act for e in night.log(f"presence/{check.id}")]
    assert said == ["presence.ask", "presence.witness", "presence.answer"]
    with pytest.raises(Refusal, match="over"):
        night.do(presence.answer, check.id, "wang")
    with pytest.raises(Refusal, match="over"):
        night.do(presence.answer, check.id, "li")


def test_nobody_answers_and_somebody_is_called_until_they_do(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock, presence_check=EVERY)
    night.on("wang")
    night.sweep()
    night.sweep(3600)
    (check,) = night.live()
    night.sweep(119)
    assert night.rings("duty.presence_check") == []
    night.sweep(1)
    assert night.rings("duty.presence_check") == [State.RAISED]
    assert night.alert("duty.presence_check").subject == "seat/centre"
    assert night.check(check).state is CheckState.MISSED
    clock.tick(30)
    assert night.do(presence.answer, check.id, "wang")[0] == "late"
    assert night.rings("duty.presence_check") == [State.CLEARED]
    assert night.check(check).answer_ms == 150_000


def test_the_next_check_comes_whether_or_not_the_last_was_answered(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock, presence_check=EVERY)
    night.on("wang")
    night.sweep()
    for _ in range(3):
        night.sweep(3600)
        night.sweep(120)
        clock.tick(-120)
    assert [c.state for c in night.live()] == [CheckState.MISSED] * 3
    assert night.rings("duty.presence_check") == [State.RAISED]


def test_whoever_hands_over_in_the_window_need_not_answer(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock, presence_check=EVERY)
    night.on("wang")
    night.sweep()
    night.sweep(3600)
    (check,) = night.live()
    night.on("li")
    night.off("wang")
    night.sweep()
    assert night.check(check).state is CheckState.VOID
    night.sweep(130)
    assert night.rings("duty.presence_check") == []


def test_a_missed_check_is_over_when_somebody_else_takes_the_seat(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock, presence_check=EVERY)
    night.on("wang")
    night.sweep()
    night.sweep(3600)
    night.sweep(120)
    assert night.rings("duty.presence_check") == [State.RAISED]
    night.on("li")
    night.off("wang")
    night.sweep()
    assert night.rings("duty.presence_check") == [State.CLEARED]


def test_a_missed_check_is_over_in_the_second_in_which_the_roster_gives_the_seat_to_somebody_else(
    store: Store, clock: HandClock
) -> None:
    """The same pass settles the seat and looks at its checks."""
    night = Watch(store, clock, presence_check=EVERY)
    night.sweep()
    clock.set(night.local(2, 7))
    night.sweep()
    night.sweep(120)
    assert night.rings("duty.presence_check") == [State.RAISED]
    clock.set(night.local(2, 8))
    night.sweep()
    assert night.holder().person == "li"
    assert night.rings("duty.presence_check") == [State.CLEARED]


def test_a_window_that_went_by_while_the_server_was_down_is_given_once_more(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock, presence_check=EVERY)
    night.on("wang")
    night.sweep()
    night.sweep(3600)
    (check,) = night.live()
    clock.tick(600)
    night.restart()
    night.sweep()
    assert night.check(check).state is CheckState.ASKED
    assert night.rings("duty.presence_check") == []
    night.sweep(120)
    assert night.check(check).state is CheckState.MISSED
    assert night.rings("duty.presence_check") == [State.RAISED]


def test_random_checks_follow_from_seeds_that_are_bound_before_and_named_after(store: Store, clock: HandClock) -> None:
    """No time is chosen by hand: each line proves its own time, and was bound by the line before."""
    policy = PresenceCheck(CheckMode.RANDOM, every_min=60, window_s=120)
    night = Watch(store, clock, presence_check=policy)
    night.on("wang")
    night.sweep()
    for _ in range(4):
        with store.read() as conn:
            plan = presence_store.plans(conn, night.site)["centre"]
        assert clock() + timedelta(seconds=120) <= plan.due_at <= clock() + timedelta(hours=2)
        clock.set(plan.due_at)
        night.sweep()
        night.do(presence.answer, night.live()[0].id, "wang")
    told = [e for e in night.log() if e.act == "presence.ask"]
    assert len(told) == 4
    for before, after in pairwise(told):
        assert rules.bound(after.data["seed"]) == before.data["next"]
    gaps = {after.at - before.at for before, after in pairwise(told)}
    assert len(gaps) == 3
    for e in told:
        assert msgspec.convert(e.data["since"], type(e.at)) + rules.drawn(e.data["seed"], 3600, 120) == e.at


def test_a_supervisor_asks_by_hand_and_an_empty_seat_is_not_asked(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock)
    night.on("wang")
    check = night.do(presence.call, "centre", "chen")
    assert (check.person_id, check.how, check.by) == ("wang", rules.How.HAND, "chen")
    for seat, by, code in [("centre", "chen", "check_open"), ("nowhere", "chen", "seat_not_found")]:
        with pytest.raises(Refusal) as refused:
            night.do(presence.call, seat, by)
        assert refused.value.code == code
    night.sweep(120)
    assert night.rings("duty.presence_check") == [State.RAISED]
    with pytest.raises(Refusal) as refused:
        night.do(presence.call, "leader", "chen")  # chen holds it by roster
    assert refused.value.code == "same_person"
    night.off("wang")
    with pytest.raises(Refusal) as refused:
        night.do(presence.call, "centre", "chen")
    assert refused.value.code == "nobody_in_seat"


def test_where_the_site_asks_for_no_checks_nothing_is_due(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock)
    night.on("wang")
    night.sweep()
    with store.read() as conn:
        assert presence.next_due(conn) is None
        assert attendance.next_due(conn) is None
        assert away.next_due(conn) is None


# -- leaving the post for a while


def test_a_stand_in_holds_the_seat_until_the_holder_is_back(store: Store, clock: HandClock) -> None:
    """ATT-07: the holder is responsible until the stand-in accepts; then alarms go to the stand-in."""
    night = Watch(store, clock)
    night.on("wang")
    asked = night.do(away.leave, "centre", "wang", 20, "洗手间", stand_in="li")
    assert asked.state is AwayState.ASKED
    assert night.holder().person == "wang"
    with pytest.raises(Refusal, match="Only the person"):
        night.do(away.accept, asked.id, "chen")
    clock.tick(60)
    gone = night.do(away.accept, asked.id, "li")
    assert (gone.state, gone.until) == (AwayState.AWAY, clock() + timedelta(minutes=20))
    assert night.holder() == Holding("centre", "li", Basis.STAND_IN, night.holder().shift, clock(), "wang")
    night.say("fire.alarm")
    assert night.alert("fire.alarm").holder_id == "li"
    assert night.ack("wang")[0] == "witness"
    assert night.ack("li")[0] == "custody"
    seats = night.pushed("duty")[-1]
    assert next((s["holder_id"], s["basis"], s["stands_for"]) for s in seats if s["seat_id"] == "centre") == (
        "li",
        "stand_in",
        "wang",
    )
    clock.tick(600)
    back = night.do(away.come_back, asked.id, "wang")
    assert back.state is AwayState.BACK
    assert (night.holder().person, night.holder().basis) == ("wang", Basis.SIGNED_ON)
    assert night.alert("fire.alarm").state is State.RAISED  # custody came back to the seat with its holder
    assert night.data("away.return") | {"away_s": 600, "overdue_s": 0} == night.data("away.return")
    night.sweep(3000)
    assert night.rings("duty.away_overdue") == []


def test_whoever_stays_away_too_long_is_called(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock)
    night.on("wang")
    one = night.do(away.leave, "centre", "wang", 10, "r", stand_in="li")
    night.do(away.accept, one.id, "li")
    night.sweep(599)
    assert night.rings("duty.away_overdue") == []
    night.sweep(1)
    assert night.rings("duty.away_overdue") == [State.RAISED]
    assert night.holder().person == "li"
    night.sweep(300)
    night.do(away.come_back, one.id, "wang")
    assert night.rings("duty.away_overdue") == [State.CLEARED]
    assert night.data("away.return")["overdue_s"] == 300
    assert [p["state"] for p in night.pushed("away")] == ["asked", "away", "overdue", "back"]


def test_a_recall_shortens_the_leave_and_never_lengthens_it(store: Store, clock: HandClock) -> None:
    """ATT-10."""
    night = Watch(store, clock)
    night.on("wang")
    one = night.do(away.leave, "centre", "wang", 20, "r", stand_in="li")
    gone = night.do(away.accept, one.id, "li")
    with pytest.raises(Refusal):
        night.do(away.recall, one.id, 5, "r", "wang")
    assert night.do(away.recall, one.id, 60, "r", "chen").until == gone.until
    assert night.do(away.recall, one.id, 2, "台风", "chen").until == clock() + timedelta(minutes=2)
    night.sweep(120)
    assert night.rings("duty.away_overdue") == [State.RAISED]


@pytest.mark.parametrize(
    ("needs", "more", "code"),
    [
        (LeaveNeeds.STAND_IN, {}, "stand_in_needed"),
        (LeaveNeeds.STAND_IN, {"contact": "138"}, "stand_in_needed"),
        (LeaveNeeds.STAND_IN, {"stand_in": "nobody"}, "stand_in_unfit"),
        (LeaveNeeds.STAND_IN, {"stand_in": "wang"}, "same_person"),
        (LeaveNeeds.CONTACT, {}, "contact_needed"),
        (LeaveNeeds.CONTACT, {"contact": "138"}, None),
        (LeaveNeeds.NONE, {}, None),
    ],
)
def test_what_the_site_asks_of_whoever_leaves(
    store: Store, clock: HandClock, needs: LeaveNeeds, more: dict[str, str], code: str | None
) -> None:
    night = Watch(store, clock, leave_needs=needs)
    night.on("wang")
    if code is None:
        assert night.do(away.leave, "centre", "wang", 5, "r", **more).state is AwayState.AWAY
        assert night.holder().person == "wang"  # responsible all the while
        with pytest.raises(Refusal) as refused:
            night.do(away.leave, "centre", "wang", 5, "r", **more)
        assert refused.value.code == "away_open"
    else:
        with pytest.raises(Refusal) as refused:
            night.do(away.leave, "centre", "wang", 5, "r", **more)
        assert refused.value.code == code
        assert night.holder().person == "wang"


def test_who_is_not_signed_on_has_nothing_to_leave_and_nobody_leaves_for_hours(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock, leave_needs=LeaveNeeds.NONE)
    for who, minutes, code in [("wang", 5, "not_in_seat"), ("li", 5, "not_in_seat")]:
        with pytest.raises(Refusal) as refused:
            night.do(away.leave, "centre", who, minutes, "r")
        assert refused.value.code == code
    night.on("wang")
    with pytest.raises(Refusal) as refused:
        night.do(away.leave, "centre", "wang", 31, "r")
    assert (refused.value.code, refused.value.data) == ("away_too_long", {"most": 30})


def test_being_away_is_no_way_out_of_a_hand_over(store: Store, clock: HandClock) -> None:
    """HND-03, HND-04: the seat is still theirs; and the late relief is called all the same."""
    night = Watch(store, clock, handover_required=True)
    night.on("wang")
    clock.set(night.local(2, 7, 50))
    one = night.do(away.leave, "centre", "wang", 30, "r", stand_in="guard")
    night.do(away.accept, one.id, "guard")
    night.sweep()
    with pytest.raises(Refusal) as refused:
        night.off("wang")
    assert refused.value.code == "handover_needed"
    assert night.holder().person == "guard"
    clock.set(night.local(2, 8, 10))
    night.sweep()
    assert night.rings("duty.late_relief") == [State.RAISED]
    with night.tx() as (tx, desk):
        acts.let_go(tx, desk, "centre", "wang", "zhao", "r", clock())
    assert night.holder().person == "li"
    assert [p["state"] for p in night.pushed("away")][-1] == "ended"


def test_who_signs_off_while_away_is_gone_and_nobody_need_be_called(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock)
    night.on("wang")
    one = night.do(away.leave, "centre", "wang", 5, "r", stand_in="li")
    night.do(away.accept, one.id, "li")
    night.sweep(301)
    assert night.rings("duty.away_overdue") == [State.RAISED]
    night.off("wang")
    night.sweep()
    assert night.rings("duty.away_overdue") == [State.CLEARED]
    assert night.holder().person is None


def test_a_stand_in_who_declines_leaves_everything_as_it_was(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock)
    night.on("wang")
    one = night.do(away.leave, "centre", "wang", 5, "r", stand_in="li")
    assert night.do(away.decline, one.id, "忙", "li").state is AwayState.DECLINED
    assert night.holder().basis is Basis.SIGNED_ON
    with pytest.raises(Refusal) as refused:
        night.do(away.accept, one.id, "li")
    assert refused.value.code == "away_not_allowed"


def test_a_presence_check_asks_the_stand_in(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock)
    night.on("wang")
    one = night.do(away.leave, "centre", "wang", 5, "r", stand_in="li")
    night.do(away.accept, one.id, "li")
    assert night.do(presence.call, "centre", "chen").person_id == "li"


# -- who comes, late or not at all


@pytest.mark.parametrize(
    ("minute", "second", "told"),
    [
        (-5, 0, {"arrival": "on_time"}),
        (-5, 1, {"arrival": "after_lead"}),
        (0, 0, {"arrival": "after_lead"}),
        (0, 1, {"arrival": "late", "late_s": 1, "grade": {"zh": "late", "en": "late"}}),
        (29, 59, {"arrival": "late", "late_s": 1799, "grade": {"zh": "late", "en": "late"}}),
        (30, 0, {"arrival": "late", "late_s": 1800, "grade": {"zh": "very late", "en": "very late"}}),
    ],
)
def test_how_a_sign_on_counts_is_in_the_record_and_the_logbook(
    store: Store, clock: HandClock, minute: int, second: int, told: dict[str, Any]
) -> None:
    """ATT-02, ATT-03, HND-01: li's day begins at 08:00; five minutes before it the next one is to be there."""
    night = Watch(store, clock, late_grades=GRADES)
    clock.set(night.local(2, 8) + timedelta(minutes=minute, seconds=second))
    night.on("li")
    said = night.data("duty.sign_on")
    assert said == {"seat": "centre", "shift": "centre/2026-03-02/day", **told}
    clock.set(night.local(2, 9))
    night.off("li")
    clock.tick(60)
    night.on("li")
    assert night.data("duty.sign_on")["arrival"] == "again"


def test_whoever_has_no_shift_comes_unplanned(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock)
    night.on("guard")
    assert night.data("duty.sign_on") == {"seat": "centre"}


def test_who_does_not_come_is_called_absent_until_they_do(store: Store, clock: HandClock) -> None:
    """ATT-02, ATT-06."""
    night = Watch(store, clock, sign_on_required=True, absent_after_min=30)
    night.on("wang")
    night.sweep()
    assert night.rings("duty.absent") == [State.RAISED]  # chen's, of the leader's seat, since 20:30
    night.on("chen", "leader")
    night.sweep()
    assert night.rings("duty.absent") == [State.CLEARED]
    clock.set(night.local(2, 8, 29, 59))
    night.sweep()
    assert night.rings("duty.absent") == [State.CLEARED]
    night.sweep(1)
    assert sorted(night.rings("duty.absent")) == [State.CLEARED, State.RAISED]
    said = [e.data["person"] for e in night.log() if e.act == "attendance.absent"]
    assert said[-1] == "li"
    clock.tick(600)
    night.on("li")
    night.sweep()
    assert night.rings("duty.absent") == [State.CLEARED, State.CLEARED]
    with store.read() as conn:
        assert presence_store.absences(conn, night.site) == {}


def test_an_absence_is_over_with_its_shift(store: Store, clock: HandClock) -> None:
    night = Watch(store, clock, sign_on_required=True)
    night.sweep()
    assert night.rings("duty.absent") == [State.RAISED, State.RAISED]  # 22:00: since 20:30 nobody has come
    clock.set(night.local(2, 8))
    night.sweep()
    assert sorted(night.rings("duty.absent")) == [State.CLEARED, State.CLEARED]
    clock.set(night.local(2, 8, 30))
    night.sweep()
    assert night.rings("duty.absent").count(State.RAISED) == 2


def test_the_record_of_a_span_holds_plan_against_fact(store: Store, clock: HandClock) -> None:
    """ATT-01, RPT-06: late, absent, overtime, time away, and how presence checks were answered."""
    night = Watch(store, clock, late_grades=GRADES, absent_after_min=60)
    clock.set(night.local(2, 8, 10))
    night.on("li")
    check = night.do(presence.call, "centre", "chen")
    clock.tick(4)
    night.do(presence.answer, check.id, "li")
    clock.set(night.local(2, 12))
    one = night.do(away.leave, "centre", "li", 30, "吃饭", stand_in="guard")
    night.do(away.accept, one.id, "guard")
    clock.tick(1200)
    night.do(away.come_back, one.id, "li")
    clock.set(night.local(2, 20, 45))
    night.off("li")
    with night.tx() as (tx, desk):
        span = attendance.record(tx.conn, desk.register, date(2026, 3, 2), date(2026, 3, 2), night.local(2, 21, 30))
    of = {r.shift.id: r for r in span.shifts}
    day, night_ = of["centre/2026-03-02/day"], of["centre/2026-03-02/night"]
    assert (day.arrival, day.late_s, day.overtime_s, day.away_s) == ("late", 600, 2700, 1200)
    assert day.grade == words("late")
    assert not day.no_sign_off
    assert (night_.arrival, night_.present_s) == ("absent", 0)
    li = next(p for p in span.people if p.person == "li")
    assert (li.shifts, li.late, li.late_s, li.absent, li.overtime_s) == (1, 1, 600, 0, 2700)
    assert (li.checks_answered, li.checks_missed, li.answer_ms_median) == (1, 0, 4000)
    assert next(p for p in span.people if p.person == "wang").absent == 1
