"""What the API is told about requests for leave, swaps, substitutes and call-ins (see `api.bodies`)."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Discriminator, Field, StrictBool

from api.bodies import Body, Long, Name, Said
from duty.request_moves import Slot

_DAY = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]


def _in_reach(at: datetime) -> datetime:
    """Years beyond these overflow when they are placed in a time zone."""
    if not 2000 <= at.year <= 2099:
        raise ValueError("the time is out of reach")
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_reach)]


class ShiftOf(Body):
    """A shift: seat, the day on which it begins, and its template."""

    seat: Name
    day: _DAY
    template: Name

    @property
    def slot(self) -> Slot:
        """The same, as the rules have it."""
        return Slot(self.seat, self.day, self.template)


class ShiftFor(ShiftOf):
    """A shift, and who is to stand in it."""

    person: Name


class Leave(Body):
    """Away from one time until another; `stand_in` must agree, without one the seat is a gap until somebody is found.
    `in_lieu`: for holidays that were worked (DUTY-11).
    """

    kind: Literal["leave"]
    starts_at: Moment
    ends_at: Moment
    reason: Said
    stand_in: Name | None = None
    in_lieu: StrictBool = False


class Swap(Body):
    """My shift for the shift of whoever stands in `theirs`."""

    kind: Literal["swap"]
    mine: ShiftOf
    theirs: ShiftOf
    reason: Said


class Substitute(Body):
    """`other` is to take my shift."""

    kind: Literal["substitute"]
    mine: ShiftOf
    other: Name
    reason: Said


class CallIn(Body):
    """More people than the roster says. `override`: why a rule may be broken, when one is."""

    kind: Literal["reinforcement"]
    shifts: Annotated[list[ShiftFor], Field(min_length=1, max_length=200)]
    reason: Said
    override: Long = ""


AskRequest = Annotated[Leave | Swap | Substitute | CallIn, Discriminator("kind")]


class ApproveRequest(Body):
    """`override`: why a rule may be broken; `stand_in`: who is to stand there instead of whoever was asked."""

    override: Long = ""
    stand_in: Name | None = None
    answer: Long = ""


class RefuseRequest(Body):
    """Why not."""

    reason: Said
