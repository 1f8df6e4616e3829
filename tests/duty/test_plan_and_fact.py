"""Planned and actual (DUTY-15)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from duty.plan_and_fact import facts
from duty.rules import Attended
from sites.duty_words import Dated

AT = datetime(2026, 3, 1, tzinfo=UTC)
H = timedelta(hours=1)
SHIFT = Dated("centre/2026-03-01/day", "centre", "wang", "day", AT, AT + 8 * H)


def stay(n: int, person: str, on: float, off: float | None, seat: str = "centre") -> Attended:
    return Attended(f"a{n}", seat, person, AT + on * H, None if off is None else AT + off * H)


def test_late_early_and_what_was_worked() -> None:
    (kept,) = facts([SHIFT], [stay(1, "wang", 0.5, 3), stay(2, "wang", 4, 7.5)], AT + 20 * H).shifts
    assert (kept.late_s, kept.left_early_s, kept.present_s, kept.absent) == (1800, 1800, 6 * 3600, False)


def test_who_came_early_and_stayed_on_is_neither_late_nor_early() -> None:
    (kept,) = facts([SHIFT], [stay(1, "wang", -1, 9)], AT + 20 * H).shifts
    assert (kept.late_s, kept.left_early_s, kept.present_s) == (0, 0, 8 * 3600)


def test_who_never_came_was_absent_and_who_stood_in_is_named() -> None:
    found = facts([SHIFT], [stay(1, "li", 0, 8)], AT + 20 * H)
    assert (found.shifts[0].absent, [a.person for a in found.shifts[0].others]) == (True, ["li"])
    assert [a.person for a in found.unplanned] == ["li"]


def test_a_running_shift_is_counted_up_to_now_and_one_to_come_not_at_all() -> None:
    (kept,) = facts([SHIFT], [stay(1, "wang", 0, None)], AT + 2 * H).shifts
    assert (kept.present_s, kept.left_early_s) == (2 * 3600, 0)
    assert facts([SHIFT], [], AT - H).shifts == ()


def test_who_is_on_call_is_not_asked_to_be_there() -> None:
    call = Dated("lead/2026-03-01/call", "lead", "chen", "call", AT, AT + 8 * H, on_call=True)
    (kept,) = facts([call], [], AT + 20 * H).shifts
    assert (kept.absent, kept.late_s) == (False, 0)


@given(st.lists(st.tuples(st.integers(-3, 10), st.integers(1, 6)), max_size=6))
def test_nobody_is_present_for_longer_than_the_shift(spans: list[tuple[int, int]]) -> None:
    stays = [stay(n, "wang", on, on + span) for n, (on, span) in enumerate(spans)]
    (kept,) = facts([SHIFT], stays, AT + 30 * H).shifts
    hours = {h for on, span in spans for h in range(on, on + span) if 0 <= h < 8}
    assert kept.present_s == 3600 * len(hours)
    assert kept.absent is (not hours)
