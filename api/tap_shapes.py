"""What the API answers to a phone about its taps (see `api.shapes`)."""

from datetime import datetime
from typing import Any, Literal

from api.shapes import Shape
from patrol.flags import TagState
from patrol.rules import Proof


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
    kept_at: datetime | None
    client: str
    counter: int | None
    answers: dict[str, Any]
    note: str
    photos: list[str]


class TapRound(Shape):
    """How a tap's point stands now in a round that it may count for."""

    round: str
    point: str


class TapOutcome(Shape):
    """What became of a tap; `findings`: the tasks whose answers somebody must hear of."""

    id: str
    outcome: Literal["counted", "duplicate", "flagged"]
    flags: list[str]
    checkpoint: str | None
    rounds: list[TapRound]
    findings: list[str]


class TapOutcomes(Shape):
    """One outcome a tap, in the order in which they were sent."""

    items: list[TapOutcome]


class PatrolTag(Shape):
    """A tag: where it hangs, how it proves itself, and the newest read that was believed. A printed code's `uid` is the code."""

    uid: str
    checkpoint: str
    proof: Proof
    state: TagState
    key_version: int
    counter: int
    read_at: datetime | None
    changed_at: datetime
    changed_by: str


class PatrolTags(Shape):
    """The tags of a site, by their points."""

    items: list[PatrolTag]


class TagMarks(Shape):
    """The points of a site's tags in use, each by the SHA-256 (hex) of its tag's UID."""

    items: dict[str, str]


class UnknownTag(Shape):
    """A tag that was read and hangs nowhere: how it was read last, by whom and on what (a reader or a phone), and how often."""

    uid: str
    proof: Proof
    read_at: datetime
    person: str | None
    client: str
    reads: int


class UnknownTags(Shape):
    """Tags that were read and hang nowhere, the newest read first."""

    items: list[UnknownTag]


class TapPhoto(Shape):
    """A photo: the hash of what was sent, by which a tap names it, and the file that was kept of it."""

    sent: str
    sha256: str
    size: int
    type: str
