"""Drafts that become what stands, beside the rotas, on both databases (DUTY-03, DUTY-06, DUTY-15, ROLE-10)."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from app.imports import import_site
from core.errors import Stale
from duty import roster_acts, roster_due, roster_store
from duty import store as duty_store
from duty.calendar import days_of
from duty.errors import (
    MonthIsPast,
    MonthTooFar,
    NothingToUndo,
    OwnRoster,
    RosterFaulty,
    RosterNotAllowed,
    RosterOpen,
    RosterOutdated,
    RosterRole,
    ShiftBegun,
)
from duty.rosters import Edit, Roster, RosterState, cells_of
from duty.rules import dated
from ingest import rosters
from ingest.sweep import extend_roster
from sites.duty_words import Rotation
from sites.register import Policies, Register, Seat
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, by_id, person, words

APRIL, MARCH = "2026-04", "2026-03"
ROTATING = msgspec.structs.replace(
    HARBOUR,
    rotations={
        "two": Rotation("two", words("Two"), ("centre",), "2026-01-01", ("day", "night"), (("wang",), ("li",)), 1)
    },
)


class Desk:
    """One site and who does what with its rosters."""

    def __init__(self, db: Store, clock: HandClock, register: Register = ROTATING) -> None:
        self.night = Night(db, clock, register)
        self.db, self.clock = db, clock

    def do(self, act: Callable[..., Any], *args: Any, by: str = "chen", **more: Any) -> Any:
        """An act in a transaction of its own. Acts of the path are given the desk, the others the register."""
        with self.db.begin([self.night.site]) as tx:
            desk = self.night.desks.get(tx.conn, self.night.site)
            assert desk is not None
            first = desk if act.__module__ == "ingest.rosters" else desk.register
            return act(tx, first, *args, by, self.night.roles(by), self.clock(), **more)

    def amend(self, *edits: Edit, month: str = MARCH) -> Roster:
        with self.db.begin([self.night.site]) as tx:
            desk = self.night.desks.get(tx.conn, self.night.site)
            assert desk is not None
            return rosters.amend(tx, desk, month, edits, "chen", self.clock(), "swap")

    def draft(self, month: str = APRIL) -> Roster:
        made = self.do(roster_acts.make, month)
        return self.do(roster_acts.fill_from_rotations, made.id, ["two"], revision=0)  # type: ignore[no-any-return]

    def approved(self, month: str = APRIL) -> Roster:
        made = self.draft(month)
        self.do(roster_acts.submit, made.id)
        return self.do(roster_acts.approve, made.id, by="zhao")  # type: ignore[no-any-return]

    def published(self, month: str = APRIL) -> Roster:
        return self.do(rosters.publish, self.approved(month).id)  # type: ignore[no-any-return]

    def stand(self, month: str = APRIL, seat: str = "centre") -> dict[str, str]:
        """Who stands in each of the month's shifts."""
        first = datetime.combine(days_of(month)[0], datetime.min.time(), UTC) - timedelta(days=1)
        with self.db.read() as conn:
            found = duty_store.shifts(conn, self.night.site, first, first + timedelta(days=34))
        return {s.id: s.person for s in found if s.id.startswith(f"{seat}/{month}")}

    def get(self, roster_id: str) -> Roster:
        with self.db.read() as conn:
            return roster_store.get(conn, self.night.site, roster_id)


@pytest.fixture
def desk(store: Store, clock: HandClock) -> Desk:
    """1 March 2026, 22:00 in Shanghai."""
    return Desk(store, clock)


def test_from_the_draft_to_what_stands(desk: Desk) -> None:
    """DUTY-03: author, reviewer, publication; the rota's April gives way, and March stays as it was."""
    march, rota = desk.stand(MARCH), desk.stand()
    assert set(rota.values()) == {"li", "wang"}
    draft = desk.draft()
    assert (draft.state, draft.revision, len(draft.cells["centre"])) == (RosterState.DRAFT, 1, 30)
    assert desk.stand() == rota
    desk.do(roster_acts.submit, draft.id)
    desk.do(roster_acts.approve, draft.id, by="zhao")
    assert desk.stand() == rota
    after = desk.do(rosters.publish, draft.id)
    assert (after.state, after.version, after.published_by) == (RosterState.PUBLISHED, 1, "chen")
    stands = desk.stand()
    assert {i: p for i, p in stands.items() if "2026-04-02" in i} == {
        "centre/2026-04-02/day": draft.cells["centre"]["2026-04-02"]["day"],
        "centre/2026-04-02/night": draft.cells["centre"]["2026-04-02"]["night"],
    }
    assert stands != rota
    assert len(stands) == 60
    assert desk.stand(MARCH) == march
    assert desk.stand(seat="leader") == {}
    assert desk.night.said_in_log(f"roster/{draft.id}") == [
        "roster.make", "roster.submit", "roster.approve", "roster.publish",
    ]  # fmt: skip


