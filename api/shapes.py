"""What the API answers with, for the typed client. Field names are those of the domain's own structs; no field has a
default, so that the client never sees a maybe where there is none.

Answers are encoded by msgspec from the domain's values; these models document them, and a test holds the two together.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from alerts.rules import Cause, Disposition, State
from core.kinds import Ends, Klass
from core.wire import Why
from duty.handovers import HandoverState
from duty.rules import Basis
from patrol.steps import StepState
from sites.duty_words import FieldType
from sites.register import Role


class Shape(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Shape):
    """A name in both languages."""

    zh: str
    en: str


class Problem(Shape):
    """A refusal (RFC 9457). `code` is stable; the pages word it from the catalogues as `error.<code>`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None
    data: dict[str, Any]


# who is calling


class MySite(Shape):
    """What I am at one site."""

    site_id: str
    name: Words
    time_zone: str
    person_id: str | None
    roles: list[Role]


class Me(Shape):
    """Who is signed in."""

    account_id: str
    login: str
    name: Words
    language: str
    admin: bool
    must_change: bool
    mode: Literal["demo", "up"]
    version: str
    secure: bool
    sites: list[MySite]


class DemoLogin(Shape):
    """A person one may sign in as in the demo; `seats` names those held now."""

    login: str
    name: Words
    roles: list[Role]
    site_id: str
    site_name: Words
    seats: list[Words]


class Modes(Shape):
    """How this server runs; what the sign-in page needs to know."""

    mode: Literal["demo", "up"]
    version: str
    demo_logins: list[DemoLogin]


class Rung(Shape):
    """One step of a ladder."""

    after_s: int
    who: str
    channels: list[str]


# alerts


class FrozenLadder(Shape):
    """An alert's own ladder, as it stood when the alert was raised."""

    id: str
    rungs: list[Rung]
    repeat_s: int
    ack_s: int
    handle_s: int


class Alert(Shape):
    """One occurrence of a condition that a person must answer."""

    site_id: str
    id: str
    number: int
    subject: str
    kind: str
    klass: Klass
    priority: int
    zone_id: str | None
    state: State
    ends: Ends
    clear_said: bool
    event_id: str
    said_at: datetime
    heard_at: datetime
    repeats: int
    last_at: datetime
    seat_id: str
    shift_id: str | None
    holder_id: str | None
    basis: Basis
    custody_by: str | None
    custody_at: datetime | None
    ladder: FrozenLadder
    ring: int
    rang_at: datetime
    rung: int
    ack_by: datetime
    due_at: datetime | None
    disposition: Disposition | None
    cause: Cause | None
    note: str | None
    closed_by: str | None
    closed_at: datetime | None
    version: int


class Alerts(Shape):
    """A page of alerts, newest first; `next` is the `before` of the following page."""

    items: list[Alert]
    next: str | None


class LogEntry(Shape):
    """One line of the logbook; `chain` is the hash of everything up to it."""

    n: int
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]
    chain: str


class RungFired(Shape):
    """A rung that was climbed, and whom it called."""

    ring: int
    rung: int
    due_at: datetime
    at: datetime
    who: str
    people: list[str]


class Notice(Shape):
    """A message owed to a person, and what became of it."""

    id: str
    ring: int
    rung: int
    person_id: str
    channel: str
    target: str
    state: Literal["queued", "sent", "failed", "cancelled"]
    attempts: int
    made_at: datetime
    done_at: datetime | None
    code: str | None
    body: str | None


class EventBrief(Shape):
    """What a device or person said, without its bytes. `flags` is a sum: 1 test, 2 history, 4 retained, 8 unknown
    device, 16 clock skew, 32 late.
    """

    id: str
    device_id: str
    gateway_id: str
    kind: str
    klass: Klass
    flags: int
    said_at: datetime
    heard_at: datetime
    alert_id: str | None


class AlertStep(Shape):
    """Somebody must tap at one of `checkpoints` until `until`; `by`: who did."""

    alert_id: str
    checkpoints: list[str]
    since: datetime
    until: datetime
    state: StepState
    by: str | None
    tap: str | None
    ended_at: datetime | None


class AlertStory(Shape):
    """One alert with all that happened to it. `step`: that somebody must be seen on the spot, where the site wants that."""

    alert: Alert
    history: list[LogEntry]
    rungs: list[RungFired]
    notices: list[Notice]
    events: list[EventBrief]
    step: AlertStep | None


