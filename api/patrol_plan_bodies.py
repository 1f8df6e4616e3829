"""What the API is told of patrol routes and plans: the pack's own words, so that the pack's own shapes judge them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from api.bodies import Body, Short
from api.bodies import Said as Reason
from sites.duty_words import DayType
from sites.patrol_words import Order, TaskKind

_Id = Annotated[str, StringConstraints(max_length=64)]
_Number = Annotated[float, Field(ge=-1e8, le=1e8, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$")]


class DraftWords(Body):
    """A name in both languages."""

    zh: Short
    en: Short


class DraftChoice(Body):
    """One of the answers to choose from."""

    id: _Id
    name: DraftWords


class DraftTask(Body):
    """One thing to see to at a point."""

    id: _Id
    name: DraftWords
    kind: TaskKind = TaskKind.YES_NO
    required: bool = True
    unit: Short = ""
    least: _Number | None = None
    most: _Number | None = None
    choices: Annotated[list[DraftChoice], Field(max_length=64, default_factory=list)]
    bad: Annotated[list[_Id], Field(max_length=64, default_factory=list)]
    violation: bool = False


class DraftStop(Body):
    """A checkpoint on a route, and how long the way to it may take, least and most in seconds."""

    checkpoint: _Id
    tasks: Annotated[list[DraftTask], Field(max_length=64, default_factory=list)]
    leg_s: tuple[_Count, _Count] | None = None


class DraftRoute(Body):
    """The points of a round."""

    id: _Id
    name: DraftWords
    stops: Annotated[list[DraftStop], Field(max_length=400)]
    order: Order = Order.ORDERED
    night: bool = False


class DraftPlan(Body):
    """When a route is walked: one of `every_min`, `per_shift` and `rrule`; nought and nothing are none."""

    id: _Id
    route: _Id
    seat: _Id
    every_min: _Count = 0
    per_shift: _Count = 0
    rrule: Annotated[str, StringConstraints(max_length=200)] = ""
    from_: Annotated[_Clock, Field(alias="from")] = "00:00"
    to: _Clock = "00:00"
    window_min: _Count = 0
    grace_min: _Count = 5
    day_types: Annotated[list[DayType], Field(max_length=8, default_factory=list)]


class PatrolDraft(Body):
    """Every route and plan of the site, as they are to be."""

    routes: Annotated[list[DraftRoute], Field(max_length=200)]
    plans: Annotated[list[DraftPlan], Field(max_length=200)]


class PatrolEdit(PatrolDraft):
    """The same, to be kept. `version`: the register that it was made from."""

    version: Annotated[int, Field(ge=1)]
    reason: Reason
