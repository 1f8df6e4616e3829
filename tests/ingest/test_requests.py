"""Leave, swaps, substitutes and call-ins over the path, on both databases (DUTY-05 to DUTY-08, DUTY-15)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from core.errors import Refusal
from duty import request_store, roster_reading, roster_store
from duty import store as duty_store
from duty.errors import NotOfThisSite, ShiftBegun
from duty.handover_errors import SamePerson, WordsOwed
from duty.request_errors import (
    AgreementOwed,
    CertificateMissing,
    LeaveTurned,
    NoStandIn,
    NoSuchShift,
    NotAsked,
    NotAsker,
    NotYourShift,
    OwnRequest,
    PostNotAllowed,
    RequestNotAllowed,
    RequestRole,
    RequestTooLate,
    RulesBroken,
    ShiftChanged,
    ShiftTaken,
    TwoSeatsAtOnce,
)
from duty.request_moves import Slot
from duty.requests import Request, RequestState, excused
from duty.rosters import Edit
from ingest import request_asks, requests, rosters
from sites.duty_words import Post, Rota, Seat, ShiftTemplate, Staffing
from sites.people import Certificate
from sites.register import Register, Role
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, by_id, person, words

S = RequestState
HOUSE = msgspec.structs.replace(
    HARBOUR,
    people=HARBOUR.people
    | by_id([person("sun", Role.OPERATOR), person("zhou", Role.OPERATOR), person("qian", Role.SUPERVISOR)]),
    seats=HARBOUR.seats | by_id([Seat("gate", "leader", words("Gate"), required=False)]),
    rotas=(*HARBOUR.rotas, Rota("gate", "2026-01-01", ({"day": "zhou"}, {"day": "qian"}))),
    policies=msgspec.structs.replace(
        HARBOUR.policies,
        duty=msgspec.structs.replace(HARBOUR.policies.duty, max_week_h=0, max_consecutive_days=0),
    ),
)


MINE, THEIRS = Slot("gate", date(2026, 3, 6), "day"), Slot("gate", date(2026, 3, 7), "day")


def day(n: int, template: str = "day", seat: str = "centre") -> Slot:
    return Slot(seat, date(2026, 3, n), template)


def allowing(register: Register = HOUSE, **policy: Any) -> Register:
    duty = msgspec.structs.replace(register.policies.duty, **policy)
    return msgspec.structs.replace(register, policies=msgspec.structs.replace(register.policies, duty=duty))


def with_person(register: Register, who: str, **more: Any) -> Register:
    people = dict(register.people)
    people[who] = msgspec.structs.replace(people[who], **more)
    return msgspec.structs.replace(register, people=people)


class Office:
    """One site, where li has the days and wang the nights; zhou and qian take turns at the gate; sun is free, chen decides."""

    def __init__(self, db: Store, clock: HandClock, register: Register = HOUSE) -> None:
        self.night = Night(db, clock, register)
        self.db, self.clock, self.register = db, clock, register

    def do(self, act: Callable[..., Any], *args: Any, by: str, **more: Any) -> Any:
        if act in {requests.approve, requests.refuse, request_asks.call_in}:
            more["roles"] = self.register.people[by].roles
        with self.db.begin([self.night.site]) as tx:
            desk = self.night.desks.get(tx.conn, self.night.site)
            assert desk is not None
            return act(tx, desk, *args, by=by, at=self.clock(), **more)

    def leave(self, first: datetime, last: datetime, by: str = "li", **more: Any) -> Request:
        return self.do(request_asks.leave, first, last, "家中有事", by=by, **more)  # type: ignore[no-any-return]

    def swap(self, mine: Slot, theirs: Slot, by: str = "li") -> Request:
        return self.do(request_asks.swap, mine, theirs, "家长会", by=by)  # type: ignore[no-any-return]

    def substitute(self, mine: Slot, other: str, by: str = "li") -> Request:
        return self.do(request_asks.substitute, mine, other, "看病", by=by)  # type: ignore[no-any-return]

    def call(self, *wanted: tuple[Slot, str], by: str = "chen", **more: Any) -> Request:
        return self.do(request_asks.call_in, wanted, "台风红色预警", by=by, **more)  # type: ignore[no-any-return]

    def agree(self, made: Request, by: str) -> Request:
        return self.do(requests.agree, made.id, by=by)  # type: ignore[no-any-return]

    def approve(self, made: Request, by: str = "chen", **more: Any) -> Request:
        return self.do(requests.approve, made.id, by=by, **more)  # type: ignore[no-any-return]

    def stands(self, slot: Slot) -> str | None:
        """Who stands in a published shift."""
        name = f"{slot.seat}/{slot.day}/{slot.template}"
        first = datetime(2026, 3, 1, tzinfo=UTC)
        with self.db.read() as conn:
            found = duty_store.shifts(conn, self.night.site, first, first + timedelta(days=60))
        return next((s.person for s in found if s.id == name), None)

    def get(self, made: Request) -> Request:
        with self.db.read() as conn:
            return request_store.get(conn, self.night.site, made.id)

    def log(self, made: Request) -> list[str]:
        return self.night.said_in_log(f"request/{made.id}")

    def codes(self, made: Request) -> list[str]:
        return [f.code for f in made.findings]


@pytest.fixture
def office(store: Store, clock: HandClock) -> Office:
    """1 March 2026, 22:00 in Shanghai."""
    return Office(store, clock)


def test_a_swap_is_agreed_to_then_approved_then_stands(office: Office) -> None:
    """DUTY-06: nothing changes before the approval; then both shifts do, in a new version, with its lines."""
    made = office.substitute(day(5), "sun")
    assert (made.state, made.other, made.findings) == (S.ASKED, "sun", ())
    agreed = office.agree(made, "sun")
    assert (agreed.state, office.stands(day(5))) == (S.AGREED, "li")
    after = office.approve(made)
    assert (after.state, after.decided_by, len(after.rosters)) == (S.APPROVED, "chen", 1)
    assert (office.stands(day(5)), office.stands(day(6))) == ("sun", "li")
    assert office.log(made) == ["request.ask", "request.agree", "request.approve"]
    with office.db.read() as conn:
        roster = roster_store.get(conn, office.night.site, after.rosters[0])
    assert (roster.version, roster.reason, roster.made_by) == (1, f"request/{made.id}", "chen")
    assert office.get(made) == after


def test_two_people_change_places_over_the_end_of_a_month(office: Office) -> None:
    """Each month gets its own version (DUTY-15)."""
    mine, theirs = day(31, seat="gate"), Slot("gate", date(2026, 4, 1), "day")
    made = office.swap(mine, theirs, by="qian")
    assert (made.other, office.codes(made)) == ("zhou", [])
    office.agree(made, "zhou")
    after = office.approve(made)
    assert len(after.rosters) == 2
    assert (office.stands(mine), office.stands(theirs)) == ("zhou", "qian")
    with office.db.read() as conn:
        found = [roster_store.get(conn, office.night.site, i) for i in after.rosters]
    assert [(r.month, r.version) for r in found] == [("2026-03", 1), ("2026-04", 1)]


@pytest.mark.parametrize("broken", ["asker", "other", "operator"])
def test_only_a_third_person_with_the_right_decides(office: Office, broken: str) -> None:
    """DUTY-06: without the right 403, and never about one's own request."""
    made = office.swap(MINE, THEIRS, by="zhou")
    office.agree(made, "qian")
    refusal, by = {"asker": (RequestRole, "zhou"), "other": (OwnRequest, "qian"), "operator": (RequestRole, "wang")}[
        broken
    ]
    with pytest.raises(refusal) as said:
        office.approve(made, by=by)
    assert said.value.status == 403
    own = office.leave(office.night.local(8, 0), office.night.local(9, 0), by="chen")
    with pytest.raises(OwnRequest):
        office.approve(own, by="chen")


