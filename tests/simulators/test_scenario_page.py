"""The reference page's own examples are true: the night plays and passes, every line of its tables is read (EMG-11)."""

import re
from pathlib import Path

import pytest

from app.scenario_worlds import virtual
from simulators.scenario.load import read_text
from simulators.scenario.verdict import check
from simulators.scenario.world import play

PAGE = (Path(__file__).parents[2] / "docs/reference/scenario.md").read_text(encoding="utf-8")
NIGHT, GIVEN = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HEAD = "start: 2026-03-01T22:00\nend: 23:00\n"
EXPECTED = [
    line
    for row in PAGE.partition("| line | holds when |")[2].partition("\n\n")[0].splitlines()[2:]
    for line in re.findall(r"`([^`]+)`", row.split(" | ")[0])
]


def test_the_night_on_the_page_passes() -> None:
    scenario = read_text(NIGHT, Path("night.yaml"))
    verdict = check(scenario, play(scenario, virtual(scenario)))
    assert verdict.passed, verdict.report


def test_what_the_page_gives_is_a_site() -> None:
    made = read_text(HEAD + GIVEN + "when:\n  - 22:04 L-2 water.leak\n", Path("night.yaml"))
    assert made.register.seats["leader"].required
    assert made.signed_on == {"centre": "wang"}


@pytest.mark.parametrize("line", EXPECTED)
def test_every_expectation_on_the_page_is_read(line: str) -> None:
    made = read_text(f"{HEAD}then:\n  - {line}\n", Path("night.yaml"))
    assert made.expects[0].text == line


def test_the_page_has_expectations() -> None:
    assert len(EXPECTED) >= 15
