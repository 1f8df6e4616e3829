"""What a simulated device says, and when: a stream of sayings in order of time, pure and endless if it likes."""

import heapq
import math
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any, Final, Protocol, TypeVar

import msgspec

MS: Final = 1000
DAY_S: Final = 86_400

_encoder = msgspec.json.Encoder(order="deterministic")


class Saying(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event (`kind`) or a measured value (`metric`), `t` seconds into the story.

    `skew_s` is what its own time says beyond the moment when it is heard: a wrong clock, or (negative) words that come late.
    `test`: the device itself says that it is being tested.
    """

    t: float
    device: str
    kind: str = ""
    data: dict[str, Any] = {}
    metric: str = ""
    value: float = 0.0
    unit: str = ""
    skew_s: float = 0.0
    test: bool = False


Stream = Iterator[Saying]


class Timed(Protocol):
    """Anything that stands at a moment of a story."""

    @property
    def t(self) -> float: ...


T = TypeVar("T", bound=Timed)


def at(t: float) -> float:
    """A moment of a story: whole milliseconds, so that every machine writes the same digits."""
    return round(t * MS) / MS


def event(t: float, device: str, kind: str, **data: Any) -> Saying:
    """A device says that something happened."""
    return Saying(t=at(t), device=device, kind=kind, data=data)


def sample(t: float, device: str, metric: str, value: float, unit: str) -> Saying:
    """A device says what it measures."""
    return Saying(t=at(t), device=device, metric=metric, value=round(value, 3), unit=unit)


def dice(seed: int, *names: str) -> Random:
    """Randomness of one's own: what one device does never changes what another does."""
    return Random("/".join([str(seed), *names]))


def merged(streams: Iterable[Iterable[Saying]]) -> Stream:
    """All streams in order of time; at the same moment, in the order given."""
    return heapq.merge(*streams, key=moment)


def moment(one: Timed) -> float:
    """Its moment, to sort by."""
    return one.t


def text(stream: Iterable[msgspec.Struct]) -> Iterator[bytes]:
    """The stream as bytes, one line each: what must be the same for the same seed (IOT-04)."""
    return (_encoder.encode(s) + b"\n" for s in stream)


def spoken(saying: Saying) -> dict[str, Any]:
    """The line for a gateway's intake, still without its id and time."""
    if saying.metric:
        return {"device": saying.device, "metric": saying.metric, "value": saying.value, "unit": saying.unit}
    said = {"device": saying.device, "kind": saying.kind, "data": saying.data}
    return said | {"test": True} if saying.test else said


def later(saying: Saying, t: float) -> Saying:
    """The same words heard only at `t`: they still carry the time at which they were said."""
    heard = at(t)
    return msgspec.structs.replace(saying, t=heard, skew_s=at(saying.skew_s + saying.t - heard))


def clocked(stream: Iterable[Saying], skew_s: float, drift_s_a_day: float = 0.0) -> Stream:
    """Everybody here goes by one wrong clock: off by `skew_s` when the story begins, and by `drift_s_a_day` more each day."""
    for saying in stream:
        wrong = saying.skew_s + skew_s + drift_s_a_day * saying.t / DAY_S
        yield msgspec.structs.replace(saying, skew_s=at(wrong))


def fanned(stream: Iterable[T], out: Callable[[T], Iterable[T]]) -> Iterator[T]:
    """Each one replaced by what `out` makes of it, in order of time again. Nothing made may come before what it is made of."""
    waiting: list[tuple[float, int, T]] = []
    n = 0
    for one in stream:
        while waiting and waiting[0][0] <= one.t:
            yield heapq.heappop(waiting)[2]
        for made in out(one):
            n += 1
            heapq.heappush(waiting, (made.t, n, made))
    while waiting:
        yield heapq.heappop(waiting)[2]


def disturbed(
    stream: Iterable[Saying], by: Random, *, jitter_s: float = 0.0, loss: float = 0.0, skew_s: float = 0.0
) -> Stream:
    """The same life over a bad line: late by up to `jitter_s`, a share lost, clocks wrong by up to `skew_s` (one error a device)."""
    skews: dict[str, float] = {}

    def out(saying: Saying) -> Iterator[Saying]:
        if by.random() < loss:
            return
        wrong = skews.setdefault(saying.device, at(by.uniform(-skew_s, skew_s)))
        yield msgspec.structs.replace(saying, t=at(saying.t + by.uniform(0, jitter_s)), skew_s=wrong)

    return fanned(stream, out)


def ticks(every_s: float, start: float = 0.0, until: float = math.inf) -> Iterator[float]:
    """Moments `every_s` apart from `start`, before `until`."""
    n = 0
    while (t := start + n * every_s) < until:
        yield t
        n += 1