def test_who_was_asked_must_agree_first_and_nobody_else_can(office: Office) -> None:
    made = office.substitute(day(5), "sun")
    with pytest.raises(AgreementOwed):
        office.approve(made)
    for who in ("li", "wang", "chen"):
        with pytest.raises(NotAsked):
            office.agree(made, who)
    office.agree(made, "sun")
    with pytest.raises(RequestNotAllowed):
        office.agree(made, "sun")


def test_whoever_was_asked_may_say_no(office: Office) -> None:
    made = office.substitute(day(5), "sun")
    with pytest.raises(WordsOwed):
        office.do(requests.refuse, made.id, " ", by="sun")
    with pytest.raises(RequestRole):
        office.do(requests.refuse, made.id, "no", by="wang")
    after = office.do(requests.refuse, made.id, "那天我也有事", by="sun")
    assert (after.state, after.decided_by, after.answer) == (S.REFUSED, "sun", "那天我也有事")
    for act in (office.approve, lambda m: office.agree(m, "sun")):
        with pytest.raises(RequestNotAllowed):
            act(made)


def test_one_takes_back_only_what_is_ones_own_and_undecided(office: Office) -> None:
    made = office.substitute(day(5), "sun")
    with pytest.raises(NotAsker):
        office.do(requests.withdraw, made.id, by="sun")
    assert office.do(requests.withdraw, made.id, by="li").state is S.WITHDRAWN
    with pytest.raises(RequestNotAllowed):
        office.do(requests.withdraw, made.id, by="li")


