"""A site's background life as one stream in order of time: the life signs of what is supervised, or a story of `STORIES`."""

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from core.clock import instant, micros
from simulators.story import STORIES, stream
from sites.register import Register

BEAT: Final = "device.heartbeat"
NONE: Final = "none"
BEATS: Final = "beats"


class Word(msgspec.Struct, frozen=True, gc=False):
    """One thing a device says at `at`: an event's kind with its data as JSON, or a measured value."""

    at: datetime
    device: str
    kind: str = ""
    data: bytes = b""
    said_at: datetime | None = None
    test: bool = False
    metric: str = ""
    value: float = 0.0
    unit: str = ""


def life(name: str, register: Register, start: datetime, seed: int) -> Iterator[Word]:
    """The words that a site says by itself from `start` on, for ever. Raises KeyError for a story nobody knows."""
    if name == NONE:
        return iter(())
    if name == BEATS:
        return beats(register, start)
    return told(name, register, start, seed)


def beats(register: Register, start: datetime) -> Iterator[Word]:
    """Each supervised device says that it lives twice within its supervision, counted from `start`."""
    origin = micros(start)
    heap = [
        (origin + d.supervision_s * 500_000, n, d.id, d.supervision_s * 500_000)
        for n, d in enumerate(register.devices.values())
        if d.supervision_s
    ]
    heapq.heapify(heap)
    while heap:
        at, n, device, every = heap[0]
        yield Word(instant(at), device, BEAT)
        heapq.heapreplace(heap, (at + every, n, device, every))


def told(name: str, register: Register, start: datetime, seed: int) -> Iterator[Word]:
    """A story's sayings, placed in time: a device's own clock is as wrong as the story has it."""
    encode = msgspec.json.Encoder().encode
    origin = micros(start)
    for s in stream(STORIES[name], register, seed, start):
        at_us = origin + round(s.t * 1000) * 1000
        at = instant(at_us)
        said_at = None if not s.skew_s else instant(at_us + round(s.skew_s * 1000) * 1000)
        if s.metric:
            yield Word(at, s.device, metric=s.metric, value=s.value, unit=s.unit, said_at=said_at)
        else:
            yield Word(at, s.device, s.kind, encode(s.data) if s.data else b"", said_at, s.test)
