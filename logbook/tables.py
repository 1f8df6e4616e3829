"""The logbook at rest: entries whose bytes are hashed as they stand, and the signed checkpoints over them."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from store.metadata import Instant, metadata

log_entry = Table(
    "log_entry",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("act", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Index("ix_log_entry_subject", "site_id", "subject"),
)

log_checkpoint = Table(
    "log_checkpoint",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("note", Text, nullable=False),
)
