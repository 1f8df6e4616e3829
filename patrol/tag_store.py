"""Tags: in and out of their rows. A tag's row, once there, is what counts; the pack only brings new ones."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, select

from core.clock import micros
from patrol.flags import Tag, TagState
from patrol.rules import Proof, Tap
from patrol.tables import patrol_tag, tap
from sites.register import Register
from store import bulk
from store.db import Tx

_SOME = select(patrol_tag).where(
    patrol_tag.c.site_id == bindparam("site"), patrol_tag.c.uid.in_(bindparam("uids", expanding=True))
)


def some(conn: Connection, site_id: str, uids: Collection[str]) -> dict[str, Tag]:
    """The site's tags among these, by UID."""
    if not uids:
        return {}
    given = {"site": site_id, "uids": list(uids)}
    return {row["uid"]: _tag(row) for row in conn.execute(_SOME, given).mappings()}


def every(conn: Connection, site_id: str) -> list[Tag]:
    """All tags of a site, by checkpoint."""
    query = select(patrol_tag).where(patrol_tag.c.site_id == site_id)
    return [_tag(row) for row in conn.execute(query.order_by(patrol_tag.c.checkpoint_id, patrol_tag.c.uid)).mappings()]


class Row(msgspec.Struct, frozen=True):
    """A tag as the register of tags shows it."""

    uid: str
    checkpoint: str
    proof: str
    state: str
    key_version: int
    counter: int
    read_at: datetime | None
    changed_at: datetime
    changed_by: str


def listed(conn: Connection, site_id: str, uid: str | None = None) -> list[Row]:
    """All tags of a site, or the one, with who changed them last and when."""
    c, believed = patrol_tag.c, (tap.c.site_id == patrol_tag.c.site_id, tap.c.tag == patrol_tag.c.uid, tap.c.counts)
    read_at = func.coalesce(c.read_at, select(func.max(tap.c.heard_at)).where(*believed).scalar_subquery())
    query = select(
        *(c.uid, c.checkpoint_id, c.proof, c.state, c.key_version, c.counter, read_at, c.changed_at, c.changed_by)
    ).where(c.site_id == site_id)
    if uid is not None:
        query = query.where(c.uid == uid)
    return [Row(*row) for row in conn.execute(query.order_by(c.checkpoint_id, c.uid))]


class UnknownTag(msgspec.Struct, frozen=True):
    """A tag that was read and hangs nowhere: how it was read last, by whom and on what, and how often."""

    uid: str
    proof: str
    read_at: datetime
    person: str | None
    client: str
    reads: int


def unknown(conn: Connection, site_id: str, reads: Sequence[Tap]) -> list[UnknownTag]:
    """Of such reads (newest first) those tags that nobody has hung since, here or elsewhere: one a tag, its newest read."""
    uids = {read.tag for read in reads}
    taken = some(conn, site_id, uids).keys() | elsewhere(conn, site_id, uids)
    found: dict[str, UnknownTag] = {}
    for read in reads:
        if read.tag not in taken and read.proof in {Proof.UID, Proof.SUN}:
            first = found.get(read.tag)
            found[read.tag] = (
                UnknownTag(read.tag, read.proof, read.heard_at, read.person_id, read.client, 1)
                if first is None
                else msgspec.structs.replace(first, reads=first.reads + 1)
            )
    return list(found.values())


def row(conn: Connection, site_id: str, uid: str) -> Row:
    """One tag that is there."""
    return listed(conn, site_id, uid)[0]


def versions(conn: Connection, site_id: str) -> tuple[int, ...]:
    """The versions of keys that the site's tags have; the first one always, for tags that are not known yet."""
    query = select(patrol_tag.c.key_version).where(patrol_tag.c.site_id == site_id).distinct()
    return tuple(sorted({1, *conn.execute(query).scalars()}))


def elsewhere(conn: Connection, site_id: str, uids: Collection[str]) -> set[str]:
    """Those of these UIDs that hang at another site."""
    if not uids:
        return set()
    query = select(patrol_tag.c.uid).where(patrol_tag.c.uid.in_(list(uids)), patrol_tag.c.site_id != site_id)
    return set(conn.execute(query).scalars())


def save(tx: Tx, site_id: str, tags: Iterable[Tag], by: str, at: datetime) -> None:
    """Store tags as they are now."""
    rows = [_row(site_id, tag, by, at) for tag in tags]
    bulk.upsert(tx.conn, tx.dialect, patrol_tag, rows)


def follow(tx: Tx, register: Register, by: str, at: datetime) -> Sequence[Tag]:
    """Give every tag of the pack its row; what is there stays, whatever became of it. Returns the new ones."""
    known = {tag.uid for tag in every(tx.conn, register.site_id)}
    fresh = [
        Tag(uid=uid, checkpoint_id=point.id)
        for point in register.checkpoints.values()
        for uid in point.tags
        if uid not in known
    ]
    save(tx, register.site_id, fresh, by, at)
    return fresh


def _row(site_id: str, tag: Tag, by: str, at: datetime) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "uid": tag.uid,
        "checkpoint_id": tag.checkpoint_id,
        "proof": tag.proof.value,
        "state": tag.state.value,
        "key_version": tag.key_version,
        "counter": tag.counter,
        "read_at": None if tag.read_at is None else micros(tag.read_at),
        "changed_at": micros(at),
        "changed_by": by,
    }


def _tag(row: Any) -> Tag:
    return Tag(
        uid=row["uid"],
        checkpoint_id=row["checkpoint_id"],
        proof=Proof(row["proof"]),
        state=TagState(row["state"]),
        key_version=row["key_version"],
        counter=row["counter"],
        read_at=row["read_at"],
    )
