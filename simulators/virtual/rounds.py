"""What people do about rounds, as the API lets them: the same command in the same transaction."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from core.ids import fresh
from ingest import patrol_acts, phone_taps, violation_acts
from ingest.phone_taps import Phone, Said
from ingest.scene import Desk
from patrol import claims, outbox_store, round_store, tag_acts, tag_store, violation_store
from patrol.claims import Claim
from patrol.errors import NoSuchRound, NoSuchViolation
from patrol.flags import TagState
from patrol.outbox import Link
from patrol.rounds import PatrolRound, Stand
from patrol.rules import Proof
from patrol.tags import Act
from simulators.scenario import phone
from simulators.scenario.patrol_acts import Opens, PatrolAct, Rounds, Tags, Taps, Violates
from sites.register import Register, Role
from store.db import Tx

_AROUND: Final = timedelta(days=8)
# Which rounds of a route a verb means, the likeliest first.
_MEANT: Final = {
    "suspends": (Stand.OPEN, Stand.WAITING, Stand.SUSPENDED, Stand.OVER),
    "resumes": (Stand.SUSPENDED, Stand.OPEN, Stand.WAITING, Stand.OVER),
    "excuses": (Stand.OPEN, Stand.OVER, Stand.SUSPENDED, Stand.WAITING),
}


def permit(deed: PatrolAct) -> str:
    """The API's name for being allowed to do this."""
    if isinstance(deed, Opens):
        return "patrol.see" if deed.unsigned else "patrol.tap"
    return {Taps: "patrol.tap", Tags: "tag.keep", Violates: "violation.keep"}.get(type(deed), "patrol.excuse")


def do(tx: Tx, desk: Desk, deed: PatrolAct, roles: Collection[Role], at: datetime) -> None:
    """Do it. Raises the Refusal that the API would answer with."""
    match deed:
        case Rounds():
            _round(tx, desk, deed, roles, at)
        case Taps(page=True):
            _press(tx, desk, deed, roles, at)
        case Opens():
            _look(tx, desk, deed, at)
        case Taps():
            _tap(tx, desk, deed, roles, at)
        case Tags():
            _tag(tx, desk, deed, at)
        case Violates():
            _violation(tx, desk, deed, at)
        case _:
            raise TypeError(f"no act about patrol: {deed!r}")


def _tap(tx: Tx, desk: Desk, deed: Taps, roles: Collection[Role], at: datetime) -> None:
    tap = phone.tap(tx.conn, desk.register, deed, at)
    said = Said(
        id=tap["id"],
        said_at=datetime.fromisoformat(tap["said_at"]),
        claim=msgspec.convert(tap["read"], Claim),
        kept=tap["kept"],
        link=Link(tap["n"], tap["prev"], phone.digest(tap)),
        answers=tap["answers"],
        note=tap["note"],
        photos=tuple(tap["photos"]),
        raw=msgspec.json.encode(tap),
    )
    phone_taps.sync(tx, desk, Phone(deed.person, roles, deed.phone), [said], phone.RING, at)


def _look(tx: Tx, desk: Desk, deed: Taps | Opens, at: datetime) -> tuple[Claim, datetime] | None:
    """The page of an address: that it was opened is remembered. The read, and when it was opened first, if there is a button."""
    register, conn = desk.register, tx.conn
    claim = msgspec.convert(phone.proved(register, deed), Claim)
    reads = claims.named(claim, register.site_id, phone.RING, tag_store.versions(conn, register.site_id))
    tags = tag_store.some(conn, register.site_id, claims.uids(claim, reads))
    found = claims.settled(claim, register, phone.RING, reads, tags, ())
    if found.flags or found.counter is None:
        return None
    outbox_store.open_(tx, register.site_id, found.tag, found.counter, at)
    tag = tags.get(found.tag)
    if tag is None or tag.state is not TagState.ACTIVE or tag.checkpoint_id not in register.checkpoints:
        return None
    return claim, outbox_store.opened(conn, register.site_id, found.tag, found.counter) or at


def _press(tx: Tx, desk: Desk, deed: Taps, roles: Collection[Role], at: datetime) -> None:
    shown = _look(tx, desk, deed, at)
    if shown is not None:
        claim, opened = shown
        said = Said(id=fresh(at), said_at=at, claim=claim)
        who = Phone(deed.person, roles, f"page-{phone.browser(deed)}")
        phone_taps.sync(tx, desk, who, [said], phone.RING, at, {said.id: opened})


def _tag(tx: Tx, desk: Desk, deed: Tags, at: datetime) -> None:
    register, who = desk.register, deed.person
    match deed.what:
        case "hangs":
            tag_acts.assign(tx, register, deed.uid, deed.to, Proof(deed.proof), who, at)
        case "replaces":
            tag_acts.replace(tx, register, deed.uid, deed.to, who, deed.reason, at)
        case "moves":
            tag_acts.act(tx, register, deed.uid, Act.MOVE, who, deed.reason, at, checkpoint_id=deed.to)
        case "blocks":
            tag_acts.act(tx, register, deed.uid, Act.BLOCK, who, deed.reason, at)
        case _:
            tag_acts.act(tx, register, deed.uid, Act.RESTORE, who, deed.reason, at)


def _violation(tx: Tx, desk: Desk, deed: Violates, at: datetime) -> None:
    if deed.what == "reports":
        violation_acts.report(tx, desk, deed.checkpoint, deed.note, deed.person, at)
        return
    id_ = open_violation(tx.conn, desk.register, deed)
    act = violation_acts.climb if deed.what == "takes" else violation_acts.resolve
    act(tx, desk, id_, deed.note, deed.person, at)


def open_violation(conn: Connection, register: Register, deed: Violates) -> str:
    """The violation that a line means. Raises NoSuchViolation."""
    for found in violation_store.live(conn, register.site_id, [deed.checkpoint]):
        if found.task == deed.task:
            return found.id
    raise NoSuchViolation


def _round(tx: Tx, desk: Desk, deed: Rounds, roles: Collection[Role], at: datetime) -> None:
    found, who = meant(tx.conn, desk.register, deed, at).id, deed.person
    match deed.what:
        case "suspends":
            patrol_acts.suspend(tx, desk, found, deed.reason, who, roles, at)
        case "resumes":
            patrol_acts.resume(tx, desk, found, who, roles, at)
        case _:
            patrol_acts.excuse(tx, desk, found, deed.points, deed.reason, who, roles, at)


def meant(conn: Connection, register: Register, deed: Rounds, at: datetime) -> PatrolRound:
    """The round that a line means: of those to come the next, of those that are over the last. Raises NoSuchRound."""
    around = round_store.between(conn, register.site_id, at - _AROUND, at + _AROUND)
    mine = [found for found in around if found.route.id == deed.route]
    for stand in _MEANT[deed.what]:
        some = [found for found in mine if found.stand is stand]
        if some:
            return some[-1] if stand is Stand.OVER else some[0]
    raise NoSuchRound
