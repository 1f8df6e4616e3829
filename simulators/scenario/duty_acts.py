"""What people do about their duty: a seat handed over, a month's roster made, the log written, a day signed. Values only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from simulators.scenario.model import Act


class DutyAct(Act, frozen=True):
    """Something that a person asks of the product about duty. Each is one request."""

    person: str

    @property
    def about(self) -> str:
        """What a refusal of this is about."""
        raise NotImplementedError


class Relieves(DutyAct, frozen=True, tag="relieves"):
    """What is done to the hand-over of a seat, by the verb of the line (`prepares`, `counts`, `offers`, `takes`, …).

    `item` names an item of it: a line of the seat's checklist, an alert, a device, a gateway, or what was added (its words,
    or `anomaly`). `version`: the one that the person looked at, when it is not the newest.
    """

    what: str
    seat: str
    item: str | None = None
    number: int | None = None
    fine: bool | None = None
    text: str = ""
    to: str | None = None
    version: int | None = None

    @property
    def about(self) -> str:
        return self.seat


class LetsGo(DutyAct, frozen=True, tag="lets_go"):
    """A manager lets somebody leave a seat that was not handed over."""

    whom: str
    seat: str
    reason: str

    @property
    def about(self) -> str:
        return self.seat


class Plans(DutyAct, frozen=True, tag="plans"):
    """What is done to a month's roster, by the verb of the line (`drafts`, `fills`, `puts`, `submits`, …).

    `source`: what a draft is filled from: `standing`, `last_month`, or rotations by name.
    """

    what: str
    month: str
    source: tuple[str, ...] = ()
    seat: str = ""
    day: str = ""
    template: str = ""
    whom: str | None = None
    reason: str = ""

    @property
    def about(self) -> str:
        return self.month


class Declares(DutyAct, frozen=True, tag="declares"):
    """The site's own word on what a day is."""

    day: str
    kind: str
    reason: str

    @property
    def about(self) -> str:
        return self.day


class Reinforces(DutyAct, frozen=True, tag="reinforces"):
    """Reinforced duty or all hands is called, or lifted."""

    what: str
    mode: str
    reason: str

    @property
    def about(self) -> str:
        return self.mode


class Writes(DutyAct, frozen=True, tag="writes"):
    """An entry for the logbook, or with `corrects` (`last`, or an entry's number) what an entry should have said."""

    form: str
    fields: Mapping[str, Any]
    happened_at: datetime | None = None
    zone: str | None = None
    persons: tuple[str, ...] = ()
    alert: str | None = None
    corrects: str = ""
    reason: str = ""

    @property
    def about(self) -> str:
        return self.form


class SignsDay(DutyAct, frozen=True, tag="signs_day"):
    """A reviewer signs a day of the logbook."""

    day: str
    comment: str = ""

    @property
    def about(self) -> str:
        return self.day


class Attends(DutyAct, frozen=True, tag="attends"):
    """Presence, by the verb of the line: a check is called or answered, the post is left for a while, taken over, left again."""

    what: str
    seat: str
    minutes: int = 0
    reason: str = ""
    stand_in: str | None = None
    contact: str = ""

    @property
    def about(self) -> str:
        return self.seat


class Shift(msgspec.Struct, frozen=True):
    """One shift, by its seat, its day and its template."""

    seat: str
    day: str
    template: str


class Asks(DutyAct, frozen=True, tag="asks"):
    """A request: `leave`, `swap`, `substitute`, or a call-in (`reinforcement`)."""

    kind: str
    reason: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    mine: Shift | None = None
    theirs: Shift | None = None
    other: str | None = None
    override: str = ""

    @property
    def about(self) -> str:
        return self.kind


class Decides(DutyAct, frozen=True, tag="decides"):
    """What is said to the newest request of `whose`: `agrees`, `grants`, `denies`, or taken back by themselves."""

    what: str
    whose: str
    text: str = ""
    override: str = ""
    stand_in: str | None = None

    @property
    def about(self) -> str:
        return self.whose
