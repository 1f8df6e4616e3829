"""The other ends of a gateway: a server that writes receipts, an input that speaks lines, and a gateway process."""

import asyncio
import contextlib
import json
import math
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

import aiomqtt

from core import wire

SITE, GATEWAY = "quay", "gw-a"
ROOT = Path(__file__).parents[2]


class FakeServer:
    """Listens to one gateway; answers each message with a receipt for the boot's contiguous part, unless `mute`."""

    def __init__(self, port: int, *, mute: bool = False, remembers: "FakeServer | None" = None) -> None:
        self.port = port
        self.mute = mute
        self.messages: list[bytes] = []
        self.events: list[wire.Event] = []
        self.raws: list[bytes] = []
        self.statuses: list[tuple[wire.Status, bool]] = []
        self.samples: list[wire.Sample] = []
        self.through: dict[str, int] = remembers.through if remembers else {}
        self._ahead: dict[str, set[int]] = remembers._ahead if remembers else {}
        self._receipts: list[asyncio.Task[None]] = []
        self.client: aiomqtt.Client

    async def __aenter__(self) -> Self:
        self._stack = contextlib.AsyncExitStack()
        name = f"server-{id(self)}"
        self.client = await self._stack.enter_async_context(aiomqtt.Client("127.0.0.1", self.port, identifier=name))
        self.client.pending_calls_threshold = 10_000
        for channel in (wire.Channel.EVENTS, wire.Channel.STATUS, wire.Channel.TELEMETRY):
            await self.client.subscribe(wire.topic(SITE, GATEWAY, channel), qos=1)
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in (self._task, *self._receipts):
            task.cancel()
        await asyncio.gather(self._task, *self._receipts, return_exceptions=True)
        with contextlib.suppress(aiomqtt.MqttError):
            await self._stack.aclose()

    async def _listen(self) -> None:
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            place = wire.parse_topic(message.topic.value)
            assert place is not None
            if place.channel is wire.Channel.STATUS:
                status = wire.decode_status(message.payload)
                assert isinstance(status, wire.Status)
                self.statuses.append((status, message.retain))
            elif place.channel is wire.Channel.TELEMETRY:
                samples = wire.decode_samples(message.payload)
                assert isinstance(samples, list)
                self.samples += samples
            else:
                await self._hear(message.payload)

    async def _hear(self, payload: bytes) -> None:
        self.messages.append(payload)
        touched = set()
        for said in wire.decode_events(payload):
            assert isinstance(said, wire.Said), said
            self.events.append(said.event)
            self.raws.append(said.raw)
            ahead = self._ahead.setdefault(said.event.boot, set())
            through = self.through.setdefault(said.event.boot, 0)
            if said.event.seq > through:
                ahead.add(said.event.seq)
            while through + 1 in ahead:
                through += 1
                ahead.discard(through)
            self.through[said.event.boot] = through
            touched.add(said.event.boot)
        if not self.mute:  # not awaited, as the real server does not wait for its receipts either
            self._receipts = [r for r in self._receipts if not r.done()]
            self._receipts += [asyncio.create_task(self.receipt(boot, self.through[boot])) for boot in touched]

    async def receipt(self, boot: str, through: int) -> None:
        payload = wire.encode(wire.Receipt(boot, through))
        topic = wire.topic(SITE, GATEWAY, wire.Channel.RECEIPT)
        await self.client.publish(
            topic, payload, qos=1, timeout=math.inf
        )  # a limit here could swallow our cancellation

    async def command(self, command: wire.Command) -> None:
        await self.client.publish(wire.topic(SITE, GATEWAY, wire.Channel.COMMAND), wire.encode(command), qos=1)

    @property
    def ids(self) -> set[str]:
        return {e.id for e in self.events}


class Input:
    """A local input: lines out, answers in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, port: int) -> AsyncIterator["Input"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def send(self, line: bytes | dict[str, Any]) -> None:
        self.writer.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")

    async def hear(self) -> Any:
        return json.loads(await asyncio.wait_for(self.reader.readline(), 10))

    async def say(self, line: bytes | dict[str, Any]) -> Any:
        self.send(line)
        return await self.hear()

    async def status(self) -> Any:
        return await self.say({"ask": "status"})


class GatewayProcess:
    """A real gateway process of its own."""

    def __init__(self, broker_port: int, spool: Path, *more: str) -> None:
        self.command = [
            *(sys.executable, "-m", "app.gateway_commands", "run", "--site", SITE, "--id", GATEWAY),
            *("--broker", f"mqtt://127.0.0.1:{broker_port}", "--spool", str(spool), *more),
        ]
        self.log = spool.with_suffix(".log")
        self.port = 0

    async def start(self) -> Self:
        with self.log.open("ab") as log:
            self.child = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        assert self.child.stdout is not None
        line = (await asyncio.wait_for(self.child.stdout.readline(), 15)).decode()
        found = re.search(r"127\.0\.0\.1:(\d+) \(boot ([0-9a-f-]+)\)", line)
        assert found, line + self.log.read_text()
        self.port, self.boot = int(found[1]), found[2]
        return self

    async def kill(self) -> None:
        if self.child.returncode is None:
            self.child.kill()
        await self.child.wait()
        self._close()

    async def stop(self) -> int:
        if self.child.returncode is None:
            self.child.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(self.child.wait(), 10)
        self._close()
        return code

    def _close(self) -> None:
        self.child._transport.close()  # type: ignore[attr-defined]


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what we wait for happens in another process
            await asyncio.sleep(0.01)
