"""A guard on his round: tag after tag at walking pace, and all that goes wrong with rounds.

`walk` takes the pace from a timetable, `round_on_foot` from the places: distance, floors, and a look around at each point.
What goes wrong is put on top of any such stream: points missed, the phone offline, tags read twice or cloned.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from simulators.sayings import Saying, Stream, at, event, fanned, later
from sites.register import Checkpoint, Register, Zone

PAUSE_S: Final = 5.0
FLUSH_S: Final = 0.2  # between two taps that a phone sends once it is back


class Gait(msgspec.Struct, frozen=True):
    """How a guard walks: an unhurried 1.3 m/s, 20 s a floor by the stairs, 5 to 20 s at a point. Ours, not a standard's.

    `metres_per_unit`: how much of the estate one unit of its plan is.
    """

    speed_mps: float = 1.3
    floor_s: float = 20.0
    dwell_s: tuple[float, float] = (5.0, 20.0)
    metres_per_unit: float = 0.2


class Stop(msgspec.Struct, frozen=True):
    """A point of a route: its tag, where it is on the estate's plan (units), and on which floor."""

    tag: str
    x: float = 0.0
    y: float = 0.0
    floor: int = 0


def walk(
    handset: str, guard: str, tags: Sequence[str], by: Random, start: float, step_s: float, slack: float = 0.2
) -> Stream:
    """One round: the tags in order, about `step_s` apart, never less than a few seconds."""
    t = start
    for tag in tags:
        yield _tap(t, handset, guard, tag)
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


def round_on_foot(
    handset: str,
    guard: str,
    stops: Sequence[Stop],
    by: Random,
    start: float,
    gait: Gait = Gait(),  # noqa: B008 - frozen
    missed: Iterable[int] = (),
) -> Stream:
    """One round over the stops in order; those at the positions `missed` are walked past without a tap."""
    t, skipped = start, frozenset(missed)
    for n, stop in enumerate(stops):
        if n:
            t += way_s(stops[n - 1], stop, gait) * by.uniform(0.9, 1.15)
        if n not in skipped:
            yield _tap(t, handset, guard, stop.tag)
            t += by.uniform(*gait.dwell_s)


def way_s(a: Stop, b: Stop, gait: Gait = Gait()) -> float:  # noqa: B008 - frozen
    """Seconds from one stop to the next, at an even pace."""
    metres = math.hypot(a.x - b.x, a.y - b.y) * gait.metres_per_unit
    floors = abs(a.floor - b.floor) if metres == 0 else abs(a.floor) + abs(b.floor)  # another house: down and up again
    return metres / gait.speed_mps + floors * gait.floor_s


def route_of(register: Register) -> list[Stop]:
    """The site's checkpoints in their order, each where its building stands on the estate's plan."""
    return [_stop(register, point) for point in register.checkpoints.values() if point.tags]


def offline(stream: Iterable[Saying], since: float, until: float) -> Stream:
    """The phone has no signal from `since` to `until`: its taps come afterwards, in a burst, as kept ones with their time."""
    held: list[Saying] = []
    for tap in stream:
        if since <= tap.t < until:
            held.append(msgspec.structs.replace(tap, data=tap.data | {"synced": True}))
            continue
        yield from _flushed(held, until, tap.t)
        yield tap
    yield from _flushed(held, until, math.inf)


def read_twice(
    stream: Iterable[Saying], by: Random, share: float = 0.2, apart_s: tuple[float, float] = (0.3, 1.5)
) -> Stream:
    """A reader that sees a tag again while the hand is still there (readers repeat as long as it is: standards §6)."""

    def out(tap: Saying) -> Iterator[Saying]:
        yield tap
        if by.random() < share:
            yield msgspec.structs.replace(tap, t=at(tap.t + by.uniform(*apart_s)))

    return fanned(stream, out)


def cloned(stream: Iterable[Saying], tag: str, handset: str, guard: str, after_s: float = 10.0) -> Stream:
    """A copy of `tag` is read with another handset `after_s` after the real one: nobody walks that fast.

    A tag's number can be copied (standards §5): it is evidence of a visit, no proof.
    """

    def out(tap: Saying) -> Iterator[Saying]:
        yield tap
        if tap.data.get("tag") == tag:
            yield _tap(tap.t + after_s, handset, guard, tag)

    return fanned(stream, out)


def counted(stream: Iterable[Saying], begins: int = 1) -> Stream:
    """Tags that count how often they were read, and say so with each read (standards §5)."""
    reads: dict[str, int] = {}
    for tap in stream:
        tag = str(tap.data["tag"])
        reads[tag] = reads.get(tag, begins - 1) + 1
        yield msgspec.structs.replace(tap, data=tap.data | {"counter": reads[tag], "proof": "sun"})


def replayed(stream: Iterable[Saying], tag: str, after_s: float) -> Stream:
    """A picture of what `tag` said is shown again `after_s` later, with the count it had."""

    def out(tap: Saying) -> Iterator[Saying]:
        yield tap
        if tap.data.get("tag") == tag:
            yield msgspec.structs.replace(tap, t=at(tap.t + after_s))

    return fanned(stream, out)


def taken_by(stream: Iterable[Saying], guard: str) -> Stream:
    """The same round with another's name on it: the wrong guard carries the handset."""
    for tap in stream:
        yield msgspec.structs.replace(tap, data=tap.data | {"guard": guard})


def _tap(t: float, handset: str, guard: str, tag: str) -> Saying:
    return event(t, handset, "patrol.tap", tag=tag, guard=guard, proof="uid")


def _flushed(held: list[Saying], until: float, before: float) -> Iterator[Saying]:
    """What goes out of the burst before the next tap is made; one that is made meanwhile goes with it."""
    if held and held[0].t < until:
        held[:] = [later(tap, until + n * FLUSH_S) for n, tap in enumerate(held)]
    while held and held[0].t <= before:
        yield held.pop(0)


def _stop(register: Register, point: Checkpoint) -> Stop:
    path = [register.zones[z] for z in register.zone_path(point.zone)]
    house = next((z for z in path if z.kind == "building"), None)
    if house is None or not house.polygon:
        return Stop(point.tags[0], point.x or 0.0, point.y or 0.0)
    floor = next((z for z in path if z.kind == "floor"), None)
    x, y = (sum(c) / len(house.polygon) for c in zip(*house.polygon, strict=True))
    return Stop(point.tags[0], x, y, 0 if floor is None else _height(register, house, floor))


def _height(register: Register, house: Zone, floor: Zone) -> int:
    """Floors above (or below) the door, by their order in the register."""
    return [z.id for z in register.zones.values() if z.parent == house.id and z.kind == "floor"].index(floor.id)
