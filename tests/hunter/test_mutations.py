"""The hunter is hunted: builds broken on purpose, each a small patch, must turn the promise red that they break.

A patch's first lines say what it breaks and over which seeds that shows. A patch that no longer applies is a failure: the
code it broke has moved, and the promise is no longer proved.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

TOP = Path(__file__).parents[2]
PATCHES = sorted((TOP / "tests" / "mutations").glob("*.patch"))
PACKAGES = (
    *("core", "store", "sites", "logbook", "duty", "alerts", "patrol", "ingest", "gateway", "api", "notify"),
    *("simulators", "app", "migrations"),
)
# The five that the house must never be without, and what the plan names besides (faults.md §7.8).
NEEDED = frozenset(
    {
        *("ack-before-commit", "no-unique-id", "timers-in-memory", "retained-treated-as-event", "claim-without-lock"),
        *("receipt-before-commit", "log-line-outside-the-transaction"),
    }
)


class Mutation(NamedTuple):
    """What a patch says of itself."""

    file: Path
    breaks: str
    first: int
    last: int


def _read(file: Path) -> Mutation:
    text = file.read_text(encoding="utf-8")
    breaks, seeds = (
        re.search(r"^Breaks: (.+)$", text, re.MULTILINE),
        re.search(r"^Seeds: (\d+)\.\.(\d+)$", text, re.MULTILINE),
    )
    assert breaks is not None, f"{file.name} does not say what it breaks"
    assert seeds is not None, f"{file.name} does not say over which seeds"
    return Mutation(file, breaks[1], int(seeds[1]), int(seeds[2]))


MUTATIONS = [_read(file) for file in PATCHES]


def _copy(to: Path) -> Path:
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "static")
        shutil.copytree(TOP / package, to / package, ignore=ignored)
    return to


def _hunt(build: Path, first: int, last: int) -> str:
    """What a hunt in this build says."""
    done = subprocess.run(
        [sys.executable, "-m", "app", "simulate", "--seeds", f"{first}..{last}"],
        cwd=build,
        env={**os.environ, "PYTHONPATH": str(build), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert "nights of 24 h" in done.stdout, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.file.stem)
def test_a_build_broken_on_purpose_is_caught(mutation: Mutation, tmp_path: Path) -> None:
    build = _copy(tmp_path)
    patched = subprocess.run(
        ["git", "apply", "--verbose", str(mutation.file)], cwd=build, capture_output=True, text=True, check=False
    )
    assert patched.returncode == 0, f"{mutation.file.name} no longer applies:\n{patched.stderr}"
    said = _hunt(build, mutation.first, mutation.last)
    assert f"BROKEN {mutation.breaks}:" in said, said


def test_the_same_copy_unbroken_keeps_every_promise_over_the_same_seeds(tmp_path: Path) -> None:
    build = _copy(tmp_path)
    for first, last in _spans({seed for m in MUTATIONS for seed in range(m.first, m.last + 1)}):
        said = _hunt(build, first, last)
        assert "BROKEN" not in said, said


def _spans(seeds: set[int]) -> list[tuple[int, int]]:
    """The seeds as few runs."""
    firsts = sorted(seed for seed in seeds if seed - 1 not in seeds)
    lasts = sorted(seed for seed in seeds if seed + 1 not in seeds)
    return list(zip(firsts, lasts, strict=True))


def test_what_must_be_caught_is_there() -> None:
    assert {m.file.stem for m in MUTATIONS} >= NEEDED
