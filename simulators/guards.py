"""A guard on his round: tag after tag, at walking pace."""

from collections.abc import Sequence
from random import Random
from typing import Final

from simulators.sayings import Stream, event

PAUSE_S: Final = 5.0


def walk(
    handset: str, guard: str, tags: Sequence[str], by: Random, start: float, step_s: float, slack: float = 0.2
) -> Stream:
    """One round: the tags in order, about `step_s` apart, never less than a few seconds."""
    t = start
    for tag in tags:
        yield event(t, handset, "patrol.tap", tag=tag, guard=guard, proof="uid")
        t += max(PAUSE_S, step_s * by.uniform(1 - slack, 1 + slack))


def rounds(
    handset: str, guard: str, tags: Sequence[str], by: Random, start: float, every_s: float, step_s: float, size: int
) -> Stream:
    """A round every `every_s`, each over the next `size` tags of the route, for ever."""
    n = 0
    while tags:
        part = [tags[(n * size + i) % len(tags)] for i in range(size)]
        yield from walk(handset, guard, part, by, start + n * every_s, step_s)
        n += 1
