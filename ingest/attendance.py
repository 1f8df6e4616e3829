"""Who does not come to a shift is an alert until they do (ATT-02, ATT-06), where the site has its people sign on; and the
attendance record of a span (ATT-01, DUTY-15).
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from core.ids import derived
from duty import attendance, away_store, plan_and_fact, presence_store, request_store, requests, told_store
from duty import store as duty_store
from duty.attendance import Person, Record, absent_at, attends
from duty.coverage import span
from duty.presence_store import Absence
from duty.rules import Attended
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from logbook import entries
from logbook.rules import Line
from sites.duty_words import Dated
from sites.register import Register
from store.db import Tx

ABSENT: Final = "duty.absent"
ARRIVED: Final = "duty.arrived"
_NAME: Final = presence_store.ATTENDANCE
DUE_ROWS: Final = presence_store.DUE_ROWS[_NAME]
_LONG: Final = timedelta(days=2)  # nobody stays on for longer after a shift


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where it is time to look."""
    return presence_store.sites_due(conn, _NAME, at)


def next_due(conn: Connection) -> datetime | None:
    """When it is next time to look at any site."""
    return presence_store.next_due(conn, _NAME)


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:  # noqa: ARG001 - a watch's question
    """What may be raised and ended: the pass itself may settle seats and make it time to look."""
    required = desk.register.policies.duty.sign_on_required
    if not required and not presence_store.absences(conn, desk.register.site_id):
        return []
    return [(f"seat/{seat}", ABSENT) for seat in desk.register.seats]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Call who has not come, let be who has come or whose shift is over, and note when to look again."""
    register, site = desk.register, desk.register.site_id
    if not presence_store.is_due(tx.conn, site, _NAME, at):
        return
    shifts, stays = duty_store.on_duty(tx.conn, site, at)
    last = _lasting(tx, site, shifts, stays, at)
    waited: list[Dated] = []
    if register.policies.duty.sign_on_required:
        waited = [s for s in shifts if not s.on_call and s.seat in register.seats and not attends(s, stays)]
    running = [s for s in waited if absent_at(s, register.policies.duty) <= at < s.ends_at and s.id not in last]
    known = presence_store.called(tx.conn, site, [s.id for s in running])
    leaves = request_store.leaves(tx.conn, site, at - duty_store.BEHIND, at + duty_store.AHEAD) if running else []
    made = [s for s in running if s.id not in known and requests.excused(s.person, s.starts_at, leaves) is None]
    _call(tx, judgement, made, at)
    missing = {a.seat_id for a in last.values()} | {s.seat for s in made}
    for seat in register.seats.keys() - missing:
        judgement.over(f"seat/{seat}", ARRIVED, Origin(derived(at, ARRIVED, seat), at))
    ends = {s.id: s.ends_at for s in shifts}
    again = [due for s in waited if (due := absent_at(s, register.policies.duty)) > at]
    again += [ends[i] for i in (*last, *(s.id for s in made)) if ends.get(i, at) > at]
    presence_store.look_at(tx, site, _NAME, min(again, default=None))


def _lasting(
    tx: Tx, site: str, shifts: Iterable[Dated], stays: Collection[Attended], at: datetime
) -> dict[str, Absence]:
    """The absences that last; those that do not are ended."""
    running = {s.id: s for s in shifts if s.starts_at <= at < s.ends_at}
    last = {}
    for shift_id, one in presence_store.absences(tx.conn, site).items():
        shift = running.get(shift_id)
        if shift is not None and not attends(shift, stays):
            last[shift_id] = one
        else:
            presence_store.end_absence(tx, site, shift_id, "over" if shift is None else "came", at)
    return last


def _call(tx: Tx, judgement: Judgement, made: list[Dated], at: datetime) -> None:
    site = judgement.scene.desk.register.site_id
    presence_store.call_absent(tx, site, [Absence(s.id, s.seat, s.person, at) for s in made])
    for shift in made:
        told = {"seat": shift.seat, "person": shift.person, "shift": shift.id, "starts_at": shift.starts_at}
        entries.append(tx, site, [Line(at, "attendance.absent", "system", f"seat/{shift.seat}", told)])
        judgement.occur(f"seat/{shift.seat}", ABSENT, Origin(derived(at, ABSENT, shift.id), at), told)


class Span(msgspec.Struct, frozen=True):
    """The attendance record of some days: every shift that has begun in them, stays that nobody had planned, what phones told
    of coming and leaving without a line, and what that amounts to for each person.
    """

    first: date
    last: date
    shifts: list[Record]
    unplanned: list[Attended]
    told: list[dict[str, Any]]
    people: list[Person]


def record(conn: Connection, register: Register, first: date, last: date, now: datetime) -> Span:
    """The record of the days from `first` to `last`, both within, at the site."""
    site, policy = register.site_id, register.policies.duty
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    starts, ends = span(register, days)
    planned = duty_store.shifts(conn, site, starts, ends + _LONG)
    begun = entries.begun(conn, site) or starts  # of shifts that were over before that nobody knows anything
    shifts = [s for s in planned if starts <= s.starts_at < ends and s.ends_at > begun]
    stays = duty_store.attended(conn, site, starts)
    found = plan_and_fact.facts(shifts, [a for a in stays if a.on_at < ends + _LONG], now)
    aways = away_store.between(conn, site, starts, ends + _LONG)
    leaves = request_store.leaves(conn, site, starts, ends)
    records = []
    for kept in found.shifts:
        shift = kept.shift
        after = [
            s.starts_at
            for s in planned
            if (s.seat, s.person) == (shift.seat, shift.person) and s.starts_at >= shift.ends_at
        ]
        excused = requests.excused(shift.person, shift.starts_at, leaves) is not None
        until = min(after, default=None)
        records.append(attendance.record(kept, policy, now, aways, excused=excused, until=until))
    people = attendance.totals(records, presence_store.answers(conn, site, starts, ends))
    unplanned = [a for a in found.unplanned if starts <= a.on_at < ends]
    told = [one.shown for one in told_store.between(conn, site, starts, ends)]
    return Span(first, last, records, unplanned, told, people)
