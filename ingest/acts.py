"""People's commands that touch more than one slice: the same path, entered from the other side.

Each takes an open transaction that holds the site's head, so that what it loads cannot change before it saves.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from alerts import acts as alert_acts
from alerts.rules import Alert, Close
from core.errors import Invalid
from core.ids import fresh
from duty import acts as duty_acts
from duty import post_token
from duty.pre_shift import Said
from ingest import leaving, majors, proofs, urgent
from ingest.commit import commit
from ingest.loading import load_scene
from ingest.rules import Judgement
from ingest.scene import Desk
from ingest.seats import held_now, seat_states, settle
from patrol import tag_store
from patrol.flags import TagState
from sites.register import Register, Role
from store import outbox
from store.db import Tx

REPORTS = frozenset({"manual.report", "manual.resident_call", "manual.panic"})


def holders(tx: Tx, register: Register, at: datetime) -> Mapping[str, str | None]:
    """Who is in each seat now."""
    held, _, _ = held_now(tx.conn, register, at)
    return {seat: holding.person for seat, holding in held.items()}


def acknowledge(
    tx: Tx,
    register: Register,
    person: str,
    roles: Collection[Role],
    alert_id: str,
    at: datetime,
    *,
    override: bool = False,
    reason: str | None = None,
) -> tuple[str, Alert]:
    """Answer an alert: custody, override or witness (see `alerts.acts.acknowledge`)."""
    return alert_acts.acknowledge(
        tx,
        register,
        holders(tx, register, at),
        alert_id,
        by=person,
        roles=roles,
        at=at,
        override=override,
        reason=reason,
    )


def release(
    tx: Tx, desk: Desk, person: str, roles: Collection[Role], alert_id: str, at: datetime, reason: str
) -> Alert:
    """Give custody back to the seat; the ladder starts again at once."""
    after = alert_acts.release(tx, desk.register, alert_id, by=person, roles=roles, at=at, reason=reason)
    judgement = Judgement(load_scene(tx, desk, at))
    judgement.due(after)
    commit(tx, judgement.scene, judgement.changes)
    return judgement.changes.stepped[alert_id][1]


def dispose(
    tx: Tx, register: Register, person: str, roles: Collection[Role], alert_id: str, close: Close, at: datetime
) -> Alert:
    """Close an answered alert."""
    return alert_acts.dispose(tx, register, alert_id, close, by=person, roles=roles, at=at)


def sign_on(
    tx: Tx,
    desk: Desk,
    seat: str,
    person: str,
    at: datetime,
    checks: Sequence[Said] | None = None,
    token: str | None = None,
    **told: Any,
) -> list[dict[str, Any]]:
    """Come on duty; a gap ends, and whoever counted as the holder by roster hands custody back. `token`: the code of a tag at
    the post (DUTY-13). Returns the seats.
    """
    seen = _checkpoint(tx, desk.register, token)
    told |= post_token.placed(desk.register, seat, token, seen, kept="said_at" in told)
    duty_acts.sign_on(tx, desk.register, seat, person, at, checks, **told)
    return _settled(tx, desk, at, came=(seat, person))


def _checkpoint(tx: Tx, register: Register, token: str | None) -> str | None:
    """Which checkpoint a tag's code stands for; None: none of this site, or a tag that is not in use."""
    if not token:
        return None
    code = post_token.code_of(token)
    tag = tag_store.some(tx.conn, register.site_id, [code]).get(code)
    if tag is not None:
        return tag.checkpoint_id if tag.state is TagState.ACTIVE else None
    found = register.checkpoint_of(code)
    return found.id if found is not None else None


def check(tx: Tx, desk: Desk, seat: str, person: str, at: datetime, checks: Sequence[Said]) -> list[dict[str, Any]]:
    """Tell what was left open of a seat's pre-shift checks; every page hears of it. Returns the seats."""
    duty_acts.check(tx, desk.register, seat, person, at, checks)
    seats = seat_states(tx.conn, desk.register, at)
    outbox.append(tx, desk.register.site_id, at, [("duty", seats)])
    return seats


def sign_off(tx: Tx, desk: Desk, seat: str, person: str, at: datetime, **told: Any) -> list[dict[str, Any]]:
    """Leave a seat; custody returns to it, and an empty required seat is a gap at once. Returns the seats.

    Where the site wants its seats handed over, plain leaving is refused while somebody is to come (`handover_needed`).
    """
    leaving.ask(tx, desk.register, seat, person, at)
    duty_acts.sign_off(tx, desk.register, seat, person, at, **told)
    leaving.left(tx, desk.register, seat, person, at)
    return _settled(tx, desk, at)


def let_go(tx: Tx, desk: Desk, seat: str, person: str, by: str, reason: str, at: datetime) -> list[dict[str, Any]]:
    """A manager lets somebody leave a seat without handing it over, with a reason. Returns the seats."""
    duty_acts.let_go(tx, desk.register, seat, person, by, reason, at)
    leaving.left(tx, desk.register, seat, person, at)
    return _settled(tx, desk, at)


def _settled(tx: Tx, desk: Desk, at: datetime, came: tuple[str, str] | None = None) -> list[dict[str, Any]]:
    settle_seats(tx, desk, at, came)
    return seat_states(tx.conn, desk.register, at)


def settle_seats(tx: Tx, desk: Desk, at: datetime, came: tuple[str, str] | None = None) -> None:
    """Look who holds every seat now, and let follow what follows. `came`: (seat, person) of whoever signed on just now."""
    scene = load_scene(tx, desk, at, also=proofs.asked(tx.conn, desk.register.site_id) if came else ())
    judgement = Judgement(scene)
    _, shifts, _ = held_now(tx.conn, desk.register, at)
    settle(tx, scene, shifts, judgement)
    majors.owe(tx, judgement)
    if came is not None:
        proofs.signed_on(tx, judgement, *came)
    commit(tx, scene, judgement.changes)


def report(
    tx: Tx,
    desk: Desk,
    person: str,
    kind: str,
    zone: str,
    note: str,
    caller: str,
    at: datetime,
    *,
    event_id: str | None = None,
) -> tuple[str, str | None]:
    """Raise something that a person saw or was told (EVT-09). `event_id`: a phone made it, and it stands for nothing else here.
    Returns (event id, alert id).
    """
    if kind not in REPORTS:
        raise Invalid("No such kind of report.", field="kind")
    if zone not in desk.register.zones:
        raise Invalid("No such zone at this site.", field="zone")
    event_id = event_id or fresh(at)
    data = {"note": note, "caller": caller}
    raw = msgspec.json.encode({"id": event_id, "kind": kind, "zone": zone, "by": person, "said_at": at, "data": data})
    judgement = Judgement(load_scene(tx, desk, at, also=[(f"report/{event_id}", kind)]))
    alert_id = judgement.report(event_id, kind, zone, person, data, raw)
    urgent.reroute(tx, judgement)
    proofs.owe(tx, judgement)
    majors.owe(tx, judgement)
    commit(tx, judgement.scene, judgement.changes)
    return event_id, alert_id