class Acknowledged(Shape):
    """What an acknowledgement meant."""

    outcome: Literal["custody", "witness", "override"]
    alert: Alert


class AlertAfter(Shape):
    """The alert after an act."""

    alert: Alert


class Reported(Shape):
    """What a manual report made."""

    event_id: str
    alert_id: str | None


# events


class EventPage(Shape):
    """A page of events, newest first."""

    items: list[EventBrief]
    next: str | None


class EventWhole(EventBrief):
    """An event with the bytes that said it: `raw` when they are text, else `raw_base64`."""

    boot: str
    seq: int
    raw: str | None
    raw_base64: str | None
    data: dict[str, Any]
    shift_id: str | None
    holder_id: str | None


class Reject(Shape):
    """A message that could not be understood."""

    id: str
    topic: str
    heard_at: datetime
    why: Why
    detail: str
    size: int


class Rejects(Shape):
    """A page of rejects, newest first."""

    items: list[Reject]
    next: str | None


# now


class ConditionState(Shape):
    """What is wrong with a subject, or was."""

    subject: str
    name: str
    active: bool
    since: datetime


class DeviceState(Shape):
    """What was last heard of a device; `heard_at` is null for one that never spoke."""

    device_id: str
    heard_at: datetime | None
    kind: str
    silent: bool


class GatewayState(Shape):
    """What was last heard of a gateway."""

    gateway_id: str
    state: Literal["online", "offline", "unknown"]
    boot: str
    spooled: int
    heard_at: datetime
    silent: bool


class SeatState(Shape):
    """Who holds a seat now, why, and who is next. `stands_for`: the one who is away for a while."""

    seat_id: str
    holder_id: str | None
    basis: Basis
    shift_id: str | None
    since: datetime | None
    stands_for: str | None
    next_person_id: str | None
    next_at: datetime | None


class Tap(Shape):
    """A tap at a checkpoint."""

    event_id: str
    tag: str
    checkpoint_id: str | None
    person_id: str | None
    proof: str
    flags: list[str]
    counts: bool
    said_at: datetime
    heard_at: datetime
    synced: bool
    client: str
    counter: int | None
    answers: dict[str, Any]
    note: str
    photos: list[str]


class CheckpointMark(Shape):
    """The last signed checkpoint of the logbook."""

    size: int
    at: datetime


class LogHead(Shape):
    """Where the logbook stands."""

    size: int
    chain: str
    checkpoint: CheckpointMark | None


class HandoverBrief(Shape):
    """Where a seat's hand-over stands. `expected`: who is to take over by roster."""

    id: str
    seat_id: str
    state: HandoverState
    version: int
    outgoing: str
    incoming: str | None
    expected: str | None
    planned_end: datetime | None


class Snapshot(Shape):
    """All that a page shows first. Pushes after `seq` bring it up to date."""

    seq: int
    at: datetime
    alerts: list[Alert]
    conditions: list[ConditionState]
    devices: list[DeviceState]
    gateways: list[GatewayState]
    duty: list[SeatState]
    handovers: list[HandoverBrief]
    log: LogHead
    events: list[EventBrief]
    taps: list[Tap]
    quiet_since: datetime | None


# duty


class Shift(Shape):
    """A published shift, or one part of a split one. Who is on call is reachable, and does not hold the seat."""

    id: str
    seat: str
    person: str
    template: str
    starts_at: datetime
    ends_at: datetime
    on_call: bool


class Stay(Shape):
    """One stay in a seat; `off_at` is null while it lasts. `stand_in`: who stands there since `away_at`."""

    id: str
    seat: str
    person: str
    on_at: datetime
    off_at: datetime | None
    stand_in: str | None
    away_at: datetime | None


class Duty(Shape):
    """Who is on, who was, who will be."""

    seats: list[SeatState]
    shifts: list[Shift]
    attendance: list[Stay]


class Seats(Shape):
    """The seats after a sign-on or sign-off."""

    seats: list[SeatState]


# logbook


class LogPage(Shape):
    """A page of the logbook, newest first. `corrections` are all those of the entries on it, wherever they stand."""

    items: list[LogEntry]
    next: int | None
    head: LogHead
    corrections: list[LogEntry]


class LogFound(Shape):
    """A page of what was found, newest first. `corrections` are all those of the entries on it."""

    items: list[LogEntry]
    next: int | None
    corrections: list[LogEntry]


class WrittenEntry(Shape):
    """One entry, with those that correct it, oldest first."""

    entry: LogEntry
    corrections: list[LogEntry]


