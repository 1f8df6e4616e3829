"""Signed notes: a few lines of text under an Ed25519 signature, after C2SP signed-note and tlog-checkpoint.

    watchroom/harbour-garden
    1204
    qINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=
    chain 9b1f…
    time 2026-11-21T16:00:00.000000Z

    — watchroom/harbour-garden Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

Text and key only: nothing here reads a file, a clock or a database, so that a verifier needs nothing else.
"""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.clock import rfc3339

_ED25519: Final = b"\x01"
_DASH: Final = "\u2014 "


class BadNote(Exception):  # noqa: N818 - what a verifier answers with, caught where it reads
    """The note is not one of ours. `unknown_key`: it may be, but nobody vouches for the key that signed it."""

    def __init__(self, why: str, *, unknown_key: bool = False) -> None:
        self.unknown_key = unknown_key
        super().__init__(why)


class Checkpoint(msgspec.Struct, frozen=True):
    """What a checkpoint swears: at `at` the log of `site_id` had `size` entries under this root and this chain."""

    site_id: str
    size: int
    root: bytes
    chain: bytes
    at: datetime


class Seal(msgspec.Struct, frozen=True):
    """What the last line of an export swears: the digest of every byte before it."""

    site_id: str
    size: int
    digest: bytes
    at: datetime


def origin(site_id: str) -> str:
    """The name a site's notes and keys go by."""
    return f"watchroom/{site_id}"


def raw_public(key: Ed25519PrivateKey | Ed25519PublicKey) -> bytes:
    """The 32 bytes of the public half."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes_raw()


def fingerprint(public: bytes) -> str:
    """Half of the public key's SHA-256 in groups of four: short enough to read out, long enough not to be met by trying."""
    text = sha256(public).hexdigest()[:32]
    return "-".join(text[i : i + 4] for i in range(0, 32, 4))


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature line hints at its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def verifier_key(site_id: str, public: bytes) -> str:
    """A public key as signed-note writes it: `name+hint+key`."""
    name = origin(site_id)
    return f"{name}+{key_id(name, public).hex()}+{_b64(_ED25519 + public)}"


def read_verifier_key(text: str) -> bytes:
    """The public key in `name+hint+key`. Raises BadNote."""
    name, _, rest = text.strip().partition("+")
    hint, _, packed = rest.partition("+")
    made = _unb64(packed, 33)
    if made[:1] != _ED25519 or key_id(name, made[1:]).hex() != hint:
        raise BadNote("not an Ed25519 verifier key")
    return made[1:]


def sign_checkpoint(said: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note of a checkpoint."""
    text = (
        f"{origin(said.site_id)}\n{said.size}\n{_b64(said.root)}\nchain {said.chain.hex()}\ntime {rfc3339(said.at)}\n"
    )
    return _sign(text, origin(said.site_id), key)


def sign_seal(said: Seal, key: Ed25519PrivateKey) -> str:
    """The signed note that ends an export. Its first line differs, so that it can never pass for a checkpoint."""
    text = f"{origin(said.site_id)} export\n{said.size}\n{_b64(said.digest)}\ntime {rfc3339(said.at)}\n"
    return _sign(text, origin(said.site_id), key)


def open_checkpoint(note: str, site_id: str, keys: Iterable[bytes]) -> tuple[Checkpoint, bytes]:
    """What a checkpoint says and the key among `keys` that signed it. Raises BadNote."""
    text, public = _open(note, origin(site_id), keys)
    match text.split("\n"):
        case [first, size, root, chain, time, ""] if first == origin(site_id):
            at, chained = _time(time), _tagged(chain, "chain ")
            return Checkpoint(site_id, _size(size), _unb64(root, 32), unhex(chained), at), public
    raise BadNote("not a checkpoint of this site")


def open_seal(note: str, site_id: str, keys: Iterable[bytes]) -> tuple[Seal, bytes]:
    """What an export's seal says and the key among `keys` that signed it. Raises BadNote."""
    text, public = _open(note, origin(site_id), keys)
    match text.split("\n"):
        case [first, size, digest, time, ""] if first == f"{origin(site_id)} export":
            return Seal(site_id, _size(size), _unb64(digest, 32), _time(time)), public
    raise BadNote("not the seal of an export of this site")


def _sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    packed = key_id(name, raw_public(key)) + key.sign(text.encode())
    return f"{text}\n{_DASH}{name} {_b64(packed)}\n"


def _open(note: str, name: str, keys: Iterable[bytes]) -> tuple[str, bytes]:
    """Split a note and try the keys whose hint fits; exactly one signature line, ours."""
    text, blank, line = note.rpartition("\n\n")
    if not blank or not line.startswith(f"{_DASH}{name} ") or not line.endswith("\n"):
        raise BadNote("not a signed note of this site")
    text += "\n"
    packed = _unb64(line[len(_DASH) + len(name) + 1 : -1], 68)
    fitting = [public for public in keys if key_id(name, public) == packed[:4]]
    if not fitting:
        raise BadNote(f"signed by key {packed[:4].hex()}, which nobody here vouches for", unknown_key=True)
    for public in fitting:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(packed[4:], text.encode())
        except (InvalidSignature, ValueError, UnicodeEncodeError):
            continue
        return text, public
    raise BadNote("the signature does not fit the text")


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unb64(text: str, size: int) -> bytes:
    """Exactly `size` bytes, in the one spelling that base64 has for them."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != size or _b64(raw) != text:
        raise BadNote("not base64 of the right length")
    return raw


def unhex(text: str) -> bytes:
    """A hash in the one spelling that we write: 64 lower-case digits. Raises BadNote."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32 or raw.hex() != text:
        raise BadNote("not a hash in hex")
    return raw


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and str(int(text)) == text):
        raise BadNote("not a size")
    return int(text)


def _tagged(line: str, tag: str) -> str:
    if not line.startswith(tag):
        raise BadNote(f"a line `{tag.strip()} …` is missing")
    return line[len(tag) :]


def _time(line: str) -> datetime:
    text = _tagged(line, "time ")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or rfc3339(at) != text:
        raise BadNote("not a time")
    return at
