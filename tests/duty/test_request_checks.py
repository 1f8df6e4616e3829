"""What a request is held against: only what it would break itself counts (DUTY-05, DUTY-06, DUTY-07)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refusal
from duty.calendar import days_of
from duty.errors import ShiftBegun
from duty.request_checks import Plan, broken, notice, on_leave
from duty.request_errors import ShiftChanged
from duty.request_moves import of_leave, span_of, still_standing, still_to_come
from duty.requests import Move, Request, RequestKind, RequestState
from duty.roster_checks import check
from duty.roster_cover import Finding
from duty.rosters import Edit, Roster, RosterState, edited, shifts_of
from duty.rotations import Cells
from duty.rules import by_weekday
from sites.duty_words import ShiftTemplate
from sites.register import Register
from tests.night import HARBOUR, words

MONTH = "2026-03"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = days_of(MONTH)
PEOPLE = sorted(HARBOUR.people)


def plan(cells: Cells, leaves: tuple[Request, ...] = ()) -> Plan:
    return Plan({MONTH: cells}, (), by_weekday, leaves)


def roster(cells: Cells) -> Roster:
    return Roster(
        site_id="harbour", id="", month=MONTH, state=RosterState.DRAFT, version=None, based_on=0, revision=0,
        authors=(), made_by="", made_at=NOW, cells=cells,
    )  # fmt: skip


def wrong(register: Register, cells: Cells) -> list[Finding]:
    return check(register, roster(cells), (), by_weekday)


slots = st.tuples(st.sampled_from(["centre", "leader"]), st.sampled_from(DAYS[:12]), st.sampled_from(["day", "night"]))
rosters = st.dictionaries(slots, st.sampled_from(PEOPLE), max_size=20).map(
    lambda made: edited({}, [Edit(*slot, who) for slot, who in made.items()], MONTH)[0]
)
people = st.one_of(st.none(), st.sampled_from(PEOPLE))


def moved(cells: Cells, wanted: dict[tuple[str, date, str], str | None]) -> list[Move]:
    made = []
    for (seat, day, template), now in wanted.items():
        was = cells.get(seat, {}).get(day.isoformat(), {}).get(template)
        made.append(Move(seat, day, template, was, now))
    return made


@given(rosters, st.dictionaries(slots, people, min_size=1, max_size=4))
def test_whoever_breaks_nothing_new_is_let_pass(cells: Cells, wanted: dict[tuple[str, date, str], str | None]) -> None:
    """Nothing that was wrong before is held against a request, and no new fault ever gets past it."""
    moves = moved(cells, wanted)
    after = edited(cells, [Edit(m.seat, m.day, m.template, m.now) for m in moves], MONTH)[0]
    stood, made = wrong(HARBOUR, cells), wrong(HARBOUR, after)
    faults = [f for f in made if f.severity == "error" and f not in stood]
    try:
        found = broken(HARBOUR, plan(cells), moves, NOW)
    except Refusal:
        assert faults
        return
    assert not faults
    assert not [f for f in found if f in stood]
    new_rests = {f.person for f in made if f.code == "rest_too_short" and f not in stood}
    assert {f.person for f in found if f.code == "rest_too_short"} <= new_rests


@given(rosters, st.lists(slots, max_size=4, unique=True))
def test_a_request_that_changes_nothing_breaks_nothing(cells: Cells, which: list[tuple[str, date, str]]) -> None:
    moves = [msgspec.structs.replace(m, now=m.was) for m in moved(cells, dict.fromkeys(which))]
    assert broken(HARBOUR, plan(cells), moves, NOW) == []


def cells(*names: tuple[int, str, str]) -> Cells:
    edits = [Edit("centre", date(2026, 3, n), template, who) for n, template, who in names]
    return edited({}, edits, MONTH)[0]


def test_a_gap_that_grows_is_held_against_a_request_and_one_that_shrinks_is_not() -> None:
    full = cells(*((n, t, p) for n in range(1, 32) for t, p in (("day", "li"), ("night", "wang"))))
    hole = edited(full, [Edit("centre", date(2026, 3, 9), "night", None)], MONTH)[0]
    grow = [Move("centre", date(2026, 3, 9), "day", "li", None)]
    (found,) = broken(HARBOUR, plan(hole), grow, NOW)
    assert (found.code, found.starts_at, found.ends_at) == (
        "uncovered", datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC),
    )  # fmt: skip
    wide = edited(hole, [Edit("centre", date(2026, 3, 9), "day", None)], MONTH)[0]
    assert broken(HARBOUR, plan(wide), [Move("centre", date(2026, 3, 9), "day", None, "guard")], NOW) == []


def test_more_hours_than_too_many_are_worse_and_fewer_are_not() -> None:
    """DUTY-05: li is over the limit already; one more is held against it, the same number elsewhere is not."""
    week = cells(*((n, "day", "li") for n in (2, 3, 4, 5)))  # 48 h of 44
    more = [Move("centre", date(2026, 3, 7), "day", None, "li")]
    assert "too_many_hours" in {f.code for f in broken(HARBOUR, plan(week), more, NOW)}
    same = [Move("centre", date(2026, 3, 5), "day", "li", None), Move("centre", date(2026, 3, 7), "day", None, "li")]
    assert "too_many_hours" not in {f.code for f in broken(HARBOUR, plan(week), same, NOW)}
    later = [Move("centre", date(2026, 3, n), "day", None, "li") for n in (16, 17, 18, 19)]  # as bad, but once more
    assert "too_many_hours" in {f.code for f in broken(HARBOUR, plan(week), later, NOW)}


@pytest.mark.parametrize(
    ("hours", "codes"), [(48.0, []), (24.0, []), (23.9, ["notice_too_short"]), (-1.0, ["notice_too_short"])]
)
def test_notice_is_counted_to_the_minute(hours: float, codes: list[str]) -> None:
    assert [f.code for f in notice(HARBOUR, NOW + timedelta(hours=hours), NOW)] == codes


def leave(first: int, last: int, **more: Any) -> Request:
    return Request(
        site_id="harbour", id="leave", kind=RequestKind.LEAVE, state=more.pop("state", RequestState.APPROVED),
        asked_by="li", asked_at=NOW, starts_at=datetime(2026, 3, first, tzinfo=UTC),
        ends_at=datetime(2026, 3, last, tzinfo=UTC), **more,
    )  # fmt: skip


def test_who_is_on_leave_is_not_put_into_a_shift_unseen() -> None:
    """Days begin at 00:00 UTC in Shanghai's 08:00 shifts: the leave of the 5th touches the day of the 5th alone."""
    stand = shifts_of(
        HARBOUR, cells((4, "day", "li"), (5, "day", "li"), (6, "day", "li"), (5, "night", "wang")), *DAYS[::30]
    )
    assert [f.day for f in on_leave(stand, [leave(5, 6)])] == [date(2026, 3, 5)]
    assert on_leave(stand, [leave(5, 6, state=RequestState.ASKED)]) == []
    comes = [Move("centre", date(2026, 3, 5), "day", "wang", "li")]
    found = broken(HARBOUR, plan(cells((5, "day", "wang")), (leave(5, 6),)), comes, NOW)
    assert [(f.code, f.person, f.data) for f in found if f.code == "on_leave"] == [
        ("on_leave", "li", {"request": "leave"})
    ]