def test_a_request_that_nobody_decided_about_lapses_when_the_shift_begins(office: Office) -> None:
    """DUTY-06: whoever was to be there still is."""
    made = office.substitute(day(5), "sun")
    office.agree(made, "sun")
    office.clock.set(office.night.local(5, 7, 59, 59))
    office.night.sweeper.run()
    assert office.get(made).state is S.AGREED
    office.clock.tick(1)
    office.night.sweeper.run()
    after = office.get(made)
    assert (after.state, after.decided_by, after.due_at) == (S.LAPSED, "system", None)
    assert (office.stands(day(5)), office.log(made)[-1]) == ("li", "request.lapse")
    office.night.sweeper.run()
    assert office.log(made).count("request.lapse") == 1


def test_an_approval_that_comes_with_the_shift_is_too_late(office: Office) -> None:
    """Also when the sweep has not been by yet."""
    made = office.substitute(day(5), "sun")
    office.agree(made, "sun")
    office.clock.set(office.night.local(5, 8))
    with pytest.raises(ShiftBegun):
        office.approve(made)
    assert office.stands(day(5)) == "li"


def test_a_shift_that_has_begun_is_not_swapped(office: Office) -> None:
    """Bad input: a swap after the shift began; tonight's began at 20:00."""
    for ask in (
        lambda: office.do(request_asks.substitute, day(1, "night"), "sun", "r", by="wang"),
        lambda: office.do(request_asks.swap, day(5), day(1, "night"), "r", by="li"),
        lambda: office.leave(office.night.local(1, 23), office.night.local(3, 0), by="wang"),
    ):
        with pytest.raises(ShiftBegun):
            ask()
    assert office.night.count("SELECT count(*) FROM duty_request") == 0


def test_nobody_sits_in_two_seats_at_once(office: Office) -> None:
    """Bad input: chen leads the shift at that hour."""
    with pytest.raises(TwoSeatsAtOnce) as said:
        office.substitute(day(5), "chen")
    assert said.value.data["first"]["person"] == "chen"


def test_a_person_without_the_certificate_does_not_come(store: Store, clock: HandClock) -> None:
    """Bad input: the post needs a licence that nobody there would have (DUTY-07, DUTY-09)."""
    licence = Certificate("消控证", date(2026, 3, 20))
    post = Post("centre", words("Centre"), staffing=(Staffing(time(0), time(0), 1, (), ("消控证",)),))
    register = msgspec.structs.replace(HOUSE, posts=HOUSE.posts | {"centre": post})
    for who in ("li", "wang"):
        register = with_person(register, who, certificates=(Certificate("消控证"),))
    register = with_person(register, "guard", certificates=(licence,))
    office = Office(store, clock, register)
    with pytest.raises(CertificateMissing):
        office.substitute(day(5), "sun")
    assert office.substitute(day(5), "guard").findings == ()
    with pytest.raises(CertificateMissing):  # run out by then
        office.substitute(day(21), "guard")


def test_a_person_who_may_not_stand_at_the_post_does_not_come(store: Store, clock: HandClock) -> None:
    """DUTY-09."""
    office = Office(store, clock, with_person(HOUSE, "sun", posts=("leader",)))
    with pytest.raises(PostNotAllowed):
        office.substitute(day(5), "sun")


