"""The offline verifier: an export, and nothing else, is read once from top to bottom, and either everything in it fits
or the first thing that does not is named.

What a good answer proves: nothing in the file was changed since it was exported, and up to the last checkpoint nothing
since that was signed, *by anyone who does not have the key*. Who has the key can make a new log; only a key known from
elsewhere (its fingerprint is printed when the server starts) and a checkpoint kept elsewhere speak against that.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from logbook.attached import files_of
from logbook.errors import FileChanged, FileGone
from logbook.files import fetch
from logbook.notes import BadNote, fingerprint, open_checkpoint, open_seal, read_verifier_key, unhex
from logbook.rules import Seals, fits
from logbook.walk import Bad, Verdict, Walk, Why

FORMAT: Final = 1
MAX_LINE: Final = 8 * 1024 * 1024
Progress = Callable[[int], object]
Fetch = Callable[[str], bytes]  # the bytes under a hash; raises FileGone, FileChanged


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the lines of a month begin: the size, the chain and the tree's frontier (hex) of all that was before."""

    month: str
    after: int
    chain: str
    frontier: str


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The first line. `keys` are those that signed anything in the file, as signed-note writes them; `part` is there where
    the file is a month's archive, which ends with a checkpoint over all before and in it.
    """

    watchroom_logbook: int
    site: str
    time_zone: str
    exported_at: datetime
    size: int
    keys: list[str]
    part: Part | None = None


class EntryLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry: `body` is exactly the bytes that were hashed, `chain` the chain up to it in hex. One whose text was deleted
    after its time has `leaf`, the hash of it in hex, instead.
    """

    n: int
    body: str | msgspec.UnsetType = msgspec.UNSET
    leaf: str | msgspec.UnsetType = msgspec.UNSET
    chain: str


class CheckpointLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint, straight after the last entry it covers."""

    checkpoint: str


class EndLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line. `seal` signs the digest of every byte above it."""

    end: int
    chain: str
    root: str
    checkpoints: int
    seal: str


_header = msgspec.json.Decoder(Header).decode
_entry = msgspec.json.Decoder(EntryLine).decode
_checkpoint = msgspec.json.Decoder(CheckpointLine).decode
_end = msgspec.json.Decoder(EndLine).decode


