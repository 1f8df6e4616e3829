"""Chains of phones' outboxes, what came of them, and when addresses were opened: in and out of their rows."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from core.clock import micros
from patrol.outbox import Link
from patrol.tables import patrol_link, patrol_opened, phone_act
from store import bulk
from store.db import Tx


def near(conn: Connection, site_id: str, client: str, person: str, numbers: Collection[int]) -> list[Link]:
    """The known links with these numbers and beside them."""
    t = patrol_link
    beside = sorted({n + step for n in numbers for step in (-1, 0, 1)})
    query = select(t.c.n, t.c.prev, t.c.digest).where(
        t.c.site_id == site_id, t.c.client == client, t.c.person_id == person, t.c.n.in_(beside)
    )
    return [Link(*row) for row in conn.execute(query)]


def of_events(conn: Connection, site_id: str, event_ids: Collection[str]) -> dict[str, Link]:
    """The links of these taps, as they came first."""
    if not event_ids:
        return {}
    t = patrol_link
    query = select(t.c.event_id, t.c.n, t.c.prev, t.c.digest)
    found = conn.execute(query.where(t.c.site_id == site_id, t.c.event_id.in_(list(event_ids))))
    return {row[0]: Link(*row[1:]) for row in found}


def keep(tx: Tx, site_id: str, client: str, person: str, links: Iterable[tuple[str, Link]]) -> None:
    """Remember new links; a number that is taken stays with whoever had it."""
    rows = [
        {
            "site_id": site_id,
            "client": client,
            "person_id": person,
            "n": link.n,
            "event_id": event_id,
            "prev": link.prev,
            "digest": link.digest,
        }
        for event_id, link in links
    ]
    bulk.insert_ignoring(tx.conn, tx.dialect, patrol_link, rows)


class Done(msgspec.Struct, frozen=True):
    """What somebody's phone brought, and what it made: ids by name."""

    person: str
    act: str
    made: dict[str, Any]


def done(conn: Connection, site_id: str, id_: str) -> Done | None:
    """What was done by this id, if it came before."""
    t = phone_act
    query = select(t.c.person_id, t.c.act, t.c.made).where(t.c.site_id == site_id, t.c.id == id_)
    row = conn.execute(query).one_or_none()
    return None if row is None else Done(row.person_id, row.act, row.made)


def do(tx: Tx, site_id: str, id_: str, client: str, done: Done, said_at: datetime, at: datetime) -> None:
    """It is done now. The caller has looked that it was not."""
    tx.conn.execute(
        insert(phone_act).values(
            site_id=site_id,
            id=id_,
            client=client,
            person_id=done.person,
            act=done.act,
            made=done.made,
            said_at=said_at,
            heard_at=at,
        )
    )


def opened(conn: Connection, site_id: str, uid: str, counter: int) -> datetime | None:
    """When the address of this read was first opened, if it was."""
    t = patrol_opened
    query = select(t.c.opened_at).where(t.c.site_id == site_id, t.c.uid == uid, t.c.counter == counter)
    return conn.execute(query).scalar()


def open_(tx: Tx, site_id: str, uid: str, counter: int, at: datetime) -> None:
    """It is opened now; not for the first time, that changes nothing."""
    row = {"site_id": site_id, "uid": uid, "counter": counter, "opened_at": micros(at)}
    bulk.insert_ignoring(tx.conn, tx.dialect, patrol_opened, [row])
