"""Violations on the path (PAT-13): begun by a tap's answer or a person's report, taken further by the clock or by people.

The step that a violation has come to is an alert; the next step ends that one and raises its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.ids import derived
from ingest import findings
from ingest.findings import Tasks
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from logbook import entries
from logbook.finding import SYSTEM
from patrol import violation_store, violations
from patrol.rules import Tap
from patrol.violation_store import DUE_ROWS, next_due, sites_due
from patrol.violations import KINDS, OVER, Step, Stepped, Violation, subject_of
from store.db import Tx

__all__ = ["DUE_ROWS", "asked", "conditions", "found", "look", "next_due", "pairs", "quiet", "ring", "sites_due"]


def asked(tasks: Tasks, points: Iterable[str]) -> list[tuple[str, str]]:
    """What answers at these points may raise."""
    named = {(point, task.id) for point in points for task in tasks.get(point, ()) if task.violation}
    return [pair for point, task in sorted(named) for pair in pairs(subject_of(point, task))]


def pairs(subject: str) -> list[tuple[str, str]]:
    """What a violation may raise and end."""
    return [(subject, kind) for kind in (*KINDS.values(), OVER)]


def found(tx: Tx, judgement: Judgement, tasks: Tasks, taps: Iterable[Tap]) -> None:
    """Begin a violation for each answer that finds one; one that is open already is only seen again."""
    stepped: dict[str, Stepped] = {}
    seen: list[Stepped] = []
    register, at = judgement.scene.desk.register, judgement.at
    told = [(tap, f.task.id) for tap in taps for f in findings.of(tap, tasks) if f.task.violation]
    if not told:
        return
    there = violation_store.live(tx.conn, register.site_id, {str(tap.checkpoint_id) for tap, _ in told})
    standing = {one.subject: one for one in there}
    for tap, task in told:
        point, by = str(tap.checkpoint_id), tap.person_id or SYSTEM  # a reader that does not say whose tag it read
        known = standing.get(subject_of(point, task))
        if known is not None:
            seen.append(violations.seen(known, tap.note, by, at, tap.event_id))
            continue
        policy = register.policies.patrol.violations
        made = violations.begun(register.site_id, point, task, tap.note, by, at, policy, tap.event_id)
        standing[made[0].subject], stepped[made[0].subject] = made[0], made
        ring(judgement, made[0], tap.photos)
    violation_store.save(tx, [one for one, _ in stepped.values()])
    judgement.changes.lines += [line for _, line in (*stepped.values(), *seen)]


def ring(judgement: Judgement, made: Violation, photos: Sequence[str] = ()) -> None:
    """Its step is somebody's to do. `photos`: of the tap that found it, by their hashes."""
    at = judgement.at
    data: dict[str, Any] = {"checkpoint": made.checkpoint_id, "task": made.task, "step": made.step, "note": made.note}
    data |= {"found_by": made.found_by, "found_at": made.found_at, "until": made.until}
    data |= {"photos": list(photos)} if photos else {}
    judgement.occur(made.subject, KINDS[made.step], Origin(derived(at, made.id, made.step), at), data)


def quiet(judgement: Judgement, made: Violation, step: Step) -> None:
    """A step is over; whoever was called still says what became of it."""
    at = judgement.at
    if judgement.stands(made.subject, KINDS[step]):
        judgement.over(made.subject, OVER, Origin(derived(at, made.id, step, "over"), at))


# -- a watch -----------------------------------------------------------------------------------------------------------


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """The steps that have had their time."""
    return [pair for one in violation_store.due(conn, desk.register.site_id, at) for pair in pairs(one.subject)]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Take those that were not over in time to their next step."""
    policy, site = desk.register.policies.patrol.violations, desk.register.site_id
    stepped = []
    for one in violation_store.due(tx.conn, site, at):
        made = violations.climbed(one, "", "system", at, policy)
        quiet(judgement, one, one.step)
        ring(judgement, made[0])
        stepped.append(made)
    if stepped:
        violation_store.save(tx, [one for one, _ in stepped])
        entries.append(tx, site, [line for _, line in stepped])
