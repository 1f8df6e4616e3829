"""What a tap says. Pure: a tap is evidence, so an odd one is flagged and kept, never dropped; what is odd about it beside
others is `patrol.flags`' to say.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from core.wire import Event
from sites.register import Register


class Proof(StrEnum):
    """How well a tap is proved, best first."""

    SUN = "sun"
    UID = "uid"
    QR = "qr"
    MANUAL = "manual"


class Tap(msgspec.Struct, frozen=True, kw_only=True):
    """One tap. `flags` say what is odd about it; `counts`: whether it proves a point all the same. `synced`: it was kept while
    there was no line, and `said_at` tells when it was done; where a gateway kept it, `kept_at`, by which it vouches for when
    it took it, whatever the reader's own clock says. `answers` are to the point's tasks, by their ids.
    """

    event_id: str
    tag: str
    checkpoint_id: str | None
    person_id: str | None
    proof: str
    flags: tuple[str, ...] = ()
    counts: bool = True
    said_at: datetime
    heard_at: datetime
    synced: bool = False
    kept_at: datetime | None = None
    client: str = ""
    counter: int | None = None
    answers: dict[str, Any] = {}
    note: str = ""
    photos: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        """When it was done, as far as we know."""
        return done_at(self.said_at, self.heard_at, self.kept_at, synced=self.synced)


def done_at(said_at: datetime, heard_at: datetime, kept_at: datetime | None, *, synced: bool) -> datetime:
    """When a tap was done, as far as we know: when we heard it, unless it was kept on its way."""
    if kept_at is not None:
        return min(kept_at, heard_at)
    return min(said_at, heard_at) if synced else heard_at


# What cannot prove a point, whatever else is right about it.
WORTHLESS: Final = frozenset({"unknown_tag", "unknown_guard", "unknown_proof"})


MOST_ANSWERS: Final = 50
LONGEST_NOTE: Final = 1000
ON_ITS_WAY: Final = timedelta(seconds=10)  # what took longer to come was kept somewhere


def normal_tag(tag: str) -> str:
    """Upper hex without separators, however the reader wrote it."""
    return "".join(c for c in tag.upper() if c.isalnum())


def read_tap(event: Event, register: Register, at: datetime, kept_at: datetime | None = None) -> Tap:
    """Which checkpoint and guard a tap names, and what is odd about that alone. `kept_at`: when its gateway took it, if
    that is known: one that waited there is as good as one that a phone kept.
    """
    data = event.data
    synced = data.get("synced") is True
    waited = kept_at is not None and at - kept_at > ON_ITS_WAY
    if synced or not waited:
        kept_at = None
    tag = normal_tag(str(data.get("tag", "")))
    guard = str(data.get("guard", ""))
    proof = str(data.get("proof", Proof.UID))
    checkpoint = register.checkpoint_of(tag)
    flags = []
    if checkpoint is None:
        flags.append("unknown_tag")
    if guard not in register.people:
        flags.append("unknown_guard")
    if proof not in set(Proof):
        flags.append("unknown_proof")
    counter, note = data.get("counter"), data.get("note")
    return Tap(
        event_id=event.id,
        tag=tag,
        checkpoint_id=checkpoint.id if checkpoint else None,
        person_id=guard if guard in register.people else None,
        proof=proof,
        flags=tuple(flags),
        counts=not WORTHLESS & set(flags),
        said_at=event.said_at.astimezone(UTC),
        heard_at=at,
        synced=synced or waited,
        kept_at=None if kept_at is None else kept_at.astimezone(UTC),
        client=event.device,
        counter=counter if isinstance(counter, int) and not isinstance(counter, bool) else None,
        answers=_answers(data.get("answers")),
        note=note[:LONGEST_NOTE] if isinstance(note, str) else "",
    )


def _answers(said: Any) -> dict[str, Any]:
    """What a reader tells of the point's tasks, as far as that can be answers; the event keeps what it said."""
    if not isinstance(said, dict):
        return {}
    some = list(said.items())[:MOST_ANSWERS]
    return {task: answer for task, answer in some if isinstance(answer, bool | int | float) or _words(answer)}


def _words(answer: Any) -> bool:
    return isinstance(answer, str) and len(answer) <= LONGEST_NOTE
