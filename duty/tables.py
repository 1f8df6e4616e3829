"""Published shifts and who really came."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from store.metadata import Instant, Json, metadata

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
    Column("sequence", Integer, nullable=False),  # how often it was published anew: calendars take the highest
    Column("changed_at", Instant, nullable=False),
    Index("ix_shift_seat_ends_at", "site_id", "seat_id", "ends_at"),
    Index("ix_shift_ends_at", "site_id", "ends_at"),
)

# A published shift that was taken from somebody before it began: what their calendar is told (`CANCELLED`).
shift_withdrawn = Table(
    "shift_withdrawn",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("seat_id", Text, nullable=False),
    Column("template_id", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("on_call", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_shift_withdrawn_ends_at", "site_id", "ends_at"),
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
    Column("stand_in_id", Text),  # while the person is away
    Column("away_at", Instant),
    Column("arrival", Text, nullable=False),  # how it counted when they came
    Column("shift_id", Text),
    Column("late_s", Integer, nullable=False),
    Column("grade", Json),
    Column("checks", Json),  # what of the pre-shift checks is open or wrong; empty where none are asked
    Index("ix_attendance_off_at", "site_id", "off_at"),
    Index("ix_attendance_on_at", "site_id", "on_at"),
)

# Who did not come to a shift. `ended_at` is empty while it lasts: until they come, or the shift is over.
absence = Table(
    "absence",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("shift_id", Text, primary_key=True),
    Column("seat_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("called_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Index("ix_absence_ended_at", "site_id", "ended_at"),
)

# What phones told of coming and leaving without a line. `id` is the phone's own.
duty_told = Table(
    "duty_told",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("seat_id", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("how", Text),
    Column("why", Text),
    Column("proved_at", Instant),
    Index("ix_duty_told_state", "site_id", "state", "person_id"),
    Index("ix_duty_told_said_at", "site_id", "said_at"),
)

# When a watch of ours next looks at a site: `attendance` at who has not come, `presence` at who is to be asked.
duty_look = Table(
    "duty_look",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("due_at", Instant),
    Index("ix_duty_look_due_at", "name", "due_at"),
)

# Presence checks. `due_at` is empty once nothing more is waited for.
presence_check = Table(
    "presence_check",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seat_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("by", Text),
    Column("state", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("extended", Boolean, nullable=False),
    Column("answered_at", Instant),
    Index("ix_presence_check_state", "site_id", "state"),
    Index("ix_presence_check_asked_at", "site_id", "asked_at"),
)

# When each seat's next presence check comes. The seed is told only when it has come.
presence_plan = Table(
    "presence_plan",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("seat_id", Text, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("every_min", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("seed", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
)

# Who has themselves called while they walk alone, by hand; what is over has no row.
lone_watch = Table(
    "lone_watch",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("seat_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("every_min", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

# Leaving the post for a while. `due_at`: when to be back; empty once that is told, or the leave is over.
away = Table(
    "away",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seat_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("stand_in_id", Text),
    Column("contact", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("left_at", Instant),
    Column("until", Instant),
    Column("ended_at", Instant),
    Column("due_at", Instant),
    Index("ix_away_state", "site_id", "state"),
    Index("ix_away_asked_at", "site_id", "asked_at"),
    Index("ix_away_due_at", "due_at"),
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
    Column("stands_for", Text),
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

# A month's roster, from its draft on. `version` counts what was published of a month; `based_on` is the one it began from.
roster = Table(
    "roster",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("month", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer),
    Column("based_on", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("authors", Json, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("submitted_by", Text),
    Column("submitted_at", Instant),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("reason", Text),
    Column("published_by", Text),
    Column("published_at", Instant),
    Column("cells", Json, nullable=False),
    Index("ix_roster_month", "site_id", "month"),
)

# What each edit of a draft changed. Revisions form a tree: undoing goes to the parent, and nothing is ever lost.
roster_revision = Table(
    "roster_revision",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("roster_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("parent", Integer, nullable=False),
    Column("how", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("changes", Json, nullable=False),
)

# A seat's change of hands: one row a hand-over, whole in `body`; the columns beside it are for finding.
handover = Table(
    "handover",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seat_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("outgoing_id", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("body", Json, nullable=False),
    Index("ix_handover_seat_state", "site_id", "seat_id", "state"),
    Index("ix_handover_opened_at", "site_id", "opened_at"),
)

# Who is to be relieved in a seat, when the hand-over is to be prepared, and when relief is late; emptied once seen to.
relief = Table(
    "relief",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("seat_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("prepare_at", Instant),
    Column("late_at", Instant),
    Index("ix_relief_prepare_at", "prepare_at"),
    Index("ix_relief_late_at", "late_at"),
)

# When a site that makes its own rosters owes the next one. Sites that live from their rotas have no row.
roster_due = Table(
    "roster_due",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("due_at", Instant),
    Index("ix_roster_due_due_at", "due_at"),
)

# Secret addresses of calendar feeds; of each only the hash.
duty_feed = Table(
    "duty_feed",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("made_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

# When a page of somebody who holds a seat was last connected.
duty_reach = Table(
    "duty_reach",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False),
)

# A month's roster being solved: one row a job, kept so that whoever asks later is told what came of it.
roster_solve = Table(
    "roster_solve",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("roster_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),  # running beyond this, its process has died
    Column("body", Json, nullable=False),
    Index("ix_roster_solve_roster", "site_id", "roster_id", "made_at"),
)

# What the shifts to come leave open, as far as somebody is to be told of it; `due_at`: when the next time.
coverage_gap = Table(
    "coverage_gap",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("told_at", Instant),
    Column("due_at", Instant),
    Column("gaps", Json, nullable=False),
    Index("ix_coverage_gap_due_at", "due_at"),
)

# When the shifts to come are looked through again: at once after a change, else daily.
coverage_look = Table(
    "coverage_look",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Index("ix_coverage_look_due_at", "due_at"),
)

# Leave, swaps, substitutes and call-ins: one row each, whole in `body`; the columns beside it are for finding.
duty_request = Table(
    "duty_request",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("due_at", Instant),  # when it lapses; empty once it is decided
    Column("body", Json, nullable=False),
    Index("ix_duty_request_asked_at", "site_id", "asked_at"),
    Index("ix_duty_request_kind_ends_at", "site_id", "kind", "ends_at"),
    Index("ix_duty_request_due_at", "due_at"),
)

# Authority that somebody has for a shift only (ROLE-05). `ended_at` is empty while it stands.
mandate = Table(
    "mandate",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seat_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("given_by", Text),
    Column("reason", Text, nullable=False),
    Column("shift_id", Text),
    Column("given_at", Instant, nullable=False),
    Column("until", Instant),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("why", Text),
    Index("ix_mandate_ended_at", "site_id", "ended_at"),
    Index("ix_mandate_person_ended_at", "person_id", "ended_at"),
    Index("ix_mandate_given_at", "site_id", "given_at"),
)

# What people are told of their own duty, one row a person.
duty_notice = Table(
    "duty_notice",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("data", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("read_at", Instant),
    Index("ix_duty_notice_person_made_at", "site_id", "person_id", "made_at"),
    Index("ix_duty_notice_about", "site_id", "about"),
)

# A notice on its way to one address of its person. `due_at` is empty once it is out, replaced or given up.
duty_letter = Table(
    "duty_letter",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("notice_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant),
    Column("done_at", Instant),
    Column("code", Text, nullable=False),
    Index("ix_duty_letter_due_at", "due_at"),
    Index("ix_duty_letter_notice", "site_id", "notice_id"),
)

# Reinforced duty and all hands. `due_at`: when it begins, ends, or counts for another day; empty once it is over.
duty_mode = Table(
    "duty_mode",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("called_by", Text, nullable=False),
    Column("called_at", Instant, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("counts_until", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("end_reason", Text, nullable=False),
    Column("due_at", Instant),
    Index("ix_duty_mode_called_at", "site_id", "called_at"),
    Index("ix_duty_mode_counts_until", "site_id", "counts_until"),
    Index("ix_duty_mode_due_at", "due_at"),
)

# Whom each request is about.
duty_request_person = Table(
    "duty_request_person",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("request_id", Text, primary_key=True),
)

# What the tests of equipment found.
equipment_result = Table(
    "equipment_result",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("test_id", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_equipment_result_test_id", "site_id", "test_id", "at"),
)

# When to look for tests that are overdue, by that version of a site's register.
equipment_due = Table(
    "equipment_due",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("due_at", Instant),
    Index("ix_equipment_due_due_at", "due_at"),
)
