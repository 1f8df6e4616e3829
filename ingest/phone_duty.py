"""Coming to a seat and leaving it as a phone tells it later: kept at once, in the chain of its taps, and done once its person
has proved to be themselves (see `duty.told`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.errors import Refusal
from duty import told as rules
from duty import told_store
from duty.told import Act, Deed, Told
from ingest import acts
from ingest.phone_acts import suspect
from ingest.phone_taps import chained
from ingest.scene import Desk
from ingest.seats import seat_states
from logbook import entries
from patrol.outbox import Link
from store.db import Tx


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An act as the phone says it."""

    id: str
    said_at: datetime
    deed: Deed
    seat: str
    kept: bool
    link: Link
    raw: bytes = b""


def hear(tx: Tx, desk: Desk, client: str, person: str, said: Sequence[Said], at: datetime) -> list[Told]:
    """Keep what a phone tells, whatever it is: it is evidence. The same may come any number of times. Of an act that is known
    as somebody else's nothing is told.
    """
    site = desk.register.site_id
    known = told_store.some(tx.conn, site, {one.id for one in said})
    fresh: dict[str, Said] = {}
    for one in sorted(said, key=lambda s: s.link.n):
        if one.id not in known:
            fresh.setdefault(one.id, one)
    edited = chained(tx, site, client, person, said, fresh, at)
    made = [
        Told(
            site_id=site,
            id=one.id,
            client=client,
            person_id=person,
            deed=one.deed,
            seat_id=one.seat,
            said_at=one.said_at.astimezone(UTC),
            heard_at=at,
            edited=one.id in edited,
        )
        for one in fresh.values()
    ]
    told_store.save(tx, made)
    entries.append(tx, site, [rules.heard(one) for one in made])
    if edited:
        suspect(tx, desk, person, {one.id: f"duty.{one.deed}" for one in said if one.id in edited}, at)
    there = known | {one.id: one for one in made}
    return [there[one.id] for one in said if there[one.id].person_id == person]


def prove(tx: Tx, desk: Desk, person: str, how: str, at: datetime) -> tuple[list[Told], list[dict[str, Any]]]:
    """Somebody has proved to be themselves: what they last did at each seat is done now. Returns their acts and the seats."""
    site = desk.register.site_id
    waiting = told_store.waiting(tx.conn, site, person)
    may = rules.last(waiting, at)
    done = []
    for one in waiting:
        why = _do(tx, desk, one, at) if one.id in may else "overtaken"
        after, line = rules.step(one, Act.KEEP if why else Act.COUNT, at=at, how=how, why=why)
        entries.append(tx, site, [line])
        done.append(after)
    told_store.save(tx, done)
    return done, seat_states(tx.conn, desk.register, at)


def _do(tx: Tx, desk: Desk, one: Told, at: datetime) -> str | None:
    """Do it; or the code of what stands in the way. An act that is refused has written nothing."""
    act = acts.sign_on if one.deed is Deed.ON else acts.sign_off
    try:
        act(tx, desk, one.seat_id, one.person_id, at, said_at=one.said_at, told=one.id)
    except Refusal as no:
        return no.code
    return None