def test_too_little_rest_needs_a_reason_that_is_kept(office: Office) -> None:
    """DUTY-05, DUTY-06: wang has the nights around that day."""
    made = office.do(request_asks.substitute, day(5), "wang", "r", by="li")
    assert office.codes(made) == ["rest_too_short", "rest_too_short"]
    office.agree(made, "wang")
    with pytest.raises(RulesBroken) as said:
        office.approve(made)
    assert [f["code"] for f in said.value.data["findings"]] == ["rest_too_short", "rest_too_short"]
    assert office.stands(day(5)) == "li"
    after = office.approve(made, override="无人可替，次日补休")
    assert (after.state, after.override, office.stands(day(5))) == (S.APPROVED, "无人可替，次日补休", "wang")
    line = office.night.log(f"request/{made.id}")[-1]
    assert (line.data["override"], line.data["broken"]) == (after.override, ["rest_too_short", "rest_too_short"])


def test_a_reason_is_not_kept_where_none_was_needed(office: Office) -> None:
    made = office.substitute(day(5), "sun")
    office.agree(made, "sun")
    assert office.approve(made, override="just in case").override == ""


def test_less_than_a_days_notice_is_an_exception(office: Office) -> None:
    """DUTY-06: refused without a reason; what counts is when it was asked, not when it is decided."""
    late, early = office.substitute(day(2), "sun"), office.substitute(day(3), "sun")
    assert (office.codes(late), office.codes(early)) == (["notice_too_short"], [])
    assert late.findings[0].data == {"notice_h": 10.0, "least_h": 24}
    for made in (late, early):
        office.agree(made, "sun")
    with pytest.raises(RulesBroken):
        office.approve(late)
    office.approve(late, override="急诊")
    office.clock.set(office.night.local(3, 7))
    assert office.approve(early).state is S.APPROVED


def test_a_substitute_of_a_lower_rank_is_refused(store: Store, clock: HandClock) -> None:
    """DUTY-07: a manager stands in for a manager; that somebody is a floater is noted."""
    register = with_person(HOUSE, "li", grade=3)
    register = with_person(register, "sun", grade=1, floater=True)
    office = Office(store, clock, with_person(register, "guard", grade=3))
    made = office.substitute(day(5), "sun")
    assert office.codes(made) == ["grade_too_low"]
    assert made.findings[0].data == {"was": "li", "grade": 1, "least": 3, "floater": True}
    office.agree(made, "sun")
    with pytest.raises(RulesBroken):
        office.approve(made)
    assert office.codes(office.substitute(day(6), "guard")) == []


def test_leave_without_a_stand_in_leaves_a_gap_that_is_seen(office: Office) -> None:
    """DUTY-01, DUTY-06: the shift stands empty, and it takes a reason to let it."""
    made = office.leave(office.night.local(5, 0), office.night.local(7, 0))
    assert [(m.day.day, m.template, m.was, m.now) for m in made.moves] == [
        (5, "day", "li", None),
        (6, "day", "li", None),
    ]
    assert office.codes(made) == ["uncovered", "uncovered"]
    with pytest.raises(RulesBroken):
        office.approve(made)
    after = office.approve(made, override="正在找人")
    assert (office.stands(day(5)), office.stands(day(6)), office.stands(day(7))) == (None, None, "li")
    assert (after.starts_at, after.ends_at) == (office.night.local(5, 0), office.night.local(7, 0))
    with office.db.read() as conn:
        leaves = request_store.leaves(conn, office.night.site, office.clock(), office.clock() + timedelta(days=30))
    assert excused("li", office.night.local(5, 12), leaves) == after
    assert excused("li", office.night.local(7, 8), leaves) is None


def test_the_approver_assigns_who_stands_in(office: Office) -> None:
    """DUTY-06: who approves names the substitute, whoever was asked, and whether or not they have answered."""
    made = office.leave(office.night.local(5, 0), office.night.local(6, 0), stand_in="guard")
    assert (made.state, made.findings) == (S.ASKED, ())
    with pytest.raises(AgreementOwed):
        office.approve(made)
    with pytest.raises(SamePerson):
        office.approve(made, stand_in="li")
    after = office.approve(made, stand_in="sun")
    assert (after.stand_in, office.stands(day(5))) == ("sun", "sun")
    with pytest.raises(NoStandIn):
        office.approve(office.swap(MINE, THEIRS, by="zhou"), stand_in="sun")


