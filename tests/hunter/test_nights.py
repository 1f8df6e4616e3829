"""Two hundred random nights of 24 hours, and every promise kept in each (faults.md: I1-I8, I10-I12; F1, F2, F8-F11, F16)."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from app.simulate_command import shores_of_a_hunt
from core.clock import instant, rfc3339
from simulators.hunter.hunt import Catch, hunt
from simulators.hunter.plan import random_night
from simulators.hunter.sometimes import wanted

SEEDS = 200
CHUNK = 20  # so that several workers share them


def _hunted(seed: int) -> Catch:
    return hunt(seed, shores_of_a_hunt)


def _story(caught: Catch) -> str:
    told = [f"seed {caught.seed} (watchroom simulate --seed {caught.seed} --verbose)"]
    for one in caught.broken:
        when = "" if one.true is None else rfc3339(instant(one.true)) + " "
        told.append(f"  {one.promise}: {when}{one.said}")
    return "\n".join(told)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1, SEEDS + 1, CHUNK))
def test_every_promise_holds_over_random_nights(first: int, shared: Path) -> None:
    """Whoever ends last knows whether everything that must happen sometimes did."""
    seen: Counter[str] = Counter()
    broken = []
    for seed in range(first, first + CHUNK):
        caught = _hunted(seed)
        seen += caught.seen
        if caught.broken:
            broken.append(_story(caught))
    assert not broken, "\n" + "\n".join(broken)
    _tell(shared / f"seen-{first:03}.json", seen)
    ended = sorted(shared.glob("seen-*.json"))
    if len(ended) == SEEDS / CHUNK:
        happened = {what for one in ended for what in json.loads(one.read_bytes())}
        assert sorted(wanted() - happened) == []


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, the same for all its workers."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "nights"
    folder.mkdir(exist_ok=True)
    return folder


def _tell(path: Path, seen: Counter[str]) -> None:
    """Whole or not at all: others read it."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(seen))
    draft.rename(path)


def test_the_same_seed_is_the_same_night() -> None:
    one, two = _hunted(7), _hunted(7)
    assert (one.head, one.counts, one.seen) == (two.head, two.counts, two.seen)
    assert one.head != _hunted(8).head


def test_a_plan_is_pure() -> None:
    assert random_night(11) == random_night(11)
    assert random_night(11) != random_night(12)
