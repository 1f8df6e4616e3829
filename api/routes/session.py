"""Signing in and out, and who I am."""

from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api import accounts
from api.bodies import NewPassword, PinSignIn, SignIn
from api.errors import WrongOwnPassword
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from api.session_shapes import Me, Modes

router = APIRouter(tags=["session"])
_KNOWN_FOR_S = 180 * 86400


@router.get("/modes", response_model=Modes, dependencies=[needs("open")], responses=refusals())
def modes(request: Request) -> Response:
    """How this server runs, and in the demo whom one may sign in as."""
    room = room_of(request)
    with room.store.read() as conn:
        logins = accounts.demo_logins(room, conn) if room.settings.mode == "demo" else []
    return reply({"mode": room.settings.mode, "version": room.settings.version, "demo_logins": logins})


@router.post("/session", response_model=Me, dependencies=[needs("open")], responses=refusals())
async def sign_in(request: Request, body: SignIn) -> Response:
    """Sign in: a new session, whatever one was held before."""
    room = room_of(request)
    known = room.throttle.cookie(room.cookie, body.login)
    place = room.throttle.place(_address(request), body.login, request.cookies.get(known))
    await anyio.sleep(room.throttle.ask(place, body.login))
    signed, token = await accounts.sign_in(room, body.login, body.password, place, _address(request))
    answer = reply(accounts.me(room, signed))
    _keep(room, answer, token)
    _set(room, answer, known, room.throttle.known_browser(body.login), _KNOWN_FOR_S)
    return answer


@router.post("/session/by-pin", response_model=Me, dependencies=[needs("open")], responses=refusals())
async def sign_in_by_pin(request: Request, body: PinSignIn) -> Response:
    """Sign in by PIN, in a browser where the same person has signed in by password before."""
    room = room_of(request)
    known = request.cookies.get(room.throttle.cookie(room.cookie, body.login))
    place = room.throttle.place(_address(request), body.login, known)
    await anyio.sleep(room.throttle.ask(place, body.login))
    signed, token = await accounts.sign_in_by_pin(room, body.login, body.pin, place, _address(request))
    answer = reply(accounts.me(room, signed))
    _keep(room, answer, token)
    return answer


@router.get("/session", response_model=Me, responses=refusals())
def who_am_i(request: Request, caller: Annotated[Caller, needs("self")]) -> Response:
    """Who is signed in."""
    return reply(accounts.me(room_of(request), caller.signed))


@router.delete("/session", status_code=204, response_class=Response, responses=refusals())
def sign_out(request: Request, caller: Annotated[Caller, needs("self")]) -> Response:
    """End this session."""
    room = room_of(request)
    accounts.sign_out(room, caller.signed)
    answer = Response(status_code=204)
    answer.delete_cookie(room.cookie, path="/", secure=room.settings.secure, httponly=True, samesite="strict")
    return answer


@router.post("/session/password", response_model=Me, responses=refusals())
async def change_password(
    request: Request, body: NewPassword, caller: Annotated[Caller, needs("self.password")]
) -> Response:
    """Change my password; every session of mine ends but a new one, which this browser is given."""
    room, mine = room_of(request), caller.signed.account
    place = f"account/{mine.id}"
    room.throttle.ask(place, mine.login)
    if not await room.passwords.fits(body.old, mine.password_hash):
        raise WrongOwnPassword(field="old")
    room.throttle.right(place, mine.login)
    room.passwords.check_new(body.new, old=body.old, login=mine.login)
    made = await room.passwords.made(body.new)
    signed, token = await to_thread.run_sync(accounts.change_password, room, caller.signed, made, _address(request))
    answer = reply(accounts.me(room, signed))
    _keep(room, answer, token)
    return answer


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _keep(room: Room, answer: Response, token: str) -> None:
    _set(room, answer, room.cookie, token, int(room.sessions.absolute.total_seconds()))


def _set(room: Room, answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name, value, max_age=seconds, path="/", secure=room.settings.secure, httponly=True, samesite="strict"
    )
