"""Closing a month: its entries as JSON lines, as pages, with their attachments and a signed checkpoint, in one sealed file
that can be checked anywhere (LOG-09, LOG-10, RPT-06).

The lines begin where the month before ended: the header tells the chain and the tree up to there, and the closing
checkpoint, signed over all of it, vouches for them.
"""

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select, update

from core.clock import micros
from logbook import entries, months, printing
from logbook.archive_check import LINES, SEAL, SUMS, zipped_at
from logbook.attached import files_of
from logbook.checkpoints import upto
from logbook.errors import AlreadyArchived, FileGone, LogBroken, MonthNotOver, TextGone
from logbook.export import entry_line
from logbook.facts import names_of
from logbook.files import ENDINGS, fetch, sniff
from logbook.holds import holds
from logbook.months import Archived
from logbook.notes import Checkpoint, Seal, fingerprint, raw_public, sign_checkpoint, sign_seal, verifier_key
from logbook.rules import Line, Seals, grow, leaf, link, peaks_of, root
from logbook.tables import log_archive
from logbook.verify import FORMAT, CheckpointLine, EndLine, Header, Part, verify
from sites.register import Register
from store import bulk
from store.db import Store

Progress = Callable[[int, int], object]
ARCHIVED: Final = "logbook.archived"
_encode = msgspec.json.Encoder().encode


def place(folder: Path, site_id: str, month: str) -> Path:
    """Where a month's file lies."""
    return folder / site_id / f"logbook-{site_id}-{month}.zip"


def make(
    db: Store,
    register: Register,
    month: str,
    folder: Path,
    files: Path | None,
    *,
    key: Ed25519PrivateKey,
    by: str,
    at: datetime,
    language: str = "zh-CN",
    progress: Progress = lambda _done, _all: None,
) -> Archived:
    """Archive a month that is over. Nothing is kept unless all of it was made and verifies. `progress` is told how many of
    all entries are through, each twice: once for the lines, once for the pages.
    """
    site_id, (_, ends) = register.site_id, months.span(register.zone_info, month)
    target = place(folder, site_id, month)
    if at < ends:
        raise MonthNotOver(field="month")
    with db.read() as conn:
        if any(a.month == month for a in months.archived(conn, site_id)):
            raise AlreadyArchived(field="month")
        before, after = _bounds(conn, register, month)
        seals = _seals(conn, site_id, before)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryDirectory(dir=target.parent, prefix=".making-") as made:
            room = Path(made)
            whole = 2 * (after - before)
            closed, note = _lines(
                conn, register, month, seals, after, room / LINES, key, at, lambda n: progress(n, whole)
            )
            cover = printing.Cover(
                *(site_id, month, before + 1, after, root(closed.size, closed.frontier).hex()),
                *(fingerprint(raw_public(key)), note, at),
            )
            _pages(room, register, cover, closed.chain.hex(), language, lambda n: progress(after - before + n, whole))
            _files(room, files)
            (room / "checkpoint.txt").write_text(note, encoding="utf-8")
            _sealed(room, site_id, closed.size, key, at)
            size, digest = _pack(room, target, at)
    row = Archived(month, before + 1, after, note, by, at, size, digest)
    return _noted(db, site_id, row, closed)


def _bounds(conn: Connection, register: Register, month: str) -> tuple[int, int]:
    starts, ends = months.span(register.zone_info, month)
    before = months.last_of(conn, register.site_id, starts)
    return before, max(before, months.last_of(conn, register.site_id, ends))


def _seals(conn: Connection, site_id: str, size: int) -> Seals:
    """Where the log stood after `size` entries: from an archive that ended there, else by following it from the start."""
    query = select(log_archive.c.chain, log_archive.c.frontier).where(log_archive.c.site_id == site_id)
    row = conn.execute(query.where(log_archive.c.last == size)).first()
    if row is not None:
        return Seals(size, bytes(row.chain), bytes(row.frontier))
    chain, peaks, n = Seals().chain, list[bytes](), 0
    for entry in entries.stored(conn, site_id, size):
        hashed = bytes(entry.leaf) if entry.leaf is not None else leaf(bytes(entry.body))
        chain = link(chain, hashed)
        grow(peaks, n, hashed)
        n += 1
    if n != size:
        raise LogBroken(first_bad=n + 1)
    return Seals(size, chain, b"".join(peaks))


def _lines(
    conn: Connection,
    register: Register,
    month: str,
    seals: Seals,
    last: int,
    file: Path,
    key: Ed25519PrivateKey,
    at: datetime,
    told: Callable[[int], object],
) -> tuple[Seals, str]:
    """Write the month's lines; gives where the log stands after them, and the note that swears to it."""
    site_id = register.site_id
    marks = {kept.size: kept for kept in upto(conn, site_id, last) if kept.size > seals.size}
    keys = [bytes.fromhex(kept.key) for kept in marks.values()]
    public = [verifier_key(site_id, k) for k in dict.fromkeys((*keys, raw_public(key)))]
    part = Part(month, seals.size, seals.chain.hex(), seals.frontier.hex())
    chain, peaks, n, count = seals.chain, peaks_of(seals.frontier), seals.size, 0
    digest = sha256()
    with file.open("wb") as out:

        def write(value: object) -> None:
            line = _encode(value) + b"\n"
            digest.update(line)
            out.write(line)

        write(Header(FORMAT, site_id, register.time_zone, at, last, public, part))
        for row in entries.stored(conn, site_id, last, after=seals.size):
            if row.leaf is not None:
                raise TextGone(n=row.n)
            hashed = leaf(bytes(row.body))
            chain = link(chain, hashed)
            grow(peaks, n, hashed)
            n += 1
            write(entry_line(row))
            if n in marks and n != last:
                write(CheckpointLine(marks[n].note))
                count += 1
            if not n & 0x3FF:
                told(n - seals.size)
        frontier = b"".join(peaks)
        note = sign_checkpoint(Checkpoint(site_id, n, root(n, frontier), chain, at), key)
        write(CheckpointLine(note))
        seal = sign_seal(Seal(site_id, n, digest.digest(), at), key)
        out.write(_encode(EndLine(n, chain.hex(), root(n, frontier).hex(), count + 1, seal)) + b"\n")
    with file.open("rb") as written:
        answer = verify(written, keys=[raw_public(key), *keys])
    if not answer.ok:
        raise LogBroken(first_bad=answer.first_bad, why=answer.why, detail=answer.detail)
    return Seals(n, chain, frontier), note


