"""Authority for a shift only (在岗临时授权, ROLE-05): who has whose, from the seat they hold or from a manager, and when it
is over. Pure.

It is in force only while its person is the one in the seat: what is given for a shift before they signed on waits for it,
and begins with the sign-on. It ends when they hand the seat over, sign off, or their shift
ends; where seats are handed over, who waits for a late relief keeps it until then. Nobody inspects or administers for a
shift, and authority that was lent is never lent on.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from duty.handover_errors import WordsOwed
from duty.mandate_errors import AlreadyMay, MandateNotAllowed, NobodyOnShift, NotLent, NotToOneself, PastShift
from duty.rules import Basis, Holding
from logbook.rules import Line
from sites.duty_words import Dated
from sites.people import LENT, Role
from sites.register import Register


class MandateState(StrEnum):
    """Where a mandate stands."""

    WAITS = "waits"  # given for a shift whose person has not signed on yet
    STANDS = "stands"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Source(StrEnum):
    """Where it comes from: the site's rule for the seat, or somebody who gave it."""

    SEAT = "seat"
    GIVEN = "given"


class Why(StrEnum):
    """Why a mandate expired."""

    LEFT = "left"  # handed over, signed off, or taken over by another
    OVER = "over"  # its time, or the shift, is over
    RULE = "rule"  # the site's rule for the seat is another now
    MOVED = "moved"  # the shift it was given for is another person's, or nobody's


class Act(StrEnum):
    """What can happen to a mandate."""

    BEGIN = "begin"
    EXPIRE = "expire"
    REVOKE = "revoke"


S, A = MandateState, Act
NEXT: Final[Mapping[tuple[MandateState, Act], MandateState]] = {
    (S.WAITS, A.BEGIN): S.STANDS,
    (S.WAITS, A.EXPIRE): S.EXPIRED,
    (S.WAITS, A.REVOKE): S.REVOKED,
    (S.STANDS, A.EXPIRE): S.EXPIRED,
    (S.STANDS, A.REVOKE): S.REVOKED,
}


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """One person's authority of `role` in a seat. `until` None: as long as they have the seat."""

    site_id: str
    id: str
    seat_id: str
    person_id: str
    role: Role
    source: Source
    state: MandateState = S.STANDS
    given_by: str | None = None
    reason: str = ""
    shift_id: str | None = None
    given_at: datetime
    until: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    why: Why | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """What the pages are told."""
        return {f: getattr(self, f) for f in self.__struct_fields__ if f != "site_id"}

    @property
    def told(self) -> dict[str, Any]:
        """What the logbook is told."""
        said = {"seat": self.seat_id, "person": self.person_id, "role": self.role, "until": self.until}
        return said | ({"reason": self.reason} if self.reason else {})


Stepped = tuple[Mandate, Line]


def wanted(
    register: Register, held: Mapping[str, Holding], shift_ends: Mapping[str, datetime], known: Iterable[Mandate]
) -> list[Mandate]:
    """What the site's rules give to whoever signed on to their own shift, and has not got or lost it in this shift: without
    id and time. Whoever comes unasked gets nothing with the seat, and neither does a stand-in.
    """
    had = {(m.seat_id, m.person_id, m.role, m.shift_id) for m in known if m.source is Source.SEAT}
    keeps = register.policies.duty.handover_required
    return [
        Mandate(
            site_id=register.site_id,
            id="",
            seat_id=seat.id,
            person_id=person,
            role=role,
            source=Source.SEAT,
            shift_id=shift,
            given_at=since,
            until=None if keeps else shift_ends[shift],
        )
        for seat in register.seats.values()
        if seat.mandate
        and (here := held[seat.id]).basis is Basis.SIGNED_ON
        and (person := here.person) is not None
        and (shift := here.shift) is not None
        and (since := here.since) is not None
        and shift in shift_ends
        for role in seat.mandate
        if (seat.id, person, role, shift) not in had and role not in _own(register, person)
    ]


def begun(mandate: Mandate, mandate_id: str, at: datetime) -> Stepped:
    """The seat gives its authority to who holds it."""
    made = msgspec.structs.replace(mandate, id=mandate_id, given_at=at)
    return made, Line(at, "mandate.begin", "system", f"seat/{made.seat_id}", made.told)


