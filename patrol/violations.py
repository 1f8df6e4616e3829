"""What somebody does that they may not (PAT-13: building without leave, another use, pets): dissuade, stop, report, assist the
authority. One state, one table. Pure.

Each step has its time; a violation that is not over by then takes the next step, and so it does when somebody says that
this one was in vain. Who found it, and what was done at each step, is kept.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from core.ids import derived
from logbook.rules import Line
from patrol.errors import ReasonOwed, ViolationOver
from sites.patrol_words import ViolationPolicy


class Step(StrEnum):
    """What is to be done about it now."""

    DISSUADE = "dissuade"
    STOP = "stop"
    REPORT = "report"
    ASSIST = "assist"
    OVER = "over"


class Act(StrEnum):
    """What can happen to it."""

    SEE = "see"  # found again
    CLIMB = "climb"
    RESOLVE = "resolve"


S, A = Step, Act
NEXT: Final[Mapping[tuple[Step, Act], Step]] = {
    **{(step, A.SEE): step for step in (S.DISSUADE, S.STOP, S.REPORT, S.ASSIST)},
    **{(step, A.RESOLVE): S.OVER for step in (S.DISSUADE, S.STOP, S.REPORT, S.ASSIST)},
    (S.DISSUADE, A.CLIMB): S.STOP,
    (S.STOP, A.CLIMB): S.REPORT,
    (S.REPORT, A.CLIMB): S.ASSIST,
}
KINDS: Final[Mapping[Step, str]] = {
    S.DISSUADE: "patrol.violation",
    S.STOP: "patrol.violation_stop",
    S.REPORT: "patrol.violation_report",
    S.ASSIST: "patrol.violation_assist",
}
OVER: Final = "patrol.violation_over"
BEGUN: Final = "violation.begin"  # in the log
SEEN: Final = "violation.see"


class Done(msgspec.Struct, frozen=True):
    """What was done at a step, by whom; `system`: nothing, its time was over."""

    step: Step
    at: datetime
    by: str
    note: str = ""


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One of them: where, which task of the point found it (empty: somebody reported it), and the step it has come to by
    `until`; None: no further step has a time.
    """

    site_id: str
    id: str
    checkpoint_id: str
    task: str
    note: str
    found_by: str
    found_at: datetime
    tap: str | None = None
    step: Step = Step.DISSUADE
    since: datetime
    until: datetime | None = None
    done: tuple[Done, ...] = ()
    ended_at: datetime | None = None

    @property
    def subject(self) -> str:
        """What its alerts are about."""
        return subject_of(self.checkpoint_id, self.task)

    @property
    def shown(self) -> dict[str, Any]:
        """As pages and reports show it."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if name != "site_id"}

    @property
    def due_at(self) -> datetime | None:
        """When to look: within `until` itself it may still be over in time."""
        return None if self.until is None else self.until + timedelta(microseconds=1)


def subject_of(checkpoint: str, task: str) -> str:
    """One open violation a point and task."""
    return f"violation/{checkpoint}/{task}" if task else f"violation/{checkpoint}"


Stepped = tuple[Violation, Line]


def begun(
    site: str,
    checkpoint: str,
    task: str,
    note: str,
    by: str,
    at: datetime,
    policy: ViolationPolicy,
    tap: str | None = None,
    **told: Any,
) -> Stepped:
    """It was found now: whoever found it dissuades first. `told`: what else the log's line says."""
    made = Violation(
        site_id=site,
        id=derived(at, site, subject_of(checkpoint, task), "violation"),
        checkpoint_id=checkpoint,
        task=task,
        note=note,
        found_by=by,
        found_at=at,
        tap=tap,
        since=at,
        until=_until(Step.DISSUADE, at, policy),
    )
    return made, _line(made, BEGUN, at, by, note=note, until=made.until, **_by_tap(tap), **told)


def seen(found: Violation, note: str, by: str, at: datetime, tap: str | None = None, **told: Any) -> Stepped:
    """It is still there."""
    after = _step(found, Act.SEE)
    return after, _line(after, SEEN, at, by, note=note, **_by_tap(tap), **told)


def climbed(found: Violation, note: str, by: str, at: datetime, policy: ViolationPolicy) -> Stepped:
    """A step was in vain, or its time is over (`by` is the system): the next one begins. Raises `ViolationOver` where
    there is none.
    """
    if by != "system":
        note = _owed(note)
    after = _step(found, Act.CLIMB)
    told = Done(found.step, at, by, note)
    made = msgspec.structs.replace(after, since=at, until=_until(after.step, at, policy), done=(*found.done, told))
    return made, _line(
        made, "violation.climb", at, by, was=found.step, until=made.until, **({"note": note} if note else {})
    )


def resolved(found: Violation, note: str, by: str, at: datetime) -> Stepped:
    """It is over, and how. Raises `ViolationOver` when it was before."""
    note = _owed(note)
    after = _step(found, Act.RESOLVE)
    made = msgspec.structs.replace(
        after, since=at, until=None, done=(*found.done, Done(found.step, at, by, note)), ended_at=at
    )
    return made, _line(made, "violation.resolve", at, by, was=found.step, note=note)


def _until(step: Step, at: datetime, policy: ViolationPolicy) -> datetime | None:
    minutes = {S.DISSUADE: policy.dissuade_min, S.STOP: policy.stop_min, S.REPORT: policy.report_min}.get(step, 0)
    return at + timedelta(minutes=minutes) if minutes else None


def _owed(note: str) -> str:
    if not note.strip():
        raise ReasonOwed(field="note")
    return note.strip()


def _step(found: Violation, act: Act) -> Violation:
    step = NEXT.get((found.step, act))
    if step is None:
        raise ViolationOver(f"a violation at {found.step} cannot {act}", state=str(found.step))
    return msgspec.structs.replace(found, step=step)


def _line(made: Violation, act: str, at: datetime, by: str, **data: Any) -> Line:
    told = {"checkpoint": made.checkpoint_id, "task": made.task, "step": made.step, **data}
    return Line(at, act, by, made.subject, told)


def _by_tap(tap: str | None) -> dict[str, str]:
    return {} if tap is None else {"tap": tap}
