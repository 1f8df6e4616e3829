"""What every device does whatever its family: signs of life, measured values, batteries. Times are seconds into the story."""

import math
from random import Random
from typing import Final

from simulators.sayings import DAY_S, Stream, event, sample, ticks

LOW_BATTERY: Final = 20  # per cent


def heartbeats(device: str, every_s: float, by: Random, until: float = math.inf) -> Stream:
    """Alive, at its own phase and with 3 % jitter, until `until`.

    How often the field does: mains devices every 10 min, battery devices every 25 h, fire gateways every 20-30 s
    (standards §0, after Zigbee2MQTT and GB/T 26875 practice).
    """
    t = by.uniform(0, every_s)
    battery = by.randrange(70, 100)
    while t < until:
        yield event(t, device, "device.heartbeat", battery=battery)
        t += every_s * by.uniform(0.97, 1.03)


def gauge(device: str, metric: str, unit: str, mean: float, swing: float, by: Random, every_s: float) -> Stream:
    """A slow daily wave of `swing` around `mean` with noise (a twentieth of the swing): temperature, water level."""
    for t in ticks(every_s, by.uniform(0, every_s)):
        yield sample(t, device, metric, mean + swing * math.sin(t / DAY_S * math.tau) + by.gauss(0, swing / 20), unit)


def battery(device: str, by: Random, start: float, per_day: float = 5.0, every_s: float = 3600.0) -> Stream:
    """A battery that runs down by about `per_day` per cent a day from a fresh 100; at 20 % it says so, once, and goes on till 0."""
    said = False
    level = 100.0
    for t in ticks(every_s, start):
        if level <= 0:
            return
        yield event(t, device, "device.heartbeat", battery=math.ceil(level))
        if level <= LOW_BATTERY and not said:
            said = True
            yield event(t, device, "device.battery_low", battery=math.ceil(level))
        level -= per_day * every_s / DAY_S * by.uniform(0.8, 1.2)
