"""The key that signs a server's checkpoints: one file, made at the first start, readable by the server alone."""

import contextlib
import os
import re
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from logbook.notes import BadNote, fingerprint, raw_public, read_verifier_key

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")


def load_or_make_key(path: Path) -> Ed25519PrivateKey:
    """The key in `path`, made there (mode 0600) when there is none. Raises ValueError for a file that holds another thing."""
    if not path.exists():
        _make(path)
    path.chmod(0o600)
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as wrong:
        raise ValueError(f"{path}: not a private key that can be read ({wrong})") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path}: not an Ed25519 key")  # noqa: TRY004 - the file is wrong, not a caller's type
    return key


def read_public_key(text: str) -> bytes:
    """The 32 bytes of a public key given as PEM, as `name+hint+key`, or as 64 hex digits. Raises ValueError."""
    text = text.strip()
    if text.startswith("-----"):
        key = load_pem_public_key(text.encode())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 public key")
        return raw_public(key)
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return bytes.fromhex(text)
    try:
        return read_verifier_key(text)
    except BadNote as wrong:
        raise ValueError(str(wrong)) from None


def read_fingerprint(text: str) -> str:
    """A fingerprint as people type it, in the spelling that `fingerprint` writes. Raises ValueError."""
    plain = re.sub(r"[\s:-]", "", text).lower()
    if not _FINGERPRINT.fullmatch(plain):
        raise ValueError("a fingerprint has eight groups of four hex digits")
    return "-".join(plain[i : i + 4] for i in range(0, 32, 4))


def key_fingerprint(key: Ed25519PrivateKey) -> str:
    """What the server prints when it starts and a verifier compares."""
    return fingerprint(raw_public(key))


def _make(path: Path) -> None:
    """Write beside, sync, then link into place: two first starts at once agree on one key, a crash leaves none or a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(beside)
    finally:
        beside.unlink(missing_ok=True)
