"""The way up: an MQTT session that keeps trying, live words first, everything again until a receipt covers it.

A session begins with the retained `online`, puts every uncovered event back in line, and ends (however it ends) with the
retained `offline`. PUBACK only opens the window for more; it never makes the spool forget.
"""

import asyncio
import contextlib
import logging
import math
import socket
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal, NoReturn

import aiomqtt
from msgspec import Struct

from core import wire
from core.clock import Clock, micros, seconds
from core.wire import Channel
from gateway.fact import as_history
from gateway.keeper import Keeper
from gateway.order import Order, Parcel, Tier
from gateway.pace import STALL_MAX_S, Pace
from gateway.spool import Kept

log = logging.getLogger("gateway.uplink")

LIVE_WINDOW: Final = 64  # messages on their way at once
BACKLOG_WINDOW: Final = 4
SAMPLES_HELD: Final = 10_000
HOT_HELD: Final = 4096  # live events whose bytes stay at hand, so that they need no read
DRAIN_S: Final = 2.0

OnCommand = Callable[[wire.Command], Awaitable[None]]


class Link(Struct, frozen=True):
    """Where the broker is and how we speak to it."""

    host: str
    port: int
    password: str | None = None
    tls: bool = False
    ca: str | None = None


class Stopped(Exception):  # noqa: N818
    """The session ends because we were told to stop."""


