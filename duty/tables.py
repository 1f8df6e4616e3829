"""Published shifts and who really came."""

from sqlalchemy import Column, Index, Table, Text

from store.metadata import Instant, metadata

shift = Table(
    "shift",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seat_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("template_id", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index("ix_shift_seat_ends_at", "site_id", "seat_id", "ends_at"),
    Index("ix_shift_ends_at", "site_id", "ends_at"),
)

# One row from sign-on to sign-off. `off_at` is empty while the person stands in the seat.
attendance = Table(
    "attendance",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seat_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("on_at", Instant, nullable=False),
    Column("off_at", Instant),
    Index("ix_attendance_off_at", "site_id", "off_at"),
)

# The next instant at which a seat's holder may change by itself (a shift starts or ends): what the sweep looks at.
seat_watch = Table(
    "seat_watch",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("seat_id", Text, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("gap_since", Instant),
    Index("ix_seat_watch_due_at", "due_at"),
)
