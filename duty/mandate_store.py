"""Mandates: in and out of their rows."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select

from core.clock import instant, micros
from duty.mandate_errors import NoSuchMandate
from duty.mandates import Mandate, MandateState, Source, Why
from duty.rules import Basis
from duty.tables import mandate, seat_state
from sites.people import Role
from store import bulk
from store.bulk import marked
from store.db import Tx


def in_force(conn: Connection, people: Collection[str], at: datetime) -> list[tuple[str, str, Role]]:
    """(site, person, role) of the mandates by which any of these people may act at `at`: asked at every request, and held
    against the seats as they are, so that nothing waits for a watch to look.
    """
    m, s = mandate.c, seat_state.c
    query = (
        select(m.site_id, m.person_id, m.role)
        .join(seat_state, and_(s.site_id == m.site_id, s.seat_id == m.seat_id, s.holder_id == m.person_id))
        .where(m.person_id.in_(sorted(people)), m.state == str(MandateState.STANDS), s.basis == str(Basis.SIGNED_ON))
        .where(or_(m.until.is_(None), m.until > at))
    )
    return [(r.site_id, r.person_id, Role(r.role)) for r in conn.execute(query)] if people else []


def get(conn: Connection, site_id: str, mandate_id: str) -> Mandate:
    """One mandate. Raises `NoSuchMandate`."""
    row = conn.execute(select(mandate).where(mandate.c.site_id == site_id, mandate.c.id == mandate_id)).one_or_none()
    if row is None:
        raise NoSuchMandate
    return _read(row)


def standing(conn: Connection, site_id: str) -> list[Mandate]:
    """Those that are not over: in force, or still waiting for their shift."""
    query = select(mandate).where(mandate.c.site_id == site_id, mandate.c.ended_at.is_(None))
    return [_read(row) for row in conn.execute(query.order_by(mandate.c.given_at, mandate.c.id))]


def of_shifts(conn: Connection, site_id: str, shifts: Collection[str]) -> list[Mandate]:
    """Those that were given in these shifts, over or not."""
    query = select(mandate).where(mandate.c.site_id == site_id, mandate.c.shift_id.in_(sorted(shifts)))
    return [_read(row) for row in conn.execute(query)] if shifts else []


def newest(conn: Connection, site_id: str, limit: int, before: tuple[datetime, str] | None = None) -> list[Mandate]:
    """Mandates newest first, those given before a place: a time, and the id that tells equal times apart."""
    c = mandate.c
    query = select(mandate).where(c.site_id == site_id)
    if before is not None:
        query = query.where(or_(c.given_at < before[0], and_(c.given_at == before[0], c.id < before[1])))
    return [_read(row) for row in conn.execute(query.order_by(c.given_at.desc(), c.id.desc()).limit(limit))]


def save(tx: Tx, made: Mandate) -> None:
    """Store a mandate as it stands now."""
    times = {f: getattr(made, f) for f in ("given_at", "until", "ended_at")}
    row = {
        **{f: getattr(made, f) for f in ("site_id", "id", "seat_id", "person_id", "given_by", "reason", "shift_id")},
        **{f: None if at is None else micros(at) for f, at in times.items()},
        "role": made.role.value,
        "source": made.source.value,
        "state": made.state.value,
        "ended_by": made.ended_by,
        "why": None if made.why is None else made.why.value,
    }
    bulk.upsert(tx.conn, tx.dialect, mandate, [row])


DUE_ROWS: Final = "SELECT DISTINCT site_id FROM mandate WHERE ended_at IS NULL AND until <= ?"


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where a mandate's time is over by `at`."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """When a mandate's time is over next."""
    found: int | None = conn.exec_driver_sql("SELECT min(until) FROM mandate WHERE ended_at IS NULL").scalar()
    return None if found is None else instant(found)


def _read(row: Any) -> Mandate:
    return Mandate(
        site_id=row.site_id,
        id=row.id,
        seat_id=row.seat_id,
        person_id=row.person_id,
        role=Role(row.role),
        source=Source(row.source),
        state=MandateState(row.state),
        given_by=row.given_by,
        reason=row.reason,
        shift_id=row.shift_id,
        given_at=row.given_at,
        until=row.until,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        why=None if row.why is None else Why(row.why),
    )