def test_a_leave_takes_the_shifts_that_came_after_it_was_asked(office: Office) -> None:
    """The roster was changed in between: what counts is what stands when it is decided."""
    made = office.leave(office.night.local(5, 0), office.night.local(6, 0), by="sun")
    assert (made.moves, made.findings, made.due_at) == ((), (), office.night.local(5, 0))
    other = office.substitute(day(5), "sun")
    office.agree(other, "sun")
    office.approve(other)
    with pytest.raises(RulesBroken):
        office.approve(made)
    assert office.approve(made, stand_in="guard").state is S.APPROVED
    assert office.stands(day(5)) == "guard"


def test_leave_on_free_days_changes_no_roster_but_excuses(office: Office) -> None:
    made = office.leave(office.night.local(5, 0), office.night.local(6, 0), by="sun")
    after = office.approve(made)
    assert (after.state, after.rosters) == (S.APPROVED, ())
    asked = office.substitute(day(5), "sun")
    assert office.codes(asked) == ["on_leave"]


def test_a_roster_says_who_of_it_is_on_leave(office: Office) -> None:
    """Whoever makes or publishes a roster afterwards sees it."""
    office.approve(office.leave(office.night.local(5, 0), office.night.local(6, 0), by="sun"))
    called = office.substitute(day(5), "sun")
    office.agree(called, "sun")
    after = office.approve(called, override="自愿回岗")
    with office.db.read() as conn:
        roster = roster_store.get(conn, office.night.site, after.rosters[0])
        found = roster_reading.findings(conn, HOUSE, roster, office.clock())
    assert [(f.person, f.day) for f in found if f.code == "on_leave"] == [("sun", date(2026, 3, 5))]


def test_a_holiday_on_duty_earns_a_day_off_and_its_leave_spends_it(office: Office) -> None:
    """DUTY-11: only for who really came; Qingming, 5 April 2026, is a holiday, and the Monday after it is one, too."""
    office.clock.set(datetime(2026, 4, 5, 0, tzinfo=UTC))
    office.night.act("sign_on", "li", "centre")
    office.clock.set(datetime(2026, 4, 5, 12, tzinfo=UTC))
    office.night.act("sign_off", "li", "centre")
    first = datetime(2026, 4, 9, 16, tzinfo=UTC)
    made = office.leave(first, first + timedelta(days=1), stand_in="sun", in_lieu=True)
    assert office.codes(made) == []
    too_much = office.leave(first, first + timedelta(days=2), stand_in="sun", in_lieu=True)
    assert [(f.code, f.data) for f in too_much.findings] == [("lieu_not_earned", {"days": 2, "left": 1})]
    office.agree(made, "sun")
    office.approve(made)
    again = office.leave(first + timedelta(days=5), first + timedelta(days=6), stand_in="sun", in_lieu=True)
    assert [f.data for f in again.findings] == [{"days": 1, "left": 0}]
    absent = office.leave(first, first + timedelta(days=1), by="wang", stand_in="guard", in_lieu=True)
    assert "lieu_not_earned" in office.codes(absent)


def test_a_leave_that_cannot_be_is_refused(office: Office) -> None:
    at = office.night.local
    for refusal, ask in (
        (LeaveTurned, lambda: office.leave(at(6, 0), at(5, 0))),
        (LeaveTurned, lambda: office.leave(at(6, 0), at(6, 0))),
        (RequestTooLate, lambda: office.leave(at(1, 21), at(6, 0))),
        (SamePerson, lambda: office.leave(at(5, 0), at(6, 0), stand_in="li")),
        (NotOfThisSite, lambda: office.leave(at(5, 0), at(6, 0), stand_in="nobody")),
        (Refusal, lambda: office.leave(at(5, 0), at(5, 0) + timedelta(days=500))),
    ):
        with pytest.raises(refusal):
            ask()


def test_a_swap_of_shifts_that_are_not_there_is_refused(office: Office) -> None:
    for refusal, ask in (
        (NoSuchShift, lambda: office.swap(day(5), day(5, "noon"))),
        (NoSuchShift, lambda: office.substitute(day(5, "night", "gate"), "sun")),
        (NotYourShift, lambda: office.substitute(day(5, "night"), "sun")),
        (SamePerson, lambda: office.swap(day(5), day(6))),
        (SamePerson, lambda: office.substitute(day(5), "li")),
        (NotOfThisSite, lambda: office.substitute(day(5), "nobody")),
    ):
        with pytest.raises(refusal):
            ask()


