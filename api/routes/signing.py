"""What I sign with beside my password: a PIN, and passkeys. Neither opens a session."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response

from api import accounts, passkeys, pins
from api.again import once_more
from api.bodies import NewPasskey, NewPin, WithPassword
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from api.signing_shapes import PasskeyBegun, Signing

router = APIRouter(prefix="/session", tags=["session"])
Me = Annotated[Caller, needs("self")]
KeyId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,2000}$")]


@router.get("/signing", response_model=Signing, responses=refusals())
def signing(request: Request, caller: Me) -> Response:
    """What I can sign with."""
    return _shown(room_of(request), request, caller)


@router.post("/pin", response_model=Signing, responses=refusals())
async def signing_pin(request: Request, body: NewPin, caller: Me) -> Response:
    """Set the PIN that I sign with, or forget it."""
    room, mine = room_of(request), caller.signed.account
    await once_more(room, caller, body.password)
    made = None
    if body.pin is not None:
        pins.check_new(body.pin)
        made = await room.passwords.made(body.pin)

    def keep() -> None:
        accounts.change_signing(
            room,
            caller.signed,
            "account.pin",
            lambda tx: pins.save(tx, mine.id, made, room.now()),
            set=made is not None,
        )

    await to_thread.run_sync(keep)
    return await to_thread.run_sync(_shown, room, request, caller)


@router.post("/passkeys/begin", response_model=PasskeyBegun, responses=refusals(409))
async def signing_passkey_begin(request: Request, body: WithPassword, caller: Me) -> Response:
    """Begin to register a passkey."""
    room, mine = room_of(request), caller.signed.account
    place = passkeys.place_of(room, request)
    await once_more(room, caller, body.password)

    def begun() -> Response:
        with room.store.read() as conn:
            had = passkeys.of_account(conn, mine.id)
        ticket = passkeys.ticket(room, mine.id)
        return reply({"ticket": ticket, "options": passkeys.creation(mine, place, ticket, had)})

    return await to_thread.run_sync(begun)


@router.post("/passkeys", response_model=Signing, responses=refusals(409))
def signing_passkey(request: Request, body: NewPasskey, caller: Me) -> Response:
    """Keep the passkey that the browser has made."""
    room, mine, place = room_of(request), caller.signed.account, passkeys.place_of(room_of(request), request)
    accounts.change_signing(
        room,
        caller.signed,
        "account.passkey",
        lambda tx: passkeys.register(room, tx, mine, place, body.ticket, body.name, dict(body.credential)),
        name=body.name,
    )
    return _shown(room, request, caller)


@router.delete("/passkeys/{key}", response_model=Signing, responses=refusals(404))
def signing_passkey_forget(request: Request, key: KeyId, caller: Me) -> Response:
    """Forget a passkey."""
    room, mine = room_of(request), caller.signed.account
    accounts.change_signing(room, caller.signed, "account.passkey_gone", lambda tx: passkeys.forget(tx, mine.id, key))
    return _shown(room, request, caller)


def _shown(room: Room, request: Request, caller: Caller) -> Response:
    mine = caller.signed.account.id
    pin, locked = pins.state(room.store, mine)
    with room.store.read() as conn:
        keys = passkeys.of_account(conn, mine)
    possible = passkeys.possible(room, request)
    return reply({"pin": pin, "pin_locked": locked, "passkeys_possible": possible, "passkeys": keys})
