"""Moving a conducted clock: the simulation that owns it lets it stand, leap, or run at a speed of its own."""

import mmap
import time
from datetime import datetime
from pathlib import Path

from app.clock import MAGIC, SIZE, Conducted, packed
from core.clock import micros


class Conductor:
    """Owns the file. Time never goes back: a leap to the past is an error."""

    def __init__(self, path: Path, at: datetime, speed: float = 0.0) -> None:
        base = micros(at)
        path.write_bytes(MAGIC + packed(base, time.monotonic_ns(), speed))
        self.path = path
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), SIZE)
        self._clock = Conducted(path)

    def now(self) -> datetime:
        """What everybody who reads the file sees now."""
        return self._clock.now()

    def leap(self, at: datetime) -> None:
        """Be at `at` from now on, with the speed as it was. Raises ValueError for a time that has passed."""
        if at < self.now():
            raise ValueError(f"the clock stands at {self.now()} and cannot go back to {at}")
        self._write(micros(at), self._clock.speed)

    def run(self, speed: float) -> None:
        """Go on from the present at `speed` (0: stand still)."""
        self._write(self._clock.micros(), speed)

    def real_wait(self, at: datetime) -> float:
        """Real seconds until a running clock reads `at`; infinite for one that stands before it."""
        left, speed = (at - self.now()).total_seconds(), self._clock.speed
        if left <= 0:
            return 0.0
        return left / speed if speed else float("inf")

    def close(self) -> None:
        """Let go of the file; whoever still reads it sees the clock as it was left."""
        self._clock.close()
        self._bytes.close()

    def _write(self, base_us: int, speed: float) -> None:
        self._bytes[len(MAGIC) :] = packed(base_us, time.monotonic_ns(), speed)