def test_a_shift_that_changed_hands_meanwhile_is_not_given_away_twice(office: Office) -> None:
    first, second = office.substitute(day(5), "sun"), office.substitute(day(5), "guard")
    office.agree(first, "sun")
    office.agree(second, "guard")
    office.approve(first)
    with pytest.raises(ShiftChanged):
        office.approve(second)
    assert office.stands(day(5)) == "sun"


def test_two_may_arrange_it_between_them_where_the_site_says_so(store: Store, clock: HandClock) -> None:
    """DUTY-06 (swap_own_arrangement): reported, logged, held against the rules; what breaks one goes to who decides."""
    office = Office(store, clock, allowing(swap_own_arrangement=True))
    after = office.agree(office.substitute(day(5), "sun"), "sun")
    assert (after.state, after.decided_by, office.stands(day(5))) == (S.APPROVED, "sun", "sun")
    assert office.log(after) == ["request.ask", "request.agree", "request.arrange"]
    tired = office.agree(office.substitute(day(9), "wang"), "wang")
    assert (tired.state, office.stands(day(9))) == (S.AGREED, "li")
    away = office.leave(office.night.local(12, 0), office.night.local(13, 0), stand_in="sun")
    assert office.agree(away, "sun").state is S.AGREED


EXTRA = msgspec.structs.replace(
    HOUSE,
    seats=HOUSE.seats | by_id([Seat("patrol", "leader", words("Patrol"), required=False)]),
    templates=HOUSE.templates | by_id([ShiftTemplate("noon", words("Noon"), time(12), time(18))]),
)


def test_more_people_are_called_in_and_say_that_they_know(store: Store, clock: HandClock) -> None:
    """DUTY-08: a shift more for each, at once; who has not answered is seen."""
    office = Office(store, clock, EXTRA)
    made = office.call((day(5, seat="patrol"), "sun"), (day(5, "noon"), "guard"))
    assert (made.state, made.heard, made.called) == (S.APPROVED, (), {"sun", "guard"})
    assert (office.stands(day(5, seat="patrol")), office.stands(day(5, "noon"))) == ("sun", "guard")
    pushed = [body for _, what, body in office.night.pushes() if what == "request"]
    assert pushed[-1]["people"] == ["chen", "guard", "sun"]
    for _ in range(2):
        heard = office.agree(made, "sun")
    assert (heard.state, heard.heard) == (S.APPROVED, ("sun",))
    with pytest.raises(NotAsked):
        office.agree(made, "li")
    assert office.log(made) == ["request.ask", "request.call", "request.hear"]


def test_a_call_in_keeps_to_the_rules_or_says_why_not(store: Store, clock: HandClock) -> None:
    """DUTY-08: with at least the notice; in a storm, with the reason."""
    office = Office(store, clock, EXTRA)
    with pytest.raises(RequestRole):
        office.call((day(5, seat="patrol"), "sun"), by="wang")
    with pytest.raises(ShiftTaken):
        office.call((day(5), "sun"))
    with pytest.raises(TwoSeatsAtOnce):
        office.call((day(5, seat="patrol"), "li"))
    with pytest.raises(NotOfThisSite):
        office.call((day(5, seat="patrol"), "nobody"))
    with pytest.raises(Refusal):
        office.call((day(5, seat="patrol"), "sun"), (day(5, seat="patrol"), "guard"))
    with pytest.raises(ShiftBegun):
        office.call((day(1, "night", "patrol"), "sun"))
    with pytest.raises(RulesBroken):
        office.call((day(2, seat="patrol"), "sun"))
    assert office.night.count("SELECT count(*) FROM duty_request") == 0
    made = office.call((day(2, seat="patrol"), "sun"), override="防汛一级响应")
    assert (made.state, made.override) == (S.APPROVED, "防汛一级响应")


def test_what_is_wrong_already_is_not_held_against_a_request(office: Office) -> None:
    """Only what a request itself would break counts: the night of the 9th is empty whoever has the day of the 10th."""
    with office.db.begin([office.night.site]) as tx:
        desk = office.night.desks.get(tx.conn, office.night.site)
        assert desk is not None
        edits = [Edit("centre", date(2026, 3, 9), "night", None)]
        rosters.amend(tx, desk, "2026-03", edits, "chen", office.clock(), "test")
    assert office.substitute(day(5), "sun").findings == ()
    assert office.leave(office.night.local(12, 0), office.night.local(13, 0)).findings != ()
