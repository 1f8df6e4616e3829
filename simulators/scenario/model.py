"""What a scenario is once it has been read: what is done and when, and what must come of it. Values only.

`Act` is everything that may happen *to* the product; a `Happening` is everything that the product did, told from what it
kept (its logbook, notices, taps and rejects). A world (virtual or real) turns the first into the second.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from sites.register import Register


class Act(msgspec.Struct, frozen=True, tag_field="act"):
    """Something done to the product."""


# -- devices and guards


class Says(Act, frozen=True, tag="says"):
    """A device says `kind`, `times` times evenly spread over `within_s`. `said_at`: what its own clock reads, if that is wrong.

    `boot`, `seq`, `id`, `retained`: the message bypasses the gateway's spool and goes to the broker exactly so.
    `again`: byte for byte what this device said last of this kind (a duplicate).
    """

    device: str
    kind: str
    data: Mapping[str, Any] = {}
    said_at: datetime | None = None
    gateway: str | None = None
    times: int = 1
    within_s: float = 0.0
    test: bool = False
    history: bool = False
    retained: bool = False
    again: bool = False
    boot: str | None = None
    seq: int | None = None
    id: str | None = None


class Scans(Act, frozen=True, tag="scans"):
    """A guard taps a checkpoint's tag (or `tag`, when it is not the checkpoint's own) with the site's handset, or `handset`.

    `synced`: the tap was kept while there was no line. `counter`: how often the tag says that it was read. `answers`: to the
    point's tasks, as the reader's keys let them be given.
    """

    person: str
    checkpoint: str
    tag: str | None = None
    said_at: datetime | None = None
    proof: str = "uid"
    synced: bool = False
    counter: int | None = None
    handset: str | None = None
    answers: Mapping[str, Any] = {}
    note: str = ""


class Garbage(Act, frozen=True, tag="garbage"):
    """Bytes that are no event arrive on a gateway's topic."""

    gateway: str
    payload: str


# -- people


class Acknowledges(Act, frozen=True, tag="acknowledges"):
    """`alert` everywhere: a subject (its newest open alert), `SUBJECT/KIND`, or `#NUMBER`."""

    person: str
    alert: str
    override: bool = False
    reason: str | None = None


class Releases(Act, frozen=True, tag="releases"):
    person: str
    alert: str
    reason: str = ""


class Resets(Act, frozen=True, tag="resets"):
    person: str
    alert: str


class Notes(Act, frozen=True, tag="notes"):
    person: str
    alert: str
    text: str


class Closes(Act, frozen=True, tag="closes"):
    person: str
    alert: str
    disposition: str
    cause: str | None = None
    note: str | None = None
    reason: str | None = None


class Records(Act, frozen=True, tag="records"):
    """`recorder` writes down what happens in a major incident."""

    person: str
    alert: str
    recorder: str


class SignsOn(Act, frozen=True, tag="signs_on"):
    """`token`: the code of a tag at the post."""

    person: str
    seat: str
    token: str | None = None


class SignsOff(Act, frozen=True, tag="signs_off"):
    person: str
    seat: str


class Reports(Act, frozen=True, tag="reports"):
    """Somebody raises what they saw or were told: manual.report, manual.resident_call or manual.panic."""

    person: str
    kind: str
    zone: str
    note: str = ""
    caller: str = ""


# -- faults


class Gateway(Act, frozen=True, tag="gateway"):
    """`offline` (the link is cut; it goes on spooling), `online`, `restarts` (killed and started again on its spool)."""

    gateway: str
    what: str


class Device(Act, frozen=True, tag="device"):
    """`falls_silent` (no life sign any more), `speaks` (life signs again)."""

    device: str
    what: str


class Server(Act, frozen=True, tag="server"):
    """`stops` (killed), `starts`, `restarts`."""

    what: str


class Broker(Act, frozen=True, tag="broker"):
    """`restarts`: killed, started; whatever was on its way comes again. `forgets`: restarted from an empty store."""

    what: str


class Channel(Act, frozen=True, tag="channel"):
    """A channel to people `fails` or `works` again."""

    channel: str
    what: str


