"""The local door: panels' adapters and simulators speak one line of JSON at a time, and hear back when it is safe.

`{"device", "kind", "said_at"?, "data"?, "test"?, "id"?}` is answered `{"ok": true, "seq": n, ...}` only after the fsync;
anything else is answered `{"error": {"why", "field", "detail"}}`. Answers come in the order of the lines, so an input may
send many before it reads. A line with `metric` is a telemetry sample: held in memory, bounded, never spooled.
`{"ask": "status"}` tells how the gateway is.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec

from core import wire
from core.clock import Clock
from gateway.fact import MAX_LINE, Ask, Fact, Refused, understand
from gateway.keeper import Answer, Keeper
from gateway.spool import REFUSED_BYTES

log = logging.getLogger("gateway.intake")

CONNECTIONS: Final = 64
IN_HAND: Final = 256  # lines of one connection that may wait for their answer
TOGETHER: Final = 64  # answers in one write at most

_encode = msgspec.json.Encoder().encode


class Intake:
    """Serves local inputs. `measure` takes samples, `report` answers questions."""

    def __init__(
        self, keeper: Keeper, now: Clock, measure: Callable[[wire.Sample], None], report: Callable[[], dict[str, Any]]
    ) -> None:
        self._keeper = keeper
        self._now = now
        self._measure = measure
        self._report = report
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen; returns the port, which the system chooses when it is 0."""
        self._server = await asyncio.start_server(self._meet, host, port, limit=MAX_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    async def open_path(self, path: str) -> None:
        """Listen on a unix socket."""
        self._server = await asyncio.start_unix_server(self._meet, path, limit=MAX_LINE)

    async def close(self) -> None:
        """Take nothing more; what was taken is still answered."""
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection callback runs in a task
        self._talks.add(task)
        try:
            if len(self._talks) > CONNECTIONS:
                writer.write(_error(Refused("too_many", f"at most {CONNECTIONS} inputs at once")))
            else:
                await self._talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the input left, or we are stopping
        finally:
            self._talks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        in_hand: asyncio.Queue[Answer | bytes | None] = asyncio.Queue(IN_HAND)
        answering = asyncio.create_task(_answer(in_hand, writer))
        try:
            while not answering.done():
                line, whole = await _line(reader)
                if not line:
                    break
                await in_hand.put(self._take(line) if whole else self._refuse(_TOO_LONG, line))
        finally:
            with contextlib.suppress(asyncio.QueueFull):
                in_hand.put_nowait(None)
            with contextlib.suppress(TimeoutError, ConnectionError):
                await asyncio.wait_for(answering, 2)

    def _take(self, line: bytes) -> Answer | bytes:
        said = understand(line, self._now())
        if isinstance(said, Fact):
            return self._keeper.keep(said)
        if isinstance(said, Refused):
            return self._refuse(said, line)
        if isinstance(said, Ask):
            return _encode({"ok": True, **self._report()}) + b"\n"
        self._measure(said)
        return b'{"ok":true}\n'

    def _refuse(self, refused: Refused, line: bytes) -> bytes:
        log.warning("intake.refused", extra={"why": refused.why, "field": refused.field})
        self._keeper.refuse(refused, line[:REFUSED_BYTES])
        return _error(refused)


_TOO_LONG: Final = Refused(wire.Why.TOO_LARGE, f"a line may have {MAX_LINE} bytes")


async def _line(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """The next line and whether it is whole; of one that is too long only the beginning. Empty at the end."""
    head = b""
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return b"", True  # the end, or half a line that nobody finished
        except asyncio.LimitOverrunError as over:
            part = await reader.read(over.consumed)
            head = head or part[:REFUSED_BYTES]
            continue
        return (head, False) if head else (line, True)


async def _answer(in_hand: "asyncio.Queue[Answer | bytes | None]", writer: asyncio.StreamWriter) -> None:
    """In the order of the lines; what is ready together goes out in one write."""
    ready: list[bytes] = []
    while (item := await in_hand.get()) is not None:
        if ready and not isinstance(item, bytes) and not item.done():
            _flush(ready, writer)  # nobody waits for a neighbour's fsync
        ready.append(item if isinstance(item, bytes) else _told(await item))
        if in_hand.empty() or len(ready) >= TOGETHER:
            _flush(ready, writer)
            await writer.drain()
    _flush(ready, writer)
    await writer.drain()


def _flush(ready: list[bytes], writer: asyncio.StreamWriter) -> None:
    writer.write(b"".join(ready))
    ready.clear()


def _told(answer: Any) -> bytes:
    if isinstance(answer, Refused):
        return _error(answer)
    return _encode({"ok": True, "seq": answer.seq, "boot": answer.boot, "id": answer.id}) + b"\n"


def _error(refused: Refused) -> bytes:
    return _encode({"error": {"why": refused.why, "field": refused.field, "detail": refused.detail}}) + b"\n"
