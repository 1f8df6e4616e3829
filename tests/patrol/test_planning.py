"""Rounds made of plans (PAT-01, PAT-02): by the clock, by shifts, by rules; over midnight and changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrol.planning import Planned, rounds
from sites.duty_words import Dated, DayType
from sites.patrol_words import PatrolPlan

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def workday(_: date) -> DayType:
    return DayType.WORKDAY


def weekly(day: date) -> DayType:
    return DayType.WEEKEND if day.weekday() >= 5 else DayType.WORKDAY


def made(plan: PatrolPlan, zone: ZoneInfo, day: str, days: int = 1, shifts: tuple[Dated, ...] = ()) -> list[Planned]:
    first = datetime.combine(date.fromisoformat(day), time(0), zone)
    until = datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(0), zone)
    return rounds(plan, zone, workday, shifts, first.astimezone(UTC), until.astimezone(UTC))


def walls(found: list[Planned], zone: ZoneInfo) -> list[str]:
    return [f"{r.window.opens_at.astimezone(zone):%d %H:%M}-{r.window.closes_at.astimezone(zone):%H:%M}" for r in found]


EVERY = PatrolPlan("p", "r", "patrol", every_min=240)


def test_every_four_hours_all_day() -> None:
    """PAT-02: key parts every four hours."""
    assert walls(made(EVERY, SHANGHAI, "2026-03-01"), SHANGHAI) == [
        *("01 00:00-04:00", "01 04:00-08:00", "01 08:00-12:00", "01 12:00-16:00", "01 16:00-20:00", "01 20:00-00:00")
    ]


def test_a_night_span_goes_over_midnight_and_its_last_round_ends_with_it() -> None:
    plan = PatrolPlan("p", "r", "patrol", every_min=180, from_=time(22), to=time(6))
    assert walls(made(plan, SHANGHAI, "2026-03-01", 1), SHANGHAI) == [
        "01 01:00-04:00",
        "01 04:00-06:00",
        "01 22:00-01:00",
    ]


@pytest.mark.parametrize(
    ("zone", "day", "walled", "hours"),
    [
        (NEW_YORK, "2026-03-08", ["08 00:00-04:00", "08 04:00-08:00"], [3, 4]),
        (NEW_YORK, "2026-11-01", ["01 00:00-04:00", "01 04:00-08:00"], [5, 4]),
        (LORD_HOWE, "2026-04-05", ["05 00:00-04:00", "05 04:00-08:00"], [4.5, 4]),
    ],
)
def test_a_window_keeps_its_wall_clock_over_a_change_of_the_clocks(
    zone: ZoneInfo, day: str, walled: list[str], hours: list[float]
) -> None:
    found = made(EVERY, zone, day)[:2]
    assert walls(found, zone) == walled
    assert [(r.window.closes_at - r.window.opens_at) / timedelta(hours=1) for r in found] == hours


def test_a_round_that_would_open_in_the_hour_that_is_not_there_is_not_lost() -> None:
    plan = PatrolPlan("p", "r", "patrol", every_min=30, from_=time(1), to=time(4))
    found = made(plan, NEW_YORK, "2026-03-08")
    assert walls(found, NEW_YORK) == ["08 01:00-01:30", "08 01:30-03:00", "08 03:00-03:30", "08 03:30-04:00"]


def _shift(starts: str, hours: float, *, on_call: bool = False) -> Dated:
    at = datetime.fromisoformat(starts).astimezone(UTC)
    return Dated("s", "patrol", "guard", "day", at, at + timedelta(hours=hours), on_call)


def test_two_rounds_a_shift_share_it() -> None:
    """PAT-02: two full rounds a shift, whichever clocks change meanwhile; who is on call walks none."""
    plan = PatrolPlan("p", "r", "patrol", per_shift=2)
    shifts = (_shift("2026-03-01T08:00+08:00", 8), _shift("2026-03-01T16:00+08:00", 8, on_call=True))
    assert walls(made(plan, SHANGHAI, "2026-03-01", 1, shifts), SHANGHAI) == ["01 08:00-12:00", "01 12:00-16:00"]
    capped = PatrolPlan("p", "r", "patrol", per_shift=2, window_min=60)
    assert walls(made(capped, SHANGHAI, "2026-03-01", 1, shifts), SHANGHAI) == ["01 08:00-09:00", "01 12:00-13:00"]


def test_a_rule_of_the_calendar() -> None:
    plan = PatrolPlan("p", "r", "patrol", rrule="FREQ=WEEKLY;BYDAY=MO,TH", from_=time(9, 30), window_min=90)
    assert walls(made(plan, SHANGHAI, "2026-03-01", 7), SHANGHAI) == ["02 09:30-11:00", "05 09:30-11:00"]
    second = PatrolPlan("p", "r", "patrol", rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", from_=time(9), window_min=60)
    assert [r[:2] for r in walls(made(second, SHANGHAI, "2026-03-01", 28), SHANGHAI)] == ["09", "23"]


def test_only_on_days_of_its_kind() -> None:
    plan = PatrolPlan("p", "r", "patrol", every_min=1440, day_types=(DayType.WEEKEND,))
    first = datetime(2026, 3, 1, tzinfo=SHANGHAI).astimezone(UTC)  # a Sunday
    found = rounds(plan, SHANGHAI, weekly, (), first, first + timedelta(days=7))
    assert [f"{r.window.opens_at.astimezone(SHANGHAI):%a}" for r in found] == ["Sun", "Sat"]


plans = st.one_of(
    st.builds(
        lambda every, starts, ends, cap: PatrolPlan(
            "p", "r", "s", every, from_=starts, to=ends, window_min=min(cap, every)
        ),
        st.integers(10, 1440),
        st.times().map(lambda t: t.replace(second=0, microsecond=0)),
        st.times().map(lambda t: t.replace(second=0, microsecond=0)),
        st.integers(0, 1440),
    ),
    st.builds(
        lambda rule, starts: PatrolPlan("p", "r", "s", rrule=rule, from_=starts, window_min=45),
        st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=MONTHLY;BYMONTHDAY=1,8,15"]),
        st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    ),
)


@given(
    plans, st.sampled_from([SHANGHAI, NEW_YORK, LORD_HOWE]), st.dates(date(2026, 1, 1), date(2026, 12, 20)), st.data()
)
def test_however_the_time_is_cut_the_same_rounds_are_made(
    plan: PatrolPlan, zone: ZoneInfo, day: date, data: st.DataObject
) -> None:
    """Rounds are made ahead again and again; no cut may lose one or make one twice."""
    first = datetime.combine(day, time(0), zone).astimezone(UTC)
    until = first + timedelta(days=4)
    whole = rounds(plan, zone, workday, (), first, until)
    cut = first + timedelta(minutes=data.draw(st.integers(0, 4 * 1440)))
    assert rounds(plan, zone, workday, (), first, cut) + rounds(plan, zone, workday, (), cut, until) == whole
    opened = [r.window.opens_at for r in whole]
    assert opened == sorted(set(opened))


@given(
    st.integers(10, 1440),
    st.sampled_from([SHANGHAI, NEW_YORK, LORD_HOWE]),
    st.dates(date(2026, 1, 1), date(2026, 12, 20)),
)
def test_rounds_of_the_whole_day_leave_no_hole(every: int, zone: ZoneInfo, day: date) -> None:
    found = made(PatrolPlan("p", "r", "s", every), zone, day.isoformat(), 3)
    assert all(a.window.closes_at == b.window.opens_at for a, b in pairwise(found))