def test_a_leave_takes_every_shift_that_it_touches_once() -> None:
    """Also a split one, of which it touches both parts, and tonight's, which ends in it."""
    spans = ((time(9), time(11, 30)), (time(14), time(17)))
    split = ShiftTemplate("split", words("Split"), time(9), time(17), spans)
    register = msgspec.structs.replace(HARBOUR, templates={**HARBOUR.templates, "split": split})
    stand = cells((4, "night", "li"), (5, "split", "li"), (6, "day", "li"), (5, "day", "wang"))
    starts_at = datetime(2026, 3, 4, 16, tzinfo=UTC)  # midnight in Shanghai
    moves = of_leave(register, {MONTH: stand}, "li", starts_at, starts_at + timedelta(days=1), None)
    assert [(m.day.day, m.template) for m in moves] == [(4, "night"), (5, "split")]
    assert span_of(register, moves) == (datetime(2026, 3, 4, 12, tzinfo=UTC), datetime(2026, 3, 5, 9, tzinfo=UTC))
    with pytest.raises(ShiftBegun):
        still_to_come(register, moves, datetime(2026, 3, 4, 12, tzinfo=UTC))
    still_to_come(register, moves, datetime(2026, 3, 4, 11, 59, tzinfo=UTC))
    still_standing({MONTH: stand}, moves)
    with pytest.raises(ShiftChanged):
        still_standing({MONTH: cells((4, "night", "wang"))}, moves)
