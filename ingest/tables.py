"""What came in: events with their bytes, rejects with their reason, and how far each gateway's word is known."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from store.metadata import Instant, Json, metadata

# Immutable. Times and flags as they were given; `raw` is exactly what was said.
event = Table(
    "event",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("gateway_id", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("klass", Text, nullable=False),
    Column("flags", Integer, nullable=False),  # 1 test, 2 history, 4 retained, 8 unknown device, 16 clock skew, 32 late
    Column("said_at", BigInteger, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    Column("shift_id", Text),
    Column("holder_id", Text),
    Column("alert_id", Text),
    Column("raw", LargeBinary, nullable=False),
    Index("ix_event_heard_at", "site_id", "heard_at"),
    Index("ix_event_device", "site_id", "device_id", "heard_at"),
    # few, and looked for by themselves: what came from devices that nobody knows
    Index(
        "ix_event_unknown",
        "site_id",
        "heard_at",
        sqlite_where=text("(flags & 8) <> 0"),
        postgresql_where=text("(flags & 8) <> 0"),
    ),
)

reject = Table(
    "reject",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site_id", Text, nullable=False),  # empty when the topic named no site of ours
    Column("topic", Text, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("why", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Index("ix_reject_heard_at", "site_id", "heard_at"),
)

# `through`: every seq up to here is durable. `ahead`: [from, to] spans above it, when live events overtook a backlog.
gateway_boot = Table(
    "gateway_boot",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("gateway_id", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    Column("through", BigInteger, nullable=False),
    Column("ahead", Json, nullable=False),
    Column("moved_at", Instant, nullable=False),
    Column("due_at", Instant),  # when an unfilled gap becomes a trouble
    Column("gap_told", Boolean, nullable=False),
    Index("ix_gateway_boot_due_at", "due_at"),
)

gateway_state = Table(
    "gateway_state",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("gateway_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("spooled", BigInteger, nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("due_at", Instant),
    Column("behind_us", BigInteger),  # how far behind ours its clock is at most, since it started; NULL: it never said
    Index("ix_gateway_state_due_at", "due_at"),
)
