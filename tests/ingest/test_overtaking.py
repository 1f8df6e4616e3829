"""Words of one device that overtake each other on the way: whatever order they come in, the same is true afterwards (EVT-14)."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from store.db import Store
from tests.conftest import HandClock
from tests.night import Night

STORIES = (
    ("L-1", ("water.leak", "water.restore")),
    ("L-1", ("water.leak", "water.restore", "water.leak")),
    ("B2-07", ("fire.alarm", "fire.fault", "fire.restore")),
    ("D-1", ("access.forced", "access.closed", "access.held_open")),
)


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock)


def truth(night: Night) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The conditions that stand, and the alerts that there ever were."""
    with night.db.read() as conn:
        standing = conn.exec_driver_sql("SELECT subject, name, active FROM condition").all()
        alerts = conn.exec_driver_sql("SELECT subject, kind FROM alert").all()
    return {(row[0], row[1]) for row in standing if row[2]}, {(row[0], row[1]) for row in alerts}


@pytest.mark.parametrize(
    ("device", "words", "order"),
    [(d, words, order) for d, words in STORIES for order in permutations(range(len(words)))],
)
def test_whatever_comes_first_the_last_word_is_what_stands(
    night: Night, device: str, words: Sequence[str], order: Sequence[int]
) -> None:
    for n in order:
        night.clock.tick(1)
        night.say(words[n], device, seq=n + 1)
    last = len(words) - 1 - next(n for n, w in enumerate(reversed(words)) if w.endswith(("restore", "closed")))
    raised = {(device, w) for w in words if not w.endswith(("restore", "closed"))}
    assert truth(night) == ({(device, w) for w in words[last + 1 :]}, raised)


def test_what_was_over_in_an_earlier_boot_says_nothing_of_this_one(night: Night) -> None:
    night.say("water.restore", "L-1", seq=9)
    night.boot = night.boot.replace(night.boot[:4], "0fff", 1)
    night.say("water.leak", "L-1", seq=1)
    assert truth(night)[0] == {("L-1", "water.leak")}


def test_what_is_over_for_one_device_says_nothing_of_another(night: Night) -> None:
    night.say("fire.restore", "B2-07", seq=2)
    night.say("water.leak", "L-1", seq=1)
    assert truth(night)[0] == {("L-1", "water.leak")}
