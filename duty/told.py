"""Coming to a seat and leaving it without a line: what a phone tells of it later, and the life of that. Pure (ATT-01, PAT-11).

What we heard is the fact, what the phone said is evidence. In a cellar nobody can check a password, so that the phone asks
for none: an act is only *told*, with the phone's time and ours, until its person proves on line to be themselves. What they
last did then counts, from that moment on; what came before it stays as it was told.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from logbook.rules import Line

FRESH: Final = timedelta(hours=24)  # who proves an older act is in no seat for it any more


class Deed(StrEnum):
    """What somebody did without a line."""

    ON = "on"
    OFF = "off"


class ToldState(StrEnum):
    """Where a told act stands."""

    TOLD = "told"  # by a phone; nobody has proved to be the person
    COUNTED = "counted"  # proved, and done: the seat changed hands when we heard the proof
    KEPT = "kept"  # proved, and nothing to do any more: it stays as evidence


class Act(StrEnum):
    """What can happen to a told act."""

    COUNT = "count"
    KEEP = "keep"


NEXT: Final[Mapping[tuple[ToldState, Act], ToldState]] = {
    (ToldState.TOLD, Act.COUNT): ToldState.COUNTED,
    (ToldState.TOLD, Act.KEEP): ToldState.KEPT,
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One act: by the phone's clock, and when we heard of it. `edited`: it did not fit the chain of its phone. `how`: by what
    its person proved to be themselves; `why`: the code of what stood in the way.
    """

    site_id: str
    id: str
    client: str
    person_id: str
    deed: Deed
    seat_id: str
    said_at: datetime
    heard_at: datetime
    edited: bool = False
    state: ToldState = ToldState.TOLD
    how: str | None = None
    why: str | None = None
    proved_at: datetime | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """What the pages are told."""
        return {f: getattr(self, f) for f in self.__struct_fields__ if f != "site_id"}


def heard(told: Told) -> Line:
    """The line of an act that a phone has told."""
    return _line(told, "duty.told", told.heard_at, **({"edited": True} if told.edited else {}))


def step(told: Told, act: Act, *, at: datetime, how: str, why: str | None = None) -> tuple[Told, Line]:
    """The act after its person has proved it, with its line. An act is proved once: a second time is a KeyError."""
    after = msgspec.structs.replace(told, state=NEXT[told.state, act], how=how, why=why, proved_at=at)
    more = {"heard_at": told.heard_at, "how": how} | ({"why": why} if why else {})
    return after, _line(after, f"duty.told_{act}", at, **more)


def last(waiting: Sequence[Told], at: datetime) -> set[str]:
    """Which of somebody's told acts may still change a seat: the last one of each seat, unless it is of yesterday."""
    by_seat = {one.seat_id: one for one in sorted(waiting, key=lambda t: (t.said_at, t.heard_at, t.id))}
    return {one.id for one in by_seat.values() if at - one.said_at <= FRESH}


def _line(told: Told, act: str, at: datetime, **more: Any) -> Line:
    data = {"seat": told.seat_id, "deed": told.deed, "said_at": told.said_at, **more}
    return Line(at, act, told.person_id, f"seat/{told.seat_id}", data)
