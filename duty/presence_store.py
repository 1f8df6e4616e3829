"""Presence checks, their plans, absences, and when to look again: in and out of their rows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, and_, delete, or_, select, update

from core.clock import instant, micros
from duty.attendance import Answers
from duty.presence import LIVE, Check, CheckState, How, Plan
from duty.presence_errors import NoSuchCheck
from duty.tables import absence, duty_look, presence_check, presence_plan
from sites.duty_policies import CheckMode
from sites.register import Register
from store import bulk
from store.bulk import marked
from store.db import Tx

ATTENDANCE: Final = "attendance"
PRESENCE: Final = "presence"
LONE: Final = "lone"
AWAY: Final = "away"


class Absence(msgspec.Struct, frozen=True):
    """A shift to which somebody did not come."""

    shift_id: str
    seat_id: str
    person_id: str
    called_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


# -- when to look


DUE_ROWS: Final[Mapping[str, str]] = {
    ATTENDANCE: "SELECT site_id FROM duty_look WHERE name = 'attendance' AND due_at <= ?",
    PRESENCE: "SELECT site_id FROM duty_look WHERE name = 'presence' AND due_at <= ?",
    LONE: "SELECT site_id FROM duty_look WHERE name = 'lone' AND due_at <= ?",
    AWAY: "SELECT site_id FROM duty_look WHERE name = 'away' AND due_at <= ?",
}


def sites_due(conn: Connection, name: str, at: datetime) -> set[str]:
    """Sites at which a watch is to look by `at`."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS[name]), (micros(at),))}


def next_due(conn: Connection, name: str) -> datetime | None:
    """The earliest look of any site."""
    sql = "SELECT min(due_at) FROM duty_look WHERE name = ?"
    found: int | None = conn.exec_driver_sql(marked(conn, sql), (name,)).scalar()
    return None if found is None else instant(found)


def look_soon(tx: Tx, register: Register, at: datetime) -> None:
    """Seats were settled: people came or went, or shifts and rules are others now. Have the watches look at once."""
    site, policy = register.site_id, register.policies.duty
    if policy.presence_check.mode is not CheckMode.OFF or live_checks(tx.conn, site):
        look_at(tx, site, PRESENCE, at)
    if policy.lone_worker.every_min or next_look(tx.conn, site, LONE) is not None or live_checks(tx.conn, site):
        look_at(tx, site, LONE, at)
    if policy.sign_on_required or absences(tx.conn, site):
        look_at(tx, site, ATTENDANCE, at)


def next_look(conn: Connection, site_id: str, name: str) -> datetime | None:
    """When a watch looks at a site next."""
    sql = "SELECT due_at FROM duty_look WHERE site_id = ? AND name = ?"
    found: int | None = conn.exec_driver_sql(marked(conn, sql), (site_id, name)).scalar()
    return None if found is None else instant(found)


def is_due(conn: Connection, site_id: str, name: str, at: datetime) -> bool:
    """Whether a watch is to look at a site now."""
    sql = "SELECT 1 FROM duty_look WHERE site_id = ? AND name = ? AND due_at <= ?"
    return conn.exec_driver_sql(marked(conn, sql), (site_id, name, micros(at))).scalar() is not None


def look_at(tx: Tx, site_id: str, name: str, at: datetime | None) -> None:
    """Have a watch look at a site at `at`."""
    row = {"site_id": site_id, "name": name, "due_at": None if at is None else micros(at)}
    bulk.upsert(tx.conn, tx.dialect, duty_look, [row])


# -- presence checks


def check(conn: Connection, site_id: str, check_id: str) -> Check:
    """One presence check. Raises `NoSuchCheck`."""
    row = conn.execute(
        select(presence_check).where(presence_check.c.site_id == site_id, presence_check.c.id == check_id)
    ).one_or_none()
    if row is None:
        raise NoSuchCheck
    return _check(row)


def live_checks(conn: Connection, site_id: str, seat: str | None = None) -> list[Check]:
    """Checks that wait for an answer, and those that were missed and may still be answered."""
    states = [s.value for s in sorted(LIVE)]
    query = select(presence_check).where(presence_check.c.site_id == site_id, presence_check.c.state.in_(states))
    if seat is not None:
        query = query.where(presence_check.c.seat_id == seat)
    return [_check(row) for row in conn.execute(query.order_by(presence_check.c.asked_at, presence_check.c.id))]


