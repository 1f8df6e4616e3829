"""What the solver is asked, and what it says. Plain values, the same in memory and as JSON; nothing here does I/O."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from sites.duty_words import DayType
from sites.people import Certificate

Aware = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=1000)]

ANY: Final = ""  # a template or a seat that is not named


class Demand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shift that must be worked in a seat: `need` people, of whom one at least holds each of `certificates`, each having
    one of `roles` (empty: any). `day` is the local day on which it begins; from `starts_at` until `ends_at` whoever works
    it can be nowhere else. `minutes` are those that count as working time (None: all of it; 0: on call).
    """

    seat: str
    post: str
    day: date
    template: str
    starts_at: Aware
    ends_at: Aware
    need: Annotated[int, Meta(ge=1, le=100)] = 1
    certificates: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    night: bool = False
    day_type: DayType = DayType.WORKDAY
    minutes: Count | None = None

    @property
    def worked(self) -> int:
        """Working time, in minutes."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60 if self.minutes is None else self.minutes


class Worked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shift of the days before, which counts for rest, for days in a row and for the week's hours."""

    day: date
    template: str
    starts_at: Aware
    ends_at: Aware
    minutes: Annotated[int, Meta(ge=0)]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shifts that somebody would like, or would rather not have: of a day (None: of any), of a template (empty: any)."""

    day: date | None = None
    template: str = ANY


class Load(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody bore in earlier months, as far back as the site evens out."""

    nights: Annotated[int, Meta(ge=0)] = 0
    weekends: Annotated[int, Meta(ge=0)] = 0
    holidays: Annotated[int, Meta(ge=0)] = 0
    minutes: Annotated[int, Meta(ge=0)] = 0


class Worker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may be rostered. `posts` empty means any; `share` is the part of a full load, in per cent; `leave` are
    local days that no shift may touch.
    """

    id: str
    posts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    prefers: tuple[Wish, ...] = ()
    avoids: tuple[Wish, ...] = ()
    leave: tuple[date, ...] = ()
    share: Annotated[int, Meta(ge=1, le=100)] = 100
    load: Load = Load()
    before: tuple[Worked, ...] = ()


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site's limits (DUTY-05); 0: no limit. `max_week_h` is for any seven days. `successions` are pairs of templates of
    which the second must not be worked on the day after the first.
    """

    rest_min_h: Annotated[int, Meta(ge=0, le=72)] = 11
    max_consecutive_days: Annotated[int, Meta(ge=0, le=31)] = 6
    max_week_h: Annotated[int, Meta(ge=0, le=168)] = 44
    successions: tuple[tuple[str, str], ...] = ()


class Fixed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell that is painted by hand and stays: this person works this template that day, in this seat (empty: in any).
    No template means rest: no shift begins for them that day.
    """

    person: str
    day: date
    template: str = ANY
    seat: str = ANY


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a wish not met costs, and what each night, weekend or holiday shift and each hour away from the fair share."""

    wish: Count = 8
    night: Count = 4
    weekend: Count = 4
    holiday: Count = 6
    hour: Count = 1


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A month to be filled. `zone` is the site's. With the same `seed` the same rosters are found in the same order; how far
    that gets before the time is up depends on the machine, unless the answer is proven.
    """

    zone: str
    people: tuple[Worker, ...]
    demands: tuple[Demand, ...]
    limits: Limits = Limits()
    fixed: tuple[Fixed, ...] = ()
    weights: Weights = Weights()
    seed: Count = 1


class Cell(msgspec.Struct, frozen=True, order=True):
    """One person works one shift in one seat."""

    day: date
    seat: str
    template: str
    person: str


class Costs(msgspec.Struct, frozen=True):
    """What an answer costs, part by part; each is its weight times what is amiss."""

    wishes: int = 0
    nights: int = 0
    weekends: int = 0
    holidays: int = 0
    hours: int = 0

    @property
    def total(self) -> int:
        """What the solver makes small."""
        return self.wishes + self.nights + self.weekends + self.holidays + self.hours


class Code(StrEnum):
    """The rules that may clash. Their subjects: `coverage` seat, day, template; `certificate` these and its name;
    `eligible` (post and role) the seat; `leave` person and day; `fixed` a cell; the others a person.
    """

    WEEK_HOURS = "week_hours"
    CONSECUTIVE = "consecutive_days"
    SUCCESSION = "succession"
    REST = "rest"
    ELIGIBLE = "eligible"
    CERTIFICATE = "certificate"
    LEAVE = "leave"
    FIXED = "fixed"
    COVERAGE = "coverage"


class Rule(msgspec.Struct, frozen=True):
    """One rule with its subject, as it is named when rules clash."""

    code: Code
    person: str = ""
    seat: str = ""
    day: date | None = None
    template: str = ""
    certificate: str = ""


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """Who works what; `proven`: nothing cheaper exists. `bound`: no answer costs less than this."""

    cells: tuple[Cell, ...]
    costs: Costs
    bound: int
    proven: bool
    seconds: float


class Clash(msgspec.Struct, frozen=True, tag="clash"):
    """There is no answer: these rules cannot all hold. `minimal`: without any one of them the others can."""

    rules: tuple[Rule, ...]
    minimal: bool
    seconds: float


class Why(StrEnum):
    """Why nothing is known."""

    TIME = "time"
    MEMORY = "memory"
    CRASHED = "crashed"


class GaveUp(msgspec.Struct, frozen=True, tag="gave_up"):
    """Neither an answer nor a proof that there is none. `detail` is for the engineer."""

    why: Why
    detail: str = ""


Outcome = Answer | Clash | GaveUp
