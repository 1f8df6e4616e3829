"""Play a stream in real time through the intakes of real gateways. An event gets its id here, where it is first known."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from core.clock import Clock, rfc3339
from core.ids import fresh
from simulators.sayings import Saying, spoken

log = logging.getLogger("simulators.player")

PATIENCE_S: Final = 60.0


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


def line(saying: Saying, now: Clock) -> dict[str, Any]:
    """What the gateway is told: with the device's own clock, right or wrong."""
    at = now()
    said = spoken(saying) | {"said_at": rfc3339(at + timedelta(seconds=saying.skew_s))}
    return said if saying.metric else said | {"id": fresh(at)}


async def play(
    stream: Iterable[Saying], mouths: Mapping[str, Mouth], now: Clock, stopping: asyncio.Event, *, speed: float = 1.0
) -> int:
    """Say each thing when its moment has come; `mouths` by device. Returns how many were taken. Never ahead of time."""
    taken = 0
    async for saying in _paced(stream, stopping, speed):
        mouth = mouths.get(saying.device)
        if mouth is None:
            continue
        answer = await mouth.say(line(saying, now))
        if "error" in answer:
            log.warning("sim.refused", extra={"device": saying.device, "error": answer["error"]})
        else:
            taken += 1
    return taken


async def _paced(stream: Iterable[Saying], stopping: asyncio.Event, speed: float) -> AsyncIterator[Saying]:
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
