"""Whoever holds a seat and has a page open can be reached (ESC-13): their open feeds and their console's reports say so."""

from api.room import Room
from duty import reach_store
from ingest import seats


def connected(room: Room, site: str, person_id: str | None) -> None:
    """A page of this person is connected: written down at most every 15 s, and only while they hold a seat of a site
    that wants to know.
    """
    if person_id is None:
        return
    with room.store.read() as conn:
        desk = room.desks.get(conn, site)
        if desk is None or (policy := desk.register.policies.duty.reach) is None or not policy.consoles:
            return
        if not room.consoles.owes(site, person_id):
            return
        at = room.now()
        held, _, _ = seats.held_now(conn, desk.register, at)
    if any(holding.person == person_id for holding in held.values()):
        with room.store.begin() as tx:
            reach_store.seen(tx, site, person_id, at)
