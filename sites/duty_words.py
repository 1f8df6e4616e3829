"""The register's words for duty: shifts, rotas and rotations, how many a post needs, and the forms that duty fills.

Nothing here does I/O. Days are the site's own; clock times are wall-clock.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from enum import StrEnum

import msgspec

from sites.people import Role, Words


class DayType(StrEnum):
    """What kind of day a date is (DUTY-04, 5.2 pattern 16). A make-up day (调休上班) is a weekend day that is worked."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


class Presence(StrEnum):
    """Where a shift is spent (DUTY-10). Who is on call is reachable by phone and holds no seat."""

    ON_SITE = "on_site"
    ON_CALL = "on_call"


class ShiftTemplate(msgspec.Struct, frozen=True):
    """A shift's wall-clock hours; an end at or before its start means the next day.

    A split shift has its parts in `segments`, in the order they are worked; `starts` and `ends` are then the first part's
    start and the last part's end. `day_types` empty means every day. `from_day` and `until_day` bound a season, both days
    within: dates (`2026-11-15`), or days of every year (`11-15`, over new year if need be); empty means no bound.
    """

    id: str
    name: Words
    starts: time
    ends: time
    segments: tuple[tuple[time, time], ...] = ()
    presence: Presence = Presence.ON_SITE
    day_types: tuple[DayType, ...] = ()
    from_day: str = ""
    until_day: str = ""

    @property
    def spans(self) -> tuple[tuple[time, time], ...]:
        """The parts of the shift, one or more."""
        return self.segments or ((self.starts, self.ends),)

    def worked_on(self, day: date, day_type: DayType) -> bool:
        """Whether a shift of this kind begins on that day."""
        return (not self.day_types or day_type in self.day_types) and self._in_season(day.isoformat())

    def _in_season(self, day: str) -> bool:
        first, last = self.from_day, self.until_day
        if len(first) == len("11-15"):  # every year
            day = day[5:]
            if first > last:
                return day >= first or day <= last
        return (not first or first <= day) and (not last or day <= last)


class Rota(msgspec.Struct, frozen=True):
    """Who stands in `seat` on each day of a repeating cycle: `days[i]` maps a template to a person, day 0 is `from_day`.
    A shift that is not worked on a date gives nothing there.
    """

    seat: str
    from_day: str
    days: tuple[Mapping[str, str], ...]


class Rotation(msgspec.Struct, frozen=True):
    """A pattern that crews go through (轮班), for filling a month's draft.

    `cycle[i]` is a template's id, or "" for rest. The first crew stands at `cycle[0]` on `from_day`; each crew is
    `step_days` behind the one before it. A crew has one person for each of `seats`, in their order.
    """

    id: str
    name: Words
    seats: tuple[str, ...]
    from_day: str
    cycle: tuple[str, ...]
    crews: tuple[tuple[str, ...], ...]
    step_days: int = 1

    def shift_of(self, crew: int, day: date) -> str:
        """The template that a crew works on a day, "" for rest. Days before `from_day` go on backwards."""
        into = (day - date.fromisoformat(self.from_day)).days - crew * self.step_days
        return self.cycle[into % len(self.cycle)]


class Staffing(msgspec.Struct, frozen=True):
    """How many a post needs between two clock times (DUTY-02): at least `min` people on site, of whom one at least holds
    each of `certificates`, each having one of `roles` (empty: any). `to` at or before `from_` is the next day, the same
    time the whole day round; the day type is that of the day on which the band begins (empty: every day).
    """

    from_: time = msgspec.field(name="from")
    to: time
    min: int = 1
    day_types: tuple[DayType, ...] = ()
    certificates: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()


class Mode(StrEnum):
    """A time that asks for more people than usual (DUTY-08): a holiday or an event, or a storm that keeps everybody here."""

    REINFORCED = "reinforced"
    ALL_HANDS = "all_hands"


class Post(msgspec.Struct, frozen=True):
    """A duty function (岗位), where it is, and how many it needs when; `checkpoint`: whose tags hang at it (DUTY-13). At least so many while duty is `reinforced`, and with all
    hands.
    """

    id: str
    name: Words
    location: Words | None = None
    staffing: tuple[Staffing, ...] = ()
    reinforced: int = 0
    all_hands: int = 0
    checkpoint: str | None = None

    def least(self, mode: Mode) -> int:
        """How many must be there in a mode."""
        return self.all_hands if mode is Mode.ALL_HANDS else self.reinforced


class Seat(msgspec.Struct, frozen=True):
    """A place of a post that must be held. `required` seats raise `duty.gap` when nobody holds them. `mandate`: whose
    authority goes with the seat for a shift (ROLE-05).
    """

    id: str
    post: str
    name: Words
    required: bool = True
    mandate: tuple[Role, ...] = ()


class FieldType(StrEnum):
    """What may be written in a form's field."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    PERSON = "person"
    TIME = "time"
    BOOL = "bool"


class Choice(msgspec.Struct, frozen=True):
    """One answer of a field that offers some; `id` is what is stored."""

    id: str
    name: Words


class FormField(msgspec.Struct, frozen=True):
    """One field of a form. `choices` is for the type `choice`, and only for it."""

    id: str
    name: Words
    type: FieldType = FieldType.TEXT
    required: bool = False
    choices: tuple[Choice, ...] = ()


class Form(msgspec.Struct, frozen=True):
    """A register of the site (LOG-08): 来访登记表, 放行通知单, … Each entry fills its fields."""

    id: str
    name: Words
    fields: tuple[FormField, ...]


class ItemKind(StrEnum):
    """What is done with a line of a hand-over's checklist: count it, see to it, hand over keys, or write about it."""

    ITEM = "item"
    CHECK = "check"
    KEY = "key"
    NOTE = "note"


class ChecklistItem(msgspec.Struct, frozen=True):
    """One line of a checklist (HND-05…07, 15). `expected` is how many there should be; items and keys have it."""

    id: str
    name: Words
    kind: ItemKind = ItemKind.CHECK
    expected: int | None = None
    mandatory: bool = True


class Checklist(msgspec.Struct, frozen=True):
    """What is gone through when a seat is handed over."""

    seat: str
    items: tuple[ChecklistItem, ...]


class PreCheck(msgspec.Struct, frozen=True):
    """One line of what is seen to before a shift begins (EQP-01)."""

    id: str
    name: Words
    required: bool = True


class PreChecks(msgspec.Struct, frozen=True):
    """What whoever signs on to a seat sees to first."""

    seat: str
    items: tuple[PreCheck, ...]


class Dated(msgspec.Struct, frozen=True):
    """A published shift, or one part of a split one: one person in one seat from `starts_at` until `ends_at` (UTC, end
    excluded). Who is `on_call` is reachable then, and does not hold the seat.
    """

    id: str
    seat: str
    person: str
    template: str
    starts_at: datetime
    ends_at: datetime
    on_call: bool = False
