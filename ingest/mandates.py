"""Authority for a shift (ROLE-05) that somebody gives or takes back, and the watch over what runs out before the seat
changes hands.

People's commands take an open transaction that holds the site's head.
"""

from datetime import datetime

from sqlalchemy import Connection

from core.ids import fresh
from duty import mandate_acts, mandate_store, mandates
from duty import store as duty_store
from duty.errors import NoSuchSeat
from duty.mandate_store import DUE_ROWS, next_due, sites_due
from duty.mandates import Mandate
from duty.request_errors import NoSuchShift
from ingest.rules import Judgement
from ingest.scene import Desk
from ingest.seats import held_now
from sites.people import Role
from store.db import Tx

__all__ = ["DUE_ROWS", "conditions", "give", "look", "next_due", "revoke", "sites_due"]


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:  # noqa: ARG001 - a watch's question
    """None: authority that is over rings nowhere."""
    return []


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:  # noqa: ARG001 - a watch's question
    """End what has run out."""
    if desk.register.site_id in sites_due(tx.conn, at):
        held, _, _ = held_now(tx.conn, desk.register, at)
        mandate_acts.expire(tx, desk.register, held, at)


def give(
    tx: Tx,
    desk: Desk,
    seat: str,
    role: Role,
    reason: str,
    by: str,
    at: datetime,
    until: datetime | None = None,
    shift: str | None = None,
) -> Mandate:
    """Give the person of a shift more authority for it: of the one that runs in the seat, or of `shift`, which may be to
    come. It is in force from their sign-on. Raises `NoSuchShift` where there is none such to hold the seat in.
    """
    register = desk.register
    if seat not in register.seats:
        raise NoSuchSeat(field="seat", seat=seat)
    held, shifts, _ = held_now(tx.conn, register, at)
    mandate_acts.expire(tx, register, held, at)
    if shift is None:
        theirs = next((s for s in shifts if s.id == held[seat].shift), None)
    else:
        theirs = next(iter(duty_store.named(tx.conn, register.site_id, [shift])), None)
        if theirs is None or theirs.seat != seat or theirs.on_call or theirs.ends_at <= at:
            raise NoSuchShift(field="shift")
    known = mandate_store.standing(tx.conn, register.site_id)
    made = mandates.given(register, held[seat], theirs, fresh(at), role, reason, by=by, at=at, known=known, until=until)
    return mandate_acts.keep(tx, made, at)


def revoke(tx: Tx, desk: Desk, mandate_id: str, reason: str, by: str, at: datetime) -> Mandate:
    """Take authority back before the shift is over."""
    one = mandate_store.get(tx.conn, desk.register.site_id, mandate_id)
    return mandate_acts.keep(tx, mandates.revoked(one, reason, by=by, at=at), at)
