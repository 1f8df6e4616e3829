"""Two hundred random nights of 24 hours, and every promise kept in each (faults.md: I1-I8, I10-I12; F1, F2, F8-F11, F16)."""

from collections import Counter

import pytest

from app.simulate_command import shores_of_a_hunt
from core.clock import instant, rfc3339
from simulators.hunter.hunt import Catch, hunt
from simulators.hunter.plan import random_night
from simulators.hunter.sometimes import wanted

SEEDS = 200
CHUNK = 100  # enough nights for everything that must happen sometimes


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
def test_every_promise_holds_over_random_nights_and_everything_happens_sometimes(first: int) -> None:
    seen: Counter[str] = Counter()
    broken = []
    for seed in range(first, first + CHUNK):
        caught = _hunted(seed)
        seen += caught.seen
        if caught.broken:
            broken.append(_story(caught))
    assert not broken, "\n" + "\n".join(broken)
    assert sorted(wanted() - seen.keys()) == []


def test_the_same_seed_is_the_same_night() -> None:
    one, two = _hunted(7), _hunted(7)
    assert (one.head, one.counts, one.seen) == (two.head, two.counts, two.seen)
    assert one.head != _hunted(8).head


def test_a_plan_is_pure() -> None:
    assert random_night(11) == random_night(11)
    assert random_night(11) != random_night(12)
