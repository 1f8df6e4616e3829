"""Who is at the tap page: somebody signed in, or somebody whose PIN was right there, who can do nothing else with it.

That pass is a cookie for `/t` alone, signed and short; it dies with the password it was given under and with the account.
"""

import hmac
from datetime import timedelta
from typing import Final

from anyio import to_thread
from starlette.requests import Request

from api import pins
from api.errors import MustChange, NoPin, WrongPassword, WrongPin
from api.permits import Caller, Needs
from api.room import Room
from api.sessions import Account, Signed, by_id, by_login, members_of
from core.clock import micros

LASTS: Final = timedelta(hours=12)  # a shift
COOKIE: Final = "watchroom-tap"
_TAPS: Final = Needs("patrol.tap")
_PIN: Final = range(6, 13)


def caller(room: Room, request: Request, site: str) -> Caller | None:
    """Who may tap here, by the session or else by the pass; None when nobody is known. Raises what `Needs` does."""
    token = request.cookies.get(room.cookie)
    signed = room.sessions.signed(token) if token else None
    if signed is None:
        signed = _holder(room, request.cookies.get(COOKIE, ""))
    if signed is None:
        return None
    if signed.must_change:
        raise MustChange
    return _TAPS.admit(signed, site)


async def asked(room: Room, login: str, word: str, address: str) -> Account:
    """The account whose PIN or password this is. Raises WrongPassword for whatever is wrong, or PinLocked, TooMany."""
    place = f"address/{address}"
    room.throttle.ask(place, login)
    found = await to_thread.run_sync(_find, room, login)
    if found is not None and not found.disabled and word.isdecimal() and len(word) in _PIN:
        try:
            await pins.ask(room, found.id, word)
        except (WrongPin, NoPin):
            pass
        else:
            room.throttle.right(place, login)
            return found
    if not await room.passwords.fits(word, found.password_hash if found else None) or found is None or found.disabled:
        room.throttle.wrong(place, login)
        raise WrongPassword
    room.throttle.right(place, login)
    await to_thread.run_sync(pins.forgive, room.store, found.id)
    return found


def given(room: Room, mine: Account) -> str:
    """A pass for this account."""
    said = f"{mine.id}.{micros(room.now() + LASTS)}"
    return f"{said}.{_mac(room, mine, said)}"


def _holder(room: Room, brought: str) -> Signed | None:
    said, _, mac = brought.rpartition(".")
    id_, _, ends = said.partition(".")
    if not ends.isdecimal() or not ends.isascii() or int(ends[:20]) <= micros(room.now()):
        return None
    with room.store.read() as conn:
        mine = by_id(conn, id_)
        if mine is None or mine.disabled or not hmac.compare_digest(mac.encode(), _mac(room, mine, said).encode()):
            return None
        return Signed("", mine, room.now(), members_of(conn, mine))


def _mac(room: Room, mine: Account, said: str) -> str:
    words = f"tap pass\x1f{said}\x1f{mine.password_hash}".encode(errors="replace")
    return hmac.new(
        hmac.digest(room.settings.secret.encode(), b"watchroom tap pass", "sha256"), words, "sha256"
    ).hexdigest()


def _find(room: Room, login: str) -> Account | None:
    with room.store.read() as conn:
        return by_login(conn, login)
