"""Who is on the way to an alert, and who has arrived: in and out of their rows."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from alerts.tables import alert_way
from core.clock import micros
from store import bulk
from store.db import Tx


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody goes to an alert; `arrived_at`: when a tap near it was heard."""

    site_id: str
    alert_id: str
    person_id: str
    since: datetime
    arrived_at: datetime | None = None


def begin(tx: Tx, way: Way) -> bool:
    """Somebody sets out. False if they had already."""
    row = {"site_id": way.site_id, "alert_id": way.alert_id, "person_id": way.person_id, "since": micros(way.since)}
    t = alert_way.c
    mine = (t.site_id == way.site_id, t.alert_id == way.alert_id, t.person_id == way.person_id)
    if tx.conn.execute(select(t.since).where(*mine)).first() is not None:
        return False
    bulk.insert(tx.conn, tx.dialect, alert_way, [row | {"arrived_at": None}])
    return True


_GOING = (
    select(alert_way)
    .where(alert_way.c.site_id == bindparam("site"), alert_way.c.arrived_at.is_(None))
    .order_by(alert_way.c.since, alert_way.c.person_id)
)


def going(conn: Connection, site_id: str) -> list[Way]:
    """Who is on the way now."""
    return [Way(**row) for row in conn.execute(_GOING, {"site": site_id}).mappings()]


def end(tx: Tx, way: Way, at: datetime) -> None:
    """They are there, or need not go any more."""
    t = alert_way.c
    mine = (t.site_id == way.site_id, t.alert_id == way.alert_id, t.person_id == way.person_id)
    tx.conn.execute(update(alert_way).where(*mine).values(arrived_at=at))
