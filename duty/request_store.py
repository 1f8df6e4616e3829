"""Requests for leave, swaps, substitutes and call-ins: in and out of their rows."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, and_, or_, select, update

from core.clock import instant, micros
from duty.request_errors import NoSuchRequest
from duty.requests import Request, RequestKind, RequestState
from duty.tables import duty_request, duty_request_person
from store import bulk
from store.bulk import marked
from store.db import Tx


def get(conn: Connection, site_id: str, request_id: str) -> Request:
    """One request. Raises `NoSuchRequest`."""
    query = select(duty_request.c.body).where(duty_request.c.site_id == site_id, duty_request.c.id == request_id)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NoSuchRequest
    return _read(row.body)


def listed(
    conn: Connection,
    site_id: str,
    limit: int,
    before: tuple[datetime, str] | None = None,
    states: Collection[RequestState] = (),
    person: str | None = None,
) -> list[Request]:
    """Requests newest first: those in `states`, those that are about `person`, those asked before a place."""
    c = duty_request.c
    query = select(c.body).where(c.site_id == site_id).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    if states:
        query = query.where(c.state.in_([str(s) for s in states]))
    if person is not None:
        theirs = select(duty_request_person.c.request_id).where(
            duty_request_person.c.site_id == site_id, duty_request_person.c.person_id == person
        )
        query = query.where(c.id.in_(theirs))
    if before is not None:
        query = query.where(or_(c.asked_at < before[0], and_(c.asked_at == before[0], c.id < before[1])))
    return [_read(row.body) for row in conn.execute(query)]


def leaves(conn: Connection, site_id: str, start: datetime, end: datetime) -> list[Request]:
    """Approved leaves that touch [start, end): what `requests.excused` is asked with."""
    c = duty_request.c
    query = select(c.body).where(
        c.site_id == site_id,
        c.kind == str(RequestKind.LEAVE),
        c.state == str(RequestState.APPROVED),
        c.ends_at > start,
        c.starts_at < end,
    )
    return [_read(row.body) for row in conn.execute(query.order_by(c.starts_at, c.id))]


def insert(tx: Tx, made: Request) -> None:
    """Store a new request."""
    tx.conn.execute(duty_request.insert().values(**_row(made)))
    _save_people(tx, made)


def save(tx: Tx, after: Request) -> None:
    """Store what became of one, in a transaction that holds the site's head."""
    which = (duty_request.c.site_id == after.site_id, duty_request.c.id == after.id)
    tx.conn.execute(update(duty_request).where(*which).values(**_row(after)))
    _save_people(tx, after)


def due(conn: Connection, site_id: str, at: datetime) -> list[Request]:
    """Those of a site that lapse by `at`, the earliest first."""
    c = duty_request.c
    query = select(c.body).where(c.site_id == site_id, c.due_at <= at).order_by(c.due_at, c.id)
    return [_read(row.body) for row in conn.execute(query)]


DUE_ROWS: Final = "SELECT DISTINCT site_id FROM duty_request WHERE due_at <= ?"


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where a request lapses by `at`."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """When the next one lapses."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM duty_request").scalar()
    return None if found is None else instant(found)


def _save_people(tx: Tx, made: Request) -> None:
    rows = [{"site_id": made.site_id, "person_id": p, "request_id": made.id} for p in sorted(made.concerns)]
    bulk.insert_ignoring(tx.conn, tx.dialect, duty_request_person, rows)


def _read(body: Any) -> Request:
    return msgspec.convert(body, Request)


def _row(made: Request) -> dict[str, Any]:
    return {
        "site_id": made.site_id,
        "id": made.id,
        "kind": made.kind.value,
        "state": made.state.value,
        "asked_at": made.asked_at,
        "starts_at": made.starts_at,
        "ends_at": made.ends_at,
        "due_at": made.due_at,
        "body": msgspec.to_builtins(made),
    }
