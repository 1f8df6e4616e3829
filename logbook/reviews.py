"""A day of the log looked through and signed by who the site says (LOG-06, QA-01), and the days for which that is owed.

A day is the site's own, from midnight to midnight on its clocks; one can only be signed when it is over. Two-person
separation (ROLE-10): a reviewer may have been on duty that day and may have written in the log, but not alone. Who was the
only person on duty would be vouching for nobody but themselves.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select

from core.clock import instant
from logbook import entries
from logbook.errors import AlreadySigned, DayNotOver, NoReviews, NotTheReviewer, OnlyPersonOnDuty
from logbook.rules import Line
from logbook.tables import log_entry, log_review
from sites.register import Register, Role
from store.db import Tx

REVIEWED: Final = "log.reviewed"
LOOK_BACK: Final = 31


class Signed(msgspec.Struct, frozen=True):
    """A signed day; `n` is the entry that says so, `sheet` what was known of the day then."""

    day: str
    by: str
    at: datetime
    comment: str
    n: int
    sheet: dict[str, Any]


def span(zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    """A day of the site as instants, end excluded; 23 or 25 hours where the clocks change."""
    starts, ends = (datetime.combine(d, time(), zone).astimezone(UTC) for d in (day, day + timedelta(days=1)))
    return starts, ends


def sign(
    tx: Tx,
    register: Register,
    day: date,
    sheet: dict[str, Any],
    on_duty: Collection[str],
    *,
    comment: str,
    by: str,
    roles: Collection[Role],
    at: datetime,
) -> Signed:
    """Sign a day, with its `sheet` as it is now; `on_duty` are all who were. The caller has checked the password."""
    rule = register.policies.duty.review
    if rule is None:
        raise NoReviews
    if rule.role not in roles:
        raise NotTheReviewer(role=rule.role)
    if at < span(register.zone_info, day)[1]:
        raise DayNotOver(field="day")
    if set(on_duty) == {by}:
        raise OnlyPersonOnDuty
    before = signed(tx.conn, register.site_id, day, day)
    if before:
        raise AlreadySigned(by=before[0].by, n=before[0].n)
    name = day.isoformat()
    data = {"day": name, "comment": comment, "sheet": sheet}
    entries.append(tx, register.site_id, [Line(at, REVIEWED, by, f"day/{name}", data)])
    made = Signed(name, by, at, comment, tx.heads[register.site_id].log_size, sheet)
    tx.conn.execute(
        log_review.insert().values(
            site_id=register.site_id, day=name, reviewer=by, at=at, comment=comment, sheet=sheet, n=made.n
        )
    )
    return made


def signed(conn: Connection, site_id: str, first: date, last: date) -> list[Signed]:
    """The signed days from `first` to `last`, oldest first."""
    query = select(log_review).where(
        log_review.c.site_id == site_id, log_review.c.day >= first.isoformat(), log_review.c.day <= last.isoformat()
    )
    rows = conn.execute(query.order_by(log_review.c.day))
    return [Signed(r.day, r.reviewer, r.at, r.comment, r.n, r.sheet) for r in rows]


def overdue(conn: Connection, register: Register, at: datetime) -> list[str]:
    """The days of the last month, oldest first, that should have been signed by now and are not."""
    rule = register.policies.duty.review
    begun = conn.execute(
        select(log_entry.c.at).where(log_entry.c.site_id == register.site_id, log_entry.c.n == 1)
    ).scalar()
    if rule is None or begun is None:
        return []
    zone = register.zone_info
    today = at.astimezone(zone).date()
    first = max(today - timedelta(days=LOOK_BACK), instant(begun).astimezone(zone).date())
    done = {one.day for one in signed(conn, register.site_id, first, today)}
    days = (first + timedelta(days=i) for i in range((today - first).days))
    limit = timedelta(hours=rule.due_h)
    return [d.isoformat() for d in days if d.isoformat() not in done and span(zone, d)[1] + limit <= at]
