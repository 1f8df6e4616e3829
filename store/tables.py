"""What the store itself keeps: each site's head, the outbox that the live feed reads, and measured values."""

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from store.metadata import Instant, Json, metadata

site_head = Table(
    "site_head",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("alert_no", BigInteger, nullable=False),
    Column("log_size", BigInteger, nullable=False),
    Column("log_chain", LargeBinary, nullable=False),
    Column("log_frontier", LargeBinary, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Json, nullable=False),
    Index("ix_outbox_at", "at"),
)

# One row a thing that is measured; points carry its number instead of its name.
telemetry_series = Table(
    "telemetry_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site_id", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("unit", Text, nullable=False),
    UniqueConstraint("site_id", "device_id", "metric"),
)

telemetry_point = Table(
    "telemetry_point",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("ts", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Double, nullable=False),
    sqlite_with_rowid=False,
)
