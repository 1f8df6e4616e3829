"""A month's figures: what each person bears, and whose hours go beyond which limit (DUTY-02, DUTY-05, DUTY-17, ATT-01)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from duty.coverage import Gap, Lack
from duty.limits import LAW, Limit, Measure, limits_of
from duty.quality import Burden, night_hours, quality
from duty.rules import by_weekday, placed
from sites.duty_policies import DutyPolicies
from sites.duty_words import Dated, DayType, ShiftTemplate
from sites.register import Policies, Register
from tests.night import HARBOUR

MONTH = "2026-03"


def site(jurisdiction: str = "CN", zone: str = "Asia/Shanghai", **policy: Any) -> Register:
    policies = Policies(duty=DutyPolicies(jurisdiction=jurisdiction, **policy))
    return msgspec.structs.replace(HARBOUR, policies=policies, time_zone=zone)


def cycle(letters: str, person: str = "li", register: Register = HARBOUR, *, days: int = 60) -> list[Dated]:
    """The pattern from mid-February on: D 08–20, N 20–08, F round the clock."""
    templates = {
        "D": register.templates["day"],
        "N": register.templates["night"],
        "F": ShiftTemplate(
            "f", register.templates["day"].name, register.templates["day"].starts, register.templates["day"].starts
        ),
    }
    first = date(2026, 2, 15)
    return [
        s
        for n in range(days)
        if (letter := letters[n % len(letters)]) != "-"
        for s in placed(templates[letter], "centre", person, first + timedelta(days=n), register.zone_info)
    ]


def month_of(shifts: list[Dated], register: Register, person: str = "li") -> Burden:
    made = quality(register, MONTH, shifts, [], by_weekday)
    return next(p for p in made.people if p.person == person)


def codes(burden: Burden) -> set[tuple[Measure, float]]:
    return {(o.measure, o.limit) for o in burden.over}


def test_day_night_off_off_has_forty_two_hours_a_week() -> None:
    """Standards §7: 白夜休休 12 h, rest 24 h; in China its shifts are too long, its weeks are not."""
    register = site(max_week_h=48)
    mine = month_of(cycle("DN--"), register)
    assert (mine.shifts, mine.hours) == (15, 180.0)
    assert mine.nights == 7
    assert mine.longest_run_days == 2
    assert mine.least_rest_h == 24
    assert mine.most_week_h == 48
    assert codes(mine) == {(Measure.SHIFT_H, 8)}


def test_two_shifts_without_relief_break_every_limit_of_china() -> None:
    """Standards §7: 两班 12 h, 84 h a week."""
    over = codes(month_of(cycle("D"), site()))
    assert over == {
        (Measure.SHIFT_H, 8), (Measure.WEEK_AVERAGE_H, 44), (Measure.OVERTIME_H, 36), (Measure.DAYS_RUN, 6),
        (Measure.ANY_WEEK_H, 44),
    }  # fmt: skip


def test_each_value_is_the_worst_one_and_names_its_day() -> None:
    shifts = [
        *cycle("D------"),
        *placed(HARBOUR.templates["night"], "centre", "li", date(2026, 3, 8), HARBOUR.zone_info),
    ]
    (rest,) = [o for o in month_of(shifts, site()).over if o.measure is Measure.REST_H]
    assert (rest.value, rest.limit, rest.day) == (0, 11, date(2026, 3, 8))


def test_a_member_of_the_union_owes_rest() -> None:
    """2003/88/EC: eleven hours a day, thirty-five in a week, forty-eight hours of work, nights of eight."""
    over = codes(month_of(cycle("DN"), site("DE", rest_min_h=0, max_week_h=0, max_consecutive_days=0)))
    assert over == {
        (Measure.REST_H, 11), (Measure.WEEKLY_REST_H, 35), (Measure.WEEK_AVERAGE_H, 48), (Measure.NIGHT_H, 8),
    }  # fmt: skip


def test_every_limit_of_a_law_names_its_source() -> None:
    for country, limits in LAW.items():
        assert all(limit.source.zh and limit.source.en for limit in limits), country
        assert all((limit.most is None) != (limit.least is None) for limit in limits)


def test_the_site_s_own_rules_stand_beside_the_law_s_and_nought_is_no_rule() -> None:
    own = limits_of(DutyPolicies(jurisdiction="US-IL", rest_min_h=0))
    assert [(limit.measure, limit.most) for limit in own] == [(Measure.DAYS_RUN, 6), (Measure.ANY_WEEK_H, 44)]
    regional = limits_of(DutyPolicies(jurisdiction="DE-BY"))
    assert {limit.source.en.partition(",")[0] for limit in regional} == {"Directive 2003/88/EC", "The site's own rule"}
    assert all(isinstance(limit, Limit) for limit in regional)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 7.0), (date(2026, 6, 1), 8.0), (date(2026, 10, 24), 9.0)],
)
def test_a_night_has_the_hours_that_the_clocks_give_it(day: date, hours: float) -> None:
    """SITE-04: seven in spring, nine in autumn."""
    zone = ZoneInfo("Europe/Berlin")
    starts = datetime(day.year, day.month, day.day, 22, tzinfo=zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), datetime.min.time().replace(hour=6), zone).astimezone(UTC)
    assert night_hours(starts, ends, zone) == hours


def test_an_evening_until_midnight_is_no_night() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    starts = datetime(2026, 3, 2, 16, tzinfo=zone).astimezone(UTC)
    assert night_hours(starts, starts + timedelta(hours=8), zone) == 2


def test_weekends_and_holidays_go_by_the_sites_calendar() -> None:
    def calendar(day: date) -> DayType:
        return DayType.HOLIDAY if day.day == 2 else by_weekday(day)

    made = quality(site(), MONTH, cycle("D"), [], calendar)
    (mine,) = made.people
    assert (mine.weekends, mine.holidays) == (9, 1)


def test_who_bears_how_much_and_what_is_missing() -> None:
    """DUTY-02: fairness over those who work, minutes of gaps by what they lack."""
    begins = datetime(2026, 3, 3, tzinfo=UTC)
    missing = [
        Gap(code=code, post="centre", day=date(2026, 3, 3), starts_at=begins, ends_at=begins + timedelta(minutes=n))
        for code, n in ((Lack.UNCOVERED, 90), (Lack.TOO_FEW, 30))
    ]
    made = quality(site(), MONTH, [*cycle("DN--"), *cycle("--D-", "wang")], missing, by_weekday)
    assert (made.gaps, made.uncovered_min, made.short_min) == (2, 90, 30)
    nights = next(s for s in made.fairness if s.what == "nights")
    assert (nights.least, nights.most, nights.mean, nights.spread) == (0, 7, 3.5, 3.5)


def test_a_month_without_a_shift_has_nobody_in_it() -> None:
    made = quality(site(), MONTH, [], [], by_weekday)
    assert (made.people, made.fairness) == ((), ())
