"""Shifts, attendance and seats: in and out of their rows."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Update, delete, func, or_, select, update

from core.clock import instant, micros
from core.ids import fresh
from duty.attendance import Came
from duty.pre_shift import Checked
from duty.rules import Attended, Basis, Holding
from duty.tables import attendance, seat_state, shift, shift_withdrawn
from sites.register import Dated
from store import bulk
from store.bulk import marked
from store.db import Tx
from store.metadata import json_text


class Standing(msgspec.Struct, frozen=True):
    """A published shift as calendars need it: `sequence` grows with every change, `changed_at` is the last one's time."""

    shift: Dated
    sequence: int
    changed_at: datetime
    withdrawn: bool = False


AHEAD = timedelta(hours=36)
BEHIND = timedelta(hours=26)  # the longest shift, 24 h, and a DST change


def shifts(conn: Connection, site_id: str, start: datetime, end: datetime) -> list[Dated]:
    """Published shifts that touch [start, end]."""
    sql = (
        "SELECT id, seat_id, person_id, template_id, starts_at, ends_at, on_call FROM shift "
        "WHERE site_id = ? AND ends_at > ? AND starts_at <= ? ORDER BY starts_at, id"
    )
    rows = conn.exec_driver_sql(marked(conn, sql), (site_id, micros(start), micros(end)))
    return [Dated(r[0], r[1], r[2], r[3], instant(r[4]), instant(r[5]), bool(r[6])) for r in rows]


def named(conn: Connection, site_id: str, ids: Collection[str]) -> list[Dated]:
    """The published shifts of these ids that stand."""
    c = shift.c
    columns = (c.id, c.seat_id, c.person_id, c.template_id, c.starts_at, c.ends_at, c.on_call)
    query = select(*columns).where(c.site_id == site_id, c.id.in_(sorted(ids))).order_by(c.id)
    return [Dated(*row) for row in conn.execute(query)] if ids else []


def attended(conn: Connection, site_id: str, since: datetime) -> list[Attended]:
    """Stays that last, or ended after `since`."""
    sql = (
        "SELECT id, seat_id, person_id, on_at, off_at, stand_in_id, away_at FROM attendance "
        "WHERE site_id = ? AND (off_at IS NULL OR off_at > ?) ORDER BY on_at"
    )
    rows = conn.exec_driver_sql(marked(conn, sql), (site_id, micros(since)))
    return [Attended(r[0], r[1], r[2], instant(r[3]), _instant(r[4]), r[5], _instant(r[6])) for r in rows]


def publish(tx: Tx, site_id: str, made: Sequence[Dated], at: datetime) -> int:
    """Replace the shifts that have not started yet by `made`; what has begun is never rewritten. Returns how many stand.

    A shift that stays as it was is not touched. One that is changed or comes again gets the next `sequence`; whoever lost
    one is told so by `shift_withdrawn`.
    """
    stood = {s.shift.id: s for s in standing(tx.conn, site_id, at)}
    wanted = {s.id: s for s in reversed(made)}
    gone = [s for i, s in stood.items() if i not in wanted or wanted[i].person != s.shift.person]
    fresh_ones = [s for i, s in wanted.items() if i not in stood or s != stood[i].shift]
    if gone:
        told = [{**_row(site_id, s.shift), "sequence": s.sequence + 1, "changed_at": micros(at)} for s in gone]
        bulk.upsert(tx.conn, tx.dialect, shift_withdrawn, told)
    lost = [i for i in stood if i not in wanted]
    for n in range(0, len(lost), 500):
        tx.conn.execute(delete(shift).where(shift.c.site_id == site_id, shift.c.id.in_(lost[n : n + 500])))
    had = _withdrawn_sequences(tx.conn, site_id, at) if stood or gone else {}
    rows = []
    for s in fresh_ones:
        last = max(stood[s.id].sequence if s.id in stood else -1, had.get(s.id, -1))
        rows.append({**_row(site_id, s), "sequence": last + 1, "changed_at": micros(at)})
    changed = [row for row in rows if row["id"] in stood]
    bulk.update(tx.conn, tx.dialect, shift, ("site_id", "id"), changed)
    bulk.insert_ignoring(tx.conn, tx.dialect, shift, [row for row in rows if row["id"] not in stood])
    return len(wanted)


def standing(conn: Connection, site_id: str, since: datetime) -> list[Standing]:
    """Published shifts that start after `since`, each with how often it was published anew."""
    query = select(shift).where(shift.c.site_id == site_id, shift.c.starts_at > since)
    return [_standing(row) for row in conn.execute(query.order_by(shift.c.starts_at, shift.c.id))]


def _standing(row: Any) -> Standing:
    made = Dated(row.id, row.seat_id, row.person_id, row.template_id, row.starts_at, row.ends_at, row.on_call)
    return Standing(made, row.sequence, row.changed_at)


def _withdrawn_sequences(conn: Connection, site_id: str, at: datetime) -> dict[str, int]:
    """The highest sequence that a shift to come had when it was taken from somebody."""
    gone = shift_withdrawn.c
    query = select(gone.id, func.max(gone.sequence)).where(gone.site_id == site_id, gone.ends_at > at)
    return {row[0]: row[1] for row in conn.execute(query.group_by(gone.id))}


