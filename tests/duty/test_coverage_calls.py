"""Whom to tell of a hole to come, and when (DUTY-01, DUTY-02)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.coverage import Gap, Lack
from duty.coverage_calls import POST_SHORT, SEAT_OPEN, Call, calls_of, left, placed, to_tell

LEADS = (24, 2)
HOUR = timedelta(hours=1)
AT = datetime(2026, 3, 10, 8, tzinfo=UTC)


def gap(starts_h: float, ends_h: float, code: Lack = Lack.UNCOVERED, **more: Any) -> Gap:
    seat = "gate" if code is Lack.UNCOVERED else None
    starts, ends = AT + starts_h * HOUR, AT + ends_h * HOUR
    fields = {"post": "gate", "seat": seat, "day": starts.date(), "starts_at": starts, "ends_at": ends} | more
    return Gap(code=code, **fields)


def told(call: Call, at: datetime) -> Call:
    return placed(msgspec.structs.replace(call, told_at=at), at, LEADS)


def test_a_hole_far_ahead_waits_for_its_first_lead_time() -> None:
    (call,) = calls_of([gap(100, 108)], AT, LEADS, [])
    assert (call.subject, call.kind, call.due_at) == ("coverage/gate/2026-03-14", SEAT_OPEN, AT + 76 * HOUR)
    assert not to_tell(call, AT + 75 * HOUR, LEADS)
    assert to_tell(call, AT + 76 * HOUR, LEADS)


def test_it_is_told_at_each_lead_time_once_and_looked_at_when_it_begins() -> None:
    (call,) = calls_of([gap(100, 108)], AT, LEADS, [])
    first = told(call, AT + 76 * HOUR)
    assert first.due_at == AT + 98 * HOUR
    assert not to_tell(first, AT + 97 * HOUR, LEADS)
    assert to_tell(first, AT + 98 * HOUR, LEADS)
    second = told(first, AT + 98 * HOUR)
    assert second.due_at == AT + 100 * HOUR
    assert left(second, AT + 100 * HOUR) is None


def test_a_hole_found_late_is_told_at_once_and_only_once() -> None:
    (call,) = calls_of([gap(1, 3)], AT, LEADS, [])
    assert call.due_at == AT
    assert to_tell(call, AT, LEADS)
    after = told(call, AT)
    assert not to_tell(after, AT + 0.9 * HOUR, LEADS)


def test_what_was_told_is_known_when_the_shifts_are_looked_through_again() -> None:
    (call,) = calls_of([gap(10, 18)], AT, LEADS, [])
    (again,) = calls_of([gap(12, 18)], AT + HOUR, LEADS, [told(call, AT)])
    assert again.told_at == AT
    assert not to_tell(again, AT + HOUR, LEADS)
    assert again.due_at == AT + 10 * HOUR


def test_a_hole_that_comes_nearer_is_told_anew_in_time() -> None:
    (call,) = calls_of([gap(23, 30)], AT, LEADS, [])
    (nearer,) = calls_of([gap(7, 9, day=call.gaps[0].day)], AT + 6 * HOUR, LEADS, [told(call, AT)])
    assert to_tell(nearer, AT + 6 * HOUR, LEADS)


def test_an_empty_seat_that_has_begun_is_not_called_for_but_a_short_post_is() -> None:
    running = [gap(-1, 5), gap(-1, 5, Lack.TOO_FEW, have=1, need=3), gap(-8, -1, Lack.TOO_FEW)]
    (call,) = calls_of(running, AT, LEADS, [])
    assert (call.kind, to_tell(call, AT, LEADS)) == (POST_SHORT, True)
    assert told(call, AT).due_at == AT + 5 * HOUR


def test_two_holes_of_a_day_are_one_call_and_the_second_stays_when_the_first_has_passed() -> None:
    (call,) = calls_of([gap(4, 5), gap(9, 10)], AT, LEADS, [])
    after = told(call, AT)
    assert after.due_at == AT + 2 * HOUR
    rest = left(after, AT + 4 * HOUR)
    assert rest is not None
    assert (rest.starts_at, to_tell(placed(rest, AT + 4 * HOUR, LEADS), AT + 4 * HOUR, LEADS)) == (AT + 9 * HOUR, False)


def test_a_post_that_is_short_for_its_empty_seat_is_told_once() -> None:
    """No double alert: what remains short beside the empty seat is told as such."""
    few = gap(10, 20, Lack.TOO_FEW, have=0, need=1)
    assert [c.kind for c in calls_of([gap(10, 20), few], AT, LEADS, [])] == [SEAT_OPEN]
    seat, post = calls_of([gap(12, 14), few], AT, LEADS, [])
    assert (seat.kind, post.kind) == (SEAT_OPEN, POST_SHORT)
    assert [(g.starts_at, g.ends_at) for g in post.gaps] == [
        (AT + 10 * HOUR, AT + 12 * HOUR),
        (AT + 14 * HOUR, AT + 20 * HOUR),
    ]
    more = gap(10, 20, Lack.TOO_FEW, have=0, need=2)
    assert {c.kind for c in calls_of([gap(10, 20), more], AT, LEADS, [])} == {SEAT_OPEN, POST_SHORT}


def test_a_site_without_lead_times_is_told_nothing() -> None:
    assert calls_of([gap(10, 20)], AT, (), []) == []


@given(st.floats(-50, 200), st.floats(0.1, 30), st.sampled_from(list(Lack)), st.lists(st.floats(0, 250), max_size=8))
def test_every_call_comes_at_its_lead_times_and_no_more_often(
    starts: float, long: float, code: Lack, looks: list[float]
) -> None:
    """However often the shifts are looked through, and whenever the sweep comes by, each lead time is told at most once."""
    hole, calls, at, times = gap(starts, starts + long, code), list[Call](), AT, 0
    moments = sorted(AT + h * HOUR for h in looks)
    while True:
        due = min([c.due_at for c in calls if c.due_at is not None] + moments[:1], default=None)
        if due is None:
            break
        at = max(at, due)
        if moments and moments[0] <= at:
            moments.pop(0)
            calls = calls_of([hole], at, LEADS, calls)
        calls = [c for c in (left(c, at) for c in calls) if c is not None]
        times += sum(to_tell(c, at, LEADS) for c in calls)
        calls = [placed(told(c, at) if to_tell(c, at, LEADS) else c, at, LEADS) for c in calls]
        assert all(c.due_at is not None and c.due_at > at for c in calls)
    over = hole.starts_at if code is Lack.UNCOVERED else hole.ends_at
    seen = bool(looks) and AT + min(looks) * HOUR < over
    assert times <= len(LEADS)
    assert (times > 0) == seen


@pytest.mark.parametrize("code", sorted(Lack))
def test_every_lack_has_its_kind(code: Lack) -> None:
    assert [c.kind for c in calls_of([gap(10, 20, code)], AT, LEADS, [])] != []
