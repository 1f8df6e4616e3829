"""What guards find at their points: a line in the log, and an alert at the point for a leader to see to (PAT-03, PAT-05)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from core.ids import derived
from ingest.rules import Judgement, Origin
from logbook.rules import Line
from patrol.findings import Finding, findings
from patrol.rounds import PatrolRound
from patrol.rules import Tap
from sites.patrol_words import PatrolTask
from sites.register import Register

FINDING: Final = "patrol.finding"
Tasks = Mapping[str, Sequence[PatrolTask]]  # by checkpoint


def tasks(register: Register, walked: Iterable[PatrolRound]) -> Tasks:
    """What is asked at each point: by the rounds that are walked, as they were made, else by any route of the site."""
    made: dict[str, list[PatrolTask]] = {}
    for route in (*(found.route for found in walked), *register.patrol_routes.values()):
        for stop in route.stops:
            made.setdefault(stop.checkpoint, []).extend(stop.tasks)
    return made


def of(tap: Tap, asked: Tasks) -> list[Finding]:
    """What a tap's answers come to."""
    return findings(asked.get(tap.checkpoint_id or "", ()), tap.answers) if tap.answers else []


def tell(judgement: Judgement, asked: Tasks, taps: Iterable[Tap]) -> None:
    """Log what was found, and raise it at its point; more of the same point counts on the alert that is open."""
    answered = [tap for tap in taps if tap.answers and tap.checkpoint_id is not None and tap.person_id is not None]
    for tap in answered:
        found = [one for one in of(tap, asked) if not one.task.violation]  # those have steps of their own
        if found:
            data: dict[str, Any] = {
                "person": tap.person_id,
                "tap": tap.event_id,
                "note": tap.note,
                "items": [_item(f) for f in found],
            }
            if tap.photos:
                data["photos"] = list(tap.photos)
            subject = subject_of(str(tap.checkpoint_id))
            origin = Origin(derived(judgement.at, tap.event_id, FINDING), tap.at)
            alert, _ = judgement.occur(subject, FINDING, origin, data)
            judgement.changes.lines.append(
                Line(judgement.at, FINDING, str(tap.person_id), subject, {**data, "alert": alert})
            )


def subject_of(checkpoint: str) -> str:
    """What a finding is about."""
    return f"checkpoint/{checkpoint}"


def _item(found: Finding) -> dict[str, Any]:
    task = found.task
    return {
        "task": task.id,
        "name": msgspec.to_builtins(task.name),
        "answer": found.answer,
        "unit": task.unit,
        "least": task.least,
        "most": task.most,
    }
