"""A person's own keys (WebAuthn): registered with the password, and used to sign what stands on a sheet.

What is signed is the digest of the sheet itself, so an assertion is good for those words, that signer and that act alone, and
nothing has to be remembered between asking and answering. Browsers have passkeys only over https and under a host name.
"""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import webauthn
from sqlalchemy import Connection, Row, delete, select, update
from starlette.requests import Request
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from api.errors import PasskeysNeedHttps, PasskeysNeedName, PasskeyUnfit, WrongPasskey
from api.room import Room
from api.sessions import Account
from core.clock import EPOCH, micros
from core.errors import NotFound, Refusal
from sites.tables import passkey
from store.db import Tx

TICKET_S: Final = 300
MOST: Final = 20
_UV: Final = UserVerificationRequirement.REQUIRED  # the key asks for its own PIN or finger: a found key signs nothing


class _Client(msgspec.Struct, frozen=True):
    challenge: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser finds us: its origin, and the name that keys are bound to."""

    origin: str
    host: str


def place_of(room: Room, request: Request) -> Place:
    """Where passkeys are good. Raises PasskeysNeedHttps or PasskeysNeedName."""
    settings = room.settings
    if not settings.secure:
        raise PasskeysNeedHttps
    found = urlsplit(settings.public_url or f"https://{request.headers.get('host', '')}")
    host = found.hostname or ""
    if not host or _is_address(host):
        raise PasskeysNeedName(host=host)
    return Place(f"https://{found.netloc.casefold()}", host.casefold())


def possible(room: Room, request: Request) -> bool:
    """Whether passkeys can be used from where the request came."""
    try:
        place_of(room, request)
    except Refusal:
        return False
    return True


def of_account(conn: Connection, account_id: str) -> list[dict[str, Any]]:
    """A person's keys, as they see them."""
    rows = conn.execute(select(passkey).where(passkey.c.account_id == account_id).order_by(passkey.c.made_at))
    return [{"id": r.id, "name": r.name, "made_at": r.made_at, "used_at": r.used_at} for r in rows]


# -- a new key


def ticket(room: Room, account_id: str) -> str:
    """What begins a registration: when it ends, something never seen before, and our mark on both."""
    until = micros(room.now() + timedelta(seconds=TICKET_S))
    said = f"{until}.{secrets.token_urlsafe(24)}"
    return f"{said}.{_mark(room, account_id, said)}"


def creation(mine: Account, place: Place, challenge: str, had: list[dict[str, Any]]) -> Any:
    """What the browser is to make a key from."""
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name="Watchroom",
        user_name=mine.login,
        user_id=mine.id.encode(),
        user_display_name=mine.name_zh,
        challenge=_sha256(challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=_UV
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(k["id"])) for k in had],
    )
    return msgspec.json.decode(webauthn.options_to_json(options))


def register(
    room: Room, tx: Tx, mine: Account, place: Place, challenge: str, name: str, credential: dict[str, Any]
) -> None:
    """Keep a key that was made for this ticket. Raises PasskeyUnfit."""
    _ask_ticket(room, mine.id, challenge)
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=_sha256(challenge),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as why:
        raise PasskeyUnfit(field="credential", why=type(why).__name__) from None
    key_id = bytes_to_base64url(made.credential_id)
    taken = tx.conn.execute(select(passkey.c.id).where(passkey.c.id == key_id)).first() is not None
    if taken or len(of_account(tx.conn, mine.id)) >= MOST:
        raise PasskeyUnfit(field="credential", why="taken" if taken else "too_many")
    tx.conn.execute(
        passkey.insert().values(
            id=key_id,
            account_id=mine.id,
            name=name,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            made_at=room.now(),
        )
    )


def forget(tx: Tx, account_id: str, key_id: str) -> None:
    """Take a key away from its account. Raises NotFound."""
    mine = (passkey.c.account_id == account_id, passkey.c.id == key_id)
    if tx.conn.execute(delete(passkey).where(*mine)).rowcount != 1:
        raise NotFound


# -- signing


def request_for(conn: Connection, account_id: str, place: Place, digest: str) -> Any:
    """What the browser is to have signed: the digest itself. Raises NotFound for who has no key."""
    had = of_account(conn, account_id)
    if not had:
        raise NotFound
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=bytes.fromhex(digest),
        allow_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(k["id"])) for k in had],
        user_verification=_UV,
    )
    return msgspec.json.decode(webauthn.options_to_json(options))


def verify(tx: Tx, account_id: str, place: Place, digest: str, said: dict[str, str], at: datetime) -> dict[str, str]:
    """The evidence that one of the account's keys signed this digest. Raises WrongPasskey."""
    kept = _kept(tx.conn, account_id, said["id"])
    try:
        found = webauthn.verify_authentication_response(
            credential={
                "id": said["id"],
                "rawId": said["id"],
                "type": "public-key",
                "response": {
                    "clientDataJSON": said["client_data"],
                    "authenticatorData": said["authenticator_data"],
                    "signature": said["signature"],
                },
            },
            expected_challenge=bytes.fromhex(digest),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=bytes(kept.public_key),
            credential_current_sign_count=kept.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as why:
        raise WrongPasskey(field="passkey", why=type(why).__name__) from None
    same = (passkey.c.id == kept.id, passkey.c.sign_count == kept.sign_count)
    if tx.conn.execute(update(passkey).where(*same).values(sign_count=found.new_sign_count, used_at=at)).rowcount != 1:
        raise WrongPasskey(field="passkey", why="used_at_once")
    return {**said, "public_key": bytes_to_base64url(bytes(kept.public_key))}


def says(said: dict[str, str], digest: str) -> bool:
    """Whether the browser signed under this digest, as far as it says itself: tells an old sheet from a forged signature."""
    try:
        client = msgspec.json.decode(base64url_to_bytes(said["client_data"]), type=_Client)
        return bool(base64url_to_bytes(client.challenge) == bytes.fromhex(digest))
    except ValueError:
        return True  # garbled: let the signature's own check refuse it


def _kept(conn: Connection, account_id: str, key_id: str) -> Row[Any]:
    found = conn.execute(
        select(passkey).where(passkey.c.account_id == account_id, passkey.c.id == key_id)
    ).one_or_none()
    if found is None:
        raise WrongPasskey(field="passkey", why="not_yours")
    return found


def _ask_ticket(room: Room, account_id: str, challenge: str) -> None:
    said, _, mark = challenge.rpartition(".")
    until, _, _ = said.partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(room, account_id, said).encode()):
        raise PasskeyUnfit(field="ticket", why="forged")
    if EPOCH + timedelta(microseconds=int(until)) < room.now():
        raise PasskeyUnfit(field="ticket", why="late")


def _mark(room: Room, account_id: str, said: str) -> str:
    key = hmac.digest(room.settings.secret.encode(), b"watchroom passkey ticket", "sha256")
    return hmac.digest(key, f"{account_id}\x1f{said}".encode(errors="replace"), "sha256").hex()


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
