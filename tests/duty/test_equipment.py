"""Tests of equipment that come again (EQP-02): when they are due, on both databases, and what a result writes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty import equipment_acts, equipment_store
from duty.equipment import Result, Standing, due_day, months_after, overdue_from, standing
from duty.errors import NoSuchTest
from duty.handover_errors import WordsOwed
from sites.equipment_words import EquipmentTest
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, by_id, words

SHANGHAI, CHICAGO = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Chicago")


def again(days: int = 0, months: int = 0, since: date = date(2026, 2, 20), name: str = "pump") -> EquipmentTest:
    return EquipmentTest(
        id=name, name=words("Pump"), about=words("Run it"), every_days=days, every_months=months, since=since
    )


@pytest.mark.parametrize(
    ("test", "last", "due"),
    [
        (again(days=7), None, date(2026, 2, 27)),
        (again(days=7), date(2026, 2, 26), date(2026, 3, 5)),
        (again(days=1), date(2028, 2, 28), date(2028, 2, 29)),
        (again(months=1), None, date(2026, 3, 20)),
        (again(months=1), date(2026, 1, 31), date(2026, 2, 28)),
        (again(months=1), date(2028, 1, 31), date(2028, 2, 29)),
        (again(months=1), date(2026, 2, 28), date(2026, 3, 28)),
        (again(months=3), date(2026, 11, 30), date(2027, 2, 28)),
        (again(months=12), date(2028, 2, 29), date(2029, 2, 28)),
        (again(months=120), date(2026, 12, 31), date(2036, 12, 31)),
    ],
)
def test_the_day_by_which_it_is_due(test: EquipmentTest, last: date | None, due: date) -> None:
    assert due_day(test, last) == due


@given(day=st.dates(date(2000, 1, 1), date(2099, 12, 31)), months=st.integers(1, 120))
def test_a_month_is_never_skipped_and_never_lasts_longer_than_its_days(day: date, months: int) -> None:
    after = months_after(day, months)
    assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == months
    assert after.day == day.day or (after.day < day.day and (after + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("zone", "due", "from_"),
    [
        (SHANGHAI, date(2026, 3, 1), datetime(2026, 3, 1, 16, tzinfo=UTC)),
        (CHICAGO, date(2026, 3, 7), datetime(2026, 3, 8, 6, tzinfo=UTC)),
        (CHICAGO, date(2026, 3, 8), datetime(2026, 3, 9, 5, tzinfo=UTC)),
    ],
)
def test_it_is_overdue_from_the_sites_own_midnight(zone: ZoneInfo, due: date, from_: datetime) -> None:
    assert overdue_from(zone, due) == from_
    test = again(days=1, since=due - timedelta(days=1))
    assert not standing(test, None, zone, from_ - timedelta(microseconds=1)).overdue
    assert standing(test, None, zone, from_).overdue


def test_a_result_counts_on_the_day_of_the_sites_clocks() -> None:
    """23:30 UTC is the next morning in Shanghai."""
    done = Result(id="r", test="pump", passed=True, by="wang", at=datetime(2026, 2, 27, 23, 30, tzinfo=UTC))
    assert standing(again(months=1), done, SHANGHAI, done.at).due == date(2026, 3, 28)
    assert standing(again(months=1), done, CHICAGO, done.at).due == date(2026, 3, 27)


def equipped(*tests: EquipmentTest) -> Register:
    return msgspec.structs.replace(HARBOUR, equipment_tests=by_id(tests))


def record(night: Night, test: str, *, passed: bool = True, note: str = "") -> Standing:
    with night.db.begin([night.site]) as tx:
        register = night.desks.register(tx.conn, night.site)
        assert register is not None
        return equipment_acts.record(tx, register, test, passed=passed, note=note, by="wang", at=night.clock())


def listed(night: Night) -> list[tuple[str, date, bool, bool | None]]:
    with night.db.read() as conn:
        register = night.desks.register(conn, night.site)
        assert register is not None
        found = equipment_acts.listed(conn, register, night.clock())
    return [(s.test.id, s.due, s.overdue, s.last and s.last.passed) for s in found]


def test_an_overdue_test_is_listed_until_its_result(store: Store, clock: HandClock) -> None:
    """EQP-02's own example. The night begins on 1 March, 22:00."""
    night = Night(store, clock, equipped(again(months=1, name="lift"), again(days=7)))
    assert listed(night) == [("pump", date(2026, 2, 27), True, None), ("lift", date(2026, 3, 20), False, None)]
    made = record(night, "pump", note="6 bar")
    assert (made.due, made.overdue) == (date(2026, 3, 8), False)
    assert listed(night) == [("pump", date(2026, 3, 8), False, True), ("lift", date(2026, 3, 20), False, None)]
    (line,) = night.log("equipment/pump")
    told = {"test": {"zh": "Pump", "en": "Pump"}, "passed": True, "note": "6 bar"}
    assert (line.act, line.actor, line.data) == ("equipment.tested", "wang", told)


def test_a_failure_needs_words_and_the_newest_result_holds(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, equipped(again(days=7)))
    with pytest.raises(WordsOwed):
        record(night, "pump", passed=False, note="  ")
    with pytest.raises(NoSuchTest):
        record(night, "horn")
    assert night.log("equipment/pump") == []
    record(night, "pump")
    clock.tick(24 * 3600)
    record(night, "pump", passed=False, note="does not start")
    assert listed(night) == [("pump", date(2026, 3, 9), False, False)]
    with store.read() as conn:
        assert equipment_store.last(conn, night.site)["pump"].note == "does not start"
