"""Signed checkpoints: from time to time a site's log is sworn to, so that what stood before can no longer be rewritten
by anyone without the key, nor by anyone at all where a copy of the checkpoint is kept elsewhere.
"""

from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, and_, func, or_, select

from core.clock import seconds
from logbook import copies
from logbook.notes import Checkpoint, raw_public, sign_checkpoint
from logbook.rules import fits, root
from logbook.tables import log_checkpoint, log_entry
from sites import store as site_store
from store.db import Head, Tx
from store.tables import site_head


class Kept(msgspec.Struct, frozen=True):
    """A checkpoint as it rests. `key` is the public key in hex."""

    size: int
    at: datetime
    key: str
    note: str


def checkpoint(tx: Tx, site_id: str, at: datetime, key: Ed25519PrivateKey) -> Kept | None:
    """Swear to the log of a site whose head this transaction holds, if it grew since the last time; copies of it are owed
    to where the site keeps them.
    """
    head = tx.heads[site_id]
    last = latest(tx.conn, site_id)
    if head.log_size == (last.size if last else 0):
        return None
    if not _stands(tx, site_id, head):
        import structlog  # slow to load, and never wanted while all is well

        structlog.get_logger().error("logbook.head_broken", site=site_id, size=head.log_size)
        return None
    if last is not None:
        at = max(at, last.at)  # a clock set back must not make the log look reordered
    top = root(head.log_size, head.log_frontier)
    note = sign_checkpoint(Checkpoint(site_id, head.log_size, top, head.log_chain, at), key)
    made = Kept(head.log_size, at, raw_public(key).hex(), note)
    tx.conn.execute(
        log_checkpoint.insert().values(
            site_id=site_id, size=made.size, at=at, chain=head.log_chain, root=top, key_id=made.key, note=note
        )
    )
    register = site_store.load(tx.conn, site_id)
    if register is not None and register.policies.duty.offsite:
        copies.owe(tx, site_id, made.size, register.policies.duty.offsite, at)
    return made


def _stands(tx: Tx, site_id: str, head: Head) -> bool:
    """Whether the head is where the last entry is. A head that somebody edited is not sworn to; nor does it stop the alarms
    that wait for the same sweep.
    """
    query = select(log_entry.c.chain).where(log_entry.c.site_id == site_id, log_entry.c.n == head.log_size)
    chain = tx.conn.execute(query).scalar_one_or_none()
    return chain is not None and bytes(chain) == head.log_chain and fits(head.log_size, head.log_frontier)


def latest(conn: Connection, site_id: str) -> Kept | None:
    """The newest checkpoint of a site."""
    query = select(log_checkpoint).where(log_checkpoint.c.site_id == site_id)
    row = conn.execute(query.order_by(log_checkpoint.c.size.desc()).limit(1)).one_or_none()
    return None if row is None else Kept(row.size, row.at, row.key_id, row.note)


def last_before(conn: Connection, site_id: str, before: datetime) -> Kept | None:
    """The newest checkpoint made before a time."""
    query = select(log_checkpoint).where(log_checkpoint.c.site_id == site_id, log_checkpoint.c.at < before)
    row = conn.execute(query.order_by(log_checkpoint.c.size.desc()).limit(1)).one_or_none()
    return None if row is None else Kept(row.size, row.at, row.key_id, row.note)


def upto(conn: Connection, site_id: str, size: int) -> list[Kept]:
    """The checkpoints over the first `size` entries, oldest first."""
    query = select(log_checkpoint).where(log_checkpoint.c.site_id == site_id, log_checkpoint.c.size <= size)
    rows = conn.execute(query.order_by(log_checkpoint.c.size))
    return [Kept(row.size, row.at, row.key_id, row.note) for row in rows]


def due(conn: Connection, at: datetime, every_s: int) -> list[str]:
    """The sites whose log grew since their last checkpoint, which is `every_s` old or was never made."""
    newest = (
        select(
            log_checkpoint.c.site_id,
            func.max(log_checkpoint.c.size).label("size"),
            func.max(log_checkpoint.c.at).label("at"),
        )
        .group_by(log_checkpoint.c.site_id)
        .subquery()
    )
    owing = or_(
        and_(newest.c.site_id.is_(None), site_head.c.log_size > 0),
        and_(site_head.c.log_size > newest.c.size, newest.c.at <= at - seconds(every_s)),
    )
    query = select(site_head.c.site_id).outerjoin(newest, newest.c.site_id == site_head.c.site_id).where(owing)
    return list(conn.execute(query.order_by(site_head.c.site_id)).scalars())
