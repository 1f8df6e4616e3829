"""The coverage watch on both databases: found at every change, told in time, ended by itself (DUTY-01, DUTY-02, DUTY-06)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from alerts.rules import Alert, State
from duty import coverage_store
from duty.rosters import Edit
from ingest import rosters
from sites.duty_policies import DutyPolicies
from sites.duty_words import Post, Staffing
from sites.register import Ladder, Policies, Register, Route, Rung
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, by_id, words

PLANNING = Ladder("planning", (Rung(0, "role:supervisor", ("console", "email")),), repeat_s=7200)
FOUR = date(2026, 3, 4)
KINDS = ("duty.coverage", "duty.short")


def site(**more: Any) -> Register:
    """The small site, whose gaps to come are the supervisor's."""
    routes = (Route("planning", "centre", kinds=KINDS), *HARBOUR.routes)
    ladders = {**HARBOUR.ladders, "planning": PLANNING}
    return msgspec.structs.replace(HARBOUR, **{"ladders": ladders, "routes": routes} | more)


class Week:
    """1 March 2026, 22:00 in Shanghai, and the days after it."""

    def __init__(self, db: Store, clock: HandClock, register: Register | None = None) -> None:
        self.night = Night(db, clock, register or site())
        self.db, self.clock = db, clock
        self.sweep()

    def sweep(self) -> None:
        for _ in range(3):
            self.night.sweeper.run()

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        self.clock.set(self.night.local(day, hour, minute))
        self.sweep()

    def put(self, day: date, template: str, who: str | None, seat: str = "centre") -> None:
        with self.db.begin([self.night.site]) as tx:
            desk = self.night.desks.get(tx.conn, self.night.site)
            assert desk is not None
            rosters.amend(tx, desk, "2026-03", [Edit(seat, day, template, who)], "chen", self.clock(), "swap")
        self.sweep()

    def calls(self) -> list[Alert]:
        return [a for a in self.night.open() if a.kind in KINDS]

    def acts(self, alert: Alert) -> list[str]:
        return [a for a in self.night.said_in_log(f"alert/{alert.id}") if not a.startswith("notice")]


@pytest.fixture
def week(store: Store, clock: HandClock) -> Week:
    return Week(store, clock)


def test_a_whole_roster_calls_nobody(week: Week) -> None:
    week.at(5, 8)
    assert week.calls() == []
    assert week.night.count("SELECT count(*) FROM coverage_gap") == 0


def test_a_gap_is_told_a_day_before_it_and_rings_again_two_hours_before_it(store: Store, clock: HandClock) -> None:
    """T−24 h and T−2 h, to the supervisor; answering it fills nothing."""
    week = Week(store, clock, site(policies=Policies(handle_by_s={3: 2 * 86400})))
    week.put(FOUR, "day", None)
    assert week.calls() == []
    week.at(3, 7, 59)
    assert week.calls() == []
    week.at(3, 8)
    (call,) = week.calls()
    assert (call.kind, call.subject, call.state) == ("duty.coverage", "coverage/centre/2026-03-04", State.RAISED)
    assert week.night.fired(call)[0][2:4] == ("role:supervisor", ["chen"])
    told = week.night.log(f"alert/{call.id}")[0].data["data"]
    assert (told["seat"], told["code"], told["starts_at"]) == ("centre", "uncovered", "2026-03-04T00:00:00.000000Z")
    assert week.night.ack("chen", call, override=True, reason="mine")[0] == "override"
    week.at(4, 5, 59)
    assert week.night.alert("duty.coverage").state == State.ACKED
    week.at(4, 6)
    again = week.night.alert("duty.coverage")
    assert (again.id, again.state, again.ring) == (call.id, State.RAISED, 2)
    assert [e.data["reason"] for e in week.night.log(f"alert/{call.id}") if e.act == "alert.timeout"] == ["still_open"]


def test_a_gap_that_is_filled_ends_its_call(week: Week) -> None:
    week.put(FOUR, "day", None)
    week.at(3, 9)
    (call,) = week.calls()
    week.put(FOUR, "day", "wang")
    after = week.night.alert("duty.coverage")
    assert (after.id, after.state) == (call.id, State.CLEARED)
    assert week.night.count("SELECT count(*) FROM coverage_gap") == 0


