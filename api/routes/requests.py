"""Leave, swaps, substitutes and call-ins: asked for, agreed to, decided about."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from api.bodies import UUID, Cursor, Limit, Nothing, SiteId
from api.cursors import cursor, place
from api.permits import Caller, needs
from api.problems import refusals
from api.request_bodies import ApproveRequest, AskRequest, CallIn, Leave, RefuseRequest, Substitute, Swap
from api.request_shapes import DutyRequest, DutyRequests, LieuBalance
from api.room import reply, room_of
from duty import request_reading, request_store
from duty.request_errors import NoSuchRequest
from duty.requests import OPEN
from duty.requests import Request as Asked
from ingest import request_asks
from ingest import requests as path
from ingest.scene import Desk
from sites.register import Register
from store.db import Tx

router = APIRouter(prefix="/sites/{site}", tags=["requests"])
_ONE = "/requests/{id}"
RequestId = Annotated[str, Path(pattern=UUID)]
_SEE = Annotated[Caller, needs("request.see")]
_MAKE = Annotated[Caller, needs("request.make")]
_DECIDE = Annotated[Caller, needs("request.decide")]
_ANSWER: dict[str, Any] = {"response_model": DutyRequest, "responses": refusals(404, 409)}


@router.get("/requests", response_model=DutyRequests, responses=refusals(404))
def duty_requests(
    request: Request,
    site: SiteId,
    caller: _SEE,
    state: Annotated[Literal["open", "all"], Query()] = "all",
    mine: Annotated[bool, Query()] = False,
    before: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Requests, newest first: `open` ones or all, those about me (`mine`) or everybody's. Who neither decides nor inspects
    sees only what they are part of.
    """
    room = room_of(request)
    with room.store.read() as conn:
        register = room.register(conn, site)
        person = caller.person_id if mine or not _sees_all(register, caller) else None
        none = person is None and (mine or not _sees_all(register, caller))
        states = OPEN if state == "open" else ()
        found = [] if none else request_store.listed(conn, site, limit, place(before), states, person)
    last = found[-1] if len(found) == limit else None
    return reply(
        {
            "items": found,
            "next": None if last is None else cursor(last.asked_at, last.id),
            "decides": caller.person_id is not None and _decides(register, caller),
        }
    )


@router.get("/requests/lieu", response_model=LieuBalance, responses=refusals(404))
def lieu_balance(request: Request, site: SiteId, caller: _MAKE) -> Response:
    """What I may take off in lieu of holidays on duty (DUTY-11)."""
    room = room_of(request)
    with room.store.read() as conn:
        has = request_reading.lieu_of(conn, room.register(conn, site), caller.person, room.now())
    return reply({"earned": has.earned, "spent": has.spent, "left": has.left})


@router.get(_ONE, response_model=DutyRequest, responses=refusals(404))
def duty_request(request: Request, site: SiteId, id: RequestId, caller: _SEE) -> Response:  # noqa: A002
    """One request."""
    room = room_of(request)
    with room.store.read() as conn:
        found = request_store.get(conn, site, id)
        if caller.person_id not in found.concerns and not _sees_all(room.register(conn, site), caller):
            raise NoSuchRequest
    return reply(found)


@router.post("/requests", **_ANSWER)
def ask_request(request: Request, site: SiteId, body: AskRequest, caller: _MAKE) -> Response:
    """Ask for leave, a swap or a substitute; or call more people in (DUTY-06, DUTY-08)."""

    def ask(tx: Tx, desk: Desk, who: dict[str, Any]) -> Asked:
        match body:
            case Leave():
                return request_asks.leave(
                    tx,
                    desk,
                    body.starts_at,
                    body.ends_at,
                    body.reason,
                    stand_in=body.stand_in,
                    in_lieu=body.in_lieu,
                    **who,
                )
            case Swap():
                return request_asks.swap(tx, desk, body.mine.slot, body.theirs.slot, body.reason, **who)
            case Substitute():
                return request_asks.substitute(tx, desk, body.mine.slot, body.other, body.reason, **who)
            case CallIn():
                wanted = [(s.slot, s.person) for s in body.shifts]
                return request_asks.call_in(
                    tx, desk, wanted, body.reason, roles=caller.roles, override=body.override, **who
                )

    return _do(request, site, caller, ask)


@router.post(_ONE + "/agree", **_ANSWER)
def agree_request(request: Request, site: SiteId, id: RequestId, _: Nothing, caller: _MAKE) -> Response:  # noqa: A002
    """Say yes as the person who was asked; of a call-in: that I know of it."""
    return _do(request, site, caller, lambda tx, desk, who: path.agree(tx, desk, id, **who))


@router.post(_ONE + "/approve", **_ANSWER)
def approve_request(request: Request, site: SiteId, id: RequestId, body: ApproveRequest, caller: _DECIDE) -> Response:  # noqa: A002
    """Let it stand: the roster follows at once (DUTY-06)."""

    def approve(tx: Tx, desk: Desk, who: dict[str, Any]) -> Asked:
        return path.approve(
            tx, desk, id, roles=caller.roles, override=body.override, stand_in=body.stand_in, answer=body.answer, **who
        )

    return _do(request, site, caller, approve)


@router.post(_ONE + "/refuse", **_ANSWER)
def refuse_request(request: Request, site: SiteId, id: RequestId, body: RefuseRequest, caller: _MAKE) -> Response:  # noqa: A002
    """Say no, with the reason: as the person who was asked, or as who decides."""
    return _do(
        request, site, caller, lambda tx, desk, who: path.refuse(tx, desk, id, body.reason, roles=caller.roles, **who)
    )


@router.post(_ONE + "/withdraw", **_ANSWER)
def withdraw_request(request: Request, site: SiteId, id: RequestId, _: Nothing, caller: _MAKE) -> Response:  # noqa: A002
    """Take my own request back while nobody has decided."""
    return _do(request, site, caller, lambda tx, desk, who: path.withdraw(tx, desk, id, **who))


def _decides(register: Register, caller: Caller) -> bool:
    return not caller.roles.isdisjoint(register.policies.duty.swap_approvers)


def _sees_all(register: Register, caller: Caller) -> bool:
    return _decides(register, caller) or caller.may("request.see_all")


def _do(request: Request, site: str, caller: Caller, act: Callable[[Tx, Desk, dict[str, Any]], Asked]) -> Response:
    """An act of the caller, in a transaction that holds the site's head."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        return reply(act(tx, room.desk(tx.conn, site), {"by": caller.person, "at": room.now()}))
