"""A leak rope: two wires that water joins. It wets fast, dries slowly, is noisy, and can be cut.

Wetness runs from 0 (dry) to 1 (soaked). The figures are ours: no standard is known to us that fixes them.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

import msgspec

from simulators.sayings import Stream, event, ticks

WET: Final = 0.6  # a leak rope says so above this,
DRY: Final = 0.3  # and takes it back only below this: between the two it keeps its word
_TAIL: Final = 6.0  # time constants until a rope is dry for certain


class Rope(msgspec.Struct, frozen=True):
    """How a rope behaves: `wets_s` and `dries_s` are time constants; `noise` is the standard deviation of one sample.

    With `dry` as high as `wet` there is no hysteresis, and a rope that lies at its threshold flaps.
    """

    wet: float = WET
    dry: float = DRY
    wets_s: float = 1.0
    dries_s: float = 20.0
    noise: float = 0.03
    sample_s: float = 1.0
    metres: float = 10.0


class Flood(msgspec.Struct, frozen=True):
    """Water on the rope from `starts` to `ends`, `depth` of it (1: all of it soaked)."""

    starts: float
    ends: float
    depth: float = 1.0


def leak_rope(
    device: str,
    by: Random,
    floods: Sequence[Flood],
    rope: Rope = Rope(),  # noqa: B008 - frozen
    cut: tuple[float, float] | None = None,
) -> Stream:
    """What the rope says: `water.leak` with how far along it, `water.restore` when it has dried.

    `cut`: from when to when a wire is broken. A broken rope says `water.fault` and knows nothing of water; mended, it says
    `water.restore` (which ends every trouble of it), and at once `water.leak` if it lies in water still.
    """
    leaking = broken = False
    wetness = 0.0
    end = max([f.ends for f in floods] + [cut[1] if cut else 0.0]) + _TAIL * (rope.dries_s + rope.sample_s)
    for t in ticks(rope.sample_s, 0.0, end):
        wetness = _next(wetness, max((f.depth for f in floods if f.starts <= t < f.ends), default=0.0), rope)
        seen = wetness + by.gauss(0, rope.noise)
        where = round(by.uniform(0.05, 0.95) * rope.metres, 1)
        if cut is not None and cut[0] <= t < cut[1]:
            if not broken:
                broken = True
                yield event(t, device, "water.fault", text="断线 wire broken", metres=where)
        elif broken:
            broken = leaking = False
            yield event(t, device, "water.restore", text="已修复 mended")
        elif seen > rope.wet and not leaking:
            leaking = True
            yield event(t, device, "water.leak", wet=round(min(seen, 1.0), 2), metres=where)
        elif seen < rope.dry and leaking:
            leaking = False
            yield event(t, device, "water.restore", wet=round(max(seen, 0.0), 2))


def _next(wetness: float, depth: float, rope: Rope) -> float:
    """A step towards the water around it (first order, exact for one sample)."""
    constant = rope.wets_s if depth > wetness else rope.dries_s
    return wetness + (depth - wetness) * min(1.0, rope.sample_s / (constant + rope.sample_s / 2))


def at_the_threshold(start: float, lasts_s: float, rope: Rope = Rope()) -> tuple[Flood, Rope]:  # noqa: B008 - frozen
    """A drip that holds a rope without hysteresis exactly at its threshold: it will flap for as long as it lasts."""
    return Flood(start, start + lasts_s, depth=rope.wet), msgspec.structs.replace(rope, dry=rope.wet, wets_s=5.0)


def tank(device: str, by: Random, start: float, falls_per_s: float, low: float = 0.2, until: float = 0.9) -> Stream:
    """A tank that loses water from full (1.0): `water.level_low` below `low`, filled again, `water.restore` above `until`."""
    level, falling, said = 1.0, True, False
    for t in ticks(10.0, start):
        level += (-falls_per_s if falling else 3 * falls_per_s) * 10 * by.uniform(0.9, 1.1)
        if falling and level < low:
            falling, said = False, True
            yield event(t, device, "water.level_low", level=round(level, 2))
        elif said and level > until:
            yield event(t, device, "water.restore", level=round(level, 2))
            return