def test_a_month_after_the_published_one_follows_the_rotas_again(desk: Desk) -> None:
    """The rule of the two: each month by its own source, without a hole and without one taking the other's place."""
    published = desk.published()
    desk.clock.set(datetime(2026, 4, 10, 4, tzinfo=UTC))
    with desk.db.begin([desk.night.site]) as tx:
        register = desk.night.desks.register(tx.conn, desk.night.site)
        assert register is not None
        extend_roster(tx, register, desk.clock())
    assert len(desk.stand()) == 60
    assert desk.stand()["centre/2026-04-20/day"] == published.cells["centre"]["2026-04-20"]["day"]
    may = desk.stand("2026-05")
    assert set(may) >= {f"centre/2026-05-{n:02}/{t}" for n in range(1, 15) for t in ("day", "night")}
    assert may == {s.id: s.person for s in dated(HARBOUR, date(2026, 5, 1), 31) if s.id in may}


def test_a_roster_far_ahead_leaves_no_hole_before_it(desk: Desk) -> None:
    desk.published("2026-06")
    days = {i.split("/")[1] for m in (MARCH, APRIL, "2026-05", "2026-06") for i in desk.stand(m)}
    assert days >= {d.isoformat() for m in (APRIL, "2026-05", "2026-06") for d in days_of(m)}


def test_nobody_approves_what_they_had_a_hand_in(store: Store, clock: HandClock) -> None:
    """ROLE-10, also for one who may do both: the last hand counts as much as the first."""
    both = msgspec.structs.replace(
        ROTATING.policies.duty,
        roster_authors=ROTATING.policies.duty.roster_approvers + ("supervisor",),  # type: ignore[arg-type]  # noqa: RUF005
    )
    desk = Desk(store, clock, msgspec.structs.replace(ROTATING, policies=Policies(duty=both)))
    made = desk.draft()
    desk.do(roster_acts.edit, made.id, [Edit("leader", date(2026, 4, 2), "day", "chen")], by="zhao", revision=1)
    desk.do(roster_acts.submit, made.id)
    with pytest.raises(OwnRoster):
        desk.do(roster_acts.approve, made.id, by="zhao")


def test_only_the_roles_of_the_policy_have_a_hand_in_it(desk: Desk) -> None:
    for who in ("wang", "guard", "zhao"):
        with pytest.raises(RosterRole):
            desk.do(roster_acts.make, APRIL, by=who)
    made = desk.draft()
    desk.do(roster_acts.submit, made.id)
    for who in ("chen", "wang"):
        with pytest.raises(RosterRole):
            desk.do(roster_acts.approve, made.id, by=who)
    with pytest.raises(RosterNotAllowed):
        desk.do(rosters.publish, made.id)
    desk.do(roster_acts.approve, made.id, by="zhao")
    with pytest.raises(RosterRole):
        desk.do(rosters.publish, made.id, by="wang")


def test_what_is_sent_back_has_a_reason_and_comes_again(desk: Desk) -> None:
    made = desk.draft()
    desk.do(roster_acts.submit, made.id)
    with desk.db.begin([desk.night.site]) as tx:
        register = desk.night.desks.register(tx.conn, desk.night.site)
        assert register is not None
        roles = desk.night.roles("zhao")
        back = roster_acts.send_back(tx, register, made.id, "zhao", roles, desk.clock(), "li has leave on the 3rd")
    assert (back.state, back.reason) == (RosterState.SENT_BACK, "li has leave on the 3rd")
    again = desk.do(roster_acts.edit, made.id, [Edit("centre", date(2026, 4, 3), "day", "chen")], revision=1)
    assert (again.state, again.revision) == (RosterState.DRAFT, 2)
    assert "roster.edit" in desk.night.said_in_log(f"roster/{made.id}")


