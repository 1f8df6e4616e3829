"""A seat changes hands: what people do to a hand-over, and the one transaction in which responsibility moves.

Each takes an open transaction that holds the site's head, and the version of the hand-over that the person looked at: a
second browser is refused (`stale`), a crash leaves everything as it was.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alerts import acts as alert_acts
from alerts import store as alert_store
from core.errors import Stale
from duty import acts as duty_acts
from duty import handover_store, handovers
from duty import store as duty_store
from duty.errors import NoSuchSeat, NotOfThisSite
from duty.handover_errors import IncomingNotThere, NotInSeat, OverriderNeeded
from duty.handover_signatures import Proof, by_password, digest
from duty.handovers import Act, Handover, Stepped
from duty.rules import Basis, Holding
from ingest import packet
from ingest.acts import settle_seats
from ingest.scene import Desk
from ingest.seats import held_now
from logbook import entries
from logbook.checkpoints import checkpoint
from logbook.rules import Line
from sites.people import Role
from sites.register import Register
from store.db import Tx


def begin(tx: Tx, desk: Desk, seat: str, person: str, at: datetime) -> Handover:
    """Who holds a seat begins to hand it over."""
    if seat not in desk.register.seats:
        raise NoSuchSeat(field="seat", seat=seat)
    held, _, _ = held_now(tx.conn, desk.register, at)
    return packet.begin(tx, desk.register, held, seat, person, person, at)


def change(
    tx: Tx,
    desk: Desk,
    handover_id: str,
    version: int,
    at: datetime,
    act: Callable[[Handover], Stepped],
    *,
    ends: bool = False,
) -> Handover:
    """One act on a hand-over, over what is true now. What only `ends` it is not refused for a clock that was set back."""
    before = _looked_at(tx, desk, handover_id, version)
    if not ends:
        handovers.ask_clock(before, at)
    return packet.keep(tx, before, act(packet.current(tx.conn, desk.register, before)), at)


def offer(
    tx: Tx, desk: Desk, handover_id: str, version: int, person: str, at: datetime, proof: Proof = by_password
) -> Handover:
    """The outgoing person signs; nothing else changes yet. `proof` is asked for what it is under."""
    policy = desk.register.policies.duty.handover_block

    def signed(h: Handover) -> Stepped:
        mark = proof(digest(h, Act.OFFER, person))
        return handovers.offer(h, by=person, at=at, policy=policy, mark=mark)

    return change(tx, desk, handover_id, version, at, signed)


def sign(
    tx: Tx,
    desk: Desk,
    handover_id: str,
    version: int,
    person: str,
    at: datetime,
    key: Ed25519PrivateKey | None,
    proof: Proof = by_password,
) -> Handover:
    """The incoming person signs, and the seat is theirs (HND-03). `key` swears to the logbook with it."""
    if person not in desk.register.people:
        raise NotOfThisSite
    policy = desk.register.policies.duty.handover_block
    before = _looked_at(tx, desk, handover_id, version)
    handovers.ask_clock(before, at)
    now = packet.current(tx.conn, desk.register, before)
    mark = proof(digest(now, Act.SIGN, person))
    return _relieve(tx, desk, before, handovers.sign(now, by=person, at=at, policy=policy, mark=mark), at, key)


def overrider(register: Register, roles: Collection[Role]) -> None:
    """Only those whom the site lets stand above a hand-over (ROLE-07)."""
    allowed = register.policies.duty.handover_overriders
    if not set(allowed) & set(roles):
        raise OverriderNeeded(roles=[str(r) for r in allowed])


def override(
    tx: Tx,
    desk: Desk,
    handover_id: str,
    version: int,
    incoming: str,
    reason: str,
    by: str,
    at: datetime,
    key: Ed25519PrivateKey | None,
) -> Handover:
    """A manager has the seat change hands without the signatures that are missing: to somebody who came by themselves."""
    before = _looked_at(tx, desk, handover_id, version)
    here = duty_store.attended(tx.conn, before.site_id, at)
    if not any(a.seat == before.seat and a.person == incoming and a.off_at is None for a in here):
        raise IncomingNotThere(field="incoming")
    stepped = handovers.override(packet.current(tx.conn, desk.register, before), incoming, reason, by=by, at=at)
    return _relieve(tx, desk, before, stepped, at, key)


def _looked_at(tx: Tx, desk: Desk, handover_id: str, version: int) -> Handover:
    found = handover_store.get(tx.conn, desk.register.site_id, handover_id)
    if found.version != version:
        raise Stale(handover_id=handover_id, version=found.version)
    return found


def _relieve(
    tx: Tx, desk: Desk, before: Handover, stepped: Stepped, at: datetime, key: Ed25519PrivateKey | None
) -> Handover:
    """The seat, the stays and the custody of what is open move, the log is sworn to: wholly, or not at all."""
    held, _, stays = held_now(tx.conn, desk.register, at)
    if held[before.seat].person != before.outgoing:
        raise NotInSeat(holder=held[before.seat].person)
    after = packet.keep(tx, before, stepped, at)
    site, seat, outgoing, incoming = after.site_id, after.seat, after.outgoing, str(after.incoming)
    lines = []
    since = next((a.on_at for a in stays if (a.seat, a.person, a.off_at) == (seat, incoming, None)), None)
    if since is None:
        lines.append(duty_acts.arrive(tx, desk.register, seat, incoming, at, handover=after.id))
    if not after.joint and duty_store.go(tx, site, seat, outgoing, at):
        lines.append(Line(at, "duty.sign_off", outgoing, f"seat/{seat}", {"seat": seat, "handover": after.id}))
    entries.append(tx, site, lines)
    elsewhere = any(h.person == outgoing for other, h in held.items() if other != seat)
    moving = [a for a in alert_store.held_by(tx.conn, site, outgoing) if a.seat_id == seat or not elsewhere]
    alert_acts.hand_over(tx, moving, by=incoming, at=at, handover=after.id)
    duty_store.save_states(tx, site, [(Holding(seat, incoming, Basis.SIGNED_ON, None, since or at), at)])
    settle_seats(tx, desk, at, (seat, incoming) if since is None else None)
    if key is not None:
        checkpoint(tx, site, at, key)
    return after
