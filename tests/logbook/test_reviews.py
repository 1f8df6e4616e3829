"""Days looked through and signed, on both databases (LOG-06, QA-01, ROLE-10)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from core.errors import Refusal
from logbook import acts, entries, reviews
from logbook.errors import AlreadySigned, DayNotOver, NoReviews, NotTheReviewer, OnlyPersonOnDuty
from logbook.forms import Draft
from sites.duty_policies import DutyPolicies, Review
from sites.register import Policies, Register, Role
from store.db import Store, Tx
from tests.logbook.test_writing import SITE

DAY = date(2026, 3, 1)
MIDNIGHT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # in Shanghai, the end of DAY
AT = MIDNIGHT - timedelta(hours=2)


def ruled(review: Review | None) -> Register:
    return msgspec.structs.replace(SITE, policies=Policies(duty=DutyPolicies(review=review)))


def sign(tx: Tx, **more: Any) -> reviews.Signed:
    asked: dict[str, Any] = {
        "register": SITE,
        "day": DAY,
        "sheet": {"late": []},
        "on_duty": ["wang", "chen"],
        "comment": "阅",
        "by": "chen",
        "roles": [Role.SUPERVISOR],
        "at": MIDNIGHT,
    }
    return reviews.sign(tx, **(asked | more))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Shanghai", date(2026, 3, 1), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
    ],
)
def test_a_day_is_the_sites_own(zone: str, day: date, hours: int) -> None:
    starts, ends = reviews.span(ZoneInfo(zone), day)
    assert ends - starts == timedelta(hours=hours)


def test_a_signed_day_stands_in_the_log_with_its_sheet(store: Store) -> None:
    with store.begin([SITE.site_id]) as tx:
        made = sign(tx)
    with store.read() as conn:
        assert reviews.signed(conn, SITE.site_id, DAY, DAY) == [made]
        line = entries.one(conn, SITE.site_id, made.n)
        assert line is not None
        assert (line.act, line.actor, line.subject) == ("log.reviewed", "chen", "day/2026-03-01")
        assert line.data == {"day": "2026-03-01", "comment": "阅", "sheet": {"late": []}}
        assert reviews.signed(conn, "elsewhere", DAY, DAY) == []


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"register": ruled(None)}, NoReviews),
        ({"roles": [Role.OPERATOR, Role.MANAGER]}, NotTheReviewer),
        ({"register": ruled(Review(Role.MANAGER))}, NotTheReviewer),
        ({"at": MIDNIGHT - timedelta(seconds=1)}, DayNotOver),
        ({"on_duty": ["chen"]}, OnlyPersonOnDuty),
    ],
)
def test_who_may_not_sign_leaves_nothing(store: Store, more: dict[str, Any], refusal: type[Refusal]) -> None:
    with store.begin([SITE.site_id]) as tx:
        with pytest.raises(refusal):
            sign(tx, **more)
        assert tx.heads[SITE.site_id].log_size == 0


def test_a_day_is_signed_once(store: Store) -> None:
    with store.begin([SITE.site_id]) as tx:
        sign(tx, on_duty=[])
        with pytest.raises(AlreadySigned) as told:
            sign(tx, by="li")
        assert told.value.data == {"by": "chen", "n": 1}


def test_days_are_owed_from_the_first_entry_until_they_are_signed(store: Store) -> None:
    """Due so many hours after the end of the day; never for days before the log began, nor longer ago than a month."""

    def owed(after: timedelta, register: Register = SITE) -> list[str]:
        with store.read() as conn:
            return reviews.overdue(conn, register, MIDNIGHT + after)

    assert owed(timedelta(days=9)) == []
    with store.begin([SITE.site_id]) as tx:
        acts.write(tx, SITE, Draft({"text": "t"}), "wang", AT)
    assert owed(timedelta(hours=24, seconds=-1)) == []
    assert owed(timedelta(hours=24)) == ["2026-03-01"]
    assert owed(timedelta(hours=0), ruled(Review(due_h=0))) == ["2026-03-01"]
    assert owed(timedelta(days=9), ruled(None)) == []
    with store.begin([SITE.site_id]) as tx:
        sign(tx)
    assert owed(timedelta(hours=48)) == ["2026-03-02"]
    assert len(owed(timedelta(days=300))) == 30
