"""What the API is told about rounds (see `api.bodies`)."""

from typing import Annotated

from pydantic import Field

from api.bodies import Body, Name, Said


class SuspendRound(Body):
    """Why nobody is to walk it."""

    reason: Said


class ExcusePoints(Body):
    """Why points were missed; none named: all that were."""

    points: Annotated[list[Name], Field(max_length=200, default_factory=list)]
    reason: Said
