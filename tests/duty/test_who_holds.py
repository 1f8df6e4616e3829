"""Who holds a seat (EVT-13, DUTY-04; faults I6)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.rules import Attended, Basis, next_change, shift_on, who_holds
from sites.register import Dated, ShiftTemplate, Words

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
H = timedelta(hours=1)
S = timedelta(seconds=1)


def shift(name: str, start: datetime, end: datetime, who: str = "") -> Dated:
    return Dated(name, "centre", who or name, "t", start, end)


@pytest.mark.parametrize(
    ("offset", "holder"), [(-S, "early"), (timedelta(0), "late"), (S, "late")], ids=["one second before", "at", "after"]
)
def test_the_boundary_belongs_to_the_shift_that_starts(offset: timedelta, holder: str) -> None:
    shifts = [shift("early", AT - 8 * H, AT), shift("late", AT, AT + 8 * H)]
    held = who_holds("centre", AT + offset, shifts, [])
    assert (held.person, held.basis) == (holder, Basis.ROSTERED)


def test_who_keeps_a_seat_until_it_is_handed_over_keeps_it_while_signed_on() -> None:
    """HND-03, HND-04: past the planned end, and although the next one is there."""
    shifts = [shift("day", AT - 12 * H, AT), shift("night", AT, AT + 12 * H)]
    both = [Attended("1", "centre", "day", AT - 12 * H), Attended("2", "centre", "night", AT - S)]
    assert who_holds("centre", AT + H, shifts, both).person == "night"
    assert who_holds("centre", AT + H, shifts, both, "day").person == "day"
    assert who_holds("centre", AT + H, shifts, both[1:], "day").person == "night"
    assert who_holds("centre", AT + H, shifts, [], "day") == who_holds("centre", AT + H, shifts, [])


def test_in_an_overlap_the_later_start_holds_unless_the_other_is_signed_on() -> None:
    """Pattern 3 of requirements 5.2: 20:00-21:00 belongs to two shifts."""
    shifts = [shift("day", AT - 11 * H, AT + H), shift("night", AT, AT + 12 * H)]
    assert who_holds("centre", AT + S, shifts, []).person == "night"
    on = [Attended("1", "centre", "day", AT - 11 * H)]
    assert who_holds("centre", AT + S, shifts, on) == who_holds("centre", AT + S, shifts[::-1], on)
    assert who_holds("centre", AT + S, shifts, on).person == "day"
    both = [*on, Attended("2", "centre", "night", AT)]
    assert who_holds("centre", AT + S, shifts, both).person == "night"


def test_nobody_rostered_and_nobody_signed_on_is_nobody() -> None:
    held = who_holds("centre", AT, [shift("x", AT + S, AT + H)], [Attended("1", "gate", "y", AT - H)])
    assert (held.person, held.basis) == (None, Basis.NOBODY)


def test_who_stays_past_the_end_of_the_shift_still_holds_the_seat() -> None:
    """HND-04: nobody leaves before relief."""
    stay = [Attended("1", "centre", "wang", AT - 9 * H)]
    held = who_holds("centre", AT + H, [shift("wang", AT - 8 * H, AT)], stay)
    assert (held.person, held.basis, held.shift) == ("wang", Basis.SIGNED_ON, None)


def test_a_sign_off_ends_at_its_instant() -> None:
    stay = [Attended("1", "centre", "wang", AT - H, AT)]
    assert who_holds("centre", AT - S, [], stay).person == "wang"
    assert who_holds("centre", AT, [], stay).person is None


def test_who_signed_off_during_the_shift_has_left_it() -> None:
    stay = [Attended("1", "centre", "wang", AT - H, AT)]
    running = [shift("wang", AT - 2 * H, AT + H)]
    assert who_holds("centre", AT, running, stay).basis is Basis.NOBODY
    assert who_holds("centre", AT, [*running, shift("li", AT - 3 * H, AT + H)], stay).person == "li"
    yesterday = [Attended("1", "centre", "wang", AT - 9 * H, AT - 8 * H)]
    assert who_holds("centre", AT, running, yesterday).person == "wang"


@given(st.permutations(range(5)), st.permutations(range(3)))
def test_the_answer_never_depends_on_order(shifts_order: list[int], stays_order: list[int]) -> None:
    shifts = [shift(f"s{i}", AT - (i % 3) * H, AT + H, f"p{i}") for i in range(5)]
    stays = [Attended(f"a{i}", "centre", f"q{i}", AT - (i % 2) * H) for i in range(3)]
    mixed = who_holds("centre", AT, [shifts[i] for i in shifts_order], [stays[i] for i in stays_order])
    assert mixed == who_holds("centre", AT, shifts, stays)
    assert who_holds("centre", AT, [shifts[i] for i in shifts_order], []) == who_holds("centre", AT, shifts, [])


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 3, 7), 12),
        (date(2026, 3, 8), 12),
        (date(2026, 10, 31), 13),
        (date(2026, 11, 1), 12),
        (date(2026, 3, 7), 12),
    ],
)
def test_a_night_shift_keeps_its_wall_clock_over_daylight_saving(day: date, hours: int) -> None:
    """Faults F10: 19:00-07:00 in Chicago lasts 11 h or 13 h when the clock changes."""
    zone = ZoneInfo("America/Chicago")
    ((starts, ends),) = shift_on(day, ShiftTemplate("n", Words("n", "n"), time(19), time(7)), zone)
    assert starts.astimezone(zone).time() == time(19)
    assert ends.astimezone(zone).time() == time(7)
    expected = 11 if day == date(2026, 3, 7) else hours
    assert (ends - starts).total_seconds() / 3600 == expected


def test_the_next_change_is_the_nearest_edge_of_that_seat() -> None:
    shifts = [shift("a", AT - H, AT + H), shift("b", AT + 2 * H, AT + 3 * H), Dated("g", "gate", "x", "t", AT, AT + S)]
    assert next_change("centre", AT, shifts) == AT + H
    assert next_change("centre", AT + H, shifts) == AT + 2 * H
    assert next_change("centre", AT + 3 * H, shifts) is None
