"""Published shifts and who really came."""

from sqlalchemy import Boolean, Column, Index, Table, Text

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
    Column("on_call", Boolean, nullable=False),
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

# Who holds each seat as we last settled it, and the next instant at which the roster alone may change that: what the
# sweep looks at, so that a shift's end or an empty seat is an event like any other.
seat_state = Table(
    "seat_state",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("seat_id", Text, primary_key=True),
    Column("holder_id", Text),
    Column("basis", Text, nullable=False),
    Column("shift_id", Text),
    Column("since", Instant),
    Column("due_at", Instant),
    Index("ix_seat_state_due_at", "due_at"),
)

# What the site says of a day, whatever its country says.
day_override = Table(
    "day_override",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
