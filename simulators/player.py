"""Play a stream in real time through the intakes of real gateways. An event gets its id here, where it is first known."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

from core.clock import Clock, rfc3339
from core.ids import fresh
from simulators.gateways import Message, heard
from simulators.sayings import Saying, Timed, spoken

log = logging.getLogger("simulators.player")

T = TypeVar("T", bound=Timed)

PATIENCE_S: Final = 60.0
_IDS_KEPT: Final = 10_000  # how long ago a message may have been said whose duplicate is still to come


class Mouth:
    """One connection to a gateway's intake; opened again when the gateway was away."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def say(self, line: Mapping[str, Any], patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """Say a line and hear the answer, if need be again: an id makes that harmless."""
        payload = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        ends = time.monotonic() + patience_s
        while True:
            try:
                return await self._once(payload)
            except (OSError, ValueError):
                await self.close()
                if time.monotonic() > ends:
                    raise
                await asyncio.sleep(0.3)

    async def close(self) -> None:
        """Hang up."""
        if self._link is not None:
            _, writer = self._link
            self._link = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _once(self, payload: bytes) -> dict[str, Any]:
        if self._link is None:
            self._link = await asyncio.open_connection(self.host, self.port)
        reader, writer = self._link
        writer.write(payload)
        await writer.drain()
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer


def line(saying: Saying, now: Clock, known_as: str | None = None) -> dict[str, Any]:
    """What the gateway is told: with the device's own clock, right or wrong; `known_as`: the id it was given before."""
    at = now()
    said = spoken(saying) | {"said_at": rfc3339(at + timedelta(seconds=saying.skew_s))}
    return said if saying.metric else said | {"id": known_as or fresh(at)}


async def play(
    stream: Iterable[Saying | Message],
    mouths: Mapping[str, Mouth],
    now: Clock,
    stopping: asyncio.Event,
    *,
    speed: float = 1.0,
) -> int:
    """Say each thing when its moment has come; `mouths` by device. Returns how many were taken. Never ahead of time.

    A message of a bad line is said as an input would: late with the time it was said, a duplicate under its id. The
    gateway gives its own numbers.
    """
    taken, ids = 0, _Ids()
    async for one in paced(stream, stopping, speed):
        saying = one if isinstance(one, Saying) else heard(one)
        mouth = mouths.get(saying.device)
        if mouth is None:
            continue
        said = line(saying, now, None if isinstance(one, Saying) else ids.of(one, now))
        answer = await mouth.say(said)
        if "error" in answer:
            log.warning("sim.refused", extra={"device": saying.device, "error": answer["error"]})
        else:
            taken += 1
    return taken


class _Ids:
    """The id of each message, remembered for its duplicate."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], str] = {}

    def of(self, message: Message, now: Clock) -> str:
        place = (message.boot, message.seq)
        if place not in self._known and len(self._known) >= _IDS_KEPT:
            del self._known[next(iter(self._known))]
        return self._known.setdefault(place, fresh(now()))


async def paced(stream: Iterable[T], stopping: asyncio.Event, speed: float) -> AsyncIterator[T]:
    """Each when its moment has come, until told to stop."""
    began = time.monotonic()
    for saying in stream:
        wait = saying.t / speed - (time.monotonic() - began)
        if wait > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await stopping.wait()
        if stopping.is_set():
            return
        yield saying
