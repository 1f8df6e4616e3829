"""Reinforced duty and all hands (DUTY-08): called, lifted, and who must still come."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api.bodies import UUID, SiteId
from api.mode_bodies import CallMode, LiftMode
from api.mode_shapes import DutyMode, DutyModes
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from duty import mode_store
from duty.modes import LIVE
from ingest import modes as path

router = APIRouter(prefix="/sites/{site}", tags=["modes"])
_PAST = 10
_ID = Annotated[str, Path(pattern=UUID)]
_SEE = Annotated[Caller, needs("duty.see")]
_CALL = Annotated[Caller, needs("mode.call")]
_ANSWER: dict[str, Any] = {"response_model": DutyMode, "responses": refusals(404, 409)}


@router.get("/modes", response_model=DutyModes, responses=refusals(404))
def mode_board(request: Request, site: SiteId, caller: _SEE) -> Response:
    """What is called, how strong each post is against what it needs, and who must still sign on."""
    room = room_of(request)
    with room.store.read() as conn:
        register = room.register(conn, site)
        there = path.mustered(conn, register, room.now())
        live = mode_store.live(conn, site)
        past = [m for m in mode_store.newest(conn, site, _PAST) if m.state not in LIVE]
    may = caller.person_id is not None and not caller.roles.isdisjoint(register.policies.duty.mode_callers)
    return reply(
        {
            "live": [m.shown for m in live],
            "past": [m.shown for m in past],
            "calls": may,
            "posts": there.posts,
            "present": there.present,
            "missing": [{"person": person, "seat": seat} for person, seat in there.missing],
            "excused": there.excused,
        }
    )


@router.post("/modes", **_ANSWER)
def mode_call(request: Request, site: SiteId, body: CallMode, caller: _CALL) -> Response:
    """Call reinforced duty or all hands: what posts need rises, and everybody is told. By the roles that the site names."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        desk, at = room.desk(tx.conn, site), room.now()
        who = (caller.person, caller.roles, at)
        made = path.call(tx, desk, body.mode, body.reason, *who, starts_at=body.starts_at, ends_at=body.ends_at)
    return reply(made.shown)


@router.post("/modes/{id}/lift", **_ANSWER)
def mode_lift(request: Request, site: SiteId, id: _ID, body: LiftMode, caller: _CALL) -> Response:  # noqa: A002
    """Say that it is over, and why; everybody is told."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        desk = room.desk(tx.conn, site)
        made = path.lift(tx, desk, id, body.reason, caller.person, caller.roles, room.now())
    return reply(made.shown)
