"""The world around real processes: the wire between each gateway and the broker, which can be cut, and the far ends of the
channels to people, which can fail. One thread with a loop of its own serves them all; nothing leaves this machine.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

T = TypeVar("T")
HOST: Final = "127.0.0.1"
_PATIENCE_S: Final = 10.0
_HELD_S: Final = (
    4.8  # less than the patience of who connects: a connection that was given up must not come through later
)


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="shores", daemon=True)
        self._thread.start()

    def call(self, what: Coroutine[Any, Any, T]) -> T:
        """Do it there, and wait for what it gives."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_PATIENCE_S)

    def close(self) -> None:
        """End everything that runs in it."""
        if self._thread.is_alive():
            self.call(_end_all())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


async def _end_all() -> None:
    here = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not here]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Door:
    """A listening TCP port."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()

    async def listen(self) -> int:
        """Begin; returns the port, which the system chooses."""
        self._server = await asyncio.start_server(self._meet, HOST, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def close(self) -> None:
        """Give the port back, and break every talk off."""
        if self._server is not None:
            self._server.close()
        for end in list(self._ends):
            end.transport.abort()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError, asyncio.CancelledError):
            pass  # whoever it was is gone, or talks nonsense; or we are stopping
        finally:
            self._ends.discard(writer)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class Wire(Door):
    """Between one gateway and the broker, cut at first. `broker` tells its port of the moment.

    Who connects while it is cut hears nothing, as on a real line: refused at once, an MQTT client would wait out its patience
    and come late when the line is whole again.
    """

    def __init__(self, broker: Callable[[], int]) -> None:
        super().__init__()
        self._broker = broker
        self._whole = asyncio.Event()

    async def mend(self) -> None:
        """The line is whole from now on."""
        self._whole.set()

    async def shut(self) -> None:
        """Cut it: whoever talks is cut off."""
        self._whole.clear()
        for end in list(self._ends):
            end.transport.abort()

    async def hold(self) -> None:
        """Cut it for newcomers, and leave it to whoever talks."""
        self._whole.clear()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HELD_S):
            await self._whole.wait()
        up, down = await asyncio.open_connection(HOST, self._broker())
        self._ends.add(down)
        pumps = [asyncio.ensure_future(_pump(reader, down)), asyncio.ensure_future(_pump(up, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._ends.discard(down)
            down.transport.abort()


async def _pump(source: asyncio.StreamReader, goal: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        goal.write(data)
        await goal.drain()


class Mailbox(Door):
    """A mail server that takes every letter while the channel `works`, and puts it off while it does not."""

    def __init__(self) -> None:
        super().__init__()
        self.works = True
        self.taken = 0

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mailbox\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                self.taken += 1
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                await writer.drain()
                return
            elif verb == b"MAIL" and not self.works:
                writer.write(b"451 not now\r\n")
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()


class Hook(Door):
    """Where webhooks and chat services post to."""

    def __init__(self) -> None:
        super().__init__()
        self.works = True
        self.taken = 0

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        await reader.readexactly(int(length or b"0"))
        self.taken += self.works
        status = b"200 OK" if self.works else b"503 Not Now"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        with suppress(ConnectionError):
            await writer.drain()
            writer.write_eof()
            await reader.read()
