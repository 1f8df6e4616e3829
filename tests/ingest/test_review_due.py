"""A day of the logbook that nobody signed in time is an alert (LOG-06), on both databases."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ingest import review_watch, watches
from logbook import review_due, reviews
from logbook.review_due import next_look
from sites.duty_policies import DutyPolicies, Review
from sites.register import Policies, Register
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night

SHANGHAI = ZoneInfo("Asia/Shanghai")


def asking(review: Review | None) -> Register:
    return msgspec.structs.replace(HARBOUR, policies=Policies(duty=DutyPolicies(review=review)))


@pytest.mark.parametrize(
    ("zone", "due_h", "at", "due"),
    [
        (SHANGHAI, 24, datetime(2026, 3, 1, 14, tzinfo=UTC), datetime(2026, 3, 1, 16, tzinfo=UTC)),
        (SHANGHAI, 24, datetime(2026, 3, 1, 16, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC)),
        (SHANGHAI, 1, datetime(2026, 3, 1, 16, 30, tzinfo=UTC), datetime(2026, 3, 1, 17, tzinfo=UTC)),
        (SHANGHAI, 168, datetime(2026, 3, 1, 14, tzinfo=UTC), datetime(2026, 3, 1, 16, tzinfo=UTC)),
        (
            ZoneInfo("America/New_York"),
            24,
            datetime(2026, 3, 9, 5, 30, tzinfo=UTC),
            datetime(2026, 3, 10, 4, tzinfo=UTC),
        ),
    ],
)
def test_when_the_next_day_becomes_overdue(zone: ZoneInfo, due_h: int, at: datetime, due: datetime) -> None:
    assert next_look(zone, due_h, at) == due


def ringing(night: Night, hours: float = 0) -> list[str]:
    night.clock.tick(hours * 3600)
    night.sweeper.run()
    return [str(a.state) for a in night.open() if a.kind == review_watch.DUE]


def sign(night: Night, day: date) -> None:
    with night.db.begin([night.site]) as tx:
        register = night.desks.register(tx.conn, night.site)
        assert register is not None
        reviews.sign(
            tx, register, day, {}, ["wang", "li"], comment="", by="chen", roles=night.roles("chen"), at=night.clock()
        )
        review_due.soon(tx, night.site, register.version, night.clock())


def test_a_day_left_unsigned_rings_until_it_is_signed(store: Store, clock: HandClock) -> None:
    """The first day ends at 16:00 UTC, and is due a day later."""
    night = Night(store, clock, asking(Review(alert=True)))
    first = clock().astimezone(SHANGHAI).date()
    end = reviews.span(SHANGHAI, first)[1]
    assert ringing(night) == []
    with store.read() as conn:
        assert watches.next_due(conn) is not None
        assert review_due.next_due(conn) == reviews.span(SHANGHAI, first - timedelta(days=1))[1] + timedelta(hours=24)
    clock.set(end + timedelta(hours=24) - timedelta(seconds=1))
    assert ringing(night) == []
    clock.set(end + timedelta(hours=24))
    assert ringing(night) == ["raised"]
    assert ringing(night, 24) == ["raised"], "a second day adds no second alert"
    sign(night, first)
    assert ringing(night) == ["raised"], "the other day is owed still"
    sign(night, first + timedelta(days=1))
    assert ringing(night) == ["cleared"]


@pytest.mark.parametrize("review", [None, Review()])
def test_nothing_rings_where_the_site_does_not_ask(store: Store, clock: HandClock, review: Review | None) -> None:
    night = Night(store, clock, asking(review))
    assert ringing(night, 72) == []
    with store.read() as conn:
        assert review_due.next_due(conn) is None
