"""Taps: who proved to be where, when, and how well that is proved."""

from sqlalchemy import Column, Index, Table, Text

from store.metadata import Instant, metadata

tap = Table(
    "tap",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("tag", Text, nullable=False),
    Column("checkpoint_id", Text),
    Column("person_id", Text),
    Column("proof", Text, nullable=False),
    Column("flag", Text),
    Column("said_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Index("ix_tap_heard_at", "site_id", "heard_at"),
)
