"""The shelf: every story in tests/scenarios, in memory. One file, one night (IOT-05, EMG-11)."""

from pathlib import Path

import pytest

from app.scenario_worlds import virtual
from simulators.scenario.load import read
from simulators.scenario.verdict import check
from simulators.scenario.world import play

SHELF = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("file", SHELF, ids=lambda file: file.stem)
def test_the_story_goes_as_it_is_written(file: Path) -> None:
    scenario = read(file)
    verdict = check(scenario, play(scenario, virtual(scenario)))
    assert verdict.passed, verdict.report


def test_there_are_enough_of_them() -> None:
    assert len(SHELF) >= 25