def _pages(
    room: Path, register: Register, cover: printing.Cover, chain: str, language: str, told: Callable[[int], object]
) -> None:
    count = cover.last - cover.first + 1
    of = max(1, -(-count // printing.VOLUME))
    names, done = names_of(register, language), 0
    for number, bodies in enumerate(_volumes(room / LINES), 1):
        pdf = printing.volume(bodies, number, of, cover, chain, names, register.zone_info, language)
        (room / f"volume-{number:02}.pdf").write_bytes(pdf)
        done += len(bodies)
        told(done)


class _Line(msgspec.Struct):
    body: str = ""


_line = msgspec.json.Decoder(_Line).decode


def _bodies(file: Path) -> Iterator[bytes]:
    with file.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"n":'):
                yield _line(line).body.encode()


def _volumes(file: Path) -> Iterator[list[bytes]]:
    """At least one: a month in which nothing was written has its page, too."""
    held: list[bytes] = []
    first = True
    for body in _bodies(file):
        held.append(body)
        if len(held) == printing.VOLUME:
            yield held
            held, first = [], False
    if held or first:
        yield held


def _files(room: Path, folder: Path | None) -> None:
    """What the month's entries attach, under its hash. One that is missing or was changed stops the archive."""
    shelf = room / "attachments"
    for body in _bodies(room / LINES):
        for file in files_of(body):
            if folder is None:
                raise FileGone(sha256=file.sha256)
            data = fetch(folder, file.sha256)
            shelf.mkdir(exist_ok=True)
            (shelf / f"{file.sha256}.{ENDINGS.get(sniff(data) or '', 'bin')}").write_bytes(data)


def _sealed(room: Path, site_id: str, size: int, key: Ed25519PrivateKey, at: datetime) -> None:
    """The sums of all files, and a signature over them."""
    paths = sorted(path for path in room.rglob("*") if path.is_file())
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(room).as_posix()}\n" for path in paths]
    sums = "".join(lines).encode()
    (room / SUMS).write_bytes(sums)
    (room / SEAL).write_text(sign_seal(Seal(site_id, size, sha256(sums).digest(), at), key), encoding="utf-8")


def _pack(room: Path, target: Path, at: datetime) -> tuple[int, str]:
    """One file, there whole or not at all; its size and hash."""
    beside = room / ".archive.zip"
    with beside.open("wb") as out:
        _zip(out, room, at)
        out.flush()
        os.fsync(out.fileno())
    beside.chmod(0o600)
    with beside.open("rb") as file:
        digest = sha256()
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    size = beside.stat().st_size
    beside.replace(target)
    return size, digest.hexdigest()


def _zip(out: BinaryIO, room: Path, at: datetime) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for path in sorted(p for p in room.rglob("*") if p.is_file() and p.name != ".archive.zip"):
            info = zipfile.ZipInfo(path.relative_to(room).as_posix(), zipped_at(at))
            info.compress_type = (
                zipfile.ZIP_STORED if path.suffix in {".pdf", ".jpg", ".png", ".webp"} else zipfile.ZIP_DEFLATED
            )
            info.external_attr = 0o600 << 16
            with packed.open(info, "w") as into, path.open("rb") as source:
                shutil.copyfileobj(source, into, 1 << 20)


def _noted(db: Store, site_id: str, made: Archived, closed: Seals) -> Archived:
    said = {"month": made.month, "first": made.first, "last": made.last, "sha256": made.sha256}
    with db.begin([site_id]) as tx:
        if any(a.month == made.month for a in months.archived(tx.conn, site_id)):
            raise AlreadyArchived(field="month")
        row = {
            **msgspec.to_builtins(made),
            "site_id": site_id,
            "made_at": micros(made.made_at),
            "chain": closed.chain,
            "frontier": closed.frontier,
        }
        bulk.insert(tx.conn, tx.dialect, log_archive, [row])
        entries.append(tx, site_id, [Line(made.made_at, ARCHIVED, made.made_by, f"month/{made.month}", said)])
    return made


def expire(db: Store, register: Register, folder: Path, *, before: datetime, at: datetime) -> int:
    """Delete the files of months that ended before a time; they hold the texts, too. A standing hold keeps all of them.
    Returns how many.
    """
    with db.read() as conn:
        if holds(conn, register.site_id, standing=True):
            return 0
        old = [
            a.month
            for a in months.archived(conn, register.site_id)
            if a.gone_at is None and months.span(register.zone_info, a.month)[1] <= before
        ]
    for month in old:
        place(folder, register.site_id, month).unlink(missing_ok=True)
        with db.begin() as tx:
            change = update(log_archive).where(log_archive.c.site_id == register.site_id, log_archive.c.month == month)
            tx.conn.execute(change.values(gone_at=at))
    return len(old)