def test_an_edit_is_one_step_that_is_undone_and_done_again(desk: Desk) -> None:
    made = desk.do(roster_acts.make, APRIL)
    filled = desk.do(roster_acts.fill_from_rotations, made.id, ["two"], revision=0)
    edits = [Edit("centre", day, "day", None) for day in days_of(APRIL)]
    emptied = desk.do(roster_acts.edit, made.id, edits, revision=1)
    assert all("day" not in there for there in emptied.cells["centre"].values())
    undone = desk.do(roster_acts.undo, made.id, revision=2)
    assert (undone.cells, undone.revision) == (filled.cells, 1)
    assert desk.do(roster_acts.redo, made.id, revision=1).cells == emptied.cells
    desk.do(roster_acts.undo, made.id, revision=2)
    start = desk.do(roster_acts.undo, made.id, revision=1)
    assert (start.cells, start.revision) == ({}, 0)
    with pytest.raises(NothingToUndo):
        desk.do(roster_acts.undo, made.id, revision=0)
    other = desk.do(roster_acts.edit, made.id, [Edit("centre", date(2026, 4, 1), "day", "li")], revision=0)
    assert other.revision == 3
    with pytest.raises(NothingToUndo):
        desk.do(roster_acts.redo, made.id, revision=3)
    with desk.db.read() as conn:
        assert [(r.n, r.parent, r.how) for r in roster_store.revisions(conn, other)] == [
            (3, 0, "cells"), (2, 1, "cells"), (1, 0, "rotation"),
        ]  # fmt: skip


def test_who_saw_an_older_draft_is_told_so(desk: Desk) -> None:
    made = desk.draft()
    with pytest.raises(Stale) as refused:
        desk.do(roster_acts.edit, made.id, [], revision=0)
    assert refused.value.data == {"revision": 1}


def test_faults_keep_a_draft_back_and_warnings_go_along(desk: Desk) -> None:
    made = desk.draft()
    wrong = desk.do(roster_acts.edit, made.id, [Edit("leader", date(2026, 4, 2), "day", "ghost")], revision=1)
    with pytest.raises(RosterFaulty) as refused:
        desk.do(roster_acts.submit, made.id)
    assert refused.value.data["count"] == 1
    assert refused.value.data["first"]["code"] == "unknown_person"
    desk.do(roster_acts.edit, made.id, [Edit("leader", date(2026, 4, 2), "day", None)], revision=wrong.revision)
    desk.do(roster_acts.submit, made.id)
    line = desk.night.log(f"roster/{made.id}")[-1]
    assert (line.act, line.data["warnings"] > 0) == ("roster.submit", True)  # 84 h a week for two people


def test_one_draft_of_a_month_at_a_time_and_none_of_the_past(desk: Desk) -> None:
    made = desk.draft()
    with pytest.raises(RosterOpen) as refused:
        desk.do(roster_acts.make, APRIL)
    assert refused.value.data["id"] == made.id
    with pytest.raises(MonthIsPast):
        desk.do(roster_acts.make, "2026-02")
    with pytest.raises(MonthTooFar):
        desk.do(roster_acts.make, "2027-04")
    assert desk.do(roster_acts.make, "2027-03").month == "2027-03"


def test_from_last_month_and_from_what_stands(desk: Desk) -> None:
    stood = {k: v for k, v in desk.stand(MARCH).items() if k.startswith("centre/2026-03-3")}
    made = desk.do(roster_acts.make, APRIL)
    copied = desk.do(roster_acts.fill_from_last_month, made.id, 28, revision=0)
    assert len(copied.cells["centre"]) == 30
    assert stood
    standing = desk.do(roster_acts.fill_from_standing, made.id, revision=copied.revision)
    expected = cells_of(dated(HARBOUR, date(2026, 4, 1), 30), APRIL)
    assert standing.cells == expected  # also beyond the horizon, where only the rota says who


