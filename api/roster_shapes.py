"""What the API answers about calendars, rosters and their feeds (see `api.shapes`)."""

from datetime import date, datetime
from typing import Any, Literal

from api.duty_shapes import Shift, Stay
from api.shapes import Shape, Words
from duty.roster_cover import Severity
from duty.rosters import RosterState
from sites.duty_words import DayType


class DayOverride(Shape):
    """What the site says of a day."""

    day: date
    type: DayType
    reason: str
    by: str
    at: datetime


class CalendarDay(Shape):
    """One day. `name` is the country's holiday; `provisional`: the country has not published its working days yet."""

    day: date
    type: DayType
    name: Words | None
    provisional: bool
    override: DayOverride | None


class CalendarMonth(Shape):
    """A month of days."""

    month: str
    jurisdiction: str
    days: list[CalendarDay]


class RosterHead(Shape):
    """Where a month's roster stands. `version` is null until it is published; `revision` is its draft's last step."""

    id: str
    month: str
    state: RosterState
    version: int | None
    based_on: int
    revision: int
    authors: list[str]
    made_by: str
    made_at: datetime
    submitted_by: str | None
    submitted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    published_by: str | None
    published_at: datetime | None


class Roster(RosterHead):
    """A whole roster: seat, day, shift, person."""

    cells: dict[str, dict[str, dict[str, str]]]


class Rosters(Shape):
    """The site's rosters, newest month and version first."""

    items: list[RosterHead]


class Finding(Shape):
    """One thing that is wrong with a roster. `code` is worded as `finding.<code>`; errors stand in the way."""

    code: str
    severity: Severity
    seat: str | None
    person: str | None
    day: date | None
    template: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    data: dict[str, Any]


class Findings(Shape):
    """What is wrong with a roster."""

    items: list[Finding]


class RosterChange(Shape):
    """A shift in which two rosters differ."""

    seat: str
    day: date
    template: str
    was: str | None
    now: str | None


class RosterChanges(Shape):
    """How two rosters differ."""

    items: list[RosterChange]


class RosterRevision(Shape):
    """One step of a draft, and the step that it was made upon."""

    n: int
    parent: int
    how: str
    by: str
    at: datetime
    changes: list[RosterChange]


class RosterRevisions(Shape):
    """The steps of a draft, newest first."""

    items: list[RosterRevision]


class PlannedShift(Shift):
    """A published shift; who is on call holds no seat."""

    on_call: bool


class StandingShifts(Shape):
    """The shifts that stand, for `days` days from `first`."""

    first: date
    days: int
    shifts: list[PlannedShift]


class KeptShift(Shape):
    """A shift that has begun, and what became of it."""

    shift: PlannedShift
    stays: list[Stay]
    others: list[Stay]
    present_s: int
    late_s: int
    left_early_s: int
    absent: bool


class PlannedAndActual(Shape):
    """A month of duty: its shifts, and stays that nobody had planned."""

    month: str
    shifts: list[KeptShift]
    unplanned: list[Stay]


class Feed(Shape):
    """A calendar feed: of a person's shifts or of a post's. Its secret address is shown once, when it is made."""

    id: str
    kind: Literal["person", "post"]
    target: str
    owner: str
    made_at: datetime


class Feeds(Shape):
    """Feeds that are open."""

    items: list[Feed]


class FeedMade(Shape):
    """A new feed. Whoever has `path` sees its shifts."""

    feed: Feed
    path: str
