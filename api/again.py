"""The caller's own password once more, before what only they themselves may do: an open console is not a person.

What is signed often may be signed by PIN or passkey instead; what moves responsibility against somebody's will may not.
"""

from collections.abc import Callable

from anyio import to_thread
from starlette.requests import Request

from api import passkeys, pins
from api.bodies import Signature
from api.errors import SignatureNeeded, WrongOwnPassword
from api.permits import Caller
from api.room import Room
from duty.handover_errors import ContentChanged
from duty.handover_signatures import How, Mark, Proof
from store.db import Tx


async def once_more(room: Room, caller: Caller, password: str) -> None:
    """Raises WrongOwnPassword, or TooMany after several wrong ones. A right one opens a locked PIN."""
    mine = caller.signed.account
    place = f"account/{mine.id}"
    room.throttle.ask(place, mine.login)
    if not await room.passwords.fits(password, mine.password_hash):
        raise WrongOwnPassword(field="password")
    room.throttle.right(place, mine.login)
    await to_thread.run_sync(pins.forgive, room.store, mine.id)


async def by_either(room: Room, caller: Caller, password: str | None, pin: str | None) -> str:
    """The caller's own password or PIN. Returns which it was; raises SignatureNeeded unless exactly one was given."""
    if (password is None) == (pin is None):
        raise SignatureNeeded(field="password", given=["password", "pin"] if pin is not None else [])
    if password is not None:
        await once_more(room, caller, password)
        return How.PASSWORD.value
    await pins.ask(room, caller.signed.account.id, str(pin))
    return How.PIN.value


async def signer(room: Room, request: Request, caller: Caller, body: Signature) -> Callable[[Tx], Proof]:
    """What will say, in the transaction and given the digest of what stands there, how the caller signed it.

    Password and PIN are tried here, a passkey against the digest. Raises SignatureNeeded unless exactly one was given.
    """
    given = [means for means in How if getattr(body, means) is not None]
    if len(given) != 1:
        raise SignatureNeeded(field="password", given=given)
    mine = caller.signed.account.id
    if body.password is not None:
        await once_more(room, caller, body.password)
    elif body.pin is not None:
        await pins.ask(room, mine, body.pin)
    if body.passkey is None:
        return lambda _tx: lambda _digest: Mark(given[0])
    said, place = body.passkey.model_dump(), passkeys.place_of(room, request)

    def by_key(tx: Tx) -> Proof:
        def signed(digest: str) -> Mark:
            if not passkeys.says(said, digest):
                raise ContentChanged
            return Mark(How.PASSKEY, passkeys.verify(tx, mine, place, digest, said, room.now()))

        return signed

    return by_key
