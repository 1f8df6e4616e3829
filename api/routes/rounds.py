"""Rounds: what is to be walked, what was, and why it was not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection

from api.bodies import UUID, Cursor, Limit, Name, SiteId
from api.cursors import cursor, place
from api.patrol_bodies import ExcusePoints, SuspendRound
from api.patrol_shapes import Rounds, RoundSheet, TapPage
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from ingest import patrol_acts
from ingest.scene import Desk
from patrol import round_store, rounds
from patrol import store as tap_store
from patrol.rounds import PatrolRound
from store.db import Tx

router = APIRouter(prefix="/sites/{site}", tags=["patrol"])
MAX_DAYS: Final = 31
_ID = Annotated[str, Path(pattern=UUID)]
_SEE = Annotated[Caller, needs("patrol.see")]
_EXCUSE = Annotated[Caller, needs("patrol.excuse")]
_SHEET: dict[str, Any] = {"response_model": RoundSheet, "responses": refusals(404, 409)}


@router.get("/rounds", response_model=Rounds, responses=refusals(404))
def round_list(
    request: Request,
    site: SiteId,
    _: _SEE,
    first: Annotated[date, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31))],
    days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 1,
    route: Name | None = None,
) -> Response:
    """The rounds that are open at some moment of these days of the site (PAT-01, PAT-07)."""
    room = room_of(request)
    with room.store.read() as conn:
        zone = room.register(conn, site).zone_info
        begins = datetime.combine(first, time(0), zone).astimezone(UTC)
        ends = datetime.combine(first + timedelta(days=days), time(0), zone).astimezone(UTC)
        found = round_store.between(conn, site, begins, ends)
    return reply({"items": [round_store.brief(r, room.now()) for r in found if route is None or r.route.id == route]})


@router.get("/rounds/{id}", **_SHEET)
def round_one(request: Request, site: SiteId, id: _ID, _: _SEE) -> Response:  # noqa: A002
    """One round: each point with its taps, the legs as they were walked, what is odd."""
    room = room_of(request)
    with room.store.read() as conn:
        room.register(conn, site)
        return reply(_sheet(conn, round_store.get(conn, site, id), room.now()))


@router.post("/rounds/{id}/suspend", **_SHEET)
def round_suspend(request: Request, site: SiteId, id: _ID, body: SuspendRound, caller: _EXCUSE) -> Response:  # noqa: A002
    """Nobody is to walk it, and why (PAT-12)."""
    return _do(
        request,
        site,
        lambda tx, desk, at: patrol_acts.suspend(tx, desk, id, body.reason, caller.person, caller.roles, at),
    )


@router.post("/rounds/{id}/resume", **_SHEET)
def round_resume(request: Request, site: SiteId, id: _ID, caller: _EXCUSE) -> Response:  # noqa: A002
    """It is to be walked after all."""
    return _do(request, site, lambda tx, desk, at: patrol_acts.resume(tx, desk, id, caller.person, caller.roles, at))


@router.post("/rounds/{id}/excuse", **_SHEET)
def round_excuse(request: Request, site: SiteId, id: _ID, body: ExcusePoints, caller: _EXCUSE) -> Response:  # noqa: A002
    """Why points were missed; it stays seen that they were (PAT-12)."""
    return _do(
        request,
        site,
        lambda tx, desk, at: patrol_acts.excuse(
            tx, desk, id, body.points, body.reason, caller.person, caller.roles, at
        ),
    )


@router.get("/taps", response_model=TapPage, responses=refusals(404))
def tap_list(
    request: Request,
    site: SiteId,
    _: _SEE,
    before: Cursor = None,
    limit: Limit = 50,
    checkpoint: Name | None = None,
    person: Name | None = None,
) -> Response:
    """Taps, newest first, with what is odd about each (PAT-11)."""
    room = room_of(request)
    with room.store.read() as conn:
        room.register(conn, site)
        found = tap_store.page(conn, site, limit, place(before), checkpoint=checkpoint, person=person)
    last = found[-1] if len(found) == limit else None
    return reply({"items": found, "next": cursor(last.heard_at, last.event_id) if last else None})


def _do(request: Request, site: str, act: Callable[[Tx, Desk, datetime], PatrolRound]) -> Response:
    room = room_of(request)
    at = room.now()
    with room.store.begin([site]) as tx:
        return reply(_sheet(tx.conn, act(tx, room.desk(tx.conn, site), at), at))


def _sheet(conn: Connection, found: PatrolRound, at: datetime) -> dict[str, Any]:
    worth = rounds.verdict(found, at)
    open_tasks = rounds.unanswered(found, worth)
    last = max((p.heard_at for some in found.proofs.values() for p in some), default=found.opens_at)
    until = max(found.window.ends_at, last) + timedelta(microseconds=1)
    there = tap_store.between(conn, found.site_id, found.opens_at, until)
    return {
        "brief": round_store.brief(found, at),
        "route": msgspec.to_builtins(found.route),
        "points": [
            {
                "checkpoint": point,
                "state": state.word,
                "proofs": found.proofs.get(point, ()),
                "unanswered": open_tasks.get(point, ()),
                "urgent": found.urgent.get(point),
                "excuse": found.excused.get(point),
            }
            for point, state in worth.points.items()
        ],
        "legs": [
            {"begins": x.begins, "ends": x.ends, "seconds": x.seconds, "band": x.band, "odd": x.odd} for x in worth.legs
        ],
        "taps": [tap for tap in there if tap.checkpoint_id in worth.points],
        "suspended": found.suspended,
        "settled_at": found.settled_at,
    }
