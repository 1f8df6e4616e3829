"""Authority for a shift only (ROLE-05): who has it, who gives it, who takes it back."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from api.bodies import UUID, Cursor, Limit, SiteId
from api.cursors import cursor, place
from api.mandate_bodies import GiveMandate, RevokeMandate
from api.mandate_shapes import Mandate, Mandates
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from duty import mandate_store
from ingest import mandates as path

router = APIRouter(prefix="/sites/{site}", tags=["mandates"])
_ID = Annotated[str, Path(pattern=UUID)]
_SEE = Annotated[Caller, needs("duty.see")]
_GIVE = Annotated[Caller, needs("mandate.give")]
_ANSWER: dict[str, Any] = {"response_model": Mandate, "responses": refusals(404, 409)}


@router.get("/mandates", response_model=Mandates, responses=refusals(404))
def mandate_list(
    request: Request,
    site: SiteId,
    caller: _SEE,
    state: Annotated[Literal["stands", "all"], Query()] = "stands",
    before: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Who has more authority than their own, for this shift: those that stand or wait for their shift, or all, newest first."""
    room = room_of(request)
    with room.store.read() as conn:
        if state == "stands":
            found = mandate_store.standing(conn, site)[::-1]
        else:
            found = mandate_store.newest(conn, site, limit, place(before))
    more = state == "all" and len(found) == limit
    return reply(
        {
            "items": [m.shown for m in found],
            "next": cursor(found[-1].given_at, found[-1].id) if more else None,
            "gives": caller.person_id is not None and caller.may("mandate.give"),
        }
    )


@router.post("/mandates", **_ANSWER)
def mandate_give(request: Request, site: SiteId, body: GiveMandate, caller: _GIVE) -> Response:
    """Give the person of a shift more authority, from their sign-on to its end at the longest. Never to oneself."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        desk, at = room.desk(tx.conn, site), room.now()
        made = path.give(tx, desk, body.seat, body.role, body.reason, caller.person, at, body.until, body.shift)
    return reply(made.shown)


@router.post("/mandates/{id}/revoke", **_ANSWER)
def mandate_revoke(request: Request, site: SiteId, id: _ID, body: RevokeMandate, caller: _GIVE) -> Response:  # noqa: A002
    """Take it back before the shift is over."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        made = path.revoke(tx, room.desk(tx.conn, site), id, body.reason, caller.person, room.now())
    return reply(made.shown)
