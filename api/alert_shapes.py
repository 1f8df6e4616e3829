"""What the API answers about alerts (see `api.shapes`)."""

from datetime import datetime
from typing import Literal

from alerts.rules import Cause, Disposition, State
from api.event_shapes import EventBrief
from api.logbook_shapes import LogEntry
from api.shapes import Shape
from core.kinds import Ends, Klass
from duty.rules import Basis
from patrol.steps import StepKind, StepState


class Rung(Shape):
    """One step of a ladder."""

    after_s: int
    who: str
    channels: list[str]


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


class AlertStep(Shape):
    """Somebody must tap at one of `checkpoints` until `until`; `by`: who did. Of the kind `chief`: one of `people` must tap
    anywhere on site, or sign on; or somebody signs on to `seat`.
    """

    alert_id: str
    kind: StepKind
    people: list[str]
    seat: str | None
    checkpoints: list[str]
    since: datetime
    until: datetime
    state: StepState
    by: str | None
    tap: str | None
    ended_at: datetime | None


class Major(Shape):
    """What a major incident has besides its alert: who writes down what happens, if somebody is named."""

    needs_recorder: bool
    recorder: str | None
    named_by: str | None
    named_at: datetime | None


class FoundPhotos(Shape):
    """The photos of one tap that found what an alert is about, or of one report of it (`tap`: its line in the log, `log/N`): who was
    where, when. Each is at `patrol/photos/{sha256}`.
    """

    tap: str
    at: datetime
    person: str | None
    checkpoint: str | None
    photos: list[str]


class AlertStory(Shape):
    """One alert with all that happened to it. `step`: that somebody must be seen on the spot, where the site wants that;
    `major`: of a major incident only; `chief`: that somebody in charge must come to it; `photos`: of the taps that found it.
    """

    alert: Alert
    history: list[LogEntry]
    rungs: list[RungFired]
    notices: list[Notice]
    events: list[EventBrief]
    step: AlertStep | None
    major: Major | None
    chief: AlertStep | None
    photos: list[FoundPhotos]


class Acknowledged(Shape):
    """What an acknowledgement meant."""

    outcome: Literal["custody", "witness", "override"]
    alert: Alert


class AlertAfter(Shape):
    """The alert after an act."""

    alert: Alert


class RecorderNamed(Shape):
    """A major incident after its recorder was named."""

    alert: Alert
    major: Major
