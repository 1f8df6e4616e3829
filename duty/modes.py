"""Reinforced duty and all hands (DUTY-08): for a holiday, an event or a storm, more people than usual, from when until when.

Pure. A mode raises what each post needs; everybody is told; who must come and has not signed on is listed. An open end
counts for a day at a time towards the shifts to come, since nobody knows how long a storm lasts.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from duty.handover_errors import WordsOwed
from duty.mode_errors import ModeNotAllowed, ModeRole, ModeTimes, ModeTwice
from duty.rules import Attended
from logbook.rules import Line
from sites.duty_words import Dated, Mode
from sites.people import Role
from sites.register import Register

OPEN_FOR: Final = timedelta(hours=24)
LONGEST: Final = timedelta(days=31)
HANDS: Final = frozenset({Role.GUARD, Role.OPERATOR, Role.SUPERVISOR, Role.MANAGER, Role.ENGINEER})


class ModeState(StrEnum):
    """Where a mode stands."""

    PLANNED = "planned"
    ON = "on"
    OVER = "over"
    LIFTED = "lifted"  # before its end, or before it began


class Act(StrEnum):
    """What can happen to a mode."""

    BEGIN = "begin"
    END = "end"
    LIFT = "lift"


S, A = ModeState, Act
LIVE: Final = frozenset({S.PLANNED, S.ON})
NEXT: Final[Mapping[tuple[ModeState, Act], ModeState]] = {
    (S.PLANNED, A.BEGIN): S.ON,
    (S.PLANNED, A.LIFT): S.LIFTED,
    (S.ON, A.END): S.OVER,
    (S.ON, A.LIFT): S.LIFTED,
}


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """One time of reinforced duty or all hands. `ends_at` None: until it is lifted; `counts_until`: how far it raises what
    the shifts to come need.
    """

    site_id: str
    id: str
    mode: Mode
    state: ModeState
    reason: str
    called_by: str
    called_at: datetime
    starts_at: datetime
    ends_at: datetime | None = None
    counts_until: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_reason: str = ""

    @property
    def shown(self) -> dict[str, Any]:
        """What the pages are told."""
        return {f: getattr(self, f) for f in self.__struct_fields__ if f not in {"site_id", "counts_until"}}

    @property
    def due_at(self) -> datetime | None:
        """When to look at it next."""
        if self.state is S.PLANNED:
            return self.starts_at
        return self.counts_until if self.state is S.ON else None

    @property
    def until(self) -> datetime:
        """How far it raises what is needed: less, if it was lifted before that."""
        return self.counts_until if self.ended_at is None else min(self.counts_until, self.ended_at)


Stepped = tuple[Called, Line]


def called(
    register: Register,
    mode_id: str,
    mode: Mode,
    reason: str,
    *,
    by: str,
    roles: Collection[Role],
    at: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    live: Iterable[Called] = (),
) -> Stepped:
    """Call it: from now on, or from a time to come. Raises what it refuses."""
    if set(roles).isdisjoint(register.policies.duty.mode_callers):
        raise ModeRole(roles=list(register.policies.duty.mode_callers))
    if not reason.strip():
        raise WordsOwed(field="reason")
    starts = at if starts_at is None else starts_at
    if starts < at or starts > at + LONGEST:
        raise ModeTimes(field="starts_at")
    if ends_at is not None and not starts < ends_at <= starts + LONGEST:
        raise ModeTimes(field="ends_at")
    if any(c.mode is mode and _meet(c, starts, ends_at) for c in live):
        raise ModeTwice(field="mode")
    made = Called(
        site_id=register.site_id,
        id=mode_id,
        mode=mode,
        state=S.ON if starts <= at else S.PLANNED,
        reason=reason.strip(),
        called_by=by,
        called_at=at,
        starts_at=starts,
        ends_at=ends_at,
        counts_until=ends_at or starts + OPEN_FOR,
    )
    told = {"to": made.state, "reason": made.reason, "starts_at": starts, "ends_at": ends_at}
    return made, Line(at, "mode.call", by, f"mode/{mode}", told)


def step(mode: Called, act: Act, *, by: str, at: datetime, reason: str = "") -> Stepped:
    """The mode after `act`, with its line. Raises `ModeNotAllowed` when the table has no such edge."""
    try:
        state = NEXT[mode.state, act]
    except KeyError:
        raise ModeNotAllowed(state=mode.state, act=act) from None
    change: dict[str, Any] = {"state": state}
    if state not in LIVE:
        change |= {"ended_at": at, "ended_by": by, "end_reason": reason}
    told = {"from": mode.state, "to": state} | ({"reason": reason} if reason else {})
    return msgspec.structs.replace(mode, **change), Line(at, f"mode.{act}", by, f"mode/{mode.mode}", told)


def lifted(register: Register, mode: Called, reason: str, *, by: str, roles: Collection[Role], at: datetime) -> Stepped:
    """Somebody says that it is over, and why."""
    if set(roles).isdisjoint(register.policies.duty.mode_callers):
        raise ModeRole(roles=list(register.policies.duty.mode_callers))
    if not reason.strip():
        raise WordsOwed(field="reason")
    return step(mode, A.LIFT, by=by, at=at, reason=reason.strip())


class Strength(msgspec.Struct, frozen=True):
    """How many are signed on at a post, and how many it needs now."""

    post: str
    have: int
    need: int
    people: tuple[str, ...]


class Muster(msgspec.Struct, frozen=True):
    """Who is there of those who must be: `missing` have not signed on anywhere, with the shift that says so, if one does."""

    posts: tuple[Strength, ...]
    present: tuple[str, ...]
    missing: tuple[tuple[str, str | None], ...]
    excused: tuple[str, ...]


def muster(
    register: Register,
    modes: Iterable[Mode],
    needs: Mapping[str, int],
    running: Iterable[Dated],
    stays: Iterable[Attended],
    on_leave: Collection[str],
) -> Muster:
    """At this instant. With all hands everybody who works here must come, else whoever has a shift; who is on approved leave
    is excused.
    """
    here: dict[str, set[str]] = {}
    for stay in stays:
        if stay.off_at is None and stay.seat in register.seats:
            here.setdefault(register.seats[stay.seat].post, set()).add(stay.person)
    present = {p for people in here.values() for p in people}
    shifts = {s.person: s.seat for s in running if not s.on_call and s.seat in register.seats}
    must = set(shifts)
    if Mode.ALL_HANDS in set(modes):
        must |= {p.id for p in register.people.values() if not HANDS.isdisjoint(p.roles)}
    excused = must & set(on_leave) - present
    posts = tuple(
        Strength(post, len(here.get(post, ())), needs.get(post, 0), tuple(sorted(here.get(post, ()))))
        for post in register.posts
    )
    missing = tuple((p, shifts.get(p)) for p in sorted(must - present - excused))
    return Muster(posts, tuple(sorted(present)), missing, tuple(sorted(excused)))


def _meet(one: Called, starts: datetime, ends: datetime | None) -> bool:
    return (one.ends_at is None or starts < one.ends_at) and (ends is None or one.starts_at < ends)