class Step(msgspec.Struct, frozen=True):
    """One line of `when`. Times are UTC."""

    at: datetime
    act: Act
    line: int
    text: str


# -- what came of it


class Happening(msgspec.Struct, frozen=True, order=False):
    """One thing that the product did. `what` and `who` are the words that `then` uses; `more` is compared only where asked.

    topic     about                what                                        who (people)
    alert     SUBJECT KIND         raised, acked, witnessed, taken, released,   whom it went to / who did it
                                   escalated, cleared, clear_said, recurred,
                                   repeated, reset, timed_out, noted, closed
    notice    SUBJECT KIND         CHANNEL (owed), sent, failed, cancelled      the person called
    duty      SEAT                 signed_on, signed_off, let_go, absent        the person
    handover  SEAT                 opened, offered, disputed, signed, …         who did it (nobody: we)
    roster    MONTH                made, submitted, approved, published, …      who did it
    entry     FORM                 written, corrected                           who wrote it
    review    DAY                  signed                                       the reviewer
    request   KIND                 asked, agreed, approved, lapsed, …           who did it
    presence  SEAT                 asked, answered, missed, witnessed, …        who answered, or called
    away      SEAT                 asked, accepted, left, overdue, returned, …  who did it
    tap       CHECKPOINT           its verdict's words, or "tap"                the guard
    round     ROUTE                opened, complete, partial, missed, urged, …  who did it
    reject    TOPIC                why                                          -
    refused   ALERT or SEAT        the refusal's code                           who tried
    log       subject              the entry's act (site.imported, …)           who
    """

    at: datetime
    topic: str
    about: tuple[str, ...]
    what: str
    who: tuple[str, ...] = ()
    more: Mapping[str, Any] = {}


class AlertNow(msgspec.Struct, frozen=True):
    """An alert as it stood at some moment."""

    number: int
    subject: str
    kind: str
    state: str
    custody_by: str | None
    holder: str | None
    ring: int
    rung: int
    repeats: int
    disposition: str | None


class Snapshot(msgspec.Struct, frozen=True):
    """How things stood at an instant that an expectation asks about: after everything due or done at it."""

    at: datetime
    alerts: tuple[AlertNow, ...]
    seats: Mapping[str, str | None]
    log_size: int
    handovers: Mapping[str, str] = {}  # the state of each seat's last one
    rosters: Mapping[str, str] = {}  # of each month: the one on its way, else the last


class Story(msgspec.Struct, frozen=True):
    """What a run made: everything that happened, in order, and how it ended."""

    happenings: tuple[Happening, ...]
    snapshots: tuple[Snapshot, ...]
    log_head: str  # hex of the chain's head: the same story twice has the same head
    verifies: bool
    events: int
    seconds: float  # simulated
    took_s: float = 0.0


# -- what is expected


class Expect(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `then`. Exactly one of the forms below; `at` None with `later` means: in this order, whenever."""

    line: int
    text: str
    at: datetime | None = None
    until: datetime | None = None  # `no …` over a span
    precision_s: float = 1.0  # how finely the time was written: a second, or a millisecond
    tolerance: timedelta = timedelta(0)
    later: bool = False
    form: str = "happens"  # happens, never, is, nothing_else, log_size, verifies, no_open_alerts
    topic: str = ""
    about: tuple[str, ...] = ()
    what: str = ""
    who: tuple[str, ...] | None = None
    more: Mapping[str, Any] = {}


class Scenario(msgspec.Struct, frozen=True):
    """A file, read and checked."""

    file: Path
    about: str
    register: Register
    zone: str
    start: datetime
    end: datetime
    steps: tuple[Step, ...]
    expects: tuple[Expect, ...]
    life: str = "beats"  # none, beats (supervised devices give their life signs), or a story's name
    seed: int = 1
    signed_on: Mapping[str, str] = {}  # seat: person, before the start
    published: tuple[str, ...] = ()  # months whose roster was published before the start
    elsewhere: tuple[str, ...] = ()  # tags that hang at another site