class Uplink:
    """One gateway's session with its broker. Call `said` for each event that has become durable."""

    def __init__(
        self, site: str, gateway: str, link: Link, pace: Pace, order: Order, now: Clock, on_command: OnCommand
    ) -> None:
        self._site = site
        self._gateway = gateway
        self._link = link
        self._pace = pace
        self._order = order
        self._now = now
        self._on_command = on_command
        self.keeper: Keeper
        self.linked = False
        self.samples_lost = 0
        self._samples: deque[wire.Sample] = deque()
        self._hot: dict[int, bytes] = {}
        self._wake = asyncio.Event()
        self._receipts: dict[str, int] = {}
        self._received = asyncio.Event()
        self._credit = 0.0
        self._credit_at = 0.0
        self._moved_at = 0.0
        self._stall_s = pace.stall_s
        self._heard = False
        self._signed_at = now()
        self._out: dict[bool, int] = {True: 0, False: 0}

    def said(self, kept: Sequence[Kept]) -> None:
        """New events are durable: they go up before any backlog."""
        if not len(self._order):
            self._moved_at = time.monotonic()  # receipts are owed from now on
        self._order.add(k.row for k in kept if k.row is not None)
        if self.linked and len(self._hot) < HOT_HELD:
            self._hot.update((k.row.n, k.raw) for k in kept if k.row is not None)
        self._wake.set()

    def measured(self, sample: wire.Sample) -> None:
        """Hold a sample until it goes up; the oldest gives way, counted."""
        if len(self._samples) >= SAMPLES_HELD:
            self._samples.popleft()
            self.samples_lost += 1
        self._samples.append(sample)

    async def run(self, stopping: asyncio.Event) -> None:
        """Hold a session until told to stop; a broker that is away is tried again, ever less often."""
        soonest, latest = self._pace.retry_s
        wait = soonest
        while not stopping.is_set():
            began = time.monotonic()
            try:
                await self._session(stopping)
            except* (aiomqtt.MqttError, OSError) as lost:
                log.warning("uplink.lost", extra={"why": str(_first(lost)), "spooled": len(self._order)})
            self._part()
            wait = soonest if time.monotonic() - began > latest else min(wait * 2, latest)
            await _at_most(wait, stopping)

    def _client(self) -> aiomqtt.Client:
        name = f"{self._site}.{self._gateway}"
        will = aiomqtt.Will(self._topic(Channel.STATUS), self._status("offline"), qos=1, retain=True)
        return aiomqtt.Client(
            self._link.host,
            self._link.port,
            identifier=name.replace(".", "_"),  # NATS takes no dot in a client id, and no id of ours has a _
            username=name,
            password=self._link.password,
            clean_session=False,
            will=will,
            keepalive=self._pace.keepalive_s,
            timeout=5,
            max_inflight_messages=LIVE_WINDOW + BACKLOG_WINDOW + 8,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # else a live word waits 40 ms for an ACK
            tls_context=ssl.create_default_context(cafile=self._link.ca) if self._link.tls else None,
        )

    async def _session(self, stopping: asyncio.Event) -> None:
        async with self._client() as client:
            client.pending_calls_threshold = 1000
            await self._subscribe(client)
            await self._say(client, "online")
            self._begin()
            log.info("uplink.linked", extra={"spooled": len(self._order)})
            try:
                async with asyncio.TaskGroup() as tasks:
                    for part in (self._listen, self._settle, self._keep_saying, self._measure):
                        tasks.create_task(part(client), name=part.__name__)
                    tasks.create_task(self._send(client, tasks), name="_send")
                    tasks.create_task(self._until(stopping), name="_until")
            except* Stopped:
                pass
            await self._say(client, "offline")

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        topics = [(self._topic(channel), 1) for channel in (Channel.RECEIPT, Channel.COMMAND)]
        async with asyncio.timeout(self._pace.puback_s):
            granted = await client.subscribe(topics, timeout=math.inf)
        if any(int(str(getattr(code, "value", code))) >= 128 for code in granted):
            raise aiomqtt.MqttError("the broker refuses our receipts")

    def _begin(self) -> None:
        self._order.restart()
        self._out = {True: 0, False: 0}
        self._credit, self._credit_at = 0.0, time.monotonic()
        self._moved_at, self._stall_s, self._heard = time.monotonic(), self._pace.stall_s, False
        self.linked = True
        self._wake.set()

    def _part(self) -> None:
        self.linked = False
        self._hot.clear()

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            place = wire.parse_topic(message.topic.value)
            if place is None or message.retain or not isinstance(message.payload, bytes):
                continue  # a retained receipt or command is old news
            if place.channel is Channel.RECEIPT:
                self._receipt(wire.decode_receipt(message.payload))
            elif place.channel is Channel.COMMAND:
                await self._command(wire.decode_command(message.payload))

    def _receipt(self, receipt: wire.Receipt | None) -> None:
        spool = self.keeper.spool
        if receipt is None or (receipt.boot == spool.boot and receipt.through > spool.last_seq):
            log.warning("receipt.ignored")  # nobody can have what was never said
            return
        self._heard = True
        self._receipts[receipt.boot] = max(receipt.through, self._receipts.get(receipt.boot, 0))
        self._received.set()

    async def _command(self, command: wire.Command | None) -> None:
        if command is None or command.expires_at <= self._now():
            log.warning("command.dropped", extra={"command": command and command.id})
        elif await self.keeper.do(self.keeper.spool.first_time, command.id):
            await self._on_command(command)

    async def _settle(self, _: aiomqtt.Client) -> None:
        """Forget what receipts cover, many receipts in one transaction."""
        while True:
            await self._received.wait()
            self._received.clear()
            receipts, self._receipts = self._receipts, {}
            if sum(self._order.covered(boot, through) for boot, through in receipts.items()):
                self._moved_at, self._stall_s = time.monotonic(), self._pace.stall_s
                await self.keeper.do(self.keeper.spool.covered, receipts.items())
            await asyncio.sleep(0.05)

    async def _send(self, client: aiomqtt.Client, tasks: asyncio.TaskGroup) -> None:
        while True:
            self._wake.clear()
            parcel = self._next()
            if parcel is None:
                await _at_most(self._pause(), self._wake)
                continue
            payload = await self._payload(parcel)
            if payload:
                live = parcel.tier is Tier.LIVE
                self._out[live] += 1
                tasks.create_task(self._publish(client, payload, live))

    def _next(self) -> Parcel | None:
        now = micros(self._now())
        if self._out[True] < LIVE_WINDOW and (live := self._order.take(Tier.LIVE, now)):
            return live
        if self._out[False] >= BACKLOG_WINDOW or self._short_of_credit() > 0:
            return None
        old = self._order.take(Tier.URGENT, now) or self._order.take(Tier.BACKLOG, now) or self._again(now)
        if old is not None:
            self._credit -= len(old.rows)
        return old

    def _short_of_credit(self) -> float:
        """Seconds until the backlog may go on."""
        at = time.monotonic()
        rate = self._pace.drain_per_s
        self._credit = min(self._credit + (at - self._credit_at) * rate, rate / 4)
        self._credit_at = at
        return 0.0 if self._credit > 0 else 0.001 - self._credit / rate

    def _again(self, now: int) -> Parcel | None:
        """All is sent but receipts stay away: send it again to a server that speaks, probe one that is silent."""
        if not len(self._order) or any(self._out.values()) or time.monotonic() - self._moved_at < self._stall_s:
            return None
        log.warning("receipts.stalled", extra={"spooled": len(self._order), "heard": self._heard})
        self._moved_at = time.monotonic()
        self._stall_s = min(self._stall_s * 2, max(STALL_MAX_S, self._pace.stall_s))
        if not self._heard:
            return self._order.probe(now)
        self._heard = False
        self._order.restart()
        return self._order.take(Tier.URGENT, now) or self._order.take(Tier.BACKLOG, now)

    def _pause(self) -> float:
        backlog = self._order.waits(Tier.URGENT) or self._order.waits(Tier.BACKLOG)
        if backlog and self._out[False] < BACKLOG_WINDOW:
            return max(0.002, self._short_of_credit())
        return min(1.0, self._pace.stall_s / 4)

    async def _payload(self, parcel: Parcel) -> bytes:
        ns = [row.n for row in parcel.rows]
        texts = {n: self._hot.pop(n) for n in ns if n in self._hot}
        missing = [n for n in ns if n not in texts]
        if missing:
            texts |= await self.keeper.do(self.keeper.spool.read, missing)
        rotten = [row.n for row in parcel.rows if row.n not in texts and self._order.has(row.n)]
        if rotten:
            log.error("spool.rotten", extra={"events": len(rotten)})
            spool = self.keeper.spool
            self._order.replaced(await self.keeper.do(spool.replace, rotten, self._gateway, self._now()))
        bodies = [as_history(texts[n]) if n in parcel.history else texts[n] for n in ns if n in texts]
        return bodies[0] if len(bodies) == 1 else b"[" + b",".join(bodies) + b"]" if bodies else b""

    async def _publish(self, client: aiomqtt.Client, payload: bytes, live: bool) -> None:
        await self._put(client, Channel.EVENTS, payload)
        self._out[live] -= 1
        if not live:  # a backlog takes its time; live words must not hide that receipts stay away
            self._moved_at = time.monotonic()
        self._wake.set()

    async def _keep_saying(self, client: aiomqtt.Client) -> None:
        while True:
            await self._until_due()
            await self._say(client, "online")

    async def _until_due(self) -> None:
        """Until the next life sign is due. On a clock that may leap that is so long after what the last one said it was."""
        every_s, look_s = self._pace.status_every_s, self._pace.look_s
        if not look_s:
            await asyncio.sleep(every_s)
            return
        while self._now() < self._signed_at + seconds(every_s):  # noqa: ASYNC110 - nobody tells us when the clock leaps
            await asyncio.sleep(look_s)

    async def _say(self, client: aiomqtt.Client, state: Literal["online", "offline"]) -> None:
        await self._put(client, Channel.STATUS, self._status(state), retain=True)

    async def _put(self, client: aiomqtt.Client, channel: Channel, payload: bytes, *, retain: bool = False) -> None:
        """Publish and wait for the PUBACK. The limit is ours: aiomqtt's own, `wait_for`, may swallow a cancellation."""
        async with asyncio.timeout(self._pace.puback_s):
            await client.publish(self._topic(channel), payload, qos=1, retain=retain, timeout=math.inf)

    def _status(self, state: Literal["online", "offline"]) -> bytes:
        self._signed_at = self._now()
        return wire.encode(wire.Status(state, self.keeper.spool.boot, self._signed_at, len(self._order)))

    async def _measure(self, client: aiomqtt.Client) -> None:
        while True:
            while self._samples:
                count, payload = _packed(self._samples)
                await self._put(client, Channel.TELEMETRY, payload)
                for _ in range(min(count, len(self._samples))):
                    self._samples.popleft()
            await asyncio.sleep(1)

    async def _until(self, stopping: asyncio.Event) -> NoReturn:
        """When told to stop, give live words a moment to leave."""
        await stopping.wait()
        ends = time.monotonic() + DRAIN_S
        while (self._order.waits(Tier.LIVE) or self._out[True]) and time.monotonic() < ends:  # noqa: ASYNC110 - two counters, briefly
            await asyncio.sleep(0.02)
        raise Stopped

    def _topic(self, channel: Channel) -> str:
        return wire.topic(self._site, self._gateway, channel)


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    """Wait for an event, but no longer than that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _packed(samples: "deque[wire.Sample]") -> tuple[int, bytes]:
    """As many samples, oldest first, as one message holds."""
    texts: list[bytes] = []
    size = 2
    for sample in samples:
        text = wire.encode(sample)
        size += len(text) + 1
        if texts and (size > wire.MAX_BYTES or len(texts) == wire.MAX_BATCH):
            break
        texts.append(text)
    return len(texts), b"[" + b",".join(texts) + b"]"


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    """The cause worth naming in one line."""
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
