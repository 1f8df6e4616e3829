"""An export: a site's whole log as JSON lines that anyone can read and `logbook.verify` can check without us.

One header, the entries in order, each checkpoint straight after the last entry it covers, and a last line that seals every
byte above it. Reading it out is itself worth a line (LOG-05): `record` writes it first.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Row, select

from logbook.checkpoints import Kept, checkpoint, upto
from logbook.entries import append, stored
from logbook.notes import Seal, raw_public, sign_seal, verifier_key
from logbook.rules import NO_CHAIN, NO_FRONTIER, Line, fits, root
from logbook.verify import FORMAT, CheckpointLine, EndLine, EntryLine, Header
from sites.tables import site
from store.db import Tx
from store.tables import site_head

_encode = msgspec.json.Encoder().encode


def record(tx: Tx, site_id: str, *, at: datetime, actor: str, key: Ed25519PrivateKey) -> None:
    """Write down that the log is read out, and swear to it up to that line: nothing in the export is then unsworn."""
    size = tx.heads[site_id].log_size + 1
    append(tx, site_id, [Line(at, "logbook.exported", actor, "site", {"entries": size})])
    checkpoint(tx, site_id, at, key)


def export(conn: Connection, site_id: str, out: BinaryIO, *, key: Ed25519PrivateKey, at: datetime) -> None:
    """Write the log of a site, as it stands in this snapshot, to `out`."""
    out.writelines(export_lines(conn, site_id, key=key, at=at))


def export_lines(conn: Connection, site_id: str, *, key: Ed25519PrivateKey, at: datetime) -> Iterator[bytes]:
    """The lines of the export, one at a time: a download never holds the whole log."""
    size, chain, frontier = _stands(conn, site_id)
    marks = {kept.size: kept for kept in upto(conn, site_id, size)}
    digest = sha256()
    header = Header(FORMAT, site_id, _time_zone(conn, site_id), at, size, _keys(site_id, marks, key))
    for line in _lines(conn, site_id, size, header, marks):
        digest.update(line)
        yield line
    seal = sign_seal(Seal(site_id, size, digest.digest(), at), key)
    yield _line(EndLine(size, chain.hex(), _root(size, frontier), len(marks), seal))


def _lines(conn: Connection, site_id: str, size: int, header: Header, marks: dict[int, Kept]) -> Iterator[bytes]:
    yield _line(header)
    for row in stored(conn, site_id, size):
        yield _line(entry_line(row))
        if row.n in marks:
            yield _line(CheckpointLine(marks[row.n].note))


def entry_line(row: Row[Any]) -> EntryLine:
    """An entry as it rests."""
    chain = bytes(row.chain).hex()
    if row.leaf is not None:
        return EntryLine(n=row.n, chain=chain, leaf=bytes(row.leaf).hex())
    return EntryLine(n=row.n, chain=chain, body=bytes(row.body).decode(errors="replace"))


def _root(size: int, frontier: bytes) -> str:
    """The tree head in hex. A head that was tampered with is exported all the same; the verifier will say so."""
    return root(size, frontier).hex() if fits(size, frontier) else ""


def _line(value: Any) -> bytes:
    return _encode(value) + b"\n"


def _stands(conn: Connection, site_id: str) -> tuple[int, bytes, bytes]:
    query = select(site_head.c.log_size, site_head.c.log_chain, site_head.c.log_frontier)
    row = conn.execute(query.where(site_head.c.site_id == site_id)).one_or_none()
    return (0, NO_CHAIN, NO_FRONTIER) if row is None else (row[0], bytes(row[1]), bytes(row[2]))


def _keys(site_id: str, marks: dict[int, Kept], key: Ed25519PrivateKey) -> list[str]:
    """Every key that signed something in the file, oldest first; a server that lost its key has had more than one."""
    used = [bytes.fromhex(kept.key) for kept in marks.values()]
    return [verifier_key(site_id, public) for public in dict.fromkeys((*used, raw_public(key)))]


def _time_zone(conn: Connection, site_id: str) -> str:
    register = conn.execute(select(site.c.register).where(site.c.id == site_id)).scalar_one_or_none()
    return "UTC" if register is None else str(register["time_zone"])
