"""Leaving the post for a while (临时离岗): its life, and what the site asks for it (ATT-07, ATT-10). Pure.

With a stand-in, the holder stays responsible until the stand-in has accepted; then the stand-in holds the seat until the
holder comes back. Without one the holder stays responsible all the while, and can be reached.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from duty.handover_errors import NotInSeat, SamePerson, WordsOwed
from duty.presence_errors import AwayNotAllowed, ContactNeeded, NotYours, StandInNeeded, StandInUnfit, TooLong
from duty.rules import Basis, Holding
from logbook.rules import Line
from sites.duty_policies import LeaveNeeds
from sites.register import Register


class AwayState(StrEnum):
    """Where a leave of the post stands."""

    ASKED = "asked"  # the stand-in has not accepted yet
    AWAY = "away"
    RECALLED = "recalled"
    OVERDUE = "overdue"
    BACK = "back"
    ENDED = "ended"  # the holder's stay ended meanwhile
    DECLINED = "declined"  # the stand-in would not, or the holder stayed


class Act(StrEnum):
    """What can happen to a leave of the post."""

    ACCEPT = "accept"
    DECLINE = "decline"
    RECALL = "recall"
    OVERDUE = "overdue"
    RETURN = "return"
    END = "end"


S, A = AwayState, Act
GONE: Final = frozenset({S.AWAY, S.RECALLED, S.OVERDUE})
LIVE: Final = GONE | {S.ASKED}
NEXT: Final[Mapping[tuple[AwayState, Act], AwayState]] = {
    (S.ASKED, A.ACCEPT): S.AWAY,
    (S.ASKED, A.DECLINE): S.DECLINED,
    (S.ASKED, A.END): S.ENDED,
    (S.AWAY, A.RECALL): S.RECALLED,
    (S.RECALLED, A.RECALL): S.RECALLED,
    (S.AWAY, A.OVERDUE): S.OVERDUE,
    (S.RECALLED, A.OVERDUE): S.OVERDUE,
    **{(s, A.RETURN): S.BACK for s in sorted(GONE)},
    **{(s, A.END): S.ENDED for s in sorted(GONE)},
}


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """One leave of a post. `until`: when to be back; empty until it begins."""

    site_id: str
    id: str
    seat_id: str
    person_id: str
    stand_in: str | None = None
    contact: str = ""
    reason: str
    state: AwayState
    minutes: int
    asked_at: datetime
    left_at: datetime | None = None
    until: datetime | None = None
    ended_at: datetime | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """What the pages are told."""
        return {f: getattr(self, f) for f in self.__struct_fields__ if f != "site_id"}


Stepped = tuple[Away, Line]


def asked(
    register: Register,
    holding: Holding,
    away_id: str,
    person: str,
    minutes: int,
    reason: str,
    at: datetime,
    *,
    stand_in: str | None = None,
    contact: str = "",
    elsewhere: Collection[str] = (),
) -> Stepped:
    """Ask to leave a seat for a while; with nobody to stand in, it begins at once. `elsewhere`: who is away themselves."""
    policy = register.policies.duty
    if holding.person != person or holding.basis is not Basis.SIGNED_ON:
        raise NotInSeat(field="seat", holder=holding.person)
    if minutes > policy.leave_max_min:
        raise TooLong(field="minutes", most=policy.leave_max_min)
    if not reason.strip():
        raise WordsOwed(field="reason")
    if policy.leave_needs is LeaveNeeds.STAND_IN and stand_in is None:
        raise StandInNeeded(field="stand_in")
    if policy.leave_needs is LeaveNeeds.CONTACT and stand_in is None and not contact.strip():
        raise ContactNeeded(field="contact")
    if stand_in is not None:
        _fit(register, holding.seat, person, stand_in, elsewhere)
    made = Away(
        site_id=register.site_id,
        id=away_id,
        seat_id=holding.seat,
        person_id=person,
        stand_in=stand_in,
        contact=contact.strip(),
        reason=reason.strip(),
        state=S.ASKED if stand_in is not None else S.AWAY,
        minutes=minutes,
        asked_at=at,
        left_at=None if stand_in is not None else at,
        until=None if stand_in is not None else at + timedelta(minutes=minutes),
    )
    told: dict[str, Any] = {"seat": made.seat_id, "to": made.state, "stand_in": stand_in, "contact": made.contact}
    told |= {"reason": made.reason, "minutes": minutes}
    act = "away.ask" if stand_in is not None else "away.leave"
    return made, Line(at, act, person, f"away/{made.id}", told)


def _fit(register: Register, seat: str, person: str, stand_in: str, elsewhere: Collection[str]) -> None:
    """Whoever stands in is somebody else, of this site, may stand at that post, and is not away themselves."""
    if stand_in == person:
        raise SamePerson(field="stand_in")
    other = register.people.get(stand_in)
    post = register.seats[seat].post
    if other is None or (other.posts and post not in other.posts) or stand_in in elsewhere:
        raise StandInUnfit(field="stand_in", post=post)


def step(
    away: Away, act: Act, *, at: datetime, by: str, told: Mapping[str, Any] | None = None, **change: Any
) -> Stepped:
    """The leave after `act`, with its line. Raises `AwayNotAllowed` when the table has no such edge."""
    try:
        state = NEXT[away.state, act]
    except KeyError:
        raise AwayNotAllowed(state=away.state, act=act) from None
    if state not in LIVE:
        change["ended_at"] = at
    after = msgspec.structs.replace(away, state=state, **change)
    said = {"seat": away.seat_id, "person": away.person_id, "from": away.state, "to": state, **(told or {})}
    return after, Line(at, f"away.{act}", by, f"away/{away.id}", said)


def accept(away: Away, *, by: str, at: datetime) -> Stepped:
    """The stand-in takes the seat for a while: the leave begins."""
    if by != away.stand_in:
        raise NotYours(stand_in=away.stand_in)
    until = at + timedelta(minutes=away.minutes)
    told = {"stand_in": by, "until": until}
    return step(away, A.ACCEPT, at=at, by=by, told=told, left_at=at, until=until)


def decline(away: Away, reason: str, *, by: str, at: datetime) -> Stepped:
    """The stand-in will not, or the holder stays after all."""
    if by not in {away.stand_in, away.person_id}:
        raise NotYours(stand_in=away.stand_in)
    return step(away, A.DECLINE, at=at, by=by, told={"reason": reason.strip()})


def come_back(away: Away, *, by: str, at: datetime) -> Stepped:
    """The holder is back at the post; says how long they were gone, and by how much that was too long."""
    if by != away.person_id:
        raise NotYours(person=away.person_id)
    gone = at - (away.left_at or at)
    over = at - (away.until or at)
    told = {"stand_in": away.stand_in, "away_s": _whole(gone), "overdue_s": _whole(over)}
    return step(away, A.RETURN, at=at, by=by, told=told)


def recall(away: Away, minutes: int, reason: str, *, by: str, at: datetime) -> Stepped:
    """Somebody above calls the holder back, to be there within `minutes`, and never later than they were to be (ATT-10)."""
    if by == away.person_id:
        raise SamePerson
    if not reason.strip():
        raise WordsOwed(field="reason")
    until = at + timedelta(minutes=minutes)
    until = until if away.until is None else min(until, away.until)
    told = {"reason": reason.strip(), "until": until}
    return step(away, A.RECALL, at=at, by=by, told=told, until=until)


def _whole(span: timedelta) -> int:
    return max(0, int(span.total_seconds()))
