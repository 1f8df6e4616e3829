"""Signing on and off. Who holds the seat afterwards is settled by the path, with its alerts, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from duty import pre_shift, store
from duty.attendance import EARLIEST, Arrival, came
from duty.errors import AlreadyOn, NoSuchCheck, NoSuchSeat, NotOfThisSite, NotOn
from duty.handover_errors import SamePerson, WordsOwed
from duty.pre_shift import Checked, Said
from logbook import entries
from logbook.rules import Line
from sites.register import Register
from store.db import Tx


def sign_on(
    tx: Tx,
    register: Register,
    seat: str,
    person: str,
    at: datetime,
    checks: Sequence[Said] | None = None,
    **told: Any,
) -> None:
    """Come on duty in a seat (ATT-01). The caller has checked the password. `checks`: what was said of the seat's pre-shift
    checks, or None where nobody could be asked; `told`: what else the line says.
    """
    _known(register, seat, person)
    if any(
        a.seat == seat and a.person == person and a.off_at is None
        for a in store.attended(tx.conn, register.site_id, at)
    ):
        raise AlreadyOn(seat=seat)
    entries.append(tx, register.site_id, [arrive(tx, register, seat, person, at, checks, **told)])


def check(tx: Tx, register: Register, seat: str, person: str, at: datetime, checks: Sequence[Said]) -> Checked:
    """Tell what was left open of the pre-shift checks when one signed on (EQP-01)."""
    _known(register, seat, person)
    site = register.site_id
    stays = [a for a in store.attended(tx.conn, site, at) if (a.seat, a.person, a.off_at) == (seat, person, None)]
    before = store.checks_since(tx.conn, site, at).get(stays[-1].id) if stays else None
    if not stays:
        raise NotOn(seat=seat)
    lines = register.pre_checks.get(seat)
    if before is None or lines is None:
        raise NoSuchCheck(field="checks")
    after = pre_shift.checked(lines, checks, before)
    if after != before:
        store.save_checks(tx, site, stays[-1].id, after)
        told = {"seat": seat, **pre_shift.told(after)}
        entries.append(tx, site, [Line(at, "duty.checked", person, f"seat/{seat}", told)])
    return after


def arrive(
    tx: Tx,
    register: Register,
    seat: str,
    person: str,
    at: datetime,
    checks: Sequence[Said] | None = None,
    **told: Any,
) -> Line:
    """Store a sign-on with how it counts: in time, late and how late (ATT-02, ATT-03, HND-01). Returns its line."""
    site = register.site_id
    shifts, stays = store.shifts(tx.conn, site, at, at + EARLIEST), store.attended(tx.conn, site, at - store.BEHIND)
    how = came(seat, person, at, shifts, stays, register.policies.duty)
    stands = pre_shift.at_sign_on(register.pre_checks, register.policies.duty.pre_shift, seat, checks)
    store.come(tx, site, seat, person, at, how, stands)
    told = {"seat": seat, **told, **pre_shift.told(stands)}
    if how.arrival is not Arrival.UNPLANNED:
        told |= {"shift": how.shift, "arrival": how.arrival}
    if how.late_s:
        told |= {"late_s": how.late_s, "grade": how.grade}
    return Line(at, "duty.sign_on", person, f"seat/{seat}", told)


def sign_off(tx: Tx, register: Register, seat: str, person: str, at: datetime, **told: Any) -> None:
    """Leave a seat. The caller has checked the password."""
    _known(register, seat, person)
    if store.go(tx, register.site_id, seat, person, at) == 0:
        raise NotOn(seat=seat)
    entries.append(tx, register.site_id, [Line(at, "duty.sign_off", person, f"seat/{seat}", {"seat": seat, **told})])


def let_go(tx: Tx, register: Register, seat: str, person: str, by: str, reason: str, at: datetime) -> None:
    """Somebody else ends a stay: the line names who, and why."""
    _known(register, seat, person)
    if by == person:
        raise SamePerson
    if not reason.strip():
        raise WordsOwed(field="reason")
    if store.go(tx, register.site_id, seat, person, at) == 0:
        raise NotOn(seat=seat)
    told = {"seat": seat, "person": person, "reason": reason.strip()}
    entries.append(tx, register.site_id, [Line(at, "duty.released", by, f"seat/{seat}", told)])


def _known(register: Register, seat: str, person: str) -> None:
    if seat not in register.seats:
        raise NoSuchSeat(field="seat", seat=seat)
    if person not in register.people:
        raise NotOfThisSite
