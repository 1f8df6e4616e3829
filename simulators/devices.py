"""Device models: what each family says in a part of its life. Times are seconds into the story."""

import math
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from simulators.sayings import Saying, Stream, event, sample

WET: Final = 0.6  # a leak rope says so above this,
DRY: Final = 0.3  # and takes it back only below this: between the two it keeps its word


def heartbeats(device: str, every_s: float, by: Random, until: float = math.inf) -> Stream:
    """Alive, at its own phase and with a little jitter, until `until`."""
    t = by.uniform(0, every_s)
    battery = by.randrange(70, 100)
    while t < until:
        yield event(t, device, "device.heartbeat", battery=battery)
        t += every_s * by.uniform(0.97, 1.03)


def fire_loop(
    device: str, alarm: float, restore: float, prealarm: float | None = None, *, loop: int = 1, point: int = 1
) -> Stream:
    """A smoke detector on its loop: perhaps a pre-alarm, the alarm, and quiet again."""
    if prealarm is not None:
        yield event(prealarm, device, "fire.prealarm", loop=loop, point=point)
    yield event(alarm, device, "fire.alarm", loop=loop, point=point, text="烟雾报警 smoke")
    yield event(restore, device, "fire.restore", loop=loop, point=point)


def flapping(device: str, by: Random, start: float, times: int, every_s: float) -> Stream:
    """A bad contact: fault and restore, again and again."""
    for n in range(times):
        t = start + n * every_s
        yield event(t, device, "fire.fault", loop=1, text="接触不良 bad contact")
        yield event(t + every_s * by.uniform(0.3, 0.6), device, "fire.restore", loop=1)


def leak_rope(device: str, by: Random, floods: Sequence[tuple[float, float]], sample_s: float = 1.0) -> Stream:
    """A rope that gets wet and dries, sampled with noise; hysteresis keeps it from chattering."""
    end = max((dries for _, dries in floods), default=0.0) + 60
    said = False
    for n in range(int(end / sample_s)):
        t = n * sample_s
        wet = max((_wetness(t, wets, dries) for wets, dries in floods), default=0.0) + by.gauss(0, 0.03)
        if wet > WET and not said:
            said = True
            yield event(t, device, "water.leak", wet=round(wet, 2), metres=round(by.uniform(0.5, 9.5), 1))
        elif wet < DRY and said:
            said = False
            yield event(t, device, "water.restore", wet=round(max(wet, 0.0), 2))


def _wetness(t: float, wets: float, dries: float) -> float:
    if t < wets:
        return 0.0
    wet = 1 - math.exp(-(min(t, dries) - wets + 1))
    return wet if t < dries else wet * math.exp(-(t - dries + 1) / 1.5)


def forced_door(device: str, start: float, closed: float) -> Stream:
    """Opened without a card, and closed again."""
    yield event(start, device, "access.forced", contact="open")
    yield event(closed, device, "access.closed")


def held_door(device: str, start: float, closed: float) -> Stream:
    """Propped open for too long."""
    yield event(start, device, "access.held_open", seconds=60)
    yield event(closed, device, "access.closed")


def denied(reader: str, t: float, reason: str, card: str) -> Stream:
    """A card that may not pass: unknown, expired, wrong_door, out_of_hours or blocked."""
    yield event(t, reader, "access.denied", reason=reason, card=card)


def comings_and_goings(
    readers: Sequence[str], staff: Sequence[str], by: Random, every_s: float, start: float
) -> Stream:
    """Cards that open doors, at random moments."""
    t = start + by.expovariate(1 / every_s)
    cards: list[tuple[str, str | None]] = [(f"C-{by.randrange(10_000, 99_999)}", person) for person in staff]
    cards += [(f"R-{by.randrange(10_000, 99_999)}", None) for _ in range(40)]
    while readers:
        card, person = by.choice(cards)
        who = {"person": person} if person else {}
        yield event(t, by.choice(readers), "access.granted", card=card, **who)
        t += by.expovariate(1 / every_s)


def gauge(device: str, metric: str, unit: str, mean: float, swing: float, by: Random, every_s: float) -> Stream:
    """A slow daily wave with noise: temperature, water level."""
    phase = by.uniform(0, every_s)
    for n in _endless():
        t = phase + n * every_s
        yield sample(t, device, metric, mean + swing * math.sin(t / 86_400 * math.tau) + by.gauss(0, swing / 20), unit)


def storm(devices: Sequence[str], by: Random, start: float, within_s: float) -> Stream:
    """Everything alarms at once (F12)."""
    yield from sorted((event(start + by.uniform(0, within_s), d, "fire.alarm") for d in devices), key=_moment)


def _moment(saying: Saying) -> float:
    return saying.t


def _endless() -> Iterator[int]:
    n = 0
    while True:
        yield n
        n += 1
