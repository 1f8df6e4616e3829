"""What a reviewer should know of a day before signing it, computed from the rows: late sign-ons, slow answers, alerts left
open, seats that nobody held (QA-01).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from alerts import major_store
from alerts import store as alert_store
from alerts.rules import Alert
from core.clock import instant, micros, seconds
from duty import store as duty_store
from duty.rules import Attended, who_holds
from logbook import entries
from logbook.reviews import span
from logbook.tables import log_text
from sites import versions
from sites.register import Dated, Register

ANSWERS: Final = ("alert.ack", "alert.take")
LONGEST: Final = timedelta(hours=26)


class Late(msgspec.Struct, frozen=True):
    """A shift whose person came late, or (`on_at` None) had not come when the sheet was made."""

    seat: str
    person: str
    shift: str
    starts_at: datetime
    on_at: datetime | None


class Slow(msgspec.Struct, frozen=True):
    """An alert that was answered after its target, or not at all."""

    alert: str
    number: int
    kind: str
    heard_at: datetime
    target_s: int
    answered_at: datetime | None
    by: str | None


class Unclosed(msgspec.Struct, frozen=True):
    """An alert that was still open when the day ended; `state` is what it is now."""

    alert: str
    number: int
    kind: str
    heard_at: datetime
    state: str


class Gap(msgspec.Struct, frozen=True):
    """A required seat that nobody held."""

    seat: str
    starts_at: datetime
    ends_at: datetime


class Unrecorded(msgspec.Struct, frozen=True):
    """A major incident of the day that nobody was named to record (LOG-13)."""

    alert: str
    number: int
    kind: str
    heard_at: datetime


class Sheet(msgspec.Struct, frozen=True):
    """The day until `ends_at`: its end, or now. `openings`, `closings`: how many such entries were written."""

    day: str
    starts_at: datetime
    ends_at: datetime
    on_duty: list[str]
    late: list[Late]
    slow: list[Slow]
    unclosed: list[Unclosed]
    gaps: list[Gap]
    unrecorded: list[Unrecorded]
    openings: int
    closings: int


def day_sheet(conn: Connection, register: Register, day: date, at: datetime) -> Sheet:
    """The sheet of a day, as far as it has come by `at`."""
    site, (starts, whole) = register.site_id, span(register.zone_info, day)
    ends = max(starts, min(whole, at))
    begun = entries.begun(conn, site) or starts  # nobody can have come to a shift of before
    shifts = [s for s in duty_store.shifts(conn, site, starts, ends) if not s.on_call and s.ends_at > begun]
    stays = [a for a in duty_store.attended(conn, site, starts - LONGEST) if a.on_at < ends]
    alerts = _alerts(conn, site, starts, ends)
    forms = _forms(conn, site, starts, ends)
    present = {a.person for a in stays if a.off_at is None or a.off_at > starts}
    return Sheet(
        day=day.isoformat(),
        starts_at=starts,
        ends_at=ends,
        on_duty=sorted(present | _holding(register, shifts, stays, starts, ends)),
        late=_late(conn, register, shifts, stays, starts, ends),
        slow=_slow(conn, site, [a for a in alerts if starts <= a.heard_at], ends),
        unclosed=[
            Unclosed(a.id, a.number, a.kind, a.heard_at, a.state)
            for a in alerts
            if a.closed_at is None or a.closed_at >= ends
        ],
        gaps=gaps([s for s in register.seats if register.seats[s].required], shifts, stays, starts, ends),
        unrecorded=_unrecorded(conn, site, alerts, starts, ends),
        openings=forms.count("opening"),
        closings=forms.count("closing"),
    )


def _late(
    conn: Connection,
    register: Register,
    shifts: Sequence[Dated],
    stays: Sequence[Attended],
    starts: datetime,
    ends: datetime,
) -> list[Late]:
    """Each shift by the rules that were in force when it began (SITE-06)."""
    rules = {register.version: register}
    found: list[Late] = []
    for shift in shifts:
        version, _ = versions.in_force(conn, register.site_id, shift.starts_at) or (register.version, 0)
        if version not in rules:
            rules[version] = versions.register_of(conn, register.site_id, version)
        found += late([shift], stays, starts, ends, rules[version].policies.duty.late_grace_s)
    return found


def late(
    shifts: Sequence[Dated], stays: Sequence[Attended], starts: datetime, ends: datetime, grace_s: int
) -> list[Late]:
    """The shifts begun in the span whose person was not signed on `grace_s` after the beginning."""
    found = []
    for shift in shifts:
        if not starts <= shift.starts_at < ends or shift.starts_at + seconds(grace_s) >= ends:
            continue
        came = [
            a.on_at
            for a in stays
            if (a.seat, a.person) == (shift.seat, shift.person)
            and a.on_at < shift.ends_at
            and (a.off_at is None or a.off_at > shift.starts_at)
        ]
        first = min(came, default=None)
        if first is None or first > shift.starts_at + seconds(grace_s):
            found.append(Late(shift.seat, shift.person, shift.id, shift.starts_at, first))
    return found


def gaps(
    seats: Iterable[str], shifts: Sequence[Dated], stays: Sequence[Attended], starts: datetime, ends: datetime
) -> list[Gap]:
    """Where in the span a seat was nobody's; who holds it changes only at the edges of shifts and stays."""
    found: list[Gap] = []
    for seat in seats:
        edges = _edges(shifts, stays, seat, starts, ends)
        for begin, end in pairwise(edges):
            if who_holds(seat, begin, shifts, stays).person is None:
                if found and (found[-1].seat, found[-1].ends_at) == (seat, begin):
                    begin = found.pop().starts_at  # noqa: PLW2901 - one gap, however many edges fall into it
                found.append(Gap(seat, begin, end))
    return found


