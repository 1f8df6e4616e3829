"""What a simulated device says, and when: a stream of sayings in order of time, pure and endless if it likes."""

import heapq
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any, Final

import msgspec

MS: Final = 1000

_encoder = msgspec.json.Encoder(order="deterministic")


class Saying(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event (`kind`) or a measured value (`metric`), `t` seconds into the story. `skew_s`: how wrong its device's clock is."""

    t: float
    device: str
    kind: str = ""
    data: dict[str, Any] = {}
    metric: str = ""
    value: float = 0.0
    unit: str = ""
    skew_s: float = 0.0


Stream = Iterator[Saying]


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
    return heapq.merge(*streams, key=lambda s: s.t)


def text(stream: Iterable[Saying]) -> Iterator[bytes]:
    """The stream as bytes, one line each: what must be the same for the same seed (IOT-04)."""
    return (_encoder.encode(s) + b"\n" for s in stream)


def spoken(saying: Saying) -> dict[str, Any]:
    """The line for a gateway's intake, still without its id and time."""
    if saying.metric:
        return {"device": saying.device, "metric": saying.metric, "value": saying.value, "unit": saying.unit}
    return {"device": saying.device, "kind": saying.kind, "data": saying.data}


def disturbed(
    stream: Iterable[Saying], by: Random, *, jitter_s: float = 0.0, loss: float = 0.0, skew_s: float = 0.0
) -> Stream:
    """The same life over a bad line: late by up to `jitter_s`, a share lost, clocks wrong by up to `skew_s` (one error a device)."""
    skews: dict[str, float] = {}
    waiting: list[tuple[float, int, Saying]] = []
    for n, saying in enumerate(stream):
        while waiting and waiting[0][0] <= saying.t:
            yield heapq.heappop(waiting)[2]
        if by.random() < loss:
            continue
        wrong = skews.setdefault(saying.device, at(by.uniform(-skew_s, skew_s)))
        late = at(saying.t + by.uniform(0, jitter_s))
        heapq.heappush(waiting, (late, n, msgspec.structs.replace(saying, t=late, skew_s=wrong)))
    while waiting:
        yield heapq.heappop(waiting)[2]
