"""Commit: everything a judgement changed, in the one transaction that is open: rows, logbook, outbox."""

from datetime import datetime
from typing import Any

import msgspec

from alerts import store as alert_store
from core.clock import instant
from duty import store as duty_store
from duty.rules import Holding
from ingest import store
from ingest.rules import Changes
from ingest.scene import Scene
from logbook import entries
from patrol import store as patrol_store
from store import outbox
from store.db import Tx

SHOWN = 30  # newest events of a batch that the live feed carries; the count tells how many there were


class _Repeated(msgspec.Struct, gc=False):
    """An alert that was said again, as the live feed carries it."""

    id: str
    repeats: int
    last_at: datetime
    state: str | None


class _Stands(msgspec.Struct, gc=False):
    """A condition that moved, as the live feed carries it."""

    subject: str
    name: str
    active: bool
    since: datetime


def hand_over(tx: Tx, site: str, changes: Changes, *, more: bool = True) -> None:
    """Give the events judged since the last time to the store, which puts them away while the next are judged."""
    rows = changes.events[changes.handed :]
    changes.handed = len(changes.events)
    store.insert_events(tx, site, rows, more=more)


def commit(tx: Tx, scene: Scene, changes: Changes) -> None:
    """Write a judgement's changes. Nothing here decides anything."""
    site = scene.desk.register.site_id
    hand_over(tx, site, changes, more=False)
    raised = list(changes.raised.values())
    stepped = list(changes.stepped.values())
    if raised:
        tx.heads[site].alert_no += len(raised)
        tx.heads[site].changed = True
        alert_store.insert(tx, raised)
    alert_store.save_conditions(tx, site, changes.conditions)
    alert_store.save(tx, stepped)  # after their conditions, which tell where they stand
    alert_store.insert_fired(tx, site, changes.fired)
    alert_store.insert_notices(tx, site, changes.notices)
    for before, after in stepped:
        if before.ring != after.ring:
            alert_store.cancel_notices(tx, site, after.id, scene.at, before_ring=after.ring)
    store.save_heard(tx, site, changes.heard)
    patrol_store.insert(tx, site, changes.taps)
    _speak_again(tx, scene, changes)
    if changes.lines:
        entries.append(tx, site, changes.lines)
    outbox.append(tx, site, scene.at, _pushes(tx, scene, changes))


def _speak_again(tx: Tx, scene: Scene, changes: Changes) -> None:
    devices = scene.desk.register.devices
    due = {}
    for device_id in changes.spoke_again:
        span = devices[device_id].supervision_s
        due[device_id] = (False, changes.heard[device_id][0] + span * 1_000_000 if span else None)
    store.save_silence(tx, scene.desk.register.site_id, due)


def _pushes(tx: Tx, scene: Scene, changes: Changes) -> list[tuple[str, Any]]:
    site = scene.desk.register.site_id
    made: list[tuple[str, Any]] = [("alert", a) for a in changes.raised.values()]
    made += [("alert", after) for _, after in changes.stepped.values()]
    if changes.repeats:
        made.append(
            (
                "repeats",
                [_Repeated(i, c.repeats, scene.at, c.state) for i, c in changes.repeats.items()],
            )
        )
    if changes.events:
        newest = [store.brief(row) for row in changes.events[-SHOWN:]]
        made.append(("events", {"count": len(changes.events), "items": newest[::-1]}))
    stands = _stands(scene, changes)
    if stands or (changes.conditions and not made):  # whoever moves a condition moves the head: see `ingest.memory`
        made.append(("conditions", stands))
    if changes.spoke_again:
        made.append(("devices", store.device_states(tx.conn, site, changes.spoke_again)))
    if changes.taps:
        made.append(("taps", changes.taps))
    return made


def commit_seats(tx: Tx, scene: Scene, held: list[tuple[Holding, Any]], shown: list[dict[str, Any]]) -> None:
    """Write who holds which seat now, and show it."""
    site = scene.desk.register.site_id
    duty_store.save_states(tx, site, held)
    outbox.append(tx, site, scene.at, [("duty", shown)])


def _stands(scene: Scene, changes: Changes) -> list[_Stands]:
    """The conditions that began or ended; of one that was only said again nothing shows."""
    made = []
    for (subject, name), now in changes.conditions.items():
        was = scene.conditions.get((subject, name))
        if was is None or was.active is not now.active or was.since != now.since:
            made.append(_Stands(subject, name, now.active, instant(now.since)))
    return made
