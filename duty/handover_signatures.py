"""What a signature on a hand-over is: who, when, how they proved to be themselves, and the digest of what they saw.

The digest is over everything on the sheet at that moment. A passkey signs the digest itself; password and PIN prove the
person, and the logbook keeps the digest beside them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

import msgspec

_encode: Final = msgspec.json.Encoder(order="sorted").encode


class How(StrEnum):
    """How a signer proved to be themselves."""

    PASSWORD = "password"  # noqa: S105 - the word for one
    PIN = "pin"
    PASSKEY = "passkey"


class Mark(msgspec.Struct, frozen=True):
    """The proof that was given. `evidence`: what a passkey said, so that anybody can check it against the digest."""

    how: How = How.PASSWORD
    evidence: Mapping[str, str] = {}


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """One signature: `act` is what was signed (`offer` or `sign`), `digest` what it was under."""

    by: str
    at: datetime
    act: str
    how: How
    digest: str


Proof = Callable[[str], Mark]  # given the digest, what proves the signer; raises what refuses them


def by_password(_: str) -> Mark:
    """The signer's password was asked for before."""
    return Mark()


def digest(content: msgspec.Struct, act: str, by: str) -> str:
    """SHA-256, in hex, of an act, its signer and everything that is signed, in canonical JSON."""
    return sha256(_encode({"act": act, "by": by, "handover": content})).hexdigest()
