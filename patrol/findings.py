"""What a guard answered at a point (PAT-03, PAT-05): what is not as it should be, and what was not answered. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from patrol.rules import Tap
from sites.patrol_words import PatrolTask, TaskKind


class Finding(msgspec.Struct, frozen=True):
    """An answer that somebody must hear of."""

    task: PatrolTask
    answer: Any


def findings(tasks: Iterable[PatrolTask], answers: Mapping[str, Any]) -> list[Finding]:
    """The answers that are findings, in the tasks' order; of tasks of one name the first is the one that was asked."""
    asked: dict[str, PatrolTask] = {}
    for task in tasks:
        asked.setdefault(task.id, task)
    return [Finding(task, answers[id_]) for id_, task in asked.items() if id_ in answers and bad(task, answers[id_])]


def bad(task: PatrolTask, answer: Any) -> bool:
    """Whether this answer is a finding: a no, a reading out of its limits, one of the bad choices."""
    if task.kind is TaskKind.YES_NO:
        return answer is False
    if task.kind is TaskKind.READING and isinstance(answer, int | float) and not isinstance(answer, bool):
        low = task.least is not None and answer < task.least
        return low or (task.most is not None and answer > task.most)
    return task.kind is TaskKind.CHOICE and answer in task.bad


def answered(tasks: Iterable[PatrolTask], tap: Tap) -> tuple[str, ...]:
    """The tasks that a tap answers; an answer that is none to its task (words for a reading) is none."""
    return tuple(dict.fromkeys(task.id for task in tasks if _answers(task, tap)))


def _answers(task: PatrolTask, tap: Tap) -> bool:
    answer = tap.answers.get(task.id)
    match task.kind:
        case TaskKind.YES_NO:
            return isinstance(answer, bool)
        case TaskKind.READING:
            return isinstance(answer, int | float) and not isinstance(answer, bool)
        case TaskKind.CHOICE:
            return answer in {choice.id for choice in task.choices}
        case TaskKind.NOTE:
            return bool(tap.note.strip()) or (isinstance(answer, str) and bool(answer.strip()))
        case TaskKind.PHOTO:
            return bool(tap.photos)
