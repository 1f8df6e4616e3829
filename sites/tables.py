"""The register at rest. A site's whole register is one JSON document, replaced in one transaction when another version of it
comes into force; the tables beside it hold what other rows point at or what queries join.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from store.metadata import Instant, Json, metadata

site = Table(
    "site",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("pack_hash", Text, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("register", Json, nullable=False),
    Column("since", BigInteger, nullable=False),  # when this version came into force
    Column("next_from", BigInteger),  # when the next one will; None: none waits
)

# Every version of a site's register: those of before, the one in force, and those to come (SITE-06). None is ever deleted.
site_version = Table(
    "site_version",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("effective_from", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("approved_by", Text),
    Column("reason", Text, nullable=False),
    Column("pack_hash", Text, nullable=False),
    Column("register", Json, nullable=False),
    Column("ended_why", Text),  # why it never came into force
)

# That a site's patrol routes and plans were edited at the console, and what its pack said of them before (its hash).
patrol_edit = Table(
    "patrol_edit",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("base", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("password_hash", Text),  # None: cannot sign in until one is set
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("admin", Boolean, nullable=False),  # an administrator of every site
    Column("disabled", Boolean, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# One row for each person of a site's register: what they may do there.
member = Table(
    "member",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("roles", Json, nullable=False),
    Index("ix_member_account_id", "account_id"),
)

# A short number beside the password, good for signing and never for signing in. `misses`: wrong tries since the last right one.
account_pin = Table(
    "account_pin",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("pin_hash", Text, nullable=False),
    Column("misses", Integer, nullable=False),
    Column("set_at", Instant, nullable=False),
)

# A person's own keys (WebAuthn), good for signing where there is https. `sign_count`: as the key last said it.
passkey = Table(
    "passkey",
    metadata,
    Column("id", Text, primary_key=True),  # as the key names itself, base64url
    Column("account_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("ix_passkey_account_id", "account_id"),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("address", Text, nullable=False),
    Index("ix_session_account_id", "account_id"),
)

# What we last heard of a device. `due_at` is when silence may have to be called; it is moved lazily, by the sweep.
device_state = Table(
    "device_state",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("device_id", Text, primary_key=True),
    Column("heard_at", BigInteger, nullable=False),
    Column("said_at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("due_at", BigInteger),
    Index("ix_device_state_due_at", "due_at"),
    postgresql_with={"fillfactor": 50},  # written with every batch: room on each page for a row's next version
)
