"""Roles on a conducted clock: what looks four times a second in a real building looks here as soon as the clock has moved
or something was committed, so that a simulation may go from instant to instant without waiting in real time.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from app.clock import Conducted
from app.roles import Run

LOOK_S: Final = 0.005  # at a clock that stands and may leap
RUNNING_LOOK_S: Final = 0.05  # at one that runs: it always has moved
_AT_LEAST_EVERY_S: Final = 0.25


class Pulse:
    """`stir` is for whoever commits."""

    def __init__(self, clock: Conducted) -> None:
        self._clock = clock
        self._stirred = threading.Event()

    def stir(self, _: object = None) -> None:
        """Something was committed: what follows from it may be due at this very instant."""
        self._stirred.set()

    def whenever(self, act: Callable[[], object]) -> Run:
        """A role that acts whenever the clock has moved or somebody stirred."""

        def run(stopping: threading.Event) -> None:
            while not stopping.is_set():
                self._stirred.clear()
                seen, looked = self._clock.micros(), time.monotonic()
                act()
                while not stopping.wait(self._look_s()):
                    if self._stirred.is_set() or self._clock.micros() != seen:
                        break
                    if time.monotonic() - looked > _AT_LEAST_EVERY_S:
                        break

        return run

    def every(self, seconds: float, act: Callable[[], object]) -> Run:
        """A role that acts whenever the clock reads `seconds` more than the last time."""

        def run(stopping: threading.Event) -> None:
            while not stopping.is_set():
                due = self._clock.micros() + int(seconds * 1_000_000)
                act()
                while not stopping.wait(RUNNING_LOOK_S) and self._clock.micros() < due:
                    pass

        return run

    def _look_s(self) -> float:
        return LOOK_S if self._clock.speed == 0 else RUNNING_LOOK_S
