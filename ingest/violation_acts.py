"""What people do about violations (PAT-13): report one, say that a step was in vain, or that it is over. In an open transaction
of the site.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ingest import violations as path
from ingest.commit import commit
from ingest.loading import load_scene
from ingest.rules import Judgement
from ingest.scene import Desk
from patrol import violation_store, violations
from patrol.errors import NoSuchCheckpoint
from patrol.violations import Step, Stepped, Violation, subject_of
from store.db import Tx


def report(
    tx: Tx,
    desk: Desk,
    checkpoint: str,
    note: str,
    by: str,
    at: datetime,
    *,
    photos: Sequence[str] = (),
    said_at: datetime | None = None,
) -> Violation:
    """Somebody saw one, without a task that asks for it. Raises `NoSuchCheckpoint`. One that was reported there and is not
    over is seen again. `photos`: by the hashes of what the phone sends; `said_at`: by a phone that had no line then.
    """
    register = desk.register
    if checkpoint not in register.checkpoints:
        raise NoSuchCheckpoint(field="checkpoint")
    there = violation_store.live(tx.conn, register.site_id, [checkpoint])
    known = next((one for one in there if not one.task), None)
    judgement = _judgement(tx, desk, subject_of(checkpoint, ""), at)
    told: dict[str, Any] = {"photos": list(photos)} if photos else {}
    told |= {} if said_at is None else {"said_at": said_at}
    if known is not None:
        return _keep(tx, judgement, violations.seen(known, note, by, at, **told))
    made = violations.begun(register.site_id, checkpoint, "", note, by, at, register.policies.patrol.violations, **told)
    path.ring(judgement, made[0], photos)
    return _keep(tx, judgement, made)


def climb(tx: Tx, desk: Desk, id_: str, note: str, by: str, at: datetime) -> Violation:
    """A step was in vain. Raises `NoSuchViolation`, `ViolationOver`, `ReasonOwed`."""
    policy = desk.register.policies.patrol.violations
    return _done(tx, desk, id_, at, lambda one: violations.climbed(one, note, by, at, policy))


def resolve(tx: Tx, desk: Desk, id_: str, note: str, by: str, at: datetime) -> Violation:
    """It is over."""
    return _done(tx, desk, id_, at, lambda one: violations.resolved(one, note, by, at))


def _done(tx: Tx, desk: Desk, id_: str, at: datetime, act: Callable[[Violation], Stepped]) -> Violation:
    one = violation_store.get(tx.conn, desk.register.site_id, id_)
    made = act(one)
    judgement = _judgement(tx, desk, one.subject, at)
    path.quiet(judgement, one, one.step)
    if made[0].step is not Step.OVER:
        path.ring(judgement, made[0])
    return _keep(tx, judgement, made)


def _judgement(tx: Tx, desk: Desk, subject: str, at: datetime) -> Judgement:
    return Judgement(load_scene(tx, desk, at, also=path.pairs(subject)))


def _keep(tx: Tx, judgement: Judgement, made: Stepped) -> Violation:
    violation_store.save(tx, [made[0]])
    judgement.changes.lines.append(made[1])
    commit(tx, judgement.scene, judgement.changes)
    return made[0]
