"""What the store itself keeps: each site's head, and the outbox that the live feed reads."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

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
