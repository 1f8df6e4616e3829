"""Steps that a tap must prove, on the path: owed when an alert is raised, given by taps, missed by the clock.

Which alerts need somebody on the spot is the site's to say, by kind and zone. That somebody in charge comes to a major
incident (ESC-03) is such a step, too: `ingest.majors` begins it, and a sign-on gives it as well.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from alerts import store as alert_store
from alerts.rules import Alert, State
from core.ids import derived
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from ingest.urgent import near
from logbook import entries
from logbook.rules import Line
from patrol import step_store, steps
from patrol.rules import Tap
from patrol.step_store import DUE_ROWS, next_due, sites_due
from patrol.steps import Step, StepKind, StepState
from sites.register import Register
from store.db import Tx

__all__ = ["DUE_ROWS", "asked", "conditions", "given", "keep", "look", "next_due", "owe", "signed_on", "sites_due"]

DUE: Final[Mapping[StepKind, str]] = {StepKind.PROOF: "patrol.proof_due", StepKind.CHIEF: "duty.chief_due"}
GIVEN: Final[Mapping[StepKind, str]] = {StepKind.PROOF: "patrol.proof_given", StepKind.CHIEF: "duty.chief_there"}


def owe(tx: Tx, judgement: Judgement) -> None:
    """Begin the steps of the alerts that were raised now."""
    register, at = judgement.scene.desk.register, judgement.at
    wanted = register.policies.patrol.proofs
    if not wanted:
        return
    made: list[Step] = []
    lines: list[Line] = []
    for alert in judgement.changes.raised.values():
        step = _wanted(register, alert, at)
        if step is not None:
            made.append(step[0])
            lines.append(step[1])
    keep(tx, register.site_id, made, lines, at)


def _wanted(register: Register, alert: Alert, at: datetime) -> tuple[Step, Line] | None:
    path = register.zone_path(alert.zone_id)
    for proof in register.policies.patrol.proofs:
        fits = any(alert.kind == k or alert.kind.startswith(k + ".") for k in proof.kinds)
        if not fits or (proof.zones and not set(proof.zones) & set(path)):
            continue
        points = proof.checkpoints or tuple(near(register, alert.zone_id, register.checkpoints))
        return steps.owed(register.site_id, alert.id, points, at, proof.within_min) if points else None
    return None


def asked(conn: Connection, site_id: str) -> list[tuple[str, str]]:
    """What taps may end."""
    return [_condition(step) for step in step_store.live(conn, site_id) if step.state is StepState.MISSED]


def _condition(step: Step) -> tuple[str, str]:
    return f"{step.kind}/{step.alert_id}", DUE[step.kind]


def given(tx: Tx, judgement: Judgement, taps: Sequence[Tap]) -> None:
    """Close the steps that these taps prove. One that was missed is late, and its alert's condition is over."""
    site, at = judgement.scene.desk.register.site_id, judgement.at
    done: list[Step] = []
    lines: list[Line] = []
    for step in step_store.live(tx.conn, site) if any(tap.counts for tap in taps) else ():
        first = min((tap for tap in taps if steps.proves(step, tap)), key=lambda t: t.at, default=None)
        if first is None:
            continue
        after, line = steps.given(step, first, at)
        done.append(after)
        lines.append(line)
        _over(judgement, after)
    keep(tx, site, done, lines, at)


def signed_on(tx: Tx, judgement: Judgement, seat: str, person: str) -> None:
    """Close the steps that this sign-on gives: whoever must come to a major incident is there."""
    site, at = judgement.scene.desk.register.site_id, judgement.at
    found = [steps.came(step, seat, person, at) for step in step_store.live(tx.conn, site)]
    done = [made for made in found if made is not None]
    for after, _ in done:
        _over(judgement, after)
    keep(tx, site, [after for after, _ in done], [line for _, line in done], at)


def _over(judgement: Judgement, step: Step) -> None:
    """What was missed is late now: its alert's condition is over."""
    if step.state is StepState.LATE and judgement.stands(*_condition(step)):
        given = GIVEN[step.kind]
        judgement.over(_condition(step)[0], given, Origin(derived(judgement.at, given, step.alert_id), judgement.at))


# -- a watch -----------------------------------------------------------------------------------------------------------


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """The steps whose time is over."""
    return [_condition(step) for step in step_store.due(conn, desk.register.site_id, at)]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Nobody was there in time: that is an alert; unless the first one was closed meanwhile."""
    site = desk.register.site_id
    over = step_store.due(tx.conn, site, at)
    found = alert_store.some(tx.conn, site, {step.alert_id for step in over})
    done: list[Step] = []
    lines: list[Line] = []
    for step in over:
        alert = found.get(step.alert_id)
        closed = alert is None or alert.state is State.CLOSED
        after, line = steps.dropped(step, at) if closed else steps.missed(step, at)
        done.append(after)
        lines.append(line)
        if alert is not None and not closed:
            subject, due = _condition(step)
            told = {"people": step.people} if step.kind is StepKind.CHIEF else {"checkpoints": step.checkpoints}
            data = {"alert": alert.number, "kind": alert.kind, "zone": alert.zone_id, **told}
            judgement.occur(subject, due, Origin(derived(at, due, step.alert_id), at), data)
    keep(tx, site, done, lines, at)


def keep(tx: Tx, site: str, made: Sequence[Step], lines: Sequence[Line], at: datetime) -> None:
    """Save steps as they are now, with their lines."""
    if made:
        step_store.save(tx, site, made, at)
        entries.append(tx, site, lines)