def _row(site_id: str, made: Dated) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "id": made.id,
        "seat_id": made.seat,
        "person_id": made.person,
        "template_id": made.template,
        "starts_at": micros(made.starts_at),
        "ends_at": micros(made.ends_at),
        "on_call": made.on_call,
    }


def last_published(conn: Connection, site_id: str) -> datetime | None:
    """The end of the last published shift."""
    found: datetime | None = conn.execute(
        select(shift.c.ends_at).where(shift.c.site_id == site_id).order_by(shift.c.ends_at.desc()).limit(1)
    ).scalar()
    return found


def come(tx: Tx, site_id: str, seat: str, person: str, at: datetime, how: Came, checks: Checked | None = None) -> None:
    """Write a sign-on, how it counts, and how its pre-shift checks stand."""
    row = {
        "site_id": site_id,
        "id": fresh(at),
        "seat_id": seat,
        "person_id": person,
        "on_at": micros(at),
        "arrival": how.arrival.value,
        "shift_id": how.shift,
        "late_s": how.late_s,
        "grade": None if how.grade is None else msgspec.json.encode(how.grade).decode(),
        "checks": None if checks is None else json_text(checks),
    }
    bulk.insert(tx.conn, tx.dialect, attendance, [row])


def checks_since(conn: Connection, site_id: str, since: datetime) -> dict[str, Checked]:
    """How the pre-shift checks of stays stand that last, or ended after `since`; by stay."""
    c = attendance.c
    query = select(c.id, c.checks).where(
        c.site_id == site_id, c.checks.is_not(None), or_(c.off_at.is_(None), c.off_at > since)
    )
    return {row.id: msgspec.convert(row.checks, Checked) for row in conn.execute(query)}


def checks_of(conn: Connection, site_id: str, seat: str, person: str) -> Checked | None:
    """How the pre-shift checks stand with which somebody came to a seat that they have not left."""
    c = attendance.c
    mine = (c.site_id == site_id, c.seat_id == seat, c.person_id == person, c.off_at.is_(None))
    found = conn.execute(select(c.checks).where(*mine, c.checks.is_not(None)).order_by(c.on_at.desc())).scalar()
    return None if found is None else msgspec.convert(found, Checked)


def save_checks(tx: Tx, site_id: str, stay: str, checks: Checked) -> None:
    """Write what is still open."""
    where = (attendance.c.site_id == site_id, attendance.c.id == stay)
    tx.conn.execute(update(attendance).where(*where).values(checks=checks))


def go(tx: Tx, site_id: str, seat: str, person: str, at: datetime) -> int:
    """Write a sign-off. Returns how many stays ended."""
    return tx.conn.execute(_stay(site_id, seat, person).values(off_at=at, stand_in_id=None, away_at=None)).rowcount


def stood_in(tx: Tx, site_id: str, seat: str, person: str, stand_in: str | None, at: datetime | None) -> None:
    """Write who stands in for somebody from now on; None: they are back."""
    tx.conn.execute(_stay(site_id, seat, person).values(stand_in_id=stand_in, away_at=at))


def _stay(site_id: str, seat: str, person: str) -> Update:
    mine = attendance.c
    return update(attendance).where(
        mine.site_id == site_id, mine.seat_id == seat, mine.person_id == person, mine.off_at.is_(None)
    )


def on_duty(conn: Connection, site_id: str, at: datetime) -> tuple[list[Dated], list[Attended]]:
    """What is needed to say who holds any seat at `at`, who left it early, and who comes next."""
    return shifts(conn, site_id, at, at + AHEAD), attended(conn, site_id, at - BEHIND)


def states(conn: Connection, site_id: str) -> dict[str, Holding]:
    """Who held each seat when it was last settled."""
    sql = "SELECT seat_id, holder_id, basis, shift_id, since, stands_for FROM seat_state WHERE site_id = ?"
    rows = conn.exec_driver_sql(marked(conn, sql), (site_id,))
    return {r[0]: Holding(r[0], r[1], Basis(r[2]), r[3], _instant(r[4]), r[5]) for r in rows}


def _instant(us: int | None) -> datetime | None:
    return None if us is None else instant(us)


def save_states(tx: Tx, site_id: str, held: Sequence[tuple[Holding, datetime | None]]) -> None:
    """Store who holds each seat now, and when to look again."""
    bulk.upsert(
        tx.conn,
        tx.dialect,
        seat_state,
        [
            {
                "site_id": site_id,
                "seat_id": h.seat,
                "holder_id": h.person,
                "basis": str(h.basis),
                "shift_id": h.shift,
                "since": None if h.since is None else micros(h.since),
                "stands_for": h.stands_for,
                "due_at": None if due is None else micros(due),
            }
            for h, due in held
        ],
    )


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where the roster may have changed who holds a seat."""
    sql = "SELECT DISTINCT site_id FROM seat_state WHERE due_at <= ?"
    return {r[0] for r in conn.exec_driver_sql(marked(conn, sql), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """When the roster may next change who holds a seat."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM seat_state").scalar()
    return None if found is None else instant(found)
