"""When next month's roster is owed (DUTY-03)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.calendar import month_after, month_of
from duty.roster_due import due_after, owed_at
from sites.duty_policies import DutyPolicies
from sites.register import Policies, Register
from tests.night import HARBOUR


def site(day: int, zone: str = "Asia/Shanghai") -> Register:
    policies = Policies(duty=DutyPolicies(roster_due_day=day))
    return msgspec.structs.replace(HARBOUR, policies=policies, time_zone=zone)


@pytest.mark.parametrize(
    ("day", "at", "due", "month"),
    [
        (25, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 25, 16, tzinfo=UTC), "2026-04"),
        (25, datetime(2026, 3, 25, 15, 59, tzinfo=UTC), datetime(2026, 3, 25, 16, tzinfo=UTC), "2026-04"),
        (25, datetime(2026, 3, 25, 16, tzinfo=UTC), datetime(2026, 4, 25, 16, tzinfo=UTC), "2026-05"),
        (31, datetime(2026, 4, 2, tzinfo=UTC), datetime(2026, 4, 30, 16, tzinfo=UTC), "2026-05"),
        (31, datetime(2026, 1, 31, 17, tzinfo=UTC), datetime(2026, 2, 28, 16, tzinfo=UTC), "2026-03"),
        (25, datetime(2026, 12, 26, tzinfo=UTC), datetime(2027, 1, 25, 16, tzinfo=UTC), "2027-02"),
    ],
)
def test_it_is_owed_when_the_due_day_ends_at_the_site(day: int, at: datetime, due: datetime, month: str) -> None:
    assert due_after(site(day), at) == due
    assert owed_at(site(day), due) == month


def test_a_site_without_a_due_day_owes_none() -> None:
    assert due_after(site(0), datetime(2026, 3, 1, tzinfo=UTC)) is None


@given(
    st.integers(1, 31),
    st.integers(0, 3 * 365 * 24 * 60),
    st.sampled_from(["Asia/Shanghai", "America/Chicago", "Europe/Berlin", "Pacific/Auckland"]),
)
def test_every_month_is_owed_once_and_in_turn(day: int, minutes: int, zone: str) -> None:
    register, at = site(day, zone), datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    first = due_after(register, at)
    assert first is not None
    assert at < first <= at + timedelta(days=32)
    second = due_after(register, first)
    assert second is not None
    assert owed_at(register, second) == month_after(owed_at(register, first))
    eve = (first - timedelta(seconds=1)).astimezone(register.zone_info)
    assert month_after(month_of(eve.date())) == owed_at(register, first)
