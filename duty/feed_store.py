"""Secret addresses of feeds. Of an address only the hash is kept: who reads our store can follow nobody's calendar."""

import hashlib
import secrets
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, insert, select, update

from core.ids import fresh
from duty.errors import NoSuchFeed
from duty.store import Standing
from duty.tables import duty_feed, shift, shift_withdrawn
from logbook import entries
from logbook.rules import Line
from sites.duty_words import Dated
from sites.register import Register
from sites.tables import account, member
from store.db import Tx

_BYTES: Final = 32  # 256 bits


class Feed(msgspec.Struct, frozen=True):
    """One feed: of a person's shifts or of a post's. `owner` is who asked for it, and whose leaving ends it."""

    site_id: str
    id: str
    kind: str  # person | post
    target: str
    owner: str
    made_at: datetime


def make(tx: Tx, register: Register, kind: str, target: str, by: str, at: datetime) -> tuple[Feed, str]:
    """A new feed and its secret, which is shown this once. The owner's earlier address of the same feed ends by it."""
    if kind == "post" and target not in register.posts:
        raise NoSuchFeed(field="post", post=target)
    token = secrets.token_urlsafe(_BYTES)
    mine = (duty_feed.c.owner == by, duty_feed.c.kind == kind, duty_feed.c.target == target)
    tx.conn.execute(
        update(duty_feed)
        .where(duty_feed.c.site_id == register.site_id, duty_feed.c.revoked_at.is_(None), *mine)
        .values(revoked_at=at)
    )
    made = Feed(register.site_id, fresh(at), kind, target, by, at)
    tx.conn.execute(insert(duty_feed).values(**msgspec.structs.asdict(made), token_hash=hashed(token)))
    told = {"kind": kind, "target": target}
    entries.append(tx, register.site_id, [Line(at, "feed.make", by, f"feed/{made.id}", told)])
    return made, token


def revoke(tx: Tx, site_id: str, feed_id: str, by: str, at: datetime, *, anyones: bool) -> None:
    """End a feed: one's own, or anyone's."""
    found = next((f for f in listed(tx.conn, site_id, None if anyones else by) if f.id == feed_id), None)
    if found is None:
        raise NoSuchFeed
    which = (duty_feed.c.site_id == site_id, duty_feed.c.id == feed_id)
    tx.conn.execute(update(duty_feed).where(*which).values(revoked_at=at))
    told = {"kind": found.kind, "target": found.target, "owner": found.owner}
    entries.append(tx, site_id, [Line(at, "feed.revoke", by, f"feed/{feed_id}", told)])


def listed(conn: Connection, site_id: str, owner: str | None) -> list[Feed]:
    """The feeds that are open, of one owner or of all."""
    query = select(duty_feed).where(duty_feed.c.site_id == site_id, duty_feed.c.revoked_at.is_(None))
    if owner is not None:
        query = query.where(duty_feed.c.owner == owner)
    return [_feed(row) for row in conn.execute(query.order_by(duty_feed.c.made_at, duty_feed.c.id))]


def followed(conn: Connection, token: str) -> Feed:
    """The feed behind a secret. Unknown, revoked, of somebody who was disabled or has left: all the same `NoSuchFeed`."""
    row = conn.execute(
        select(duty_feed)
        .join(member, (member.c.site_id == duty_feed.c.site_id) & (member.c.person_id == duty_feed.c.owner))
        .join(account, account.c.id == member.c.account_id)
        .where(duty_feed.c.token_hash == hashed(token), duty_feed.c.revoked_at.is_(None), account.c.disabled.is_(False))
    ).one_or_none()
    if row is None:
        raise NoSuchFeed
    return _feed(row)


def shifts(conn: Connection, register: Register, feed: Feed, since: datetime) -> list[Standing]:
    """What a feed shows since then: the shifts that stand, and those that were withdrawn."""
    seats = [s.id for s in register.seats.values() if s.post == feed.target]
    found = []
    for table, withdrawn in ((shift, False), (shift_withdrawn, True)):
        mine = table.c.person_id == feed.target if feed.kind == "person" else table.c.seat_id.in_(seats)
        query = select(table).where(table.c.site_id == feed.site_id, table.c.ends_at > since, mine)
        for row in conn.execute(query):
            made = Dated(row.id, row.seat_id, row.person_id, row.template_id, row.starts_at, row.ends_at, row.on_call)
            found.append(Standing(made, row.sequence, row.changed_at, withdrawn))
    return found


def hashed(token: str) -> str:
    """What is kept of a secret. It is random: a plain hash is enough."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _feed(row: Any) -> Feed:
    return Feed(row.site_id, row.id, row.kind, row.target, row.owner, row.made_at)