class Attached(Shape):
    """A file that was uploaded, by the SHA-256 of its bytes."""

    sha256: str
    size: int
    type: str


class SignedDay(Shape):
    """A day that was signed, and the entry that says so."""

    day: str
    by: str
    at: datetime
    comment: str
    n: int


class LogDays(Shape):
    """The signed days of the last month and those owed. `role` signs within `due_h` hours; both null: nobody does."""

    role: Role | None
    due_h: int | None
    signed: list[SignedDay]
    overdue: list[str]


class LateSignOn(Shape):
    """A shift whose person came late, or had not come."""

    seat: str
    person: str
    shift: str
    starts_at: datetime
    on_at: datetime | None


class SlowAnswer(Shape):
    """An alert that was answered after its target, or not at all."""

    alert: str
    number: int
    kind: str
    heard_at: datetime
    target_s: int
    answered_at: datetime | None
    by: str | None


class LeftOpen(Shape):
    """An alert that was still open when the day ended; `state` is what it was when the sheet was made."""

    alert: str
    number: int
    kind: str
    heard_at: datetime
    state: State


class SeatGap(Shape):
    """A required seat that nobody held."""

    seat: str
    starts_at: datetime
    ends_at: datetime


class DaySheet(Shape):
    """What a reviewer should know of a day, until `ends_at`: its end, or now."""

    day: str
    starts_at: datetime
    ends_at: datetime
    on_duty: list[str]
    late: list[LateSignOn]
    slow: list[SlowAnswer]
    unclosed: list[LeftOpen]
    gaps: list[SeatGap]
    openings: int
    closings: int


class SignedSheet(SignedDay):
    """A signed day with the sheet that was signed."""

    sheet: DaySheet


class LogDay(Shape):
    """A day as it can be computed now, and its signature."""

    sheet: DaySheet
    signed: SignedSheet | None


class LogRead(Shape):
    """Somebody looked at a page of the logbook: page, search, entry, attachment or day."""

    at: datetime
    who: str
    page: str


class LogReaders(Shape):
    """Who read the logbook, newest first."""

    items: list[LogRead]
    next: str | None


class FormChoice(Shape):
    """One answer of a field that offers some."""

    id: str
    name: Words


class FormField(Shape):
    """One field of a form."""

    id: str
    name: Words
    type: FieldType
    required: bool
    choices: list[FormChoice]


class LogForm(Shape):
    """A form that entries are written on."""

    id: str
    name: Words
    fields: list[FormField]


class LogForms(Shape):
    """The forms that may be filled at a site."""

    forms: list[LogForm]


class LogHold(Shape):
    """A legal hold: nothing that it covers is deleted until it is lifted. An empty subject: whatever it is about."""

    id: str
    reason: str
    subject: str
    since: datetime | None
    until: datetime | None
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lift_reason: str


class LogHolds(Shape):
    """A site's holds, newest first."""

    items: list[LogHold]


class LogArchive(Shape):
    """A month that was archived: its entries (`last` before `first`: none), the signed checkpoint that closes them, and the
    file; `gone_at`: since when the file is deleted, its time being over.
    """

    month: str
    first: int
    last: int
    note: str
    made_by: str
    made_at: datetime
    size: int
    sha256: str
    received_by: str | None
    received_at: datetime | None
    comment: str
    gone_at: datetime | None


class LogArchives(Shape):
    """Archived months, newest first; `open` are over and not archived, oldest first."""

    items: list[LogArchive]
    open: list[str]


class LogRetention(Shape):
    """Texts older than `before` go, once a day; `due_entries` are next, `held_entries` would be without a hold. `through`:
    the last entry up to which they were gone through, at `looked_at`.
    """

    keep_days: int
    before: datetime
    through: int
    due_entries: int
    held_entries: int
    looked_at: datetime | None


class LogVerdict(Shape):
    """What checking the whole logbook found. `sealed` is how many entries a signature vouches for, `keys` the
    fingerprints of those who signed.
    """

    ok: bool
    size: int
    first_bad: int | None
    why: str | None
    detail: str
    chain: str
    root: str
    checkpoints: int
    sealed: int
    keys: list[str]


# health


class Health(Shape):
    """The server answers and reaches its store."""

    ok: bool


class RoleHealth(Shape):
    """One role of the process."""

    name: str
    ok: bool
    detail: str
    since: datetime | None
    restarts: int


class RolesHealth(Shape):
    """Every role of this process."""

    roles: list[RoleHealth]
