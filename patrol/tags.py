"""The life of a tag: one state field, one table, one function. Pure; each act gives the tag after it and the log's line."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from logbook.rules import Line
from patrol.errors import ReasonOwed, TagNotThere
from patrol.flags import Tag, TagState
from sites.register import Register


class Act(StrEnum):
    """What can happen to a tag that is registered."""

    BLOCK = "block"  # lost, or torn off
    RESTORE = "restore"  # it was found again
    MOVE = "move"  # it hangs at another point now
    REPLACE = "replace"  # another one hangs in its place
    ROTATE = "rotate"  # it was written with new keys


S, A = TagState, Act
NEXT: Final[Mapping[tuple[TagState, Act], TagState]] = {
    (S.ACTIVE, A.BLOCK): S.BLOCKED,
    (S.ACTIVE, A.MOVE): S.ACTIVE,
    (S.ACTIVE, A.REPLACE): S.REPLACED,
    (S.ACTIVE, A.ROTATE): S.ACTIVE,
    (S.BLOCKED, A.RESTORE): S.ACTIVE,
    (S.BLOCKED, A.REPLACE): S.REPLACED,
}


def step(tag: Tag, act: Act, by: str, reason: str, at: datetime, **data: Any) -> tuple[Tag, Line]:
    """The tag after `act`. Raises `TagNotThere`, `ReasonOwed`."""
    if not reason.strip():
        raise ReasonOwed(field="reason")
    state = NEXT.get((tag.state, act))
    if state is None:
        raise TagNotThere(state=tag.state.value)
    told = {"checkpoint": tag.checkpoint_id, "reason": reason.strip(), **data}
    return msgspec.structs.replace(tag, state=state), Line(at, f"patrol.tag_{act}", by, f"tag/{tag.uid}", told)


def assigned(tag: Tag, by: str, at: datetime) -> Line:
    """What the log says of a new one."""
    told = {"checkpoint": tag.checkpoint_id, "proof": tag.proof, "key_version": tag.key_version}
    return Line(at, "patrol.tag", by, f"tag/{tag.uid}", told)


def marks(tags: Collection[Tag], register: Register) -> dict[str, str]:
    """Which point each tag in use stands for, by the hash of its UID: a phone knows by it what it has read, and no UID by it. A
    tag's row is what counts, before the register's word.
    """
    told = {uid: point.id for point in register.checkpoints.values() for uid in point.tags}
    for tag in tags:
        told.pop(tag.uid, None)
    told |= {tag.uid: tag.checkpoint_id for tag in tags if tag.state is TagState.ACTIVE}
    return {hashlib.sha256(uid.encode()).hexdigest(): point for uid, point in told.items()}
