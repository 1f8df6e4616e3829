"""When the pages of those who hold a seat were last connected: in and out of the rows."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from core.clock import micros
from duty import reach
from duty.rules import Holding
from duty.tables import duty_reach
from sites.register import Register
from store import bulk
from store.db import Tx


def seen(tx: Tx, site_id: str, person_id: str, at: datetime) -> None:
    """A page of this person is connected now."""
    row = {"site_id": site_id, "person_id": person_id, "seen_at": micros(at)}
    bulk.upsert(tx.conn, tx.dialect, duty_reach, [row])


def last_seen(conn: Connection, site_id: str) -> dict[str, datetime]:
    """When each person of a site was last connected."""
    c = duty_reach.c
    return {r.person_id: r.seen_at for r in conn.execute(select(c.person_id, c.seen_at).where(c.site_id == site_id))}


def unreached(conn: Connection, register: Register, held: Mapping[str, Holding], at: datetime) -> frozenset[str]:
    """The seats whose holder cannot be reached now; not looked for where the site does not ask."""
    policy = register.policies.duty.reach
    if policy is None or not policy.consoles:
        return frozenset()
    return reach.unreached(held, last_seen(conn, register.site_id), policy, at)
