"""Playing scenario files, several at a time where that is quicker, and what came of each."""

import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from app.scenario_reports import CRASHED, FAILED, PASSED, UNREADABLE, Outcome
from simulators.scenario import load
from simulators.scenario.errors import ScenarioRefused
from simulators.scenario.model import Scenario, Story
from simulators.scenario.responses import responses
from simulators.scenario.verdict import check, known_of
from simulators.scenario.words import told
from simulators.scenario.world import play

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

SUFFIXES = (".yaml", ".yml")
ENOUGH = 6  # files for each worker: with fewer it costs more to start it than it saves


class How(msgspec.Struct, frozen=True):
    """How files are played. `speed` None: as fast as can be. `keep`: where a real run leaves its data."""

    real: bool = False
    speed: float | None = None
    update: bool = False
    keep: Path | None = None

    def folder(self, file: Path) -> Path | None:
        """Where a real run of this file leaves its data."""
        return None if self.keep is None else self.keep / file.stem


def found(named: Sequence[Path]) -> list[Path]:
    """The scenario files that are named, and all those in the folders that are. Raises FileNotFoundError."""
    files: list[Path] = []
    for path in named:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
            if not inside:
                raise FileNotFoundError(f"there is no scenario (*.yaml) in {path}")
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise FileNotFoundError(f"there is no {path}")
    return list(dict.fromkeys(files))


def taken(files: Sequence[Path], how: How) -> list[Path]:
    """Folders that runs would leave their data in and that hold something already, or are wanted twice."""
    folders = [folder for file in files if (folder := how.folder(file)) is not None]
    return [f for n, f in enumerate(folders) if f in folders[:n] or (f.exists() and any(f.iterdir()))]


def workers(files: int, how: How, wanted: int | None) -> int:
    """How many processes play at a time. Real nights are processes already: one after the other unless asked."""
    if wanted is not None:
        return max(1, min(wanted, files))
    return 1 if how.real else max(1, min(os.cpu_count() or 1, files // ENOUGH))


def play_all(files: Sequence[Path], how: How, jobs: int) -> Iterator[Outcome]:
    """Begin to play every file; outcomes come in the order of the files, whichever is done first.

    Workers fork at once: before whoever shows the progress starts a thread for it.
    """
    one = partial(outcome_of, how=how)
    if not how.real:
        import app.scenario_worlds  # noqa: F401 - before they fork, and no part of what a night takes
    if jobs == 1:
        return map(one, files)
    from concurrent.futures import ProcessPoolExecutor  # slow to load, and one file needs none
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(jobs, mp_context=get_context("fork" if sys.platform == "linux" else "spawn"))
    return _drained(pool, pool.map(one, files))


def _drained(pool: "ProcessPoolExecutor", outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    with pool:
        yield from outcomes


def outcome_of(file: Path, how: How) -> Outcome:
    """Read, play and judge one file. Never raises for what the file or the product does wrong: that is the outcome."""
    began = time.perf_counter()
    try:
        scenario = load.read(file)
    except ScenarioRefused as refused:
        report = "\n".join(str(fault) for fault in refused.errors)
        return Outcome(str(file), "", UNREADABLE, time.perf_counter() - began, report=report)
    try:
        outcome = judged(scenario, how)
    except Exception:  # noqa: BLE001 - whatever breaks is told with the file that broke it
        outcome = Outcome(str(file), scenario.about, CRASHED, 0.0, report=traceback.format_exc())
    return msgspec.structs.replace(outcome, took_s=time.perf_counter() - began)


def judged(scenario: Scenario, how: How) -> Outcome:
    """Play a scenario and hold what happened against what it expects."""
    scenario, story = _played(scenario, how)
    verdict = check(scenario, story)
    rewritten = ""
    if how.update and not verdict.passed:
        rewritten = _update(scenario, story)
        scenario = load.read(scenario.file)
        verdict = check(scenario, story)
    known = known_of(scenario)
    return Outcome(
        file=str(scenario.file),
        about=scenario.about,
        verdict=PASSED if verdict.passed else FAILED,
        took_s=0.0,
        report=verdict.report,
        simulated_s=story.seconds,
        events=story.events,
        expectations=len(scenario.expects),
        log_head=story.log_head,
        timeline=tuple(told(h, known.clock, known, long=True) for h in story.happenings if h.topic != "log"),
        responses=tuple(responses(story.happenings)),
        rewritten=rewritten,
    )


def _played(scenario: Scenario, how: How) -> tuple[Scenario, Story]:
    """The story, with the scenario as it must be judged: on a running clock, things may be a little late."""
    if not how.real:
        from app.scenario_worlds import virtual

        return scenario, play(scenario, virtual(scenario))
    from app.real_world import RealWorld

    world = RealWorld(scenario, how.speed, how.folder(scenario.file))
    return _lenient(scenario, timedelta(seconds=world.slack_s)), play(scenario, world)


def _lenient(scenario: Scenario, slack: timedelta) -> Scenario:
    expects = tuple(msgspec.structs.replace(e, tolerance=e.tolerance + slack) for e in scenario.expects)
    return msgspec.structs.replace(scenario, expects=expects)


def _update(scenario: Scenario, story: Story) -> str:
    """Write what really happened into the file. Returns the change as a diff."""
    from difflib import unified_diff

    from simulators.scenario.update import rewritten

    file = scenario.file
    old = file.read_text(encoding="utf-8")
    new = rewritten(file, scenario, story)
    file.write_text(new, encoding="utf-8")
    return "".join(unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), "as it was", "as it is"))
