"""Mandates come and go with the seats, in the transaction in which a seat changes hands (ROLE-05)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.ids import derived
from duty import mandate_store, mandates
from duty import store as duty_store
from duty.mandates import Mandate, MandateState, Stepped
from duty.rules import Holding
from logbook import entries
from sites.register import Dated, Register
from store import outbox
from store.db import Tx


def settle(tx: Tx, register: Register, held: Mapping[str, Holding], shifts: Iterable[Dated], at: datetime) -> None:
    """The seats have just been settled: end what went with them, and give what comes with them."""
    expire(tx, register, held, at)
    for one in mandate_store.standing(tx.conn, register.site_id):
        if mandates.begins(one, held):
            keep(tx, mandates.taken_up(one, at), at)
    if not any(seat.mandate for seat in register.seats.values()):
        return
    ends = shift_ends(shifts, held)
    known = mandate_store.of_shifts(tx.conn, register.site_id, ends)
    for want in mandates.wanted(register, held, ends, known):
        name = derived(at, "mandate", want.site_id, want.seat_id, want.person_id, want.role)
        keep(tx, mandates.begun(want, name, at), at)


def expire(tx: Tx, register: Register, held: Mapping[str, Holding], at: datetime) -> None:
    """End what is over."""
    known = mandate_store.standing(tx.conn, register.site_id)
    waits = [m.shift_id for m in known if m.state is MandateState.WAITS and m.shift_id is not None]
    whose = {s.id: s.person for s in duty_store.named(tx.conn, register.site_id, waits)}
    for one in known:
        why = mandates.over(one, register, held, at, whose)
        if why is not None:
            keep(tx, mandates.step(one, mandates.Act.EXPIRE, by="system", at=at, why=why), at)


def shift_ends(shifts: Iterable[Dated], held: Mapping[str, Holding]) -> dict[str, datetime]:
    """When the shifts end under which seats are held."""
    running = {h.shift for h in held.values()}
    return {s.id: s.ends_at for s in shifts if s.id in running}


def keep(tx: Tx, stepped: Stepped, at: datetime) -> Mandate:
    """Save what became of a mandate, with its line and its push."""
    after, line = stepped
    mandate_store.save(tx, after)
    entries.append(tx, after.site_id, [line])
    outbox.append(tx, after.site_id, at, [("mandate", after.shown)])
    return after