def verify(
    file: BinaryIO,
    *,
    pins: Sequence[str] = (),
    keys: Sequence[bytes] = (),
    kept: Sequence[str] = (),
    attachments: Path | Fetch | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Read an export. `pins` are fingerprints of the only keys to believe, `keys` public keys to believe (both from
    elsewhere), `kept` checkpoints kept elsewhere; in the folder `attachments` (or wherever it fetches from) every file that
    an entry names must be, as it was; `progress` is told how many bytes have been read, now and then.
    """
    pinned = frozenset(pins) | {fingerprint(key) for key in keys}
    walk = Walk("", ())
    header: Header | None = None
    try:
        header, digest = _open(file)
        walk = _start(header, pinned, keys, kept)
        fetching = partial(fetch, attachments) if isinstance(attachments, Path) else attachments
        _follow(file, walk, header, digest, fetching, progress)
        bad = None
    except Bad as found:
        bad = found
    answer = walk.verdict(bad, len(kept))
    if header is None:
        return answer
    return msgspec.structs.replace(answer, exported_at=header.exported_at, time_zone=header.time_zone)


def _open(file: BinaryIO) -> tuple[Header, "_Digest"]:
    line = file.readline(MAX_LINE)
    try:
        header = _header(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Bad(Why.NOT_AN_EXPORT, None, "the first line is not the header of a logbook export") from None
    if header.watchroom_logbook != FORMAT:
        detail = f"format {header.watchroom_logbook}; this verifier reads {FORMAT}"
        raise Bad(Why.NEWER_FORMAT, None, detail)
    return header, _Digest(line)


def _start(header: Header, pins: frozenset[str], keys: Sequence[bytes], kept: Sequence[str]) -> Walk:
    try:
        own = [read_verifier_key(text) for text in header.keys]
    except BadNote as wrong:
        raise Bad(Why.NOT_AN_EXPORT, None, f"header: {wrong}") from None
    known = [*dict.fromkeys((*own, *keys))]
    believed = [key for key in known if not pins or fingerprint(key) in pins]
    notes = []
    for note in kept:
        try:
            notes.append(open_checkpoint(note, header.site, believed)[0])
        except BadNote as wrong:
            raise Bad(Why.KEPT_NOTE, None, f"the checkpoint kept elsewhere: {wrong}") from None
    begun = _begun(header)
    if any(note.size < begun.size for note in notes):
        raise Bad(Why.KEPT_OUTSIDE, None, f"the checkpoint kept elsewhere is over less than {begun.size} entries")
    if header.part is not None and any(note.size > header.size for note in notes):
        raise Bad(Why.KEPT_OUTSIDE, None, f"the checkpoint kept elsewhere is over more than {header.size} entries")
    return Walk(header.site, known, notes, pins, begun)


def _begun(header: Header) -> Seals:
    """Where the lines begin. What a month's header says of that, its last checkpoint vouches for."""
    part = header.part
    if part is None:
        return Seals()
    try:
        chain, frontier = unhex(part.chain), bytes.fromhex(part.frontier)
    except (BadNote, ValueError):
        raise Bad(Why.NOT_AN_EXPORT, None, "header: not hashes in hex") from None
    if part.after < 0 or not fits(part.after, frontier) or part.frontier != frontier.hex():
        raise Bad(Why.NOT_AN_EXPORT, None, "header: not the frontier of a tree of that size")
    return Seals(part.after, chain, frontier)


class _Digest:
    """SHA-256 of the lines read so far, and how many bytes they were."""

    def __init__(self, first: bytes) -> None:
        self._sum = sha256(first)
        self.size = len(first)

    def add(self, line: bytes) -> None:
        self._sum.update(line)
        self.size += len(line)

    @property
    def value(self) -> bytes:
        return self._sum.digest()


def _follow(
    file: BinaryIO, walk: Walk, header: Header, digest: _Digest, fetching: Fetch | None, progress: Progress | None
) -> None:
    """Every line after the header, to the end and not further."""
    for line in iter(lambda: file.readline(MAX_LINE), b""):
        if line.startswith(b'{"end":'):
            _close(walk, header, digest, line)
            if file.read(1):
                raise Bad(Why.AFTER_END, None, "something follows the last line")
            return
        _take(walk, line, fetching)
        digest.add(line)
        if progress is not None and not walk.size & 0xFFF:
            progress(digest.size)
    raise Bad(Why.CUT, walk.size + 1, f"the file ends after entry {walk.size}, without its last line")


def _take(walk: Walk, line: bytes, fetching: Fetch | None) -> None:
    try:
        if line.startswith(b'{"checkpoint":'):
            note = _checkpoint(line).checkpoint
        else:
            said = _entry(line)
            note, chain = "", unhex(said.chain)
            body, gone = _text(said)
    except (msgspec.MsgspecError, ValueError, BadNote):
        if not line.endswith(b"\n"):
            raise Bad(
                Why.CUT, walk.size + 1, f"the file ends in the middle of a line after entry {walk.size}"
            ) from None
        raise Bad(Why.WRONG_SHAPE, walk.size + 1, f"the line after entry {walk.size} cannot be read") from None
    if note:
        walk.checkpoint(note)
    elif gone is not None:
        walk.gone(said.n, gone, chain)
    else:
        walk.entry(said.n, body, chain)
        if fetching is not None:
            _files(fetching, walk.size, body)


def _text(said: EntryLine) -> tuple[bytes, bytes | None]:
    """The entry's bytes, or the hash of what is gone. Raises ValueError, BadNote for neither and for both."""
    if said.body is msgspec.UNSET:
        if said.leaf is msgspec.UNSET:
            raise ValueError("neither text nor hash")
        return b"", unhex(said.leaf)
    if said.leaf is not msgspec.UNSET:
        raise ValueError("text and hash")
    return said.body.encode(), None


def _files(fetching: Fetch, n: int, body: bytes) -> None:
    """Every file that an entry attaches is there, and is what was attached."""
    for file in files_of(body):
        try:
            fetching(file.sha256)
        except (FileGone, FileChanged) as wrong:
            why = Why.FILE_GONE if isinstance(wrong, FileGone) else Why.FILE_CHANGED
            raise Bad(why, n, f"attachment {file.name!r} ({file.sha256}) of entry {n}: {wrong.detail}") from None


def _close(walk: Walk, header: Header, digest: _Digest, line: bytes) -> None:
    """The last line: totals, then the seal over everything above it."""
    walk.done()
    if header.part is not None and (not walk.checkpoints or walk.sealed != walk.size):
        raise Bad(Why.NOT_SWORN, walk.begun + 1, "the archive does not end with a checkpoint", walk.size)
    try:
        end = _end(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Bad(Why.CUT, walk.size + 1, "the last line cannot be read") from None
    if not line.endswith(b"\n"):
        raise Bad(Why.CUT, walk.size + 1, "the last line is not whole")
    longest = max(end.end, header.size)
    if longest > walk.size:
        raise Bad(Why.CUT, walk.size + 1, f"{longest} entries were exported, {walk.size} are here", longest)
    said = (end.end, header.size, end.chain, end.root, end.checkpoints)
    if said != (walk.size, walk.size, walk.chain.hex(), walk.root.hex(), walk.checkpoints):
        raise Bad(Why.TOTALS, None, "the totals in the header or the last line are not those of the entries")
    try:
        seal, key = open_seal(end.seal, walk.site_id, walk.keys)
    except BadNote as wrong:
        why = Why.UNKNOWN_KEY if wrong.unknown_key else Why.SEAL
        raise Bad(why, None, f"the seal of the export: {wrong}") from None
    if seal.digest != digest.value or seal.size != walk.size or seal.at != header.exported_at:
        raise Bad(Why.SEAL, None, "the header or the lines were changed after the export was sealed")
    walk.signers[fingerprint(key)] = None