def test_a_new_version_keeps_the_old_one_and_what_has_begun(desk: Desk) -> None:
    """DUTY-15: the running shift and the past stay, whatever the new version says of them."""
    first = desk.published()
    desk.clock.set(datetime(2026, 4, 10, 4, tzinfo=UTC))  # noon, the day shift of the 10th is running
    stood = desk.stand()
    draft = desk.do(roster_acts.make, APRIL)
    assert (draft.based_on, draft.cells) == (1, first.cells)
    edits = [Edit("centre", day, "day", "chen") for day in days_of(APRIL)]
    desk.do(roster_acts.edit, draft.id, edits, revision=0)
    desk.do(roster_acts.submit, draft.id)
    desk.do(roster_acts.approve, draft.id, by="zhao")
    second = desk.do(rosters.publish, draft.id)
    now = desk.stand()
    for n in range(1, 31):
        shift = f"centre/2026-04-{n:02}/day"
        assert now[shift] == ("chen" if n > 10 else stood[shift])
        assert second.cells["centre"][f"2026-04-{n:02}"]["day"] == now[shift]
    assert (desk.get(first.id).state, second.version) == (RosterState.SUPERSEDED, 2)
    assert desk.get(first.id).cells == first.cells
    with desk.db.read() as conn:
        assert [r.version for r in roster_store.listed(conn, desk.night.site, APRIL)] == [2, 1]


def test_whoever_sits_there_is_settled_at_once(desk: Desk) -> None:
    """The seat that the new version leaves empty from the next shift on is a gap then, and not before."""
    made = desk.do(roster_acts.make, MARCH)
    desk.do(roster_acts.fill_from_standing, made.id, revision=0)
    edits = [Edit("centre", day, name, None) for day in days_of(MARCH) for name in ("day", "night")]
    desk.do(roster_acts.edit, made.id, edits, revision=1)
    desk.do(roster_acts.submit, made.id)
    desk.do(roster_acts.approve, made.id, by="zhao")
    desk.do(rosters.publish, made.id)
    assert desk.night.open() == []
    desk.clock.set(desk.night.local(2, 8))  # the running night ends
    desk.night.sweeper.run()
    assert [a.kind for a in desk.night.open() if a.klass == "alarm"] == ["duty.gap"]


def test_an_amendment_is_a_version_and_reaches_the_draft_that_is_on_its_way(desk: Desk) -> None:
    """What a swap does: also where the month followed the rota so far."""
    before = desk.stand(MARCH)
    draft = desk.do(roster_acts.make, MARCH)
    draft = desk.do(roster_acts.fill_from_standing, draft.id, revision=0)
    made = desk.amend(Edit("centre", date(2026, 3, 5), "day", "chen"))
    assert (made.version, made.state) == (1, RosterState.PUBLISHED)
    after = desk.stand(MARCH)
    assert {k for k in after if after[k] != before.get(k)} == {"centre/2026-03-05/day"}
    kept = desk.get(draft.id)
    assert (kept.based_on, kept.cells["centre"]["2026-03-05"]["day"]) == (1, "chen")
    with pytest.raises(ShiftBegun):
        desk.amend(Edit("centre", date(2026, 3, 1), "night", "chen"))
    assert desk.amend(Edit("centre", date(2026, 3, 5), "day", "li")).version == 2


def test_what_began_from_an_older_version_is_not_published_over_a_newer(desk: Desk) -> None:
    made = desk.approved()
    with desk.db.begin([desk.night.site]) as tx:
        roster_store.save(tx, msgspec.structs.replace(made, based_on=-1))
    with pytest.raises(RosterOutdated):
        desk.do(rosters.publish, made.id)


def test_calendars_learn_of_every_change_and_of_nothing_else(desk: Desk) -> None:
    """Sequence and withdrawals: what the feeds are made of."""
    shift = "centre/2026-03-05/day"
    with desk.db.read() as conn:
        first = {s.shift.id: s for s in duty_store.standing(conn, desk.night.site, desk.clock())}
    desk.clock.tick(60)
    desk.amend(Edit("centre", date(2026, 3, 5), "day", "chen"))
    desk.clock.tick(60)
    desk.amend(Edit("centre", date(2026, 3, 5), "day", None))
    desk.clock.tick(60)
    desk.amend(Edit("centre", date(2026, 3, 5), "day", "chen"))
    with desk.db.read() as conn:
        now = {s.shift.id: s for s in duty_store.standing(conn, desk.night.site, desk.clock())}
    assert {i for i in now if i in first and now[i] != first[i]} == {shift}
    assert now[shift].sequence > first[shift].sequence == 0
    assert desk.night.count("SELECT count(*) FROM shift_withdrawn") == 2
    assert desk.night.count("SELECT max(sequence) FROM shift_withdrawn") < now[shift].sequence


