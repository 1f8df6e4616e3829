"""Every night on the shelf, played by running processes, tells what it tells in memory (EVT-14, IOT-05, TRN-06)."""

from pathlib import Path

import pytest

from app.scenario_worlds import real
from simulators.scenario import load
from simulators.scenario.verdict import check
from simulators.scenario.world import play
from tests.worlds import told, virtually

SHELF = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("file", SHELF, ids=lambda file: file.stem)
def test_the_night_is_the_same_in_running_processes(file: Path) -> None:
    """To the microsecond, every alert, notice, tap, refusal and line of the log; and it is what the file expects."""
    scenario = load.read(file)
    imagined, happened = virtually(scenario), play(scenario, real(scenario))
    assert told(happened) == told(imagined)
    assert happened.snapshots == imagined.snapshots
    assert happened.events == imagined.events
    assert happened.verifies
    verdict = check(scenario, happened)
    assert verdict.passed, verdict.report


def test_there_is_a_shelf() -> None:
    assert len(SHELF) >= 25
