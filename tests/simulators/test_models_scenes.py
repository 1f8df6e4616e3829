"""Every model can be played by name at a site, says the same for the same seed, and a gateway takes every line (IOT-04)."""

import json
import subprocess
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pytest

from core.kinds import KINDS
from gateway.fact import Fact, understand
from simulators.sayings import Saying, spoken, text
from simulators.scenes import SCENES
from simulators.story import STORIES, stream
from sites.pack import read
from sites.register import Register
from tests.conftest import HandClock

ROOT = Path(__file__).parents[2]
FIRST = {
    "fire-burst": 9,
    "fire-spreading": 9,
    "cards": 8,
    "round": 20,
    "round-missed": 18,
    "round-cloned": 21,
    "panic": 1,
}


@pytest.fixture(scope="module")
def register() -> Register:
    return read(ROOT / "packs" / "harbour-garden")


def told(name: str, register: Register, seed: int) -> list[Saying]:
    return list(islice(stream(SCENES[name], register, seed), 3000))


@pytest.mark.parametrize("name", SCENES)
def test_a_model_says_the_same_bytes_for_the_same_seed(name: str, register: Register) -> None:
    """IOT-04."""
    once = told(name, register, 7)
    assert once
    assert list(text(once)) == list(text(told(name, register, 7)))
    assert [s.t for s in once] == sorted(s.t for s in once)
    assert len(once) == FIRST.get(name, len(once))


@pytest.mark.parametrize("name", SCENES)
def test_a_gateway_takes_every_line_of_a_model(name: str, register: Register, clock: HandClock) -> None:
    for saying in told(name, register, 1):
        assert saying.device in register.devices
        assert saying.kind in KINDS
        assert isinstance(understand(json.dumps(spoken(saying)).encode(), clock()), Fact)


@pytest.mark.parametrize("name", SCENES)
def test_a_site_that_cannot_fill_a_part_leaves_it_out(name: str) -> None:
    assert all(s.kind in KINDS for s in told(name, read(ROOT / "packs" / "lakeside-office"), 1))


def test_no_model_is_called_as_a_story_is() -> None:
    assert not SCENES.keys() & STORIES.keys()


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app", "sim", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def lines(out: Iterable[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in out]


def test_the_command_lists_plays_and_refuses() -> None:
    listed = run("list").stdout
    assert all(f"  {name} " in listed for name in (*SCENES, *STORIES))
    dry = lines(run("run", "fire-burst", "--dry").stdout.splitlines())
    assert len(dry) == 9
    wrong = run("run", "fire-bust", "--dry")
    assert wrong.returncode == 2
    assert "fire-burst" in wrong.stderr
    assert run("run").returncode == 2
    assert run("run", "demo", "--devices", "5").returncode == 2


def test_a_model_can_be_heard_over_a_bad_line() -> None:
    dry = lines(run("run", "fire-burst", "--dry", "--duplicate", "1", "--outage", "5.1-30").stdout.splitlines())
    assert len(dry) == 18
    assert sum(float(str(m["t"])) < 30 for m in dry) >= 1
    assert run("run", "demo", "--outage", "30-5").returncode == 2
