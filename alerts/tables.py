"""Conditions, alerts, rungs that fired, and notices to people."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, text

from alerts.rules import Disposition, State
from core.kinds import Ends, Klass
from store.metadata import Instant, Json, metadata


def _one_of(column: str, values: type[State | Disposition | Klass | Ends]) -> str:
    return f"{column} IN ({', '.join(repr(str(v)) for v in values)})"


# (subject, what is wrong): active or clear. `subject` is a device id, or `seat/ID`, `gateway/ID` for what we watch ourselves.
condition = Table(
    "condition",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("active", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("boot", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("alert_id", Text),  # the open alert of this condition, if there is one
    # that alert at a glance: every batch asks, and a join with all alerts is what a planner without statistics gets wrong
    Column("alert_state", Text),
    Column("clear_said", Boolean, nullable=False),
    # how often it was said again since that alert, kept here because this row is narrow and is written anyway
    Column("repeats", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    # which devices are silent is asked with every batch, and is nearly always a handful
    Index(
        "ix_condition_silent",
        "site_id",
        "subject",
        sqlite_where=text("name = 'device.offline' AND active"),
        postgresql_where=text("name = 'device.offline' AND active"),
    ),
    # room on each page for a row's next version, written with every repeat: the indexes then need no new entry
    postgresql_with={"fillfactor": 60},
)

alert = Table(
    "alert",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),  # short, to say over the radio
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("klass", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("zone_id", Text),
    Column("state", Text, nullable=False),
    Column("ends", Text, nullable=False),  # who may say that it is over
    Column("clear_said", Boolean, nullable=False),  # the device says it is over; if latched, a reset is still owed
    Column("event_id", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    # who was responsible when it was heard, and on what basis (EVT-13)
    Column("seat_id", Text, nullable=False),
    Column("shift_id", Text),
    Column("holder_id", Text),
    Column("basis", Text, nullable=False),
    # custody
    Column("custody_by", Text),
    Column("custody_at", Instant),
    # the ladder, frozen when it was raised
    Column("ladder", Json, nullable=False),
    Column("ring", Integer, nullable=False),  # 1 for the first ringing, +1 each time it rings again
    Column("rang_at", Instant, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("ack_by", Instant, nullable=False),
    Column("due_at", Instant),  # next rung, or end of handling time; empty when closed
    Column("disposition", Text),
    Column("cause", Text),
    Column("note", Text),
    Column("closed_by", Text),
    Column("closed_at", Instant),
    Column("version", Integer, nullable=False),
    CheckConstraint(_one_of("state", State), name="state"),
    CheckConstraint(_one_of("klass", Klass), name="klass"),
    CheckConstraint(_one_of("ends", Ends), name="ends"),
    CheckConstraint(f"disposition IS NULL OR {_one_of('disposition', Disposition)}", name="disposition"),
    CheckConstraint(
        "(state = 'closed') = (disposition IS NOT NULL AND closed_by IS NOT NULL)", name="closed_by_someone"
    ),
    UniqueConstraint("site_id", "number"),
    Index(
        "ix_alert_open",
        "site_id",
        "priority",
        "heard_at",
        sqlite_where=text("state <> 'closed'"),
        postgresql_where=text("state <> 'closed'"),
    ),
    Index(
        "ix_alert_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("ix_alert_heard_at", "site_id", "heard_at"),
)

# An alert that is a major incident, as the site's rules were when it was raised, and who writes down what happens.
major_incident = Table(
    "major_incident",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("alert_id", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("needs_recorder", Boolean, nullable=False),
    Column("recorder", Text),
    Column("named_by", Text),
    Column("named_at", Instant),
    Index("ix_major_incident_since", "site_id", "since"),
)

# Each rung of each ringing fires once: the key says so, whatever the process does.
rung_fired = Table(
    "rung_fired",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("alert_id", Text, primary_key=True),
    Column("ring", Integer, primary_key=True),
    Column("rung", Integer, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("people", Json, nullable=False),
)

# A message owed to a person. Written with the rung, sent by the notify role, never after the alert was answered.
notice = Table(
    "notice",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("alert_id", Text, nullable=False),
    Column("ring", Integer, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant),
    Column("made_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("code", Text),
    Column("body", Text),
    CheckConstraint("state IN ('queued', 'sent', 'failed', 'cancelled')", name="state"),
    Index(
        "ix_notice_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("ix_notice_alert_id", "site_id", "alert_id"),
)

# Who goes where an alert is, from when they said so; `arrived_at` is empty until a tap near it, or the alert's end.
alert_way = Table(
    "alert_way",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("alert_id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("arrived_at", Instant),
    Index("ix_alert_way_arrived_at", "site_id", "arrived_at"),
)
