"""The logbook at rest: entries whose bytes are hashed as they stand, and the signed checkpoints over them.

The database itself refuses to lose or change any of it, see `logbook.guards`.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text, event

from logbook import guards
from logbook.rules import LEAST_DAYS
from store.metadata import Instant, Json, metadata

# `leaf` is empty while the entry is whole. When its text was deleted after its time it holds the hash of what stood in
# `body`, which is empty then, as are the columns by which an entry is found (see `logbook.retention`).
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
    Column("leaf", LargeBinary),
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

# A file that may be attached to entries of a site; its bytes lie in the folder of attachments, under their hash.
log_file = Table(
    "log_file",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# Which entries attach a file: so that it can go when the last of them has gone.
log_attached = Table(
    "log_attached",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Index("ix_log_attached_n", "site_id", "n"),
)

# What categories an entry, or a file that hangs on it, has now; `attachment` is empty for the entry itself.
log_category = Table(
    "log_category",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("attachment", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Index("ix_log_category_category", "site_id", "category", "n"),
)

# A legal hold: while it is not lifted, nothing that it covers is deleted. Empty bounds and an empty subject cover everything.
log_hold = Table(
    "log_hold",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("since", Instant),
    Column("until", Instant),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("lifted_by", Text),
    Column("lifted_at", Instant),
    Column("lift_reason", Text, nullable=False),
)

# How long a site keeps what was written, as its register says; the database looks here before it lets a text go.
# `through`: the last entry up to which texts were deleted.
log_retention = Table(
    "log_retention",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("keep_days", BigInteger, nullable=False),
    Column("through", BigInteger, nullable=False),
    Column("looked_at", Instant, nullable=False),
    CheckConstraint(f"keep_days >= {LEAST_DAYS}", name="least"),
)

# A month that was archived: where the log stood after it, the note that swears to it, and the file that was made.
log_archive = Table(
    "log_archive",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("received_by", Text),
    Column("received_at", Instant),
    Column("comment", Text, nullable=False),
    Column("gone_at", Instant),
)

# What people wrote and did, to be searched: derived from `log_entry`, made anew by `watchroom logbook reindex`. On SQLite the
# words also stand in an FTS5 table for each site, by number (see `logbook.finding`).
log_text = Table(
    "log_text",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("act", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index("ix_log_text_at", "site_id", "at", "n"),
)

# A day of the log that was looked through and signed, with the sheet as it was computed then.
log_review = Table(
    "log_review",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("reviewer", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("comment", Text, nullable=False),
    Column("sheet", Json, nullable=False),
    Column("n", BigInteger, nullable=False),
)

# When a site's next status entry is owed, by the rules of that version of its register.
log_status = Table(
    "log_status",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("last_at", Instant),
    Column("due_at", Instant),
    Index("ix_log_status_due_at", "due_at"),
)

# When to look for days that nobody has signed in time, by the rules of that version of a site's register.
log_review_due = Table(
    "log_review_due",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("due_at", Instant),
    Index("ix_log_review_due_due_at", "due_at"),
)

# Who came to each seat last, and when to look whether they wrote their opening entry; empty `due_at`: nothing is owed.
log_opening = Table(
    "log_opening",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("seat_id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("since", Instant),
    Column("due_at", Instant),
    Index("ix_log_opening_due_at", "due_at"),
)

# Who looked at which page of the log: one row for a person, a page and ten minutes (`slot`).
log_read = Table(
    "log_read",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("who", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

# A checkpoint on its way to where the site keeps copies of them. `due_at` is empty when it has arrived or was given up.
log_copy = Table(
    "log_copy",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("code", Text, nullable=False),
    Index("ix_log_copy_due_at", "due_at"),
)


event.listen(metadata, "after_create", guards.after_create)
