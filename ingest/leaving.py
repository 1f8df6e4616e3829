"""Whether somebody may leave a seat without handing it over (HND-03, HND-04, HND-16)."""

from datetime import datetime, timedelta

from alerts import store as alert_store
from alerts.rules import State
from duty import away_acts, handover_store, handovers
from duty import store as duty_store
from duty.handover_errors import HandoverNeeded, JointOpen
from duty.relief import coming, planned_end
from duty.rules import Basis
from ingest import packet
from ingest.seats import held_now
from sites.register import Register
from store.db import Tx

REMEMBERED = timedelta(days=7)  # nobody stands in a seat for longer than that


def ask(tx: Tx, register: Register, seat: str, person: str, at: datetime) -> None:
    """Refuse to let a holder go before relief, unless the seat is being closed: nobody comes for half a day."""
    if seat not in register.seats:
        return
    _nothing_joint(tx, register, seat, person, at)
    if not register.policies.duty.handover_required or not register.seats[seat].required:
        return
    held, _, _ = held_now(tx.conn, register, at)
    holding = held[seat].principal  # being away for a while is no way out
    if holding.person != person or holding.basis is not Basis.SIGNED_ON:
        return
    planned = duty_store.shifts(tx.conn, register.site_id, at - duty_store.BEHIND, at + duty_store.AHEAD)
    next_ = coming(holding, planned, planned_end(holding, planned, at) or at)
    if next_ is not None:
        raise HandoverNeeded(field="seat", seat=seat, next=next_.person, next_at=next_.starts_at)


def left(tx: Tx, register: Register, seat: str, person: str, at: datetime) -> None:
    """Somebody left: what they had prepared is for nobody any more, and neither are they away for a while only."""
    away_acts.ended(tx, register.site_id, seat, person, at)
    for h in handover_store.live(tx.conn, register.site_id, seat):
        if h.outgoing == person:
            packet.keep(tx, h, handovers.cancel(h, "left_the_seat", by="system", at=at), at)


def _nothing_joint(tx: Tx, register: Register, seat: str, person: str, at: datetime) -> None:
    """Whoever handed over with important work open stays until it is closed."""
    past = handover_store.of_outgoing(tx.conn, register.site_id, seat, person, at - REMEMBERED)
    both = {alert for h in past for alert in h.joint}
    still = [
        a.number for a in alert_store.some(tx.conn, register.site_id, both).values() if a.state is not State.CLOSED
    ]
    if still:
        raise JointOpen(field="seat", numbers=sorted(still))
