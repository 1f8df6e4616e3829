"""Taps on the path, whoever brings them: held against their tags and against each other, before they count for a round."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from core.ids import derived
from duty import presence_store
from ingest import findings, proofs, rounds, under_way, violations
from ingest.desks import register_at
from ingest.rules import Judgement, Origin
from ingest.scene import Heard, Scene
from patrol import store, tag_store
from patrol.flags import VOID, Beside, Flag, Tag, flagged
from patrol.rounds import PatrolRound
from patrol.rules import Tap, normal_tag
from sites.register import Register
from store.db import Tx

TAP: Final = "patrol.tap"
CHEAT: Final = "patrol.suspect"
_PHONES: Final = "phone/"
_BACK: Final = timedelta(hours=24)  # what a tap is held against: taps that were kept may be a whole night old
# These are somebody's doing: a leader hears of them.
_TOLD: Final = (
    Flag.CLONE,
    Flag.REPLAYED,
    Flag.HOARDED,
    Flag.FOREIGN_TAG,
    Flag.BLOCKED_TAG,
    Flag.NOT_PROVED,
    Flag.PROXY,
    Flag.OUTBOX_EDITED,
    Flag.MANUAL_DENIED,
)


def judged(
    tx: Tx, judgement: Judgement, walked: Sequence[PatrolRound], opened: Mapping[str, datetime] | None = None
) -> None:
    """Flag what is odd about the taps of a judgement, store how far their tags have counted, and let them prove points.
    `opened`: when the address of a tap was first opened here, by its event's id.
    """
    taps = judgement.changes.taps
    if not taps:
        return
    scene, site = judgement.scene, judgement.scene.desk.register.site_id
    uids, people = {t.tag for t in taps}, {t.person_id for t in taps if t.person_id is not None}
    tags = tag_store.some(tx.conn, site, uids)
    foreign = tag_store.elsewhere(tx.conn, site, uids - tags.keys())
    phones = {t.client for t in taps if t.client.startswith(_PHONES)}  # a reader on the wall is everybody's
    before = store.since(tx.conn, site, judgement.at - _BACK, uids, people, phones)
    moved: dict[str, Tag] = {}
    for n, tap in enumerate(taps):
        tag = tags.get(tap.tag)
        beside = Beside(
            register_at(tx.conn, scene.desk, tap.at), tag, before, _on_duty(scene), (opened or {}).get(tap.event_id)
        )
        made = flagged(_placed(tap, tag, foreign), beside)
        taps[n] = made
        before.append(made)
        if tag is not None and made.counter is not None and made.counter > tag.counter and not set(made.flags) & VOID:
            tags[tap.tag] = moved[tap.tag] = msgspec.structs.replace(tag, counter=made.counter, read_at=made.at)
        _tell(judgement, made)
    tag_store.save(tx, site, moved.values(), "system", judgement.at)
    if any(tap.answers for tap in taps):
        tasks = findings.tasks(scene.desk.register, walked)
        findings.tell(judgement, tasks, taps)
        violations.found(tx, judgement, tasks, taps)
    proofs.given(tx, judgement, taps)
    under_way.arrived(tx, judgement, taps)
    if presence_store.next_look(tx.conn, site, presence_store.LONE) is not None:
        presence_store.look_at(tx, site, presence_store.LONE, judgement.at)  # a sign of life
    if walked:
        rounds.heard(tx, judgement, walked, taps)


def _placed(tap: Tap, tag: Tag | None, foreign: set[str]) -> Tap:
    """Where the tag hangs now, whatever the pack said when it was imported."""
    if tag is not None:
        flags = tuple(f for f in tap.flags if f != Flag.UNKNOWN_TAG)
        return msgspec.structs.replace(tap, checkpoint_id=tag.checkpoint_id, flags=flags)
    if tap.tag in foreign:
        return msgspec.structs.replace(tap, flags=(*tap.flags, Flag.FOREIGN_TAG.value))
    return tap


def _on_duty(scene: Scene) -> set[str]:
    return {holding.person for holding in scene.held.values() if holding.person is not None}


def _tell(judgement: Judgement, tap: Tap) -> None:
    """A tap that looks like somebody's trick is a leader's to look into; one alert a person and trick, counted."""
    for flag in _TOLD:
        if flag.value in tap.flags:
            data = {"flag": flag.value, "tag": tap.tag, "checkpoint": tap.checkpoint_id, "person": tap.person_id}
            subject = subject_of(tap.person_id)
            judgement.occur(subject, CHEAT, Origin(derived(judgement.at, tap.event_id, flag.value), tap.at), data)
            return


def subject_of(person: str | None) -> str:
    """Whom a trick is held against."""
    return f"person/{person or 'unknown'}"


def asked(
    conn: Connection, register: Register, new: Sequence[Heard], walked: Sequence[PatrolRound]
) -> list[tuple[str, str]]:
    """What taps may raise: known beforehand by the guards whom they name, and the points where their tags hang."""
    told = [h.event.data for h in new if h.event.kind == TAP]
    named = {str(data.get("guard", "")) for data in told}
    pairs = [(subject_of(name), CHEAT) for name in (*sorted(named), None)] if named else []
    uids = {normal_tag(str(data.get("tag", ""))) for data in told if data.get("answers")}
    if uids:
        points = {tag.checkpoint_id for tag in tag_store.some(conn, register.site_id, uids).values()}
        points |= {point.id for uid in uids if (point := register.checkpoint_of(uid)) is not None}
        pairs += [(findings.subject_of(point), findings.FINDING) for point in sorted(points)]
        pairs += violations.asked(findings.tasks(register, walked), points)
    return pairs


def told(made: Iterable[Tap]) -> list[tuple[str, str]]:
    """The same of taps that were read already, and what was found at their points."""
    pairs = {(subject_of(tap.person_id), CHEAT) for tap in made} | {
        (findings.subject_of(tap.checkpoint_id), findings.FINDING) for tap in made if tap.answers and tap.checkpoint_id
    }
    return sorted(pairs)