def newest_checks(
    conn: Connection, site_id: str, limit: int, before: tuple[datetime, str] | None = None, seat: str | None = None
) -> list[Check]:
    """Checks newest first, those asked before a place: a time, and the id that tells equal times apart."""
    c = presence_check.c
    query = select(presence_check).where(c.site_id == site_id)
    if before is not None:
        query = query.where(or_(c.asked_at < before[0], and_(c.asked_at == before[0], c.id < before[1])))
    if seat is not None:
        query = query.where(c.seat_id == seat)
    query = query.order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    return [_check(row) for row in conn.execute(query)]


def answers(conn: Connection, site_id: str, starts: datetime, ends: datetime) -> dict[str, Answers]:
    """How each person answered the checks of a span."""
    query = select(presence_check).where(
        presence_check.c.site_id == site_id,
        presence_check.c.asked_at >= starts,
        presence_check.c.asked_at < ends,
        presence_check.c.how != How.LONE.value,
    )
    found: dict[str, tuple[list[int], list[str]]] = {}
    for one in map(_check, conn.execute(query.order_by(presence_check.c.asked_at))):
        ms, missed = found.setdefault(one.person_id, ([], []))
        if one.state is CheckState.ANSWERED and one.answer_ms is not None:
            ms.append(one.answer_ms)
        elif one.state in {CheckState.MISSED, CheckState.LATE}:
            missed.append(one.id)
    return {person: Answers(ms, len(missed)) for person, (ms, missed) in found.items() if ms or missed}


def save_check(tx: Tx, made: Check) -> None:
    """Store a check as it stands now."""
    row = {f: getattr(made, f) for f in made.__struct_fields__}
    row |= {"how": made.how.value, "state": made.state.value}
    row |= {f: None if row[f] is None else micros(row[f]) for f in ("asked_at", "until", "answered_at")}
    bulk.upsert(tx.conn, tx.dialect, presence_check, [row])


def _check(row: Any) -> Check:
    return Check(
        site_id=row.site_id,
        id=row.id,
        seat_id=row.seat_id,
        person_id=row.person_id,
        how=How(row.how),
        by=row.by,
        state=CheckState(row.state),
        asked_at=row.asked_at,
        until=row.until,
        extended=row.extended,
        answered_at=row.answered_at,
    )


# -- when the next ones come


def plans(conn: Connection, site_id: str) -> dict[str, Plan]:
    """Each seat's plan."""
    rows = conn.execute(select(presence_plan).where(presence_plan.c.site_id == site_id))
    return {r.seat_id: Plan(r.seat_id, CheckMode(r.mode), r.every_min, r.since, r.seed, r.due_at) for r in rows}


def save_plans(tx: Tx, site_id: str, made: Sequence[Plan], gone: Collection[str]) -> None:
    """Store new plans, and forget those of seats that are not checked any more."""
    if gone:
        tx.conn.execute(
            delete(presence_plan).where(presence_plan.c.site_id == site_id, presence_plan.c.seat_id.in_(sorted(gone)))
        )
    rows = [
        {
            "site_id": site_id,
            "seat_id": p.seat,
            "mode": p.mode.value,
            "every_min": p.every_min,
            "since": micros(p.since),
            "seed": p.seed,
            "due_at": micros(p.due_at),
        }
        for p in made
    ]
    bulk.upsert(tx.conn, tx.dialect, presence_plan, rows)


# -- absences


def absences(conn: Connection, site_id: str) -> dict[str, Absence]:
    """The absences that last, by shift."""
    query = select(absence).where(absence.c.site_id == site_id, absence.c.ended_at.is_(None))
    rows = conn.execute(query.order_by(absence.c.called_at, absence.c.shift_id))
    return {r.shift_id: Absence(r.shift_id, r.seat_id, r.person_id, r.called_at, r.ended_at, r.ended_by) for r in rows}


def called(conn: Connection, site_id: str, shifts: Collection[str]) -> set[str]:
    """Which of these shifts somebody was called absent from, however that ended."""
    query = select(absence.c.shift_id).where(absence.c.site_id == site_id, absence.c.shift_id.in_(sorted(shifts)))
    return set(conn.execute(query).scalars()) if shifts else set()


def call_absent(tx: Tx, site_id: str, made: Sequence[Absence]) -> None:
    """Store new absences."""
    rows = [
        {
            "site_id": site_id,
            "shift_id": a.shift_id,
            "seat_id": a.seat_id,
            "person_id": a.person_id,
            "called_at": micros(a.called_at),
        }
        for a in made
    ]
    bulk.insert(tx.conn, tx.dialect, absence, rows)


def end_absence(tx: Tx, site_id: str, shift_id: str, how: str, at: datetime) -> None:
    """Store that one is over, and how."""
    which = (absence.c.site_id == site_id, absence.c.shift_id == shift_id)
    tx.conn.execute(update(absence).where(*which).values(ended_at=at, ended_by=how))
