"""What a tap proves. Pure: a tap is evidence, so an odd one is flagged and kept, never dropped."""

from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from core.wire import Event
from sites.register import Register


class Proof(StrEnum):
    """How well a tap is proved, best first."""

    SUN = "sun"
    UID = "uid"
    QR = "qr"
    MANUAL = "manual"


class Tap(msgspec.Struct, frozen=True):
    """One tap. `flag` says what is odd about it, if anything."""

    event_id: str
    tag: str
    checkpoint_id: str | None
    person_id: str | None
    proof: str
    flag: str | None
    said_at: datetime
    heard_at: datetime


def normal_tag(tag: str) -> str:
    """Upper hex without separators, however the reader wrote it."""
    return "".join(c for c in tag.upper() if c.isalnum())


def judge_tap(event: Event, register: Register, at: datetime) -> Tap:
    """Which checkpoint and guard a tap names, and what is odd about it."""
    tag = normal_tag(str(event.data.get("tag", "")))
    guard = str(event.data.get("guard", ""))
    proof = str(event.data.get("proof", Proof.UID))
    checkpoint = register.checkpoint_of(tag)
    flag = None
    if checkpoint is None:
        flag = "unknown_tag"
    elif guard not in register.people:
        flag = "unknown_guard"
    elif proof not in set(Proof):
        flag = "unknown_proof"
    return Tap(
        event.id,
        tag,
        checkpoint.id if checkpoint else None,
        guard if guard in register.people else None,
        proof,
        flag,
        event.said_at.astimezone(UTC),
        at,
    )
