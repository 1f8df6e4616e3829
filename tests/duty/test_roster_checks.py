"""What is found wrong with a roster, exact to the minute (DUTY-01, DUTY-02, DUTY-05, DUTY-09)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.calendar import days_of
from duty.roster_checks import check
from duty.roster_cover import Finding
from duty.rosters import Roster, RosterState
from duty.rules import by_weekday
from sites.duty_policies import DutyPolicies
from sites.duty_words import DayType, Presence, Staffing
from sites.people import Certificate
from sites.register import Dated, Policies, Post, Register, Role, Seat, ShiftTemplate
from tests.night import HARBOUR, by_id, words

AT = datetime(2026, 3, 1, tzinfo=UTC)


def template(name: str, starts: time, ends: time, **more: Any) -> ShiftTemplate:
    return ShiftTemplate(name, words(name), starts, ends, **more)


SHIFTS = by_id(
    [
        template("day", time(8), time(20)),
        template("night", time(20), time(8)),
        template("short", time(8), time(19, 59)),
        template("office", time(9), time(17), day_types=(DayType.WORKDAY,)),
        template("split", time(9), time(17), segments=((time(9), time(11, 30)), (time(14), time(17)))),
        template("call", time(8), time(20), presence=Presence.ON_CALL),
        template("skipped", time(2), time(3), segments=((time(2), time(3)), (time(12), time(13)))),
    ]
)
FREE = DutyPolicies(rest_min_h=0, max_consecutive_days=0, max_week_h=0)


def site(policies: DutyPolicies = FREE, zone: str = "Asia/Shanghai", **more: Any) -> Register:
    return msgspec.structs.replace(HARBOUR, templates=SHIFTS, policies=Policies(duty=policies), time_zone=zone, **more)


def roster(cells: Any, month: str = "2026-03") -> Roster:
    return Roster(
        site_id="harbour", id="r", month=month, state=RosterState.DRAFT, version=None, based_on=0, revision=0,
        authors=("chen",), made_by="chen", made_at=AT, cells=cells,
    )  # fmt: skip


def found(
    cells: Any, register: Register | None = None, around: tuple[Dated, ...] = (), month: str = "2026-03"
) -> list[Finding]:
    return check(register or site(), roster(cells, month), around, by_weekday)


def codes(findings: list[Finding]) -> set[str]:
    return {f.code for f in findings}


def full(month: str = "2026-03") -> dict[str, dict[str, dict[str, str]]]:
    return {"centre": {d.isoformat(): {"day": "li", "night": "wang"} for d in days_of(month)}}


BEFORE = (
    Dated(
        "centre/2026-02-28/night",
        "centre",
        "wang",
        "night",
        datetime(2026, 2, 28, 12, tzinfo=UTC),
        datetime(2026, 3, 1, 0, tzinfo=UTC),
    ),
)


def test_a_whole_month_has_nothing_wrong_with_it() -> None:
    assert found(full(), around=BEFORE) == []


def test_a_gap_of_one_minute_is_listed_exactly() -> None:
    """DUTY-01: 19:59 to 20:00 of the 10th."""
    cells = full()
    cells["centre"]["2026-03-10"] = {"short": "li", "night": "wang"}
    (gap,) = found(cells, around=BEFORE)
    assert (gap.code, gap.seat, gap.data) == ("uncovered", "centre", {"minutes": 1.0})
    assert gap.starts_at == datetime(2026, 3, 10, 11, 59, tzinfo=UTC)
    assert gap.ends_at == datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@given(st.sets(st.tuples(st.integers(0, 30), st.sampled_from(["day", "night"])), max_size=20))
def test_the_gaps_are_just_the_shifts_that_are_missing(missing: set[tuple[int, str]]) -> None:
    cells = full()
    for n, name in missing:
        del cells["centre"][f"2026-03-{n + 1:02}"][name]
    gaps = [f for f in found(cells, around=BEFORE) if f.code == "uncovered"]
    assert sum(f.data["minutes"] for f in gaps) == 720 * len(missing) - 480 * ((30, "night") in missing)
    edges = sorted((f.starts_at, f.ends_at) for f in gaps)
    assert all(a[1] < b[0] for a, b in pairwise(edges))


def test_who_is_on_call_covers_nothing_and_may_be_so_beside_anything() -> None:
    """DUTY-10."""
    cells = full()
    cells["centre"]["2026-03-10"] = {"call": "li", "night": "wang"}
    assert [f.data["minutes"] for f in found(cells, around=BEFORE)] == [720]
    cells = full() | {"leader": {"2026-03-10": {"call": "li"}}}
    assert found(cells, around=BEFORE) == []


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"nowhere": {"2026-03-02": {"day": "li"}}}, "unknown_seat"),
        ({"leader": {"2026-03-02": {"never": "li"}}}, "unknown_template"),
        ({"leader": {"2026-03-02": {"day": "nobody"}}}, "unknown_person"),
    ],
)
def test_what_is_not_there_is_named(cells: Any, code: str) -> None:
    (wrong,) = found(full() | cells, around=BEFORE)
    assert (wrong.code, wrong.severity, wrong.day) == (code, "error", date(2026, 3, 2))


def test_nobody_sits_in_two_seats_at_once_nor_in_one_twice() -> None:
    (wrong,) = found(full() | {"leader": {"2026-03-02": {"split": "li"}}}, around=BEFORE)[:1]
    assert (wrong.code, wrong.person, wrong.severity) == ("two_seats_at_once", "li", "error")
    (wrong,) = found(full() | {"leader": {"2026-03-01": {"day": "wang"}}}, around=(*BEFORE, Dated("gate/2026-02-28/x", "gate", "wang", "x", AT, AT + timedelta(hours=1))))[:1]  # fmt: skip
    assert wrong.data["other"].startswith("gate/2026-02-28")


def test_a_shift_on_a_day_on_which_it_is_not_worked_is_told() -> None:
    (told,) = found(full() | {"leader": {"2026-03-07": {"office": "chen"}}}, around=BEFORE)
    assert (told.code, told.severity, told.data) == ("not_worked_that_day", "warning", {"day_type": DayType.WEEKEND})


def test_a_shift_without_time_where_the_clocks_skip_it_is_an_error() -> None:
    """The hour from 2 to 3 does not exist in Chicago on 8 March."""
    cells = {"leader": {"2026-03-08": {"skipped": "chen"}, "2026-03-09": {"skipped": "chen"}}}
    wrong = [f for f in found(cells, site(zone="America/Chicago")) if f.severity == "error"]
    assert [(f.code, f.day) for f in wrong] == [("ends_before_it_begins", date(2026, 3, 8))]


def test_a_post_that_somebody_may_not_stand_at() -> None:
    """DUTY-09."""
    people = HARBOUR.people | {"li": msgspec.structs.replace(HARBOUR.people["li"], posts=("leader",))}
    wrong = found({"centre": {"2026-03-02": {"day": "li"}}}, site(people=people))
    assert [(f.seat, f.data) for f in wrong if f.code == "post_not_allowed"] == [("centre", {"post": "centre"})]


# rest, days, hours


@pytest.mark.parametrize(("least", "told"), [(0, False), (12, False), (13, True)])
def test_too_little_rest_names_both_shifts(least: int, told: bool) -> None:
    """DUTY-05: 20:00 to 08:00 is a rest of 12 h, just enough."""
    register = site(DutyPolicies(rest_min_h=least, max_consecutive_days=0, max_week_h=0))
    cells = {"leader": {"2026-03-02": {"day": "chen"}, "2026-03-03": {"day": "chen"}}}
    rests = [f for f in found(cells, register) if f.code == "rest_too_short"]
    assert [f.data for f in rests] == [
        {"rest_h": 12, "least_h": 13, "before": "leader/2026-03-02/day", "after": "leader/2026-03-03/day"}
    ] * told


def test_rest_is_counted_over_the_months_edge_and_not_within_a_split_shift() -> None:
    register = site(DutyPolicies(rest_min_h=11, max_consecutive_days=0, max_week_h=0))
    cells = {"leader": {"2026-03-01": {"day": "wang"}, "2026-03-05": {"split": "chen"}}}
    rests = [f for f in found(cells, register, BEFORE) if f.code == "rest_too_short"]
    assert [(f.person, f.data["rest_h"], f.data["before"]) for f in rests] == [("wang", 0, "centre/2026-02-28/night")]


@pytest.mark.parametrize(("days", "told"), [(6, []), (7, [7]), (10, [10])])
def test_more_days_in_a_row_than_the_site_allows(days: int, told: list[int]) -> None:
    register = site(DutyPolicies(rest_min_h=0, max_consecutive_days=6, max_week_h=0))
    cells = {"leader": {d.isoformat(): {"split": "chen"} for d in days_of("2026-03")[:days]}}
    runs = [f for f in found(cells, register) if f.code == "too_many_days"]
    assert [f.data["days"] for f in runs] == told


def test_more_hours_in_seven_days_than_the_site_allows() -> None:
    register = site(DutyPolicies(rest_min_h=0, max_consecutive_days=0, max_week_h=44))
    cells = {"leader": {d.isoformat(): {"day": "chen"} for d in days_of("2026-03")[2:6]}}
    (over,) = [f for f in found(cells, register) if f.code == "too_many_hours"]
    assert (over.person, over.data["hours"], over.data["most_h"]) == ("chen", 48, 44)
    del cells["leader"]["2026-03-03"]
    assert "too_many_hours" not in codes(found(cells, register))


# how many, and with what certificate


def posted(*bands: Staffing, people: Any = None) -> Register:
    posts = by_id([Post("centre", words("C"), staffing=bands), Post("leader", words("L"))])
    seats = by_id([Seat("centre", "centre", words("C")), Seat("second", "centre", words("S"), required=False)])
    return site(posts=posts, seats=seats, people=people or HARBOUR.people)


def test_too_few_people_at_a_post_in_a_band_of_the_day() -> None:
    """DUTY-02: two are needed from 18 to 22; the second one goes at 20."""
    register = posted(Staffing(time(18), time(22), 2))
    cells = full()
    cells["second"] = {d.isoformat(): {"day": "chen", "night": "guard"} for d in days_of("2026-03")}
    assert found(cells, register, BEFORE) == []
    del cells["second"]["2026-03-10"]["night"]
    (thin,) = found(cells, register, BEFORE)
    assert (thin.code, thin.data) == ("too_few", {"post": "centre", "have": 1, "need": 2})
    assert thin.starts_at == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert thin.ends_at == datetime(2026, 3, 10, 14, tzinfo=UTC)


def test_a_band_of_workdays_asks_nothing_on_a_sunday() -> None:
    register = posted(Staffing(time(9), time(10), 2, day_types=(DayType.WORKDAY,)))
    days = {f.day for f in found(full(), register, BEFORE)}
    assert len(days) == 22
    assert date(2026, 3, 1) not in days


def test_a_role_that_the_band_does_not_take_does_not_count() -> None:
    register = posted(Staffing(time(9), time(10), 1, roles=(Role.SUPERVISOR,)))
    assert codes(found(full(), register, BEFORE)) == {"too_few"}


def test_somebody_must_hold_the_certificate_on_that_date() -> None:
    """DUTY-02: it ran out on the 20th."""
    held = Certificate("消防设施操作员四级", date(2026, 3, 20))
    people = HARBOUR.people | {"li": msgspec.structs.replace(HARBOUR.people["li"], certificates=(held,))}
    register = posted(Staffing(time(8), time(20), 1, certificates=(held.name,)), people=people)
    wrong = found(full(), register, BEFORE)
    assert codes(wrong) == {"certificate_missing"}
    assert [f.day for f in wrong] == days_of("2026-03")[20:]
    assert wrong[0].data == {"post": "centre", "certificate": held.name, "people": ["li"]}
    assert {f.severity for f in wrong} == {"error"}


def test_a_band_that_asks_for_somebody_all_round_the_clock_is_one_stretch() -> None:
    register = posted(Staffing(time(0), time(0), 2))
    (first, *_) = found(full(), register, BEFORE)
    assert first.ends_at is not None
    assert first.starts_at is not None
    assert first.ends_at - first.starts_at == timedelta(hours=24)
