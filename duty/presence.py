"""Presence checks (查岗): when the next one comes, and the life of one. Pure.

A random time follows from a seed that nobody is shown before the check has come. The line that asks names it, and binds
the next one by its hash: afterwards anybody can prove that no time was chosen by hand.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from duty.presence_errors import CheckNotAllowed
from logbook.rules import Line
from sites.duty_policies import CheckMode, PresenceCheck
from sites.register import Register

DEAF: Final = timedelta(seconds=15)  # a window that ended longer ago than this ended while nobody was looking


class CheckState(StrEnum):
    """Where a presence check stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    MISSED = "missed"  # the window went by; an alert stands
    LATE = "late"  # answered after all
    VOID = "void"  # the seat changed hands meanwhile: nobody is left to answer


class Act(StrEnum):
    """What can happen to a presence check."""

    EXTEND = "extend"  # the window ended while the server was down: it is given once more
    ANSWER = "answer"
    MISS = "miss"
    LATE = "late"
    VOID = "void"


S, A = CheckState, Act
NEXT: Final[Mapping[tuple[CheckState, Act], CheckState]] = {
    (S.ASKED, A.EXTEND): S.ASKED,
    (S.ASKED, A.ANSWER): S.ANSWERED,
    (S.ASKED, A.MISS): S.MISSED,
    (S.ASKED, A.VOID): S.VOID,
    (S.MISSED, A.LATE): S.LATE,
    (S.MISSED, A.VOID): S.VOID,
}
LIVE: Final = frozenset({S.ASKED, S.MISSED})


class How(StrEnum):
    """Why a check was asked."""

    RANDOM = "random"
    SCHEDULE = "schedule"
    HAND = "hand"  # somebody called it
    LONE = "lone"  # the person walks alone, and gave no sign of life for a while


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One presence check: the person asked, until when, and when they answered. `by`: who called it by hand."""

    site_id: str
    id: str
    seat_id: str
    person_id: str
    how: How
    by: str | None = None
    state: CheckState = CheckState.ASKED
    asked_at: datetime
    until: datetime
    extended: bool = False
    answered_at: datetime | None = None

    @property
    def answer_ms(self) -> int | None:
        """How long the answer took, in milliseconds; a clock set back makes it zero."""
        if self.answered_at is None:
            return None
        return max(0, (self.answered_at - self.asked_at) // timedelta(milliseconds=1))

    @property
    def shown(self) -> dict[str, Any]:
        """What the pages are told."""
        told = {f: getattr(self, f) for f in self.__struct_fields__ if f not in {"site_id", "extended"}}
        return told | {"answer_ms": self.answer_ms}


Stepped = tuple[Check, Line]


def step(
    check: Check, act: Act, *, at: datetime, by: str, told: Mapping[str, Any] | None = None, **change: Any
) -> Stepped:
    """The check after `act`, with its line. Raises `CheckNotAllowed` when the table has no such edge."""
    try:
        state = NEXT[check.state, act]
    except KeyError:
        raise CheckNotAllowed(state=check.state, act=act) from None
    after = msgspec.structs.replace(check, state=state, **change)
    said = {"seat": check.seat_id, "person": check.person_id, "from": check.state, "to": state, **(told or {})}
    return after, Line(at, f"presence.{act}", by, f"presence/{check.id}", said)


def answer(check: Check, *, at: datetime) -> list[Stepped]:
    """The person asked answers: in time, or, once the window is over, late; then it was missed first."""
    made: list[Stepped] = []
    if check.state is S.ASKED and at > check.until:
        made.append(step(check, A.MISS, at=at, by="system"))
        check = made[-1][0]
    act = A.LATE if check.state is S.MISSED else A.ANSWER
    told = {"ms": msgspec.structs.replace(check, answered_at=at).answer_ms}
    return [*made, step(check, act, at=at, by=check.person_id, told=told, answered_at=at)]


def due(check: Check, window_s: int, *, at: datetime) -> Stepped:
    """The window has ended: missed, unless it ended while nobody was looking; then it is given once more."""
    if not check.extended and at - check.until > DEAF:
        until = at + timedelta(seconds=window_s)
        return step(check, A.EXTEND, at=at, by="system", told={"until": until}, until=until, extended=True)
    return step(check, A.MISS, at=at, by="system")


class Plan(msgspec.Struct, frozen=True):
    """When a seat's next check comes, counted from `since`. `seed` is only for random ones, and secret until then."""

    seat: str
    mode: CheckMode
    every_min: int
    since: datetime
    seed: str
    due_at: datetime

    def follows(self, policy: PresenceCheck) -> bool:
        """Whether it was made by the rule that holds now."""
        return (self.mode, self.every_min) == (policy.mode, policy.every_min)


def plan(seat: str, policy: PresenceCheck, zone: ZoneInfo, since: datetime, seed: str) -> Plan:
    """When the next check comes after `since`."""
    if policy.mode is CheckMode.SCHEDULE:
        at = on_schedule(policy.every_min, zone, since)
    else:
        at = since + drawn(seed, policy.every_min * 60, policy.window_s)
    return Plan(seat, policy.mode, policy.every_min, since, seed, at)


def on_schedule(every_min: int, zone: ZoneInfo, since: datetime) -> datetime:
    """The next of the times that lie `every_min` apart, counted from each local midnight. Two are never further apart, in
    real time, also on a day on which the clocks change.
    """
    day = since.astimezone(zone).date()
    midnight, next_ = (datetime.combine(d, time(), zone).astimezone(since.tzinfo) for d in (day, day + timedelta(1)))
    every = timedelta(minutes=every_min)
    return min(midnight + ((since - midnight) // every + 1) * every, next_)


def drawn(seed: str, every_s: int, window_s: int) -> timedelta:
    """A span drawn by `seed`: any from one window on is as likely as another, `every_s` on average."""
    share = int.from_bytes(sha256(seed.encode()).digest()[:8]) / 2**64
    return timedelta(seconds=window_s + share * 2 * (every_s - window_s))


def bound(seed: str) -> str:
    """What is said of a seed before it is named."""
    return sha256(f"presence/{seed}".encode()).hexdigest()


def seats_of(register: Register) -> tuple[str, ...]:
    """Whose holders are checked without being called by hand."""
    policy = register.policies.duty.presence_check
    if policy.mode is CheckMode.OFF:
        return ()
    return policy.seats or tuple(seat.id for seat in register.seats.values() if seat.required)
