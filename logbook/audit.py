"""Checking the log where it rests: the same walk as over an export, and that the columns beside an entry's bytes, by which
it is found, say what the bytes say.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from core.clock import micros
from logbook.checkpoints import upto
from logbook.entries import stored
from logbook.rules import NO_CHAIN, NO_FRONTIER
from logbook.tables import log_checkpoint, log_entry
from logbook.walk import Bad, Verdict, Walk, Why
from store.tables import site_head


class _Said(msgspec.Struct):
    at: datetime
    act: str
    actor: str
    subject: str


_said = msgspec.json.Decoder(_Said).decode


def verify_store(conn: Connection, site_id: str, public_keys: Sequence[bytes] = ()) -> Verdict:
    """Walk a site's whole log in this snapshot. `public_keys`: the only keys to believe; without them, those the
    checkpoints themselves name.
    """
    head = conn.execute(select(site_head).where(site_head.c.site_id == site_id)).one_or_none()
    size, chain, frontier = (
        (0, NO_CHAIN, NO_FRONTIER) if head is None else (head.log_size, bytes(head.log_chain), bytes(head.log_frontier))
    )
    marks = upto(conn, site_id, size)
    walk = Walk(site_id, list(public_keys) or [bytes.fromhex(key) for key in {mark.key for mark in marks}])
    notes = {mark.size: mark.note for mark in marks}
    try:
        for row in stored(conn, site_id, size):
            if row.leaf is None:
                walk.entry(row.n, bytes(row.body), bytes(row.chain))
            else:
                walk.gone(row.n, bytes(row.leaf), bytes(row.chain))
            _beside(row)
            if row.n in notes:
                walk.checkpoint(notes[row.n])
        _ends(conn, walk, size, chain, frontier)
    except Bad as bad:
        return walk.verdict(bad)
    return walk.verdict()


def _beside(row: Row[Any]) -> None:
    if row.leaf is not None:
        if row.body or row.act or row.actor or row.subject:
            raise Bad(Why.COLUMNS, row.n, f"entry {row.n} is said to be gone, yet something of it is there")
        return
    said = _said(bytes(row.body))
    if (micros(said.at), said.act, said.actor, said.subject) != (row.at, row.act, row.actor, row.subject):
        raise Bad(Why.COLUMNS, row.n, f"the columns beside entry {row.n} do not say what its bytes say")


def _ends(conn: Connection, walk: Walk, size: int, chain: bytes, frontier: bytes) -> None:
    """What is gone may be; the head, the last entry and the last checkpoint must agree on where the log ends."""
    query = select(func.max(log_entry.c.n)).where(log_entry.c.site_id == walk.site_id)
    last = conn.execute(query).scalar() or 0
    query = select(func.max(log_checkpoint.c.size)).where(log_checkpoint.c.site_id == walk.site_id)
    sworn = conn.execute(query).scalar() or 0
    longest = max(size, sworn)
    walk.gone_rightly()
    if walk.size < longest:
        detail = f"{longest} entries were written, {walk.size} are here"
        raise Bad(Why.CUT, walk.size + 1, detail, longest)
    if last > size or (walk.chain, b"".join(walk.peaks)) != (chain, frontier):
        raise Bad(Why.TOTALS, None, "the site's head does not stand where its last entry does")