def test_a_gap_made_in_the_last_hours_is_told_at_once(week: Week) -> None:
    week.at(3, 7)
    week.put(FOUR, "day", None)
    assert week.calls() == []
    week.put(date(2026, 3, 3), "night", None)
    assert [a.subject for a in week.calls()] == ["coverage/centre/2026-03-03"]


def test_when_the_gap_is_there_the_empty_seat_rings_and_the_call_is_over(week: Week) -> None:
    """The live gap stays `duty.gap`: nobody is called twice for one empty chair."""
    week.put(FOUR, "day", None)
    week.at(3, 8)
    assert len(week.calls()) == 1
    week.at(4, 8)
    duty = {a.kind: a.state for a in week.night.open() if a.kind.startswith("duty.")}
    assert duty == {"duty.coverage": "cleared", "duty.gap": "raised"}
    assert week.night.count("SELECT count(*) FROM coverage_gap") == 0
    week.at(4, 12)
    assert [a.state for a in week.calls()] == ["cleared"]


def test_a_post_that_is_short_stays_called_for_until_its_band_is_over(store: Store, clock: HandClock) -> None:
    """DUTY-02: fewer than the band asks for, and no double call for a seat that is empty besides."""
    posts = by_id(
        [Post("centre", words("Centre"), staffing=(Staffing(time(9), time(17), 2),)), Post("leader", words("L"))]
    )
    week = Week(store, clock, site(posts=posts))
    week.at(3, 9)
    found = {a.subject: a for a in week.calls()}
    assert set(found) == {"coverage/centre/2026-03-02", "coverage/centre/2026-03-03", "coverage/centre/2026-03-04"}
    states = {s: a.state for s, a in found.items()}
    assert states == {
        "coverage/centre/2026-03-02": "cleared", "coverage/centre/2026-03-03": "raised",
        "coverage/centre/2026-03-04": "raised",
    }  # fmt: skip
    assert {a.kind for a in found.values()} == {"duty.short"}
    week.at(3, 16, 59)
    week.at(3, 17)
    assert {a.subject: a.state for a in week.calls()}["coverage/centre/2026-03-03"] == "cleared"


def test_the_call_stands_through_a_restart_and_is_not_made_twice(week: Week) -> None:
    week.put(FOUR, "day", None)
    week.at(3, 8)
    week.night.restart()
    week.sweep()
    week.at(3, 9)
    (call,) = week.calls()
    assert week.acts(call).count("alert.raise") == 1


def test_a_site_that_turned_it_off_is_told_nothing(store: Store, clock: HandClock) -> None:
    week = Week(store, clock, site(policies=Policies(duty=DutyPolicies(coverage_lead_h=()))))
    week.put(FOUR, "day", None)
    week.at(3, 9)
    assert week.calls() == []


def test_the_sweep_knows_when_a_call_is_due(week: Week) -> None:
    week.put(FOUR, "day", None)
    week.clock.set(week.night.local(2, 12))
    week.sweep()
    with week.db.read() as conn:
        assert coverage_store.next_due(conn) is not None
        (call,) = coverage_store.calls(conn, week.night.site)
        assert call.due_at == week.night.local(3, 8)
        assert coverage_store.sites_due(conn, week.night.local(3, 8)) == {week.night.site}
        assert coverage_store.sites_due(conn, week.clock()) == set()


def test_it_looks_again_every_day_for_what_comes_within_reach(week: Week) -> None:
    """35 days ahead: a hole on the 36th is found tomorrow."""
    far = datetime(2026, 4, 6, tzinfo=UTC).date()
    with week.db.begin([week.night.site]) as tx:
        desk = week.night.desks.get(tx.conn, week.night.site)
        assert desk is not None
        rosters.amend(tx, desk, "2026-04", [Edit("centre", far, "day", None)], "chen", week.clock(), "swap")
    week.sweep()
    assert week.night.count("SELECT count(*) FROM coverage_gap") == 0
    week.clock.set(week.clock() + timedelta(days=1))
    week.sweep()
    assert week.night.count("SELECT count(*) FROM coverage_gap") == 1
