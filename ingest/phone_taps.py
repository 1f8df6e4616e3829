"""Taps that a phone brings by HTTP: the same path as a reader's, entered by whoever is signed in.

A phone says what it read, never who it is. What it kept while there was no line comes later, with the time it says, in a
chain that shows what was changed since; the same tap may come any number of times.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec

from core.clock import micros
from core.wire import Why
from ingest import findings, majors, proofs, rounds, store, taps, violations
from ingest.commit import commit
from ingest.desks import register_at
from ingest.loading import load_scene
from ingest.rules import NOBODY, SKEWED, Judgement
from ingest.scene import Desk
from logbook.rules import Line
from patrol import claims, outbox, outbox_store, round_store, tag_store
from patrol import store as tap_store
from patrol.claims import Claim, Manual
from patrol.flags import Flag
from patrol.keys import Ring
from patrol.outbox import Link
from patrol.rounds import PatrolRound, verdict
from patrol.rules import Tap
from sites.register import Role
from store.db import Tx

PHONE: Final = "phone"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A tap as the phone says it. `link` is None where there is no outbox (the tap page)."""

    id: str
    said_at: datetime
    claim: Claim
    kept: bool = False
    link: Link | None = None
    answers: Mapping[str, Any] = {}
    note: str = ""
    photos: tuple[str, ...] = ()
    raw: bytes = b""


class Linked(Protocol):
    """What a phone kept in its chain: a tap, or coming to a seat and leaving it."""

    @property
    def id(self) -> str: ...
    @property
    def kept(self) -> bool: ...
    @property
    def link(self) -> Link | None: ...
    @property
    def raw(self) -> bytes: ...


class Outcome(msgspec.Struct, frozen=True):
    """What became of a tap; `rounds`: how its point stands now in the rounds that it may count for."""

    id: str
    outcome: str
    flags: tuple[str, ...] = ()
    checkpoint: str | None = None
    rounds: tuple[dict[str, str], ...] = ()
    findings: tuple[str, ...] = ()


class Phone(msgspec.Struct, frozen=True):
    """Who brings taps, and on what."""

    person: str
    roles: Collection[Role]
    client: str

    @property
    def device(self) -> str:
        """The phone as a source of events."""
        return f"{PHONE}/{self.client}"


def sync(
    tx: Tx,
    desk: Desk,
    phone: Phone,
    said: Sequence[Said],
    ring: Ring | None,
    at: datetime,
    opened: Mapping[str, datetime] | None = None,
) -> list[Outcome]:
    """Take a phone's taps, live ones first, and say of each what became of it, in the order in which they came. `opened`: when
    the address of a tap was first opened here.
    """
    site, ids = desk.register.site_id, sorted({one.id for one in said})
    stood = store.known(tx.conn, site, ids)
    fresh: dict[str, Said] = {}
    for one in sorted(said, key=_turn):
        if one.id not in stood:
            fresh.setdefault(one.id, one)
    edited = chained(tx, site, phone.client, phone.person, said, fresh, at)
    if fresh:
        _judged(tx, desk, phone, list(fresh.values()), ring, edited, opened or {}, at)
    there = tap_store.some(tx.conn, site, ids)
    moments = [moment for tap in there.values() for moment in (tap.said_at, tap.heard_at)]
    walked = round_store.touched(tx.conn, site, moments) if moments else []
    tasks = findings.tasks(desk.register, walked)
    return [
        _outcome(one, there.get(one.id), phone, walked, tasks, edited, first=one is fresh.get(one.id), at=at)
        for one in said
    ]


def _turn(one: Said) -> tuple[bool, int]:
    return one.kept, 0 if one.link is None else one.link.n


def chained(
    tx: Tx, site: str, client: str, person: str, said: Sequence[Linked], fresh: Mapping[str, Linked], at: datetime
) -> set[str]:
    """What of a phone's does not fit its chain. One that comes again with other words changes nothing; its words are kept."""
    links = {one.id: one.link for one in fresh.values() if one.link is not None}
    again = [one for one in said if one.link is not None and one is not fresh.get(one.id)]
    numbers = [link.n for link in links.values()]
    known = outbox_store.near(tx.conn, site, client, person, numbers) if numbers else []
    chain = [*known, *links.values()]
    wrong = {id_ for id_, link in links.items() if outbox.broken(link, chain, kept=fresh[id_].kept)}
    first = {**outbox_store.of_events(tx.conn, site, [one.id for one in again]), **links}
    for one in again:
        if one.link is not None and one.id in first and one.link.digest != first[one.id].digest:
            wrong.add(one.id)
            store.keep_reject(tx, site, f"http/taps/{client}", at, Why.ID_REUSED, f"tap {one.id} changed", one.raw)
    outbox_store.keep(tx, site, client, person, links.items())
    return wrong


