"""What a guard does about being called while they walk alone: turn it on for the seat that they hold, and off again. In an open
transaction of the site.
"""

from datetime import datetime

from duty import lone, lone_store, presence_store
from duty.errors import NoSuchSeat
from duty.lone import Watch
from duty.presence import LIVE, How
from duty.presence_errors import LoneOff, NotYours
from ingest import presence
from ingest.scene import Desk
from ingest.seats import held_now
from logbook import entries
from store.db import Tx


def begin(tx: Tx, desk: Desk, seat: str, every_min: int, reason: str, by: str, at: datetime) -> Watch:
    """Call me from now on. One that stands is another now. Raises `NoSuchSeat`, `NotYours` unless `by` holds the seat."""
    register = desk.register
    if seat not in register.seats:
        raise NoSuchSeat(field="seat")
    held, _, _ = held_now(tx.conn, register, at)
    if held[seat].person != by:
        raise NotYours(field="seat")
    made = Watch(
        site_id=register.site_id, seat_id=seat, person_id=by, every_min=every_min, reason=reason.strip(), since=at
    )
    lone_store.save(tx, made)
    entries.append(tx, register.site_id, [lone.begun(made)])
    presence_store.look_at(tx, register.site_id, presence_store.LONE, at)
    return made


def end(tx: Tx, desk: Desk, seat: str, reason: str, by: str, at: datetime) -> None:
    """Call me no more; whoever says so is there, so that a call that waits is answered by it. Raises `LoneOff`, `NotYours`."""
    site = desk.register.site_id
    watch = lone_store.of(tx.conn, site, seat)
    if watch is None:
        raise LoneOff(field="seat")
    if watch.person_id != by:
        raise NotYours(field="seat")
    lone_store.drop(tx, watch)
    entries.append(tx, site, [lone.ended(watch, by=by, reason=reason.strip(), at=at)])
    for check in presence_store.live_checks(tx.conn, site, seat):
        if check.how is How.LONE and check.person_id == by and check.state in LIVE:
            presence.answer(tx, desk, check.id, by, at)
    presence_store.look_at(tx, site, presence_store.LONE, at)
