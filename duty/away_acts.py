"""A leave of the post changes: its rows, its line and its push, in the transaction that is open."""

from datetime import datetime

from duty import away, away_store, presence_store, store
from duty.away import GONE, Away, Stepped
from logbook import entries
from store import outbox
from store.db import Tx


def keep(tx: Tx, stepped: Stepped, at: datetime) -> Away:
    """Save what became of a leave, and let the stand-in stand there, or no longer."""
    after, line = stepped
    away_store.save(tx, after)
    if after.stand_in is not None and after.state in GONE:
        store.stood_in(tx, after.site_id, after.seat_id, after.person_id, after.stand_in, after.left_at)
    elif after.left_at is not None and after.state not in GONE:
        store.stood_in(tx, after.site_id, after.seat_id, after.person_id, None, None)
    entries.append(tx, after.site_id, [line])
    outbox.append(tx, after.site_id, at, [("away", after.shown)])
    return after


def ended(tx: Tx, site_id: str, seat: str, person: str, at: datetime) -> None:
    """Somebody's stay in a seat ended: they are not away for a while, but gone."""
    for one in away_store.live(tx.conn, site_id):
        if (one.seat_id, one.person_id) == (seat, person):
            keep(tx, away.step(one, away.Act.END, at=at, by="system"), at)
            presence_store.look_at(tx, site_id, presence_store.AWAY, at)
