"""Who is on: seats, shifts and attendance; signing on and off with one's own password or PIN."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from api.again import by_either
from api.bodies import AtSeat, CheckSaid, ConsoleSays, SeatChecks, SiteId, ToSeat
from api.duty_shapes import Duty, Seats
from api.permits import Caller, needs
from api.problems import refusals
from api.reach import connected
from api.room import Room, reply, room_of
from duty import store
from duty.pre_shift import Said
from ingest import acts, seats
from ingest.scene import Desk
from logbook import entries
from logbook.rules import Line
from store.db import Tx

router = APIRouter(prefix="/sites/{site}", tags=["duty"])


@router.get("/duty", response_model=Duty, responses=refusals(404))
def duty(request: Request, site: SiteId, _: Annotated[Caller, needs("duty.see")]) -> Response:
    """Who holds each seat, the shifts from yesterday to the day after tomorrow, and who really came."""
    room, at = room_of(request), room_of(request).now()
    with room.store.read() as conn:
        return reply(
            {
                "seats": seats.seat_states(conn, room.register(conn, site), at),
                "shifts": store.shifts(conn, site, at - timedelta(hours=24), at + timedelta(hours=48)),
                "attendance": _stays(conn, site, at - timedelta(hours=48)),
            }
        )


def _stays(conn: Connection, site: str, since: datetime) -> list[dict[str, Any]]:
    checks = store.checks_since(conn, site, since)
    return [{**msgspec.structs.asdict(a), "checks": checks.get(a.id)} for a in store.attended(conn, site, since)]


@router.post("/duty/sign-on", response_model=Seats, responses=refusals(404, 409))
async def sign_on(
    request: Request, site: SiteId, body: ToSeat, caller: Annotated[Caller, needs("duty.sign")]
) -> Response:
    """Come on duty (ATT-01), with what was seen to first where the site asks for that (EQP-01)."""
    await by_either(room_of(request), caller, body.password, body.pin)
    act = partial(acts.sign_on, checks=_said(body.checks), token=body.token)
    return await to_thread.run_sync(_sign, room_of(request), site, caller.person, body.seat, act)


@router.post("/duty/checks", response_model=Seats, responses=refusals(404, 409))
def pre_shift_checks(
    request: Request, site: SiteId, body: SeatChecks, caller: Annotated[Caller, needs("duty.sign")]
) -> Response:
    """Tell what was left open of the pre-shift checks when one signed on (EQP-01)."""
    act = partial(acts.check, checks=_said(body.checks))
    return _sign(room_of(request), site, caller.person, body.seat, act)


def _said(checks: list[CheckSaid]) -> list[Said]:
    return [Said(one.id, one.fine, one.note) for one in checks]


@router.post("/duty/sign-off", response_model=Seats, responses=refusals(404, 409))
async def sign_off(
    request: Request, site: SiteId, body: AtSeat, caller: Annotated[Caller, needs("duty.sign")]
) -> Response:
    """Leave a seat."""
    await by_either(room_of(request), caller, body.password, body.pin)
    return await to_thread.run_sync(_sign, room_of(request), site, caller.person, body.seat, acts.sign_off)


def _sign(
    room: Room, site: str, person: str, seat: str, act: Callable[[Tx, Desk, str, str, datetime], Any]
) -> Response:
    with room.store.begin([site]) as tx:
        shown = act(tx, room.desk(tx.conn, site), seat, person, room.now())
    return reply({"seats": shown})


@router.post("/console", status_code=204, response_class=Response, responses=refusals(404))
def console_says(
    request: Request, site: SiteId, body: ConsoleSays, caller: Annotated[Caller, needs("console.report")]
) -> Response:
    """Every 15 s from an open console. One that falls silent while somebody relies on it is put into the logbook."""
    room = room_of(request)
    session = caller.signed.token_hash
    connected(room, site, caller.person_id)
    rings = room.consoles.say(site, session, can_ring=body.can_ring, on_duty=body.on_duty)
    if rings is not None:
        act, actor = "console.unmute" if rings else "console.mute", caller.person_id or "system"
        with room.store.begin([site]) as tx:
            entries.append(tx, site, [Line(room.now(), act, actor, "site", {"console": session[:8]})])
    return Response(status_code=204)
