"""Taps that a phone brings: one as it is made, or all that waited for a line."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.bodies import SiteId
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from api.tap_bodies import PhoneTaps, said
from api.tap_shapes import TapOutcomes
from ingest import phone_taps
from ingest.phone_taps import Phone

router = APIRouter(prefix="/sites/{site}", tags=["patrol"])


@router.post("/taps", response_model=TapOutcomes, responses=refusals(404))
def tap_sync(
    request: Request, site: SiteId, body: PhoneTaps, caller: Annotated[Caller, needs("patrol.tap")]
) -> Response:
    """Bring taps; the guard is who is signed in. A tap may be sent again as often as it takes: it counts once (PAT-08, PAT-11)."""
    room = room_of(request)
    phone = Phone(caller.person, caller.roles, body.client)
    taps = [said(tap, body.client, caller.person) for tap in body.taps]
    with room.store.begin([site]) as tx:
        made = phone_taps.sync(tx, room.desk(tx.conn, site), phone, taps, room.ring, room.now())
    return reply({"items": made})
