"""Taps, who proved to be where; and rounds, what was to be walked when."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text

from store.metadata import Instant, Json, metadata

tap = Table(
    "tap",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("tag", Text, nullable=False),
    Column("checkpoint_id", Text),
    Column("person_id", Text),
    Column("proof", Text, nullable=False),
    Column("flags", Json, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("said_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("synced", Boolean, nullable=False),
    Column("kept_at", Instant),  # when its gateway took it, where it waited there
    Column("client", Text, nullable=False),  # the phone or handheld that brought it
    Column("counter", BigInteger),
    Column("answers", Json, nullable=False),
    Column("note", Text, nullable=False),
    Column("photos", Json, nullable=False),
    Index("ix_tap_heard_at", "site_id", "heard_at"),
    Index("ix_tap_tag", "site_id", "tag", "heard_at"),
    Index("ix_tap_person", "site_id", "person_id", "heard_at"),
    Index("ix_tap_client", "site_id", "client", "heard_at"),
    Index("ix_tap_checkpoint", "site_id", "checkpoint_id", "heard_at"),
)

# What hangs where. A tag of the pack has a row from its import on; the counter is the newest that was believed.
patrol_tag = Table(
    "patrol_tag",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("checkpoint_id", Text, nullable=False),
    Column("proof", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("read_at", Instant),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Text, nullable=False),
    Index("ix_patrol_tag_uid", "uid"),
    Index("ix_patrol_tag_checkpoint", "site_id", "checkpoint_id"),
)

# The chain of each person's taps on each phone: enough to see that a link is missing, changed or of another chain.
patrol_link = Table(
    "patrol_link",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("client", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Index("ix_patrol_link_event", "site_id", "event_id"),
)

# What a phone's outbox brought beside taps, by the phone's own id, and what it made: it is done once, however often it comes.
phone_act = Table(
    "phone_act",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("made", Json, nullable=False),
    Column("said_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
)

# When the address of a read was first opened here: a page that is opened once more is no newer for it.
patrol_opened = Table(
    "patrol_opened",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("counter", BigInteger, primary_key=True),
    Column("opened_at", Instant, nullable=False),
)

# A photo as it was sent, and the file that was kept of it, without what it told beside the picture.
patrol_photo = Table(
    "patrol_photo",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("sent", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_patrol_photo_sha256", "site_id", "sha256"),
)

patrol_round = Table(
    "patrol_round",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("plan_id", Text, nullable=False),
    Column("route_id", Text, nullable=False),
    Column("route", Json, nullable=False),
    Column("seat_id", Text, nullable=False),
    Column("opens_at", Instant, nullable=False),
    Column("closes_at", Instant, nullable=False),
    Column("grace_s", Integer, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("stand", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("result", Text, nullable=False),
    Column("proofs", Json, nullable=False),
    Column("urgent", Json, nullable=False),
    Column("excused", Json, nullable=False),
    Column("suspended", Json),
    Column("odd", Json, nullable=False),
    Column("bands", Json, nullable=False),
    Column("settled_at", Instant),
    Column("due_at", Instant),
    Index("ix_patrol_round_opens_at", "site_id", "opens_at"),
    Index("ix_patrol_round_ends_at", "site_id", "ends_at"),
    Index(
        "ix_patrol_round_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

# Where somebody must be seen, and by when, because of an alert.
alert_step = Table(
    "alert_step",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("alert_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("people", Json, nullable=False),
    Column("seat_id", Text, nullable=False),
    Column("checkpoints", Json, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("tap", Text),
    Column("person_id", Text),
    Column("ended_at", Instant),
    Column("due_at", Instant),
    Index("ix_alert_step_due_at", "due_at"),
)

# How far a site's rounds are made, and when to make more.
patrol_horizon = Table(
    "patrol_horizon",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
)

# What somebody did that they may not, and the step that was come to about it.
patrol_violation = Table(
    "patrol_violation",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("checkpoint_id", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("found_by", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("tap", Text),
    Column("step", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("done", Json, nullable=False),
    Column("ended_at", Instant),
    Column("due_at", Instant),
    Index("ix_patrol_violation_found_at", "site_id", "found_at"),
    Index(
        "ix_patrol_violation_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)