def _edges(
    shifts: Sequence[Dated], stays: Sequence[Attended], seat: str, starts: datetime, ends: datetime
) -> list[datetime]:
    edges = {edge for s in shifts if s.seat == seat for edge in (s.starts_at, s.ends_at)}
    edges |= {edge for a in stays if a.seat == seat for edge in (a.on_at, a.off_at) if edge is not None}
    return [starts, *sorted(edge for edge in edges if starts < edge < ends), ends] if starts < ends else []


def _holding(
    register: Register, shifts: Sequence[Dated], stays: Sequence[Attended], starts: datetime, ends: datetime
) -> set[str]:
    """Everybody who held a seat at any time, signed on or by the roster alone."""
    held = {
        who_holds(seat, edge, shifts, stays).person
        for seat in register.seats
        for edge in _edges(shifts, stays, seat, starts, ends)[:-1]
    }
    return {person for person in held if person is not None}


def _alerts(conn: Connection, site: str, starts: datetime, ends: datetime) -> list[Alert]:
    """The alerts heard in the day, and older ones that were open when it ended and still are."""
    found = [a for a in alert_store.open_alerts(conn, site) if a.heard_at < starts]
    before: tuple[datetime, int] | None = (ends, 0)
    while before is not None:
        page = alert_store.page(conn, site, "all", before, 200)
        found += [a for a in page if a.heard_at >= starts]
        before = (page[-1].heard_at, page[-1].number) if len(page) == 200 and page[-1].heard_at >= starts else None
    return sorted(found, key=lambda a: (a.heard_at, a.number))


def _slow(conn: Connection, site: str, alerts: Sequence[Alert], ends: datetime) -> list[Slow]:
    answers = _answers(conn, site, alerts)
    found = []
    for alert in alerts:
        at, by = answers.get(f"alert/{alert.id}", (None, None))
        target = alert.heard_at + seconds(alert.ladder.ack_s)
        if (at if at is not None else ends) > target:
            found.append(Slow(alert.id, alert.number, alert.kind, alert.heard_at, alert.ladder.ack_s, at, by))
    return found


def _answers(conn: Connection, site: str, alerts: Sequence[Alert]) -> dict[str, tuple[datetime, str]]:
    """When each alert was first answered, and by whom."""
    if not alerts:
        return {}
    query = select(log_text.c.subject, log_text.c.at, log_text.c.actor).where(
        log_text.c.site_id == site,
        log_text.c.at >= micros(min(a.heard_at for a in alerts)),
        log_text.c.act.in_(ANSWERS),
    )
    first: dict[str, tuple[datetime, str]] = {}
    for subject, at, actor in conn.execute(query.order_by(log_text.c.n)):
        first.setdefault(subject, (instant(at), actor))
    return first


def _unrecorded(
    conn: Connection, site: str, alerts: Sequence[Alert], starts: datetime, ends: datetime
) -> list[Unrecorded]:
    left = {m.alert_id for m in major_store.between(conn, site, starts, ends) if m.unrecorded}
    return [Unrecorded(a.id, a.number, a.kind, a.heard_at) for a in alerts if a.id in left]


def _forms(conn: Connection, site: str, starts: datetime, ends: datetime) -> list[str]:
    query = select(log_text.c.form).where(
        log_text.c.site_id == site,
        log_text.c.at >= micros(starts),
        log_text.c.at < micros(ends),
        log_text.c.act == "log.written",
    )
    return list(conn.execute(query).scalars())
