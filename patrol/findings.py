"""What a guard found at a point (PAT-03, PAT-05): answers that are not as they should be. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

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
