"""What kind of day a date is (SITE-04, DUTY-04)."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty import calendar_store
from duty import store as duty_store
from duty.calendar import MONTH, Override, day_of, days_of, month_after, month_of
from duty.errors import DayIsPast, NotOverridden
from ingest import rosters
from logbook import entries
from simulators.scenario import callsheet
from sites.duty_words import DayType
from sites.register import Rota, ShiftTemplate
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, words

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 1, 1), "holiday"),
        (date(2026, 1, 2), "holiday"),  # moved here from 4 January
        (date(2026, 1, 4), "makeup"),
        (date(2026, 2, 14), "makeup"),
        (date(2026, 2, 28), "makeup"),
        (date(2026, 5, 9), "makeup"),
        (date(2026, 9, 20), "makeup"),
        (date(2026, 10, 10), "makeup"),
        (date(2026, 10, 7), "holiday"),
        (date(2026, 3, 7), "weekend"),
        (date(2026, 3, 9), "workday"),
    ],
)
def test_china_moves_working_days(day: date, kind: str) -> None:
    assert (day_of(day, "CN", {}).type, day_of(day, "CN", {}).provisional) == (kind, False)


def test_a_year_whose_working_days_are_not_published_says_so() -> None:
    spring = day_of(date(2027, 2, 6), "CN", {})
    assert (spring.type, spring.provisional) == (DayType.HOLIDAY, True)
    assert spring.name is not None
    assert spring.name.zh == "春节"


def test_a_country_that_moves_no_days_is_never_provisional() -> None:
    assert not day_of(date(2027, 7, 5), "US", {}).provisional
    assert day_of(date(2026, 2, 12), "US-IL", {}).type is DayType.HOLIDAY  # Lincoln's birthday, of the region only
    assert day_of(date(2026, 2, 12), "US", {}).type is DayType.WORKDAY


def test_a_place_without_a_calendar_has_weekends_and_says_that_it_may_be_wrong() -> None:
    assert day_of(date(2026, 3, 7), "XX", {}) == day_of(date(2026, 3, 7), "XX-YY", {})
    found = day_of(date(2026, 3, 7), "XX", {})
    assert (found.type, found.provisional) == (DayType.WEEKEND, True)


@given(st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.sampled_from(DayType))
def test_the_sites_own_word_stands_above_the_countrys(day: date, kind: DayType) -> None:
    said = Override(day, kind, "typhoon", "zhao", AT)
    found = day_of(day, "CN", {day: said})
    assert (found.type, found.override, found.provisional) == (kind, said, False)
    tomorrow = day + timedelta(days=1)
    assert day_of(tomorrow, "CN", {day: said}) == day_of(tomorrow, "CN", {})


@given(st.dates(date(2001, 1, 1), date(2098, 12, 31)))
def test_every_day_is_in_its_month_once(day: date) -> None:
    import re

    month = month_of(day)
    assert re.match(MONTH, month)
    assert days_of(month).count(day) == 1
    assert day not in days_of(month_after(month))
    assert days_of(month_after(month))[0] == days_of(month)[-1] + timedelta(days=1)


# over the store

DAYS = msgspec.structs.replace(
    HARBOUR,
    templates={
        "day": ShiftTemplate("day", words("Day"), time(8), time(20), day_types=(DayType.WORKDAY, DayType.MAKEUP)),
        "night": ShiftTemplate("night", words("Night"), time(20), time(8)),
    },
    rotas=(Rota("centre", "2026-01-01", ({"day": "li", "night": "wang"},)),),
)


def _day_shifts(night: Night) -> set[str]:
    with night.db.read() as conn:
        found = duty_store.shifts(conn, night.site, night.clock(), night.clock() + timedelta(days=60))
    return {s.id.split("/")[1] for s in found if s.template == "day"}


def test_the_rota_follows_the_calendar_and_its_overrides(store: Store, clock: HandClock) -> None:
    """A shift that is for working days is not worked on the tomb-sweeping day (6 April), nor where the site says so."""
    clock.set(datetime(2026, 3, 20, 4, tzinfo=UTC))
    night = Night(store, clock, DAYS)
    stands = _day_shifts(night)
    assert "2026-04-03" in stands
    assert "2026-04-06" not in stands
    day = date(2026, 4, 3)
    with store.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        rosters.set_day(tx, desk, day, DayType.HOLIDAY, "site closed", "zhao", clock())
        rosters.set_day(tx, desk, date(2026, 4, 6), DayType.WORKDAY, "open all the same", "zhao", clock())
    assert _day_shifts(night) == (stands - {"2026-04-03"}) | {"2026-04-06"}
    with store.begin([night.site]) as tx:
        rosters.clear_day(tx, desk, day, "zhao", clock())
    assert "2026-04-03" in _day_shifts(night)
    with store.read() as conn:
        said = [e.act for e in entries.read(conn, night.site) if e.act.startswith("calendar.")]
        kept = calendar_store.overrides(conn, night.site, date(2026, 1, 1), date(2026, 12, 31))
    assert said == ["calendar.clear", "calendar.set", "calendar.set"]
    assert {d: (o.type, o.reason, o.by) for d, o in kept.items()} == {
        date(2026, 4, 6): (DayType.WORKDAY, "open all the same", "zhao")
    }


def test_the_call_sheet_of_a_scenario_knows_the_same_shifts(store: Store, clock: HandClock) -> None:
    clock.set(datetime(2026, 3, 20, 4, tzinfo=UTC))
    night = Night(store, clock, DAYS)
    with store.read() as conn:
        stand = duty_store.shifts(conn, night.site, clock() - timedelta(days=3), clock() + timedelta(days=60))
    assert {s.id for s in callsheet.roster(DAYS, clock())} == {s.id for s in stand}


def test_a_day_that_is_over_keeps_its_type(store: Store, clock: HandClock) -> None:
    night = Night(store, clock)  # 1 March, 22:00 in Shanghai
    desk = None
    with store.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        with pytest.raises(DayIsPast):
            rosters.set_day(tx, desk, date(2026, 2, 28), DayType.HOLIDAY, "r", "zhao", clock())
        with pytest.raises(NotOverridden):
            rosters.clear_day(tx, desk, date(2026, 3, 2), "zhao", clock())
        rosters.set_day(tx, desk, date(2026, 3, 1), DayType.HOLIDAY, "r", "zhao", clock())
