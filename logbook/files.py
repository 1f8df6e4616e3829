"""Attachments: each file lies under the SHA-256 of its bytes, `ab/cdef…`, for the server alone. The hash stands in the
entry, and so in the chain: a file that was changed on disk is known as soon as it is read.
"""

import os
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from logbook.errors import FileChanged, FileGone, FileTooLarge, FileType

MAX_FILE: Final = 10 * 1024 * 1024
ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "text/plain": "txt",
}
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Kept(msgspec.Struct, frozen=True):
    """A file in the folder."""

    sha256: str
    size: int
    type: str


def sniff(data: bytes) -> str | None:
    """What the bytes are, if they are something that may be attached. What the sender calls them does not count."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    return "text/plain" if _is_text(data) else None


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return bool(text) and not any((c < " " and c not in "\n\r\t\f") or c == "\x7f" for c in text)


def keep(folder: Path, data: bytes) -> Kept:
    """Put a file where its hash says: beside, synced, then renamed, so that it is there whole or not at all. One that is
    there and was damaged is mended. Raises FileTooLarge, FileType.
    """
    if len(data) > MAX_FILE:
        raise FileTooLarge(field="file", most=MAX_FILE)
    kind = sniff(data)
    if kind is None:
        raise FileType(field="file")
    name = sha256(data).hexdigest()
    place = _place(folder, name)
    if place.is_file() and place.read_bytes() == data:
        os.utime(place)  # somebody wants it: `sweep` must not take it for old
    else:
        _write(place, data)
    return Kept(name, len(data), kind)


def _write(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = place.with_name(f".{place.name[:12]}.{secrets.token_hex(6)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    for folder in (place.parent, place.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fetch(folder: Path, name: str) -> bytes:
    """The bytes whose SHA-256 is `name`. Raises FileGone, FileChanged."""
    place = _place(folder, name)
    try:
        if place.stat().st_size > MAX_FILE:
            raise FileChanged(sha256=name)
        data = place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise FileGone(sha256=name) from None
    if sha256(data).hexdigest() != name:
        raise FileChanged(sha256=name)
    return data


def sweep(folder: Path, owned: Callable[[list[str]], set[str]], *, older_than: datetime) -> int:
    """Delete the files that no site has any more (`owned` tells of some hashes which are) and that have lain here since
    before `older_than`: one that was put here just now may be about to be noted. Returns how many.
    """
    count, before = 0, older_than.timestamp()
    for shelf in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        there = {shelf.name + file.name: file for file in shelf.iterdir() if _HASH.fullmatch(shelf.name + file.name)}
        old = [name for name, file in there.items() if file.stat().st_mtime < before]
        for name in sorted(set(old) - owned(old)) if old else ():
            there[name].unlink(missing_ok=True)
            count += 1
    return count


def _place(folder: Path, name: str) -> Path:
    if not _HASH.fullmatch(name):
        raise FileGone(sha256=name[:64])
    return folder / name[:2] / name[2:]
