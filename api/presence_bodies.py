"""What the API is told about presence (see `api.bodies`)."""

from typing import Annotated

from pydantic import Field

from api.bodies import Body, Long, Name, Said, Secret, Short

Minutes = Annotated[int, Field(ge=1, le=240)]


class AnswerCheck(Body):
    """The answer of the person asked; their own password once more, where the site wants it."""

    password: Secret | None = None


class LeavePost(Body):
    """Which seat to leave for how many minutes, and why; who stands in, or how to be reached; one's own password once more."""

    seat: Name
    minutes: Minutes
    reason: Said
    stand_in: Name | None = None
    contact: Short = ""
    password: Secret


class OwnPassword(Body):
    """The caller's own password once more."""

    password: Secret


class Declines(Body):
    """Why not."""

    reason: Long = ""


class RecallPerson(Body):
    """Within how many minutes to be back, and why."""

    minutes: Minutes
    reason: Said


class LoneBegin(Body):
    """Call me while I walk alone: in which seat, how many minutes after my last sign of life, and why."""

    seat: Name
    every_min: Annotated[int, Field(ge=5, le=240)]
    reason: Said


class LoneEnd(Body):
    """Call me no more, and why."""

    seat: Name
    reason: Said
