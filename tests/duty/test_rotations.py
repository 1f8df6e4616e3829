"""Patterns over dates: the hours and rests of standards §7, and who comes when (DUTY-04, DUTY-05, DUTY-12)."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.calendar import days_of
from duty.errors import RotationClash
from duty.rotations import PATTERNS, Figures, cycle_of, expand, figures
from duty.rules import by_weekday
from sites.duty_words import DayType, Rotation, ShiftTemplate
from sites.people import Words


def template(name: str, starts: int, ends: int, **more: object) -> ShiftTemplate:
    return ShiftTemplate(name, Words(name, name), time(starts), time(ends), **more)  # type: ignore[arg-type]


EVENING = {"D": template("D", 6, 14), "E": template("E", 14, 22), "N": template("N", 22, 6)}
MIDNIGHT = {"D": template("D", 8, 16), "E": template("E", 16, 0), "N": template("N", 0, 8)}
TWELVE = {"D": template("D", 8, 20), "N": template("N", 20, 8)}
WHOLE = {"F": template("F", 8, 8)}


@pytest.mark.parametrize(
    ("pattern", "templates", "hours", "rest"),
    [
        ("three_shifts", MIDNIGHT, 56, 8),
        ("four_crews", EVENING, 42, 16),
        ("four_crews_midnight", MIDNIGHT, 42, 16),
        ("four_crews_short", EVENING, 42, 24),
        ("day_night_off_off", TWELVE, 42, 24),
        ("day_night_off", TWELVE, 56, 24),
        ("day_on_two_off", WHOLE, 56, 48),
        ("day_on_three_off", WHOLE, 42, 72),
        ("two_shifts", TWELVE, 84, 12),
    ],
)
def test_each_pattern_asks_what_the_table_of_the_standards_says(
    pattern: str, templates: dict[str, ShiftTemplate], hours: float, rest: float
) -> None:
    cycle = cycle_of(PATTERNS[pattern], {letter: letter for letter in templates})
    assert figures(cycle, templates) == Figures(hours, rest)


def test_a_night_from_midnight_after_a_late_shift_is_no_rest_at_all() -> None:
    """Why the night from midnight has a pattern of its own: DDEENN-- would follow 16-24 with 0-8."""
    assert figures((*tuple("DDEENN"), "", ""), MIDNIGHT).least_rest_h == 0


def test_the_break_of_a_split_shift_is_no_rest_and_rest_alone_asks_nothing() -> None:
    split = {"S": template("S", 9, 17, segments=((time(9), time(11, 30)), (time(14), time(17))))}
    assert figures(("S",), split) == Figures(38.5, 16)
    assert figures(("", ""), split) == Figures(0, 0)


def crews(pattern: str, count: int, step: int, **more: object) -> Rotation:
    cycle = tuple("" if c == "-" else c for c in pattern)
    people = tuple((f"p{n}", f"q{n}") for n in range(count))
    return Rotation("r", Words("r", "r"), ("centre", "gate"), "2026-01-01", cycle, people, step, **more)  # type: ignore[arg-type]


@given(st.dates(date(2025, 1, 1), date(2028, 12, 31)))
def test_four_crews_keep_every_shift_of_every_day_with_one_crew_each(day: date) -> None:
    made = expand([crews("DDEENN--", 4, 2)], EVENING, [day], by_weekday)
    assert made.keys() == {"centre", "gate"}
    for seat, letter in (("centre", "p"), ("gate", "q")):
        (there,) = made[seat].values()
        assert there.keys() == {"D", "E", "N"}
        assert len(set(there.values())) == 3
        assert all(who.startswith(letter) for who in there.values())


@given(st.sampled_from(sorted(PATTERNS.values())), st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 400))
def test_a_crew_does_the_same_again_after_a_cycle(pattern: str, day: date, cycles: int) -> None:
    rotation = crews(pattern, 1, 1)
    every = EVENING | WHOLE
    later = day + timedelta(days=cycles % 7 * len(pattern))
    here = expand([rotation], every, [day], by_weekday).get("centre", {}).get(day.isoformat())
    there = expand([rotation], every, [later], by_weekday).get("centre", {}).get(later.isoformat())
    assert here == there


def test_a_month_is_filled_day_by_day_and_only_with_shifts_that_are_worked() -> None:
    office = {"D": template("D", 9, 17, day_types=(DayType.WORKDAY,))}
    rotation = Rotation("r", Words("r", "r"), ("desk",), "2026-01-01", ("D",), (("li",),))
    made = expand([rotation], office, days_of("2026-03"), by_weekday)["desk"]
    assert len(made) == 22
    assert "2026-03-07" not in made


def test_a_winter_and_a_summer_rotation_follow_one_another() -> None:
    """DUTY-12: four crews in winter, otherwise three."""
    templates = {
        "W": template("W", 8, 20, from_day="11-15", until_day="03-15"),
        "S": template("S", 8, 20, from_day="03-16", until_day="11-14"),
    }
    winter = Rotation(
        "w", Words("w", "w"), ("gate",), "2026-01-01", ("W", "", "", ""), (("a",), ("b",), ("c",), ("d",))
    )
    summer = Rotation("s", Words("s", "s"), ("gate",), "2026-01-01", ("S", "", ""), (("a",), ("b",), ("c",)))
    march = expand([winter, summer], templates, days_of("2026-03"), by_weekday)["gate"]
    assert len(march) == 31
    assert {name for there in march.values() for name in there} == {"W", "S"}
    assert all(len(there) == 1 for there in march.values())
    assert ("W" in march["2026-03-15"], "S" in march["2026-03-16"]) == (True, True)
    assert "d" not in {who for day, there in march.items() if day > "2026-03-15" for who in there.values()}


def test_two_crews_at_one_shift_are_refused_with_their_names() -> None:
    with pytest.raises(RotationClash) as refused:
        expand([crews("DD", 2, 1)], EVENING, [date(2026, 3, 1)], by_weekday)
    assert refused.value.data == {
        "rotation": "r", "seat": "centre", "day": "2026-03-01", "template": "D", "people": ["p0", "p1"],
    }  # fmt: skip
