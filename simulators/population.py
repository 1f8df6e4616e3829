"""What a crowd of devices says together, at a given rate.

A device keeps its own rhythm (its model's talkativeness over all, with 10 % jitter), says mostly that it is alive, and
when it raises something, its next words but one take it back. The mix is ours: cards and life signs, little else.
"""

from collections.abc import Mapping
from random import Random
from typing import Any, Final

import msgspec

from simulators.doors import REASONS
from simulators.sayings import Stream, dice, event, merged
from sites.register import Device, Register, Role


class Habit(msgspec.Struct, frozen=True):
    """How a model talks: `talks` times as much as a detector does; of its words `speaks` are no heartbeat.

    `pairs`: what it may raise and what then takes it back (None: it is over at once), each with its weight.
    """

    talks: float = 1.0
    speaks: float = 0.0
    pairs: tuple[tuple[float, str, str | None], ...] = ()


_DETECTOR: Final = Habit(
    1.0,
    0.01,
    (
        (0.7, "fire.fault", "fire.restore"),
        (0.25, "fire.prealarm", "fire.restore"),
        (0.05, "fire.alarm", "fire.restore"),
    ),
)
_HABITS: Final[Mapping[str, Habit]] = {
    "smoke": _DETECTOR,
    "heat": _DETECTOR,
    "manual_call": Habit(1.0, 0.002, ((1, "fire.manual_call", "fire.restore"),)),
    "waterflow": Habit(1.0, 0.002, ((1, "fire.waterflow", "fire.restore"),)),
    "valve": Habit(1.0, 0.01, ((1, "fire.supervisory", "fire.restore"),)),
    "fire_panel": Habit(3.0, 0.01, ((1, "fire.fault", "fire.restore"),)),
    "leak_rope": Habit(1.0, 0.02, ((0.8, "water.leak", "water.restore"), (0.2, "water.fault", "water.restore"))),
    "level": Habit(2.0, 0.02, ((1, "water.level_low", "water.restore"),)),
    "door": Habit(
        3.0,
        0.3,
        (
            (0.9, "access.egress", None),
            (0.08, "access.held_open", "access.closed"),
            (0.02, "access.forced", "access.closed"),
        ),
    ),
    "reader": Habit(5.0, 0.9, ((0.99, "access.granted", None), (0.01, "access.denied", None))),
    "panic": Habit(1.0, 0.001, ((1, "manual.panic", None),)),
    "resident_call": Habit(1.0, 0.005, ((1, "manual.resident_call", None),)),
    "handheld": Habit(3.0, 1.0, ((1, "patrol.tap", None),)),
    "power": Habit(2.0, 0.01, ((1, "device.power_lost", "device.power_restored"),)),
    "lift": Habit(2.0, 0.002, ((1, "manual.resident_call", None),)),
    "temperature": Habit(2.0),
}


def slowest_s(register: Register, rate: float) -> float:
    """How long the quietest device is silent between two words, at that rate."""
    return _pace(register, rate) * 1.1 / min(_HABITS[d.model].talks for d in register.devices.values())


def crowd(register: Register, rate: float, seed: int) -> Stream:
    """What all devices say together: `rate` events a second, for ever. The same register and seed say the same bytes (IOT-04)."""
    pace = _pace(register, rate)
    tags = tuple(c.tags[0] for c in register.checkpoints.values())
    guards = tuple(p.id for p in register.people.values() if Role.GUARD in p.roles)
    return merged(
        _life(d, pace / _HABITS[d.model].talks, dice(seed, d.id), tags, guards) for d in register.devices.values()
    )


def _pace(register: Register, rate: float) -> float:
    """Seconds between two words of a detector."""
    return sum(_HABITS[d.model].talks for d in register.devices.values()) / rate


def _life(device: Device, every_s: float, by: Random, tags: tuple[str, ...], guards: tuple[str, ...]) -> Stream:
    habit = _HABITS[device.model]
    weights, raises = [w for w, _, _ in habit.pairs], [(r, b) for _, r, b in habit.pairs]
    battery = by.randrange(60, 100)
    owed: str | None = None
    wait = 0
    t = by.uniform(0, every_s)
    while True:
        if owed is not None and wait == 0:
            yield event(t, device.id, owed)
            owed = None
        elif owed is None and by.random() < habit.speaks:
            kind, owed = by.choices(raises, weights)[0]
            wait = 1
            yield event(t, device.id, kind, **_more(kind, by, tags, guards))
        else:
            wait = 0
            yield event(t, device.id, "device.heartbeat", battery=battery)
        t += every_s * by.uniform(0.9, 1.1)


def _more(kind: str, by: Random, tags: tuple[str, ...], guards: tuple[str, ...]) -> dict[str, Any]:
    if kind == "patrol.tap":
        return {"tag": by.choice(tags), "guard": by.choice(guards), "proof": "uid"}
    if kind == "access.denied":
        return {"reason": by.choice(REASONS), "card": _card(by)}
    return {"card": _card(by)} if kind == "access.granted" else {}


def _card(by: Random) -> str:
    return f"C-{by.randrange(10_000, 99_999)}"
