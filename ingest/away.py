"""Leaving the post for a while (临时离岗): while a stand-in is there, the seat is theirs; who stays too long is called
(ATT-07, ATT-10).

People's commands take an open transaction that holds the site's head.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from core.ids import derived, fresh
from duty import away, away_acts, away_store, presence_store
from duty.away import Away, AwayState
from duty.errors import NoSuchSeat
from duty.presence_errors import AwayOpen
from ingest.acts import settle_seats
from ingest.commit import commit
from ingest.loading import load_scene
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from ingest.seats import held_now
from store.db import Tx

OVERDUE: Final = "duty.away_overdue"
BACK: Final = "duty.back"
_NAME: Final = presence_store.AWAY
DUE_ROWS: Final = (
    "SELECT site_id FROM away WHERE due_at <= ? "
    "UNION ALL SELECT site_id FROM duty_look WHERE name = 'away' AND due_at <= ?"
)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where somebody should be back, or is gone altogether."""
    return away_store.sites_due(conn, at) | presence_store.sites_due(conn, _NAME, at)


def next_due(conn: Connection) -> datetime | None:
    """When somebody should next be back."""
    found = (away_store.next_due(conn), presence_store.next_due(conn, _NAME))
    return min((at for at in found if at is not None), default=None)


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """What may be raised and ended when it is time to look."""
    site = desk.register.site_id
    if not presence_store.is_due(conn, site, _NAME, at) and not away_store.due(conn, site, at):
        return []
    return [(f"seat/{seat}", OVERDUE) for seat in desk.register.seats]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Call whoever should be back; where nobody is away any more, nobody need be called."""
    site = desk.register.site_id
    for one in away_store.due(tx.conn, site, at):
        after = away_acts.keep(tx, away.step(one, away.Act.OVERDUE, at=at, by="system"), at)
        data = {"person": one.person_id, "stand_in": one.stand_in, "contact": one.contact, "until": one.until}
        origin = Origin(derived(at, OVERDUE, one.id), at)
        if after.seat_id in desk.register.seats:
            judgement.occur(f"seat/{one.seat_id}", OVERDUE, origin, data)
    if presence_store.is_due(tx.conn, site, _NAME, at):
        late = {a.seat_id for a in away_store.live(tx.conn, site) if a.state is AwayState.OVERDUE}
        for seat in desk.register.seats.keys() - late:
            judgement.over(f"seat/{seat}", BACK, Origin(derived(at, BACK, seat), at))
        presence_store.look_at(tx, site, _NAME, None)


def leave(
    tx: Tx,
    desk: Desk,
    seat: str,
    person: str,
    minutes: int,
    reason: str,
    at: datetime,
    *,
    stand_in: str | None = None,
    contact: str = "",
) -> Away:
    """The holder leaves for a while; with a stand-in, as soon as that one accepts."""
    register = desk.register
    if seat not in register.seats:
        raise NoSuchSeat(field="seat", seat=seat)
    live = away_store.live(tx.conn, register.site_id)
    if any((a.seat_id, a.person_id) == (seat, person) for a in live):
        raise AwayOpen(field="seat", seat=seat)
    held, _, _ = held_now(tx.conn, register, at)
    gone = {a.person_id for a in live if a.state in away.GONE}
    made = away.asked(
        register,
        held[seat],
        fresh(at),
        person,
        minutes,
        reason,
        at,
        stand_in=stand_in,
        contact=contact,
        elsewhere=gone,
    )
    return away_acts.keep(tx, made, at)


def accept(tx: Tx, desk: Desk, away_id: str, by: str, at: datetime) -> Away:
    """The stand-in takes the seat; what the holder had in custody rings for them."""
    one = away_store.get(tx.conn, desk.register.site_id, away_id)
    after = away_acts.keep(tx, away.accept(one, by=by, at=at), at)
    settle_seats(tx, desk, at)
    return after


def decline(tx: Tx, desk: Desk, away_id: str, reason: str, by: str, at: datetime) -> Away:
    """The stand-in will not, or the holder stays."""
    one = away_store.get(tx.conn, desk.register.site_id, away_id)
    return away_acts.keep(tx, away.decline(one, reason, by=by, at=at), at)


def come_back(tx: Tx, desk: Desk, away_id: str, by: str, at: datetime) -> Away:
    """The holder is back, and the seat theirs again."""
    one = away_store.get(tx.conn, desk.register.site_id, away_id)
    after = away_acts.keep(tx, away.come_back(one, by=by, at=at), at)
    settle_seats(tx, desk, at)
    _back(tx, desk, after.seat_id, at)
    return after


def recall(tx: Tx, desk: Desk, away_id: str, minutes: int, reason: str, by: str, at: datetime) -> Away:
    """Somebody above calls the holder back."""
    one = away_store.get(tx.conn, desk.register.site_id, away_id)
    return away_acts.keep(tx, away.recall(one, minutes, reason, by=by, at=at), at)


def _back(tx: Tx, desk: Desk, seat: str, at: datetime) -> None:
    """Whoever was called because of it need not come."""
    scene = load_scene(tx, desk, at, also=[(f"seat/{seat}", OVERDUE)])
    judgement = Judgement(scene)
    judgement.over(f"seat/{seat}", BACK, Origin(derived(at, BACK, seat), at))
    commit(tx, scene, judgement.changes)
