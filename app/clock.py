"""The one clock of the product.

With WATCHROOM_CLOCK=FILE it is *conducted*: a simulation lets time stand, leap or run fast for all its processes at once,
by a few bytes that they share (see `app.conducted`). CLOCK_MONOTONIC is the same for every process of a machine, so they
agree on the time to the microsecond. A file that no conductor made is refused: a real building runs on the real clock.
"""

import mmap
import os
import struct
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core.clock import Clock, instant

VARIABLE: Final = "WATCHROOM_CLOCK"
MAGIC: Final = b"WATCHROOM CONDUCTED CLOCK 1\n"
_READING: Final = struct.Struct("<qqd")  # simulated microseconds, monotonic nanoseconds at that moment, speed
_CHECK: Final = struct.Struct("<I")
SIZE: Final = len(MAGIC) + _READING.size + _CHECK.size


def packed(base_us: int, mono_ns: int, speed: float) -> bytes:
    """What a conductor writes after the magic: a reading and its checksum."""
    reading = _READING.pack(base_us, mono_ns, speed)
    return reading + _CHECK.pack(zlib.crc32(reading))


class Conducted:
    """Reads a clock that somebody else moves."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC or path.stat().st_size != SIZE:
                raise ValueError(f"{path} is not a conducted clock")
            self._bytes = mmap.mmap(file.fileno(), SIZE, access=mmap.ACCESS_READ)
        self.path = path

    def now(self) -> datetime:
        """The simulated present, in UTC."""
        return instant(self.micros())

    def micros(self) -> int:
        """The same in microseconds since 1970: what to compare when the question is only whether it moved."""
        base_us, mono_ns, speed = self._reading()
        return base_us if speed == 0 else base_us + int((time.monotonic_ns() - mono_ns) * speed) // 1000

    @property
    def speed(self) -> float:
        """Simulated seconds in a real one; 0 while it stands."""
        return self._reading()[2]

    def close(self) -> None:
        """Let go of the file."""
        self._bytes.close()

    def _reading(self) -> tuple[int, int, float]:
        """A reading torn by a writer does not fit its checksum, and is taken again."""
        while True:
            raw = self._bytes[len(MAGIC) :]
            reading = raw[: _READING.size]
            if _CHECK.unpack(raw[_READING.size :])[0] == zlib.crc32(reading):
                base_us, mono_ns, speed = _READING.unpack(reading)
                return base_us, mono_ns, speed


def real() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def _named() -> Conducted | None:
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    try:
        return Conducted(Path(name))
    except (OSError, ValueError) as wrong:
        raise SystemExit(f"{VARIABLE}: {wrong}; only a simulation sets it, leave it unset") from None


conducted: Final = _named()
now: Final[Clock] = real if conducted is None else conducted.now
