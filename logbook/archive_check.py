"""Checking an archive from the file alone: its sums, their signature, and the lines by the verifier of exports."""

import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from logbook.errors import FileChanged, FileGone
from logbook.notes import BadNote, fingerprint, open_seal, read_verifier_key
from logbook.verify import Header, verify
from logbook.walk import Verdict, Why

LINES: Final = "logbook.jsonl"
SUMS: Final = "SHA256SUMS"
SEAL: Final = "SHA256SUMS.seal"
MAX_FILES: Final = 20_000
_header = msgspec.json.Decoder(Header).decode


def zipped_at(at: datetime) -> tuple[int, int, int, int, int, int]:
    """A time as zip files have it."""
    return at.year, at.month, at.day, at.hour, at.minute, at.second


def is_archive(file: Path) -> bool:
    """Whether the file is a zip, as archives are."""
    with file.open("rb") as opened:
        return opened.read(4) == b"PK\x03\x04"


def check(file: BinaryIO, *, pins: Sequence[str] = (), keys: Sequence[bytes] = (), kept: Sequence[str] = ()) -> Verdict:
    """The answer for an archive; what `verify` says of its lines, if everything around them is as it was sealed."""
    try:
        with zipfile.ZipFile(file) as packed:
            wrong = _around(packed)
            with packed.open(LINES) as lines:
                answer = verify(lines, pins=pins, keys=keys, kept=kept, attachments=_fetcher(packed))  # type: ignore[arg-type]
            if not answer.ok:
                return answer
            wrong = wrong or _seal(packed, answer)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as bad:
        return _none(f"the archive cannot be read: {bad}")
    except Exception as bad:  # zlib has an error of its own for damaged data
        if type(bad).__module__ != "zlib":
            raise
        return _none(f"the archive cannot be read: {bad}")
    return answer if wrong is None else msgspec.structs.replace(answer, ok=False, why=Why.ARCHIVE_FILE, detail=wrong)


def _around(packed: zipfile.ZipFile) -> str | None:
    """What is wrong with a file of the archive, if anything."""
    names = packed.namelist()
    if len(names) > MAX_FILES or len(set(names)) != len(names):
        return "the archive names a file twice, or too many"
    sums = {line[66:]: line[:64] for line in packed.read(SUMS).decode().splitlines()}
    missing = sorted(set(sums) ^ (set(names) - {SUMS, SEAL}))
    if missing:
        return f"{missing[0]} is missing, or was added"
    return next((f"{name} was changed" for name, told in sorted(sums.items()) if _sum(packed, name) != told), None)


def _sum(packed: zipfile.ZipFile, name: str) -> str:
    digest = sha256()
    with packed.open(name) as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _seal(packed: zipfile.ZipFile, answer: Verdict) -> str | None:
    """Whether the sums are signed by a key that also signed the lines."""
    with packed.open(LINES) as lines:
        header = _header(lines.readline())
    known = [key for key in map(read_verifier_key, header.keys) if fingerprint(key) in answer.keys]
    try:
        said, _ = open_seal(packed.read(SEAL).decode(), answer.site_id, known)
    except (BadNote, UnicodeDecodeError) as bad:
        return f"{SEAL}: {bad}"
    if said.digest != sha256(packed.read(SUMS)).digest() or said.size != answer.size:
        return f"{SUMS} was changed"
    return None


def _fetcher(packed: zipfile.ZipFile) -> Callable[[str], bytes]:
    """How the verifier gets at an attachment."""
    there = {Path(name).stem: name for name in packed.namelist() if name.startswith("attachments/")}

    def fetch(name: str) -> bytes:
        if name not in there:
            raise FileGone(sha256=name)
        data = packed.read(there[name])
        if sha256(data).hexdigest() != name:
            raise FileChanged(sha256=name)
        return data

    return fetch


def _none(detail: str) -> Verdict:
    return Verdict(
        ok=False,
        site_id="",
        size=0,
        chain="",
        root="",
        checkpoints=0,
        sealed=0,
        keys=(),
        pinned=False,
        why=Why.ARCHIVE_FILE,
        detail=detail,
    )
