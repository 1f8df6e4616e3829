"""People who press buttons: residents who need help, a hand on a panic button, somebody in a lift that stands.

A call ends when a person has answered it; no device takes it back (`core.kinds`). Hold times are ours.
"""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

from simulators.sayings import Stream, event

PANIC_HOLD_S: Final = 1.0  # shorter is a brush of the sleeve
LIFT_HOLD_S: Final = 3.0  # shorter is a child's game


def held(presses: Iterable[tuple[float, float]], hold_s: float) -> Iterator[float]:
    """When a button speaks: `hold_s` into each press (start, seconds) that lasts that long, once a press."""
    return (start + hold_s for start, lasts in presses if lasts >= hold_s)


def resident_call(device: str, t: float, by: Random, presses: int = 1, *, place: str = "") -> Stream:
    """A call from a flat or a help point; the impatient press again, 3 to 15 s apart."""
    for n in range(presses):
        yield event(t, device, "manual.resident_call", press=n + 1, **({"place": place} if place else {}))
        t += by.uniform(3, 15)


def panic(device: str, presses: Iterable[tuple[float, float]]) -> Stream:
    """A panic button (hold-up, 122 in standards §3.2): only a press of a second or more counts."""
    for t in held(presses, PANIC_HOLD_S):
        yield event(t, device, "manual.panic", held_s=PANIC_HOLD_S)


def lift_alarm(device: str, presses: Iterable[tuple[float, float]]) -> Stream:
    """Somebody is shut in: the lift's alarm button, held for 3 s. There is no kind for lifts: it is a resident's call."""
    for t in held(presses, LIFT_HOLD_S):
        yield event(t, device, "manual.resident_call", place="lift", held_s=LIFT_HOLD_S)