def given(
    register: Register,
    holding: Holding,
    shift: Dated | None,
    mandate_id: str,
    role: Role,
    reason: str,
    *,
    by: str,
    at: datetime,
    known: Iterable[Mandate] = (),
    until: datetime | None = None,
) -> Stepped:
    """Somebody gives the person of a shift more authority, to its end or sooner: at once where they are signed on under it,
    else from their sign-on. `shift`: the one that runs in the seat, or one to come. Raises what it refuses.
    """
    if role not in LENT:
        raise NotLent(field="role", role=role)
    if shift is None:
        raise NobodyOnShift(field="seat", holder=holding.person)
    person, ends = shift.person, shift.ends_at
    if person == by:
        raise NotToOneself(field="seat")
    if not reason.strip():
        raise WordsOwed(field="reason")
    if role in _own(register, person) or any(
        (m.seat_id, m.person_id, m.role, m.shift_id) == (holding.seat, person, role, shift.id) for m in known
    ):
        raise AlreadyMay(field="role", person=person, role=role)
    if until is not None and not at < until <= ends:
        raise PastShift(field="until", ends_at=ends)
    made = Mandate(
        site_id=register.site_id,
        id=mandate_id,
        seat_id=holding.seat,
        person_id=person,
        role=role,
        source=Source.GIVEN,
        state=S.STANDS if _is_on(holding, person, shift.id) else S.WAITS,
        given_by=by,
        reason=reason.strip(),
        shift_id=shift.id,
        given_at=at,
        until=until or ends,
    )
    return made, Line(at, "mandate.give", by, f"seat/{made.seat_id}", made.told)


def begins(mandate: Mandate, held: Mapping[str, Holding]) -> bool:
    """Whether the person whom one waits for has signed on under that shift."""
    holding = held.get(mandate.seat_id)
    return holding is not None and mandate.state is S.WAITS and _is_on(holding, mandate.person_id, mandate.shift_id)


def over(
    mandate: Mandate, register: Register, held: Mapping[str, Holding], at: datetime, whose: Mapping[str, str]
) -> Why | None:
    """Why a mandate has expired by `at`; None: it stands, or waits for its shift. Who is away for a while has not left.
    `whose`: the shifts that mandates wait for, and whose they are now.
    """
    seat, holding = register.seats.get(mandate.seat_id), held.get(mandate.seat_id)
    if seat is None or mandate.person_id not in register.people:
        return Why.RULE
    if mandate.source is Source.SEAT and mandate.role not in seat.mandate:
        return Why.RULE
    if mandate.state is S.WAITS:
        if mandate.until is not None and mandate.until <= at:
            return Why.OVER
        return None if whose.get(mandate.shift_id or "") == mandate.person_id else Why.MOVED
    if holding is None or (holding.principal.person, holding.principal.basis) != (mandate.person_id, Basis.SIGNED_ON):
        return Why.LEFT
    return Why.OVER if mandate.until is not None and mandate.until <= at else None


def taken_up(mandate: Mandate, at: datetime) -> Stepped:
    """The person whom one waited for has signed on."""
    made = msgspec.structs.replace(mandate, state=_after(mandate, A.BEGIN))
    return made, Line(at, "mandate.begin", "system", f"seat/{made.seat_id}", made.told)


def step(mandate: Mandate, act: Act, *, by: str, at: datetime, why: Why | None = None, reason: str = "") -> Stepped:
    """The mandate after `act` ended it, with its line. Raises `MandateNotAllowed` when the table has no such edge."""
    after = msgspec.structs.replace(mandate, state=_after(mandate, act), ended_at=at, ended_by=by, why=why)
    told: dict[str, Any] = {"seat": mandate.seat_id, "person": mandate.person_id, "role": mandate.role}
    told |= {"why": why} if why is not None else {"reason": reason}
    return after, Line(at, f"mandate.{act}", by, f"seat/{mandate.seat_id}", told)


def revoked(mandate: Mandate, reason: str, *, by: str, at: datetime) -> Stepped:
    """Somebody takes it back, and says why."""
    if not reason.strip():
        raise WordsOwed(field="reason")
    return step(mandate, A.REVOKE, by=by, at=at, reason=reason.strip())


def _after(mandate: Mandate, act: Act) -> MandateState:
    try:
        return NEXT[mandate.state, act]
    except KeyError:
        raise MandateNotAllowed(state=mandate.state, act=act) from None


def _is_on(holding: Holding, person: str, shift: str | None) -> bool:
    """Whether somebody is signed on to the seat under a shift, be they away for a while or not."""
    here = holding.principal
    return (here.person, here.basis, here.shift) == (person, Basis.SIGNED_ON, shift)


def _own(register: Register, person: str) -> tuple[Role, ...]:
    known = register.people.get(person)
    return known.roles if known is not None else ()
