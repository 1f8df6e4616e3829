"""What the patrol report tells, sheet by sheet: a summary per route and guard, violations, the record form by round, and every
point of it (PAT-07). What becomes of a sheet, a workbook or pages to sign, is its caller's.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from core.words import say
from patrol import report
from patrol.findings import findings
from patrol.rounds import PatrolRound, Stand, verdict
from patrol.rules import Tap
from patrol.violation_rows import ViolationRow
from patrol.violations import Done, Violation
from sites.patrol_words import PatrolTask
from sites.register import Register, Words


class Days(msgspec.Struct, frozen=True):
    """Which days it is about."""

    first: date
    days: int

    @property
    def last(self) -> date:
        """The last of them."""
        return self.first + timedelta(days=self.days - 1)


class Asked(msgspec.Struct, frozen=True):
    """What the days hold, as it was read."""

    register: Register
    rounds: Sequence[PatrolRound]
    taps: Sequence[Tap]
    violations: Sequence[ViolationRow]

    def figures(self, now: datetime) -> report.PatrolReport:
        """What it comes to."""
        return report.report(self.rounds, self.taps, self.register.zone_info, now, self.violations)


class Pages(ABC):
    """The sheets, one after another, in one language. What becomes of a sheet is for `sheet` to say."""

    def __init__(self, register: Register, days: Days, now: datetime, language: str) -> None:
        self.register, self.days, self.now, self.language = register, days, now, language

    def all(self, asked: Asked) -> None:
        figures = asked.figures(self.now)
        self.summary(figures)
        self.guards(figures)
        self.violations(figures)
        self.form(figures)
        self.points([r for r in asked.rounds if r.stand is Stand.OVER], {t.event_id: t for t in asked.taps})

    @abstractmethod
    def sheet(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str = "nothing") -> None:
        """A heading, columns by their words' names, and rows of values; without rows, what is said instead."""

    def summary(self, figures: report.PatrolReport) -> None:
        columns = [
            "route",
            "rounds",
            *(f"rounds_{name}" for name in _ROUNDS),
            "planned",
            *_TALLY,
            "completion",
            "punctuality",
            "odd",
            "violations",
        ]
        rows = [
            [
                self.route(f.route),
                f.rounds,
                *(getattr(f, name) for name in _ROUNDS),
                f.planned,
                *(getattr(f.points, name) for name in _TALLY),
                Part(f.completion),
                Part(f.punctuality),
                self.counted("odd", f.odd),
                f.violations,
            ]
            for f in figures.routes
        ]
        self.sheet("summary", columns, rows)

    def guards(self, figures: report.PatrolReport) -> None:
        columns = ["guard", "walked", "on_time", "late", "explained", "punctuality", "taps", "void", "flags"]
        columns.append("violations")
        rows = [
            [
                *(self.person(f.person), f.rounds, f.on_time, f.late, f.explained, Part(f.punctuality)),
                *(f.taps, f.void, self.counted("tapflag", f.flags), f.violations),
            ]
            for f in figures.guards
        ]
        self.sheet("guards", columns, rows)

    def violations(self, figures: report.PatrolReport) -> None:
        """What somebody did that they may not, and the steps it took (PAT-13)."""
        columns = [
            "found_at",
            "checkpoint",
            "route",
            "category",
            "found_by",
            "step",
            "until",
            "over_at",
            "steps",
            "note",
        ]
        rows = [self._violation(row) for row in figures.violations]
        self.sheet("violations", columns, rows, "no_violations")

    def _violation(self, row: ViolationRow) -> list[Any]:
        one = row.violation
        return [
            *(one.found_at, self.checkpoint(one.checkpoint_id), self.route(row.route) if row.route else ""),
            *(
                self.category(one),
                self.person(one.found_by),
                self.word(f"violation.{one.step}"),
                one.until,
                one.ended_at,
            ),
            "\n".join(self._step(done) for done in one.done),
            one.note,
        ]

    def _step(self, done: Done) -> str:
        """What was done at a step: what, when, by whom and what they say of it."""
        by = self.said("step_late") if done.by == "system" else self.person(done.by)
        told = f"{self.word(f'violation.{done.step}')} {self.moment(done.at)} {by}"
        return f"{told}: {done.note}" if done.note else told

    def category(self, one: Violation) -> str:
        """What it is: what the task asks that found it, as the point's routes have it, or that somebody reported it."""
        stops = (stop for route in self.register.patrol_routes.values() for stop in route.stops)
        asked = (
            t.name for stop in stops if stop.checkpoint == one.checkpoint_id for t in stop.tasks if t.id == one.task
        )
        return self.named(next(asked, None), one.task) if one.task else self.said("reported")

    def moment(self, at: datetime) -> str:
        return at.astimezone(self.register.zone_info).strftime("%m-%d %H:%M")

    def form(self, figures: report.PatrolReport) -> None:
        """《设施设备巡查记录表》: planned, actual, late and missed, per route and day."""
        columns = ["day", "route", "opens_at", "closes_at", "began_at", "ended_at", "planned"]
        columns += [*_TALLY, "result", "people", "odd", "reasons"]
        rows = [
            [
                *(f.day.isoformat(), self.route(f.route), f.opens_at, f.closes_at, f.began_at, f.ended_at, f.planned),
                *(getattr(f.points, name) for name in _TALLY),
                self.word(f"round.{f.result}"),
                self.listed(self.person(p) for p in f.people),
                self.listed(self.word(f"odd.{o}") for o in f.odd),
                "; ".join(f.reasons),
            ]
            for f in figures.rows
        ]
        self.sheet("form", columns, rows)

    def points(self, rounds: Iterable[PatrolRound], taps: dict[str, Tap]) -> None:
        columns = ["day", "route", "n", "checkpoint", "opens_at", "closes_at", "said_at", "heard_at"]
        columns += ["state", "guard", "proof", "answers", "note", "reasons"]
        rows = [row for found in rounds for row in self._points(found, taps)]
        self.sheet("points", columns, rows)

    def _points(self, found: PatrolRound, taps: dict[str, Tap]) -> Iterable[list[Any]]:
        tasks = {stop.checkpoint: stop.tasks for stop in found.route.stops}
        day = found.opens_at.astimezone(self.register.zone_info).date().isoformat()
        for n, (point, state) in enumerate(verdict(found, self.now).points.items(), start=1):
            proof = next(iter(found.proofs.get(point, ())), None)
            tap = taps.get(proof.tap) if proof else None
            excuse = found.excused.get(point) or found.suspended
            yield [
                *(day, self.route(found.route.id), n, self.checkpoint(point), found.opens_at, found.closes_at),
                *(proof.said_at if proof else None, proof.heard_at if proof else None),
                self.word(f"point.{state.word}"),
                self.person(proof.person) if proof and proof.person else "",
                self.word(f"proof.{proof.proof}") if proof else "",
                self.answers(tasks.get(point, ()), tap.answers) if tap else "",
                tap.note if tap else "",
                excuse.reason if excuse else "",
            ]

    def said(self, key: str, **data: Any) -> str:
        return say(f"patrol_report.{key}", self.language, **data)

    def word(self, code: str) -> str:
        return say(code, self.language)

    def named(self, words: Words | None, otherwise: str = "") -> str:
        if words is None:
            return otherwise
        return words.en if self.language == "en" else words.zh

    def route(self, name: str) -> str:
        known = self.register.patrol_routes.get(name)
        return self.named(known.name if known else None, name)

    def person(self, name: str) -> str:
        known = self.register.people.get(name)
        return self.named(known.name if known else None, name)

    def checkpoint(self, name: str) -> str:
        known = self.register.checkpoints.get(name)
        return f"{name} {self.named(known.name)}" if known else name

    def answers(self, tasks: Sequence[PatrolTask], given: Mapping[str, Any]) -> str:
        """What was answered to the point's tasks, with what must be heard of marked; what is no task of it as it was said."""
        known = {task.id: task for task in tasks}
        odd = {one.task.id for one in findings(tasks, given)}
        told = []
        for key, value in given.items():
            task = known.get(key)
            words = f"{self.named(task.name if task else None, key)}: {self.answer(task, value)}"
            told.append(self.said("finding", answer=words) if key in odd else words)
        return "; ".join(told)

    def answer(self, task: PatrolTask | None, value: Any) -> str:
        if isinstance(value, bool):
            return self.said(f"answer_{str(value).lower()}")
        choice = next((c.name for c in task.choices if c.id == value), None) if task else None
        return f"{self.named(choice, str(value))} {task.unit if task else ''}".strip()

    def counted(self, family: str, counts: Any) -> str:
        return "; ".join(f"{self.word(f'{family}.{key}')} × {n}" for key, n in counts.items())

    def listed(self, texts: Iterable[str]) -> str:
        return ", ".join(texts)


class Part(msgspec.Struct, frozen=True):
    """A share from 0 to 1, if there was anything to share."""

    of: float | None


_ROUNDS: Final = ("complete", "partial", "missed", "excused", "to_come")
_TALLY: Final = ("on_time", "late", "missed", "excused", "explained")


def wide(text: str) -> int:
    """How many columns it takes: Chinese takes two."""
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in text)
