"""Telemetry: measured values over time, behind one port. Alarms never wait for it and never depend on it.

`SqlTelemetry` keeps points in a database, SQLite or PostgreSQL; `store.influx` sends them to a time-series server.
The same point written twice is one point.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from core.clock import instant, micros
from core.wire import Sample
from store import bulk
from store.db import Store, Tx
from store.metadata import metadata
from store.tables import telemetry_point, telemetry_series

log = logging.getLogger(__name__)

AHEAD: Final = timedelta(minutes=1)  # a device clock further ahead than this is not believed
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)  # nor one that says it is still earlier than this

Series = tuple[str, str, str]  # site, device, metric


class Telemetry(Protocol):
    """Where samples go and come from. `dropped` counts the points that were lost on the way."""

    dropped: int

    def write(self, site_id: str, samples: Sequence[Sample], heard_at: datetime) -> None:
        """Keep `samples` of a site, heard at `heard_at`. Trouble below loses points, counted; it raises nothing."""

    def read(
        self, site_id: str, device_id: str, metric: str, start: datetime, end: datetime, limit: int = 10_000
    ) -> list[tuple[datetime, float]]:
        """The first `limit` points with start <= at < end, oldest first."""

    def close(self) -> None:
        """Write what waits, and stop."""


def point_at(sample: Sample, heard_at: datetime) -> datetime:
    """When a point counts: when the device measured it, unless its clock is plainly wrong."""
    return sample.said_at if EARLIEST <= sample.said_at <= heard_at + AHEAD else heard_at


class SqlTelemetry:
    """Points in a database of ours: the main one, or an SQLite file of their own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: dict[Series, int] = {}
        self.dropped = 0

    @classmethod
    def in_file(cls, url: str) -> "SqlTelemetry":
        """Points in a database of their own, whose two tables are made when they are not there."""
        store = Store(url)
        with store.begin() as tx:
            metadata.create_all(tx.conn, tables=[telemetry_series, telemetry_point])
        return cls(store)

    def write(self, site_id: str, samples: Sequence[Sample], heard_at: datetime) -> None:
        """Keep `samples` of a site; returns when they are durable, or lost and counted."""
        try:
            self._write(site_id, samples, heard_at)
        except SQLAlchemyError as trouble:
            self.dropped += len(samples)
            log.warning("telemetry.lost points=%d error=%s", len(samples), trouble)

    def _write(self, site_id: str, samples: Sequence[Sample], heard_at: datetime) -> None:
        if not samples:
            return
        points = {(site_id, s.device, s.metric, micros(point_at(s, heard_at))): s for s in samples}
        wanted = {key[:3]: points[key].unit for key in points}
        with self._store.begin() as tx:
            ids = self._ids_of(tx, wanted)
            placed = sorted((ids[key[:3]], key[3], s.value) for key, s in points.items())  # one order: no ring of waits
            rows = [{"series": series, "ts": ts, "value": value} for series, ts, value in placed]
            bulk.upsert(tx.conn, tx.dialect, telemetry_point, rows)
        self._ids |= ids  # only now: a rolled back series has no id

    def read(
        self, site_id: str, device_id: str, metric: str, start: datetime, end: datetime, limit: int = 10_000
    ) -> list[tuple[datetime, float]]:
        """The first `limit` points with start <= at < end, oldest first."""
        s, p = telemetry_series.c, telemetry_point.c
        query = (
            select(p.ts, p.value)
            .join_from(telemetry_point, telemetry_series, p.series == s.id)
            .where(s.site_id == site_id, s.device_id == device_id, s.metric == metric)
            .where(p.ts >= micros(start), p.ts < micros(end))
            .order_by(p.ts)
            .limit(limit)
        )
        with self._store.read() as conn:
            return [(instant(ts), value) for ts, value in conn.execute(query)]

    def trim(self, before: datetime) -> int:
        """Forget points older than `before`, one series a transaction. Returns how many went."""
        with self._store.read() as conn:
            ids = conn.scalars(select(telemetry_series.c.id)).all()
        gone = 0
        for series in ids:
            old = (telemetry_point.c.series == series, telemetry_point.c.ts < micros(before))
            with self._store.begin() as tx:
                gone += tx.conn.execute(delete(telemetry_point).where(*old)).rowcount
        return gone

    def close(self) -> None:
        """Nothing waits here; the store is closed by whoever opened it."""

    def _ids_of(self, tx: Tx, wanted: dict[Series, str]) -> dict[Series, int]:
        ids = {key: self._ids[key] for key in wanted if key in self._ids}
        missing = sorted(wanted.keys() - ids.keys())
        if missing:
            ids |= _load_ids(tx, missing)
            new = [
                {"site_id": k[0], "device_id": k[1], "metric": k[2], "unit": wanted[k]} for k in missing if k not in ids
            ]
            bulk.insert_ignoring(tx.conn, tx.dialect, telemetry_series, new, keys=("site_id", "device_id", "metric"))
            ids |= _load_ids(tx, missing)
        return ids


def _load_ids(tx: Tx, wanted: Sequence[Series]) -> dict[Series, int]:
    """Ids of those `wanted` series (of one site) that are there."""
    s = telemetry_series.c
    query = select(s.device_id, s.metric, s.id).where(
        s.site_id == wanted[0][0], s.device_id.in_({device for _, device, _ in wanted})
    )
    return {(wanted[0][0], device, metric): id_ for device, metric, id_ in tx.conn.execute(query)}
