"""What the API is told about tags (see `api.bodies`)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from api.bodies import Body, Name
from api.bodies import Said as Reason

Uid = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z:-]{4,40}$")]


class TagRead(Body):
    """A read of the tag itself, as its address gave it."""

    picc_data: Annotated[str, StringConstraints(max_length=64)]
    cmac: Annotated[str, StringConstraints(max_length=32)]


class AssignTag(Body):
    """Hang a tag: by its number, by a read with which it proves itself, or by neither: then a printed code is made."""

    checkpoint: Name
    uid: Uid | None = None
    read: TagRead | None = None
    proof: Literal["sun", "uid"] = "uid"
    key_version: Annotated[int, Field(ge=1, le=255)] = 1

    @model_validator(mode="after")
    def _one_of_them(self) -> "AssignTag":
        if self.uid is not None and self.read is not None:
            raise ValueError("either uid or read")
        return self


class TagReason(Body):
    """Why."""

    reason: Reason


class MoveTag(Body):
    """Where it hangs now, and why."""

    checkpoint: Name
    reason: Reason


class ReplaceTag(Body):
    """Which tag hangs in its place now, and why."""

    by: Uid
    reason: Reason
