"""Major incidents: in and out of their rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, select, update

from alerts.majors import Major
from alerts.tables import major_incident
from core.clock import micros
from store import bulk
from store.db import Tx

_m = major_incident.c


def insert(tx: Tx, made: Sequence[Major]) -> None:
    """Store new ones."""
    rows = [msgspec.structs.asdict(m) | {"since": micros(m.since), "named_at": None} for m in made]
    bulk.insert(tx.conn, tx.dialect, major_incident, rows)


def save(tx: Tx, major: Major) -> None:
    """Store who was named."""
    where = (_m.site_id == major.site_id, _m.alert_id == major.alert_id)
    values = {"recorder": major.recorder, "named_by": major.named_by, "named_at": major.named_at}
    tx.conn.execute(update(major_incident).where(*where).values(**values))


def get(conn: Connection, site_id: str, alert_id: str) -> Major | None:
    """The incident of an alert, if it is one."""
    return some(conn, site_id, [alert_id]).get(alert_id)


def some(conn: Connection, site_id: str, alert_ids: Iterable[str]) -> dict[str, Major]:
    """Those of these alerts that are major incidents."""
    wanted = list(alert_ids)
    found: dict[str, Major] = {}
    for n in range(0, len(wanted), 500):
        query = select(major_incident).where(_m.site_id == site_id, _m.alert_id.in_(wanted[n : n + 500]))
        found |= {row["alert_id"]: _major(row) for row in conn.execute(query).mappings()}
    return found


def between(conn: Connection, site_id: str, start: datetime, end: datetime) -> list[Major]:
    """Those that began in the span, the oldest first."""
    query = select(major_incident).where(_m.site_id == site_id, _m.since >= start, _m.since < end)
    return [_major(row) for row in conn.execute(query.order_by(_m.since, _m.alert_id)).mappings()]


def _major(row: RowMapping) -> Major:
    values: dict[str, Any] = {str(k): v for k, v in row.items()}
    return Major(**values)