def test_forty_people_are_published_within_a_second(store: Store, clock: HandClock) -> None:
    """With three shifts a day in twelve seats, on whatever machine this is: what others do on it meanwhile is not counted."""
    people = by_id([*HARBOUR.people.values(), *(person(f"p{n}", HARBOUR.people["wang"].roles[0]) for n in range(40))])
    seats = HARBOUR.seats | by_id([Seat(f"s{n}", "centre", words(f"S{n}"), required=False) for n in range(12)])
    desk = Desk(store, clock, msgspec.structs.replace(ROTATING, people=people, seats=seats))
    made = desk.draft()
    edits = [
        Edit(f"s{n}", day, "day" if half else "night", f"p{(n * 2 + half + k * 24) % 40}")
        for k, day in enumerate(days_of(APRIL))
        for n in range(12)
        for half in (0, 1)
    ]
    desk.do(roster_acts.edit, made.id, edits, revision=1)
    desk.do(roster_acts.submit, made.id)
    desk.do(roster_acts.approve, made.id, by="zhao")
    began = time.thread_time()
    desk.do(rosters.publish, made.id)
    took = time.thread_time() - began
    assert len(desk.stand(seat="s3")) == 60
    assert took < 1, took


# what is owed


def _owed(desk: Desk) -> list[str]:
    return [a.subject for a in desk.night.open() if a.kind == "duty.roster_due"]


def _at_midnight(desk: Desk, day: datetime) -> None:
    desk.clock.set(day)
    desk.night.sweeper.run()


def test_a_month_that_is_not_published_by_its_due_day_calls_until_it_is(desk: Desk) -> None:
    """DUTY-03: due on the 25th of March, called when that day has ended in Shanghai."""
    draft = desk.approved()
    _at_midnight(desk, datetime(2026, 3, 25, 15, 59, tzinfo=UTC))
    assert _owed(desk) == []
    _at_midnight(desk, datetime(2026, 3, 25, 16, tzinfo=UTC))
    assert _owed(desk) == ["roster/2026-04"]
    assert desk.night.log(f"alert/{desk.night.alert('duty.roster_due').id}")[0].data["data"] == {
        "month": "2026-04", "due_day": 25,
    }  # fmt: skip
    desk.do(rosters.publish, draft.id)
    assert desk.night.alert("duty.roster_due").state == "cleared"


def test_a_month_in_time_calls_nobody_and_the_next_one_does(desk: Desk) -> None:
    desk.published()
    _at_midnight(desk, datetime(2026, 3, 25, 16, tzinfo=UTC))
    assert _owed(desk) == []
    _at_midnight(desk, datetime(2026, 4, 25, 16, tzinfo=UTC))
    assert _owed(desk) == ["roster/2026-05"]
    _at_midnight(desk, datetime(2026, 5, 25, 16, tzinfo=UTC))
    assert sorted(_owed(desk)) == ["roster/2026-05", "roster/2026-06"]
    assert {a.subject: a.state for a in desk.night.open() if a.kind == "duty.roster_due"} == {
        "roster/2026-05": "cleared", "roster/2026-06": "raised",
    }  # fmt: skip


def test_a_site_that_lives_from_its_rotas_owes_nothing(desk: Desk) -> None:
    _at_midnight(desk, datetime(2026, 3, 25, 16, tzinfo=UTC))
    assert _owed(desk) == []
    assert desk.night.count("SELECT count(*) FROM roster_due") == 0


def test_the_sweep_knows_when_the_due_day_ends(desk: Desk) -> None:
    desk.draft()
    with desk.db.read() as conn:
        assert roster_due.next_due(conn) == datetime(2026, 3, 25, 16, tzinfo=UTC)
        assert roster_due.sites_due(conn, datetime(2026, 3, 25, 16, tzinfo=UTC)) == {desk.night.site}
        assert roster_due.sites_due(conn, datetime(2026, 3, 25, 15, tzinfo=UTC)) == set()


def test_another_due_day_counts_from_the_next_import_on(desk: Desk) -> None:
    desk.draft()
    duty = msgspec.structs.replace(ROTATING.policies.duty, roster_due_day=10)
    later = msgspec.structs.replace(ROTATING, policies=Policies(duty=duty))
    import_site(desk.db, desk.night.desks, later, "another", desk.clock(), "system")
    with desk.db.read() as conn:
        assert roster_due.next_due(conn) == datetime(2026, 3, 10, 16, tzinfo=UTC)
