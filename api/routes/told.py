"""Coming to a seat and leaving it without a line: told by the phone, proved by its person."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api.again import by_either
from api.bodies import SiteId
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from api.told_bodies import PhoneDeeds, Proves, said
from api.told_shapes import DutyProved, DutyTolds
from duty import told_store
from ingest import phone_duty

router = APIRouter(prefix="/sites/{site}", tags=["duty"])
_SIGN = Annotated[Caller, needs("duty.sign")]


@router.get("/duty/told", response_model=DutyTolds, responses=refusals(404))
def duty_told_mine(request: Request, site: SiteId, caller: _SIGN) -> Response:
    """What phones told of me and I have still to prove."""
    with room_of(request).store.read() as conn:
        return reply({"items": [one.shown for one in told_store.waiting(conn, site, caller.person)]})


@router.post("/duty/told", response_model=DutyTolds, responses=refusals(404))
def duty_told(request: Request, site: SiteId, body: PhoneDeeds, caller: _SIGN) -> Response:
    """Bring what was done without a line; the person is who is signed in. The same may be sent again as often as it takes."""
    room = room_of(request)
    acts = [said(deed, body.client) for deed in body.acts]
    with room.store.begin([site]) as tx:
        made = phone_duty.hear(tx, room.desk(tx.conn, site), body.client, caller.person, acts, room.now())
    return reply({"items": [one.shown for one in made]})


@router.post("/duty/told/prove", response_model=DutyProved, responses=refusals(404, 409))
async def duty_told_prove(request: Request, site: SiteId, body: Proves, caller: _SIGN) -> Response:
    """It was me: what I last told of each seat counts from now on."""
    how = await by_either(room_of(request), caller, body.password, body.pin)
    return await to_thread.run_sync(_proved, room_of(request), site, caller.person, how)


def _proved(room: Room, site: str, person: str, how: str) -> Response:
    with room.store.begin([site]) as tx:
        made, seats = phone_duty.prove(tx, room.desk(tx.conn, site), person, how, room.now())
    return reply({"items": [one.shown for one in made], "seats": seats})
