"""A status entry that is not written in time is an alert (LOG-02; fire-control rooms: two-hourly), on both databases."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerts.rules import State
from ingest import status_entries, watches, writing
from logbook.forms import Draft
from logbook.status import get, owed_at
from sites.duty_policies import DutyPolicies
from sites.register import Policies, Register
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night

AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
H = timedelta(hours=1)
TWO_HOURLY = msgspec.structs.replace(HARBOUR, policies=Policies(duty=DutyPolicies(status_every_min=120)))


@pytest.mark.parametrize(
    ("every", "last", "since", "owed"),
    [
        (0, AT, AT, None),
        (120, AT, None, None),
        (120, None, AT, AT + 2 * H),
        (120, AT - H, AT, AT + 2 * H),
        (120, AT, AT - 3 * H, AT + 2 * H),
        (30, AT, AT - 3 * H, AT + H / 2),
    ],
)
def test_when_an_entry_is_owed(
    every: int, last: datetime | None, since: datetime | None, owed: datetime | None
) -> None:
    assert owed_at(every, last, since) == owed


def sweep(night: Night, hours: float = 0) -> list[str]:
    """Let time pass, and say what rings for want of an entry."""
    night.clock.tick(hours * 3600)
    night.sweeper.run()
    return [a.state for a in night.open() if a.kind == "logbook.status_due"]


def write(night: Night, register: Register, form: str) -> None:
    fields = {"state": "normal"} if form == "status" else {"text": "t"}
    with night.db.begin([night.site]) as tx:
        writing.write(tx, register, Draft(fields, form), "wang", night.clock())


def test_it_rings_until_it_is_written(store: Store, clock: HandClock) -> None:
    """22:00: wang has been on since 20:00, so an entry is owed at once; then every two hours."""
    night = Night(store, clock, TWO_HOURLY)
    assert sweep(night) == [State.RAISED]
    assert sweep(night, 0.1) == [State.RAISED]
    write(night, desk(night), "note")
    assert sweep(night) == [State.RAISED]
    write(night, desk(night), "status")
    assert sweep(night) == [State.CLEARED]
    with store.read() as conn:
        assert watches.next_due(conn) == clock() + 2 * H
    assert sweep(night, 1.9) == [State.CLEARED]
    assert sweep(night, 0.2) == [State.RAISED]


def test_a_site_that_asks_for_none_is_left_alone(store: Store, clock: HandClock) -> None:
    night = Night(store, clock)
    assert sweep(night) == []
    with store.read() as conn:
        assert status_entries.sites_due(conn, clock() + 100 * H) == set()
        row = get(conn, night.site)
    assert row is not None
    assert row.due_at is None
    assert sweep(night, 30) == []


def test_an_answered_alert_is_over_when_the_entry_is_written(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, TWO_HOURLY)
    sweep(night)
    night.ack("wang")
    write(night, desk(night), "status")
    assert sweep(night) == [State.SETTLING]


def desk(night: Night) -> Register:
    """The register as it is stored, with its version."""
    with night.db.read() as conn:
        found = night.desks.register(conn, night.site)
    assert found is not None
    return found