def _judged(
    tx: Tx,
    desk: Desk,
    phone: Phone,
    fresh: Sequence[Said],
    ring: Ring | None,
    edited: Collection[str],
    opened: Mapping[str, datetime],
    at: datetime,
) -> None:
    site = desk.register.site_id
    made = _read(tx, desk, phone, fresh, ring, edited, at)
    walked = rounds.tapped(tx.conn, site, [(tap.said_at, at) for tap in made])
    points = {tap.checkpoint_id for tap in made if tap.answers and tap.checkpoint_id}
    may = violations.asked(findings.tasks(desk.register, walked), points) if points else []
    also = [*rounds.asked(walked), *taps.told(made), *proofs.asked(tx.conn, site), *may]
    judgement = Judgement(load_scene(tx, desk, at, also=also))
    judgement.changes.taps += made
    meaning = desk.meaning(PHONE, taps.TAP)
    holding = judgement.scene.held.get(meaning.route.seat, NOBODY)
    skew_us = desk.register.policies.clock_skew_s * 1_000_000
    for one, tap in zip(fresh, made, strict=True):
        said_us, heard_us = micros(tap.said_at), micros(at)
        flags = SKEWED if not one.kept and abs(said_us - heard_us) > skew_us else 0
        judgement.changes.events.append(
            (
                one.id,
                "",
                "",
                0,
                phone.device,
                taps.TAP,
                meaning.klass,
                flags,
                said_us,
                heard_us,
                holding.shift,
                holding.person,
                None,
                one.raw,
            )
        )
    taps.judged(tx, judgement, walked, opened)
    judgement.changes.lines += [
        Line(at, "patrol.vouch", phone.person, f"checkpoint/{one.claim.checkpoint}", {"reason": one.claim.reason})
        for one, tap in zip(fresh, judgement.changes.taps, strict=True)
        if isinstance(one.claim, Manual) and tap.counts
    ]
    majors.owe(tx, judgement)
    commit(tx, judgement.scene, judgement.changes)


def _read(
    tx: Tx,
    desk: Desk,
    phone: Phone,
    fresh: Sequence[Said],
    ring: Ring | None,
    edited: Collection[str],
    at: datetime,
) -> list[Tap]:
    """Each as a tap: which tag or point it names, and what is odd about that alone."""
    site = desk.register.site_id
    versions = tag_store.versions(tx.conn, site) if any(isinstance(one.claim, claims.Sun) for one in fresh) else ()
    reads = [claims.named(one.claim, site, ring, versions) for one in fresh]
    uids = {uid for one, some in zip(fresh, reads, strict=True) for uid in claims.uids(one.claim, some)}
    tags = tag_store.some(tx.conn, site, uids)
    made = []
    for one, some in zip(fresh, reads, strict=True):
        rules = register_at(tx.conn, desk, one.said_at) if one.kept else desk.register
        found = claims.settled(one.claim, rules, ring, some, tags, phone.roles)
        tag = tags.get(found.tag)
        flags = [flag.value for flag in found.flags] + [Flag.OUTBOX_EDITED.value] * (one.id in edited)
        vouched = [one.claim.reason] if isinstance(one.claim, Manual) else []
        made.append(
            Tap(
                event_id=one.id,
                tag=found.tag,
                checkpoint_id=tag.checkpoint_id if tag is not None else found.checkpoint,
                person_id=phone.person,
                proof=found.proof.value,
                flags=tuple(flags),
                said_at=one.said_at.astimezone(UTC),
                heard_at=at,
                synced=one.kept,
                client=phone.device,
                counter=found.counter,
                answers=dict(one.answers),
                note="\n".join(filter(None, [*vouched, one.note])),
                photos=one.photos,
            )
        )
    return made


def _outcome(
    one: Said,
    tap: Tap | None,
    phone: Phone,
    walked: Sequence[PatrolRound],
    tasks: findings.Tasks,
    edited: Collection[str],
    *,
    first: bool,
    at: datetime,
) -> Outcome:
    """What became of a tap. Of somebody else's that comes again under our name, nothing is told."""
    if tap is None or tap.person_id != phone.person:
        return Outcome(one.id, "duplicate")
    flags = tap.flags
    if not first and one.id in edited:
        flags = tuple(dict.fromkeys((*flags, Flag.OUTBOX_EDITED.value)))
    worth = ("flagged" if flags else "counted") if first else "duplicate"
    mine = [r for r in walked if tap.checkpoint_id in r.route.checkpoints and r.opens_at <= tap.at <= r.window.ends_at]
    points = tuple({"round": r.id, "point": verdict(r, at).points[str(tap.checkpoint_id)].word} for r in mine)
    found = tuple(f.task.id for f in findings.of(tap, tasks))
    return Outcome(one.id, worth, flags, tap.checkpoint_id, points, found)
