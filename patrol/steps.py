"""Somebody must go there: an alert's response may need a tap at a checkpoint within some minutes, and a major incident
somebody in charge on site (ESC-03). One state, one table.

A tap that counts closes the step; when none comes in time that is an alert of its own, and a later tap still says who went.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from logbook.rules import Line
from patrol.rules import Tap


class StepKind(StrEnum):
    """What must be shown."""

    PROOF = "proof"  # anybody, at one of the checkpoints
    CHIEF = "chief"  # one of these people, anywhere on site


class StepState(StrEnum):
    """Where a step stands."""

    OWED = "owed"
    GIVEN = "given"
    MISSED = "missed"
    LATE = "late"  # given after it was missed
    DROPPED = "dropped"  # the alert was closed before


class StepAct(StrEnum):
    """What can happen to a step."""

    GIVE = "give"
    MISS = "miss"
    DROP = "drop"


S, A = StepState, StepAct
NEXT: Final[Mapping[tuple[StepState, StepAct], StepState]] = {
    (S.OWED, A.GIVE): S.GIVEN,
    (S.OWED, A.MISS): S.MISSED,
    (S.OWED, A.DROP): S.DROPPED,
    (S.MISSED, A.GIVE): S.LATE,
}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A tap at any of `checkpoints` by `until`; of a chief, a tap anywhere by one of `people`, or a sign-on by one of them or
    to `seat`. `tap`, `by`: who was there, and by which tap.
    """

    site_id: str
    alert_id: str
    kind: StepKind = StepKind.PROOF
    people: tuple[str, ...] = ()
    seat: str = ""
    checkpoints: tuple[str, ...]
    since: datetime
    until: datetime
    state: StepState = StepState.OWED
    tap: str | None = None
    by: str | None = None
    ended_at: datetime | None = None

    @property
    def due_at(self) -> datetime | None:
        """When to look: within `until` itself a tap is in time."""
        return self.until + timedelta(microseconds=1) if self.state is StepState.OWED else None


def owed(site_id: str, alert_id: str, checkpoints: tuple[str, ...], at: datetime, within_min: int) -> tuple[Step, Line]:
    """A step that begins now, and its line."""
    until = at + timedelta(minutes=within_min)
    made = Step(site_id=site_id, alert_id=alert_id, checkpoints=checkpoints, since=at, until=until)
    return made, _line(made, "owe", at, "system", checkpoints=checkpoints, until=until)


def chief(
    site_id: str, alert_id: str, people: tuple[str, ...], seat: str, at: datetime, within_min: int
) -> tuple[Step, Line]:
    """Somebody in charge must be on site: the clock runs from now."""
    until = at + timedelta(minutes=within_min)
    made = Step(
        site_id=site_id,
        alert_id=alert_id,
        kind=StepKind.CHIEF,
        people=people,
        seat=seat,
        checkpoints=(),
        since=at,
        until=until,
    )
    told = {"people": people, "until": until} | ({"seat": seat} if seat else {})
    return made, _line(made, "owe", at, "system", **told)


def proves(step: Step, tap: Tap) -> bool:
    """Whether a tap is what a step waits for: at the place, by the right one, since the alert, and good as proof."""
    if not tap.counts or tap.at < step.since:
        return False
    if step.kind is StepKind.CHIEF:
        return tap.checkpoint_id is not None and tap.person_id in step.people
    return tap.checkpoint_id in step.checkpoints


def came(step: Step, seat: str, person: str, at: datetime) -> tuple[Step, Line] | None:
    """The step given by a sign-on, where one gives it."""
    if step.kind is not StepKind.CHIEF or (person not in step.people and (not seat or seat != step.seat)):
        return None
    made = msgspec.structs.replace(_step(step, StepAct.GIVE), by=person, ended_at=at)
    after_s = int((at - step.since).total_seconds())
    return made, _line(made, "give", at, person, seat=seat, proof="sign_on", after_s=after_s)


def given(step: Step, tap: Tap, at: datetime) -> tuple[Step, Line]:
    """Somebody was there."""
    after = _step(step, StepAct.GIVE)
    told: dict[str, Any] = {"checkpoint": tap.checkpoint_id, "tap": tap.event_id, "proof": tap.proof}
    told |= {"said_at": tap.said_at, "heard_at": tap.heard_at, "after_s": int((tap.at - step.since).total_seconds())}
    made = msgspec.structs.replace(after, tap=tap.event_id, by=tap.person_id, ended_at=at)
    return made, _line(made, "give", at, tap.person_id or "system", **told)


def missed(step: Step, at: datetime) -> tuple[Step, Line]:
    """Nobody was there in time."""
    after = _step(step, StepAct.MISS)
    told = {"people": step.people} if step.kind is StepKind.CHIEF else {"checkpoints": step.checkpoints}
    return after, _line(after, "miss", at, "system", until=step.until, **told)


def dropped(step: Step, at: datetime) -> tuple[Step, Line]:
    """The alert is closed: nobody need go."""
    after = msgspec.structs.replace(_step(step, StepAct.DROP), ended_at=at)
    return after, _line(after, "drop", at, "system")


def _step(step: Step, act: StepAct) -> Step:
    return msgspec.structs.replace(step, state=NEXT[step.state, act])


def _line(step: Step, act: str, at: datetime, by: str, **data: Any) -> Line:
    return Line(at, f"{step.kind}.{act}", by, f"alert/{step.alert_id}", data)
