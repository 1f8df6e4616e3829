"""Coming to a shift, and what a span amounts to (ATT-01…03, HND-01): tables, and laws over any shift in any zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.attendance import (
    Answers,
    Arrival,
    Away,
    Record,
    absent_at,
    arrived,
    came,
    grade,
    record,
    totals,
)
from duty.plan_and_fact import facts
from duty.rules import Attended, shift_on
from sites.duty_policies import DutyPolicies, LateGrade
from sites.duty_words import Dated, ShiftTemplate
from sites.people import Words

AT = datetime(2026, 3, 2, 0, tzinfo=UTC)
H, M, S = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
HALF, WHOLE = Words("半天", "half a day"), Words("一天", "a day")
GRADES = (LateGrade(1800, HALF), LateGrade(10_800, WHOLE))
SHIFT = Dated("centre/2026-03-02/day", "centre", "li", "day", AT, AT + 12 * H)
ZONES = st.sampled_from(["Asia/Shanghai", "America/Chicago", "Europe/London", "Australia/Lord_Howe"])


@pytest.mark.parametrize(
    ("lead", "grace", "offset", "told"),
    [
        (5, 0, -5 * M, (Arrival.ON_TIME, 0)),
        (5, 0, -5 * M + S, (Arrival.AFTER_LEAD, 0)),
        (10, 0, -10 * M, (Arrival.ON_TIME, 0)),
        (10, 0, -5 * M, (Arrival.AFTER_LEAD, 0)),
        (30, 0, -30 * M, (Arrival.ON_TIME, 0)),
        (30, 0, -30 * M + S, (Arrival.AFTER_LEAD, 0)),
        (0, 0, 0 * S, (Arrival.ON_TIME, 0)),
        (5, 0, 0 * S, (Arrival.AFTER_LEAD, 0)),
        (5, 0, S, (Arrival.LATE, 1)),
        (5, 0, S / 10, (Arrival.LATE, 1)),
        (5, 60, 60 * S, (Arrival.AFTER_LEAD, 60)),
        (5, 60, 61 * S, (Arrival.LATE, 61)),
    ],
)
def test_when_coming_is_in_time(lead: int, grace: int, offset: timedelta, told: tuple[Arrival, int]) -> None:
    """ATT-02: at the start with no tolerance is in time, a second later is late. HND-01: 5, 10 or 30 minutes before."""
    policy = DutyPolicies(incoming_lead_min=lead, late_grace_s=grace)
    assert arrived(SHIFT, AT + offset, policy)[:2] == told


@pytest.mark.parametrize(
    ("late_s", "called"), [(0, None), (1799, None), (1800, HALF), (10_799, HALF), (10_800, WHOLE), (90_000, WHOLE)]
)
def test_how_late_is_called_what(late_s: int, called: Words | None) -> None:
    """ATT-03: a limit belongs to the grade that it opens."""
    assert grade(late_s, DutyPolicies(late_grades=GRADES)) == called
    assert grade(late_s, DutyPolicies()) is None


def test_whose_shift_a_sign_on_is_for() -> None:
    policy = DutyPolicies()
    assert came("centre", "li", AT - 5 * H, [SHIFT], [], policy).arrival is Arrival.UNPLANNED
    assert came("centre", "li", AT - 4 * H, [SHIFT], [], policy).arrival is Arrival.ON_TIME
    assert came("centre", "wang", AT, [SHIFT], [], policy).arrival is Arrival.UNPLANNED
    assert came("gate", "li", AT, [SHIFT], [], policy).arrival is Arrival.UNPLANNED
    assert came("centre", "li", SHIFT.ends_at, [SHIFT], [], policy).arrival is Arrival.UNPLANNED
    before = [Attended("1", "centre", "li", AT - M, AT + H)]
    assert came("centre", "li", AT + 2 * H, [SHIFT], before, policy).arrival is Arrival.AGAIN
    gone = [Attended("1", "centre", "li", AT - 8 * H, AT - 4 * H)]
    assert came("centre", "li", AT + 2 * H, [SHIFT], gone, policy).arrival is Arrival.LATE


def kept(stays: list[Attended], now: datetime, *more: Away, policy: DutyPolicies | None = None, **said: bool) -> Record:
    (one,) = facts([SHIFT], stays, now).shifts
    excused = said.get("excused", False)
    return record(one, policy or DutyPolicies(), now, more, excused=excused, until=None)


def test_nobody_there_is_awaited_then_absent_or_excused() -> None:
    policy = DutyPolicies(absent_after_min=30)
    assert kept([], AT + 29 * M, policy=policy).arrival is Arrival.AWAITED
    assert kept([], AT + 30 * M, policy=policy).arrival is Arrival.ABSENT
    assert kept([], AT + 20 * H, policy=policy, excused=True).arrival is Arrival.EXCUSED


def test_a_sign_off_that_is_missing_is_flagged_and_overtime_counts_until_it_comes() -> None:
    """ATT-01, HND-04."""
    open_ = kept([Attended("1", "centre", "li", AT)], AT + 13 * H)
    assert (open_.no_sign_off, open_.overtime_s, open_.present_s) == (True, 3600, 43_200)
    over = kept([Attended("1", "centre", "li", AT, AT + 12 * H + M)], AT + 20 * H)
    assert (over.no_sign_off, over.overtime_s, over.left_early_s) == (False, 60, 0)
    early = kept([Attended("1", "centre", "li", AT, AT + 11 * H)], AT + 20 * H)
    assert (early.no_sign_off, early.overtime_s, early.left_early_s) == (False, 0, 3600)


def test_time_away_counts_within_the_shift_and_for_its_person_and_seat_only() -> None:
    stay = [Attended("1", "centre", "li", AT)]
    mine = Away("centre", "li", AT + H, AT + H + 10 * M)
    lasting = Away("centre", "li", AT + 2 * H, None)
    others = [Away("gate", "li", AT, AT + H), Away("centre", "wang", AT, AT + H)]
    assert kept(stay, AT + 3 * H, mine, lasting, *others).away_s == 600 + 3600
    assert kept(stay, AT + 20 * H, lasting).away_s == 10 * 3600


@given(
    day=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    starts=st.times(),
    length=st.integers(1, 24 * 60),
    offset=st.integers(-3 * 3600, 30 * 3600),
    zone=ZONES,
    grace=st.integers(0, 3600),
    lead=st.integers(0, 60),
)
def test_lateness_is_real_time_whatever_the_clocks_do(
    day: date, starts: time, length: int, offset: int, zone: str, grace: int, lead: int
) -> None:
    """On every day of a year, in four zones with their changes: seconds late are seconds that went by."""
    ends = (datetime.combine(day, starts) + timedelta(minutes=length)).time()
    ((begin, end),) = shift_on(day, ShiftTemplate("t", Words("t", "t"), starts, ends), ZoneInfo(zone))
    shift = Dated("s", "centre", "li", "t", begin, end)
    policy = DutyPolicies(late_grace_s=grace, incoming_lead_min=lead, absent_after_min=61)
    at = begin + timedelta(seconds=offset)
    arrival, late_s, _ = arrived(shift, at, policy)
    assert (arrival is Arrival.LATE) == (offset > grace)
    assert late_s == max(0, offset)
    assert (arrival is Arrival.ON_TIME) == (offset <= -lead * 60)
    assert begin <= absent_at(shift, policy) <= end or begin >= end


@given(
    spans=st.lists(st.tuples(st.integers(-300, 900), st.integers(1, 600)), max_size=5),
    now=st.integers(0, 2000),
)
def test_what_is_counted_never_exceeds_the_time_that_went_by(spans: list[tuple[int, int]], now: int) -> None:
    stays = [Attended(str(i), "centre", "li", AT + s * M, AT + (s + n) * M) for i, (s, n) in enumerate(spans)]
    found = facts([SHIFT], [a for a in stays if a.on_at <= AT + now * M], AT + now * M).shifts
    for one in found:
        made = record(one, DutyPolicies(), AT + now * M, excused=False, until=None)
        gone = min(now, 720) * 60
        assert 0 <= made.present_s <= gone
        assert made.left_early_s <= gone
        assert made.overtime_s >= 0
        assert (made.arrival in {Arrival.ABSENT, Arrival.AWAITED}) == (not one.stays)


def test_the_sum_counts_each_person_once_and_leaves_out_who_was_on_call() -> None:
    call = Dated("c", "leader", "chen", "call", AT, AT + 12 * H, on_call=True)
    shifts = facts([SHIFT, call], [Attended("1", "centre", "li", AT + H)], AT + 13 * H).shifts
    records = [record(k, DutyPolicies(), AT + 13 * H, excused=False, until=None) for k in shifts]
    people = {p.person: p for p in totals(records, {"li": Answers([4000, 2000, 9000], 1), "wang": Answers([], 2)})}
    assert sorted(people) == ["chen", "li", "wang"]
    assert (people["li"].shifts, people["li"].late, people["li"].late_s, people["li"].overtime_s) == (1, 1, 3600, 3600)
    assert (people["li"].checks_answered, people["li"].checks_missed, people["li"].answer_ms_median) == (3, 1, 4000)
    assert (people["chen"].shifts, people["chen"].planned_s, people["chen"].absent) == (0, 0, 0)
    assert (people["wang"].checks_missed, people["wang"].answer_ms_median) == (2, None)
