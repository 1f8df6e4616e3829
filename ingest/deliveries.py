"""Deliveries: messages come in batches, and the broker may forget a batch only after it has been handled.

The loop runs in the caller's thread, and so does the commit: a hop to another thread costs half the rate. While one batch
is being committed the next is collected. A handler that raises leaves its batch unacknowledged and loses the connection,
which is what makes a broker deliver again.
"""

import logging
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt

from core.wire import ROOT, Channel
from ingest.batches import BATCH, HEAVY, Handing, Handler, Message, UnderWay, weight
from ingest.intake import Intake

log = logging.getLogger(__name__)

LINGER: Final = 0.010  # how long a batch may go on collecting while messages keep coming
KEEPALIVE: Final = 60  # a commit must take much less
FILTERS: Final = tuple(f"{ROOT}/+/+/{channel}" for channel in (Channel.EVENTS, Channel.TELEMETRY, Channel.STATUS))
_POLL: Final = 0.2  # how soon `stopping` is noticed
_OUTBOUND: Final = 20_000  # publications that may wait for a broker; receipts are cumulative, so the newest matter
_SHORTEST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is and who we are there. `ca` (or `tls` alone, with the system's authorities) means TLS."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    tls: bool = False
    ca: Path | None = None


def broker_at(url: str, ca: Path | None = None) -> Address:
    """`mqtt://user:password@host:port`, or `mqtts://` for TLS. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise ValueError(
            f"broker URL {parts.scheme}://{parts.hostname or ''}: use mqtt://HOST:PORT or mqtts://HOST:PORT"
        )
    tls = parts.scheme == "mqtts"
    port = parts.port or (8883 if tls else 1883)
    return Address(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls, ca)


@dataclass(slots=True)
class Counters:
    """What happened since the process began."""

    messages: int = 0
    batches: int = 0
    redelivered: int = 0
    reconnects: int = 0
    failures: int = 0  # batches whose handler raised
    published: int = 0
    unpublished: int = 0  # dropped because too many waited


class Deliveries(Protocol):
    """The port that ingest drinks from."""

    counters: Counters

    @property
    def connected(self) -> bool:
        """Whether messages can come in now."""

    def run(self, handler: Handler, stopping: threading.Event) -> None:
        """Hand batches to `handler` and acknowledge each that is stored, until `stopping`. Reconnects for ever."""

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Send as soon as the broker takes it; from any thread, the handler's included."""


class MqttDeliveries:
    """Deliveries from any MQTT 3.1.1 broker, through a session that outlives the process."""

    def __init__(
        self,
        address: Address,
        *,
        client_id: str = "watchroom-ingest",
        filters: Sequence[str] = FILTERS,
        keepalive: int = KEEPALIVE,
    ) -> None:
        self.address = address
        self.counters = Counters()
        self.trouble = ""  # why we are not connected
        self._connected = False
        self._filters = [(topic, 1) for topic in filters]
        self._keepalive = keepalive
        self._outbound: deque[tuple[str, bytes, int]] = deque()
        self._waker: socket.socket | None = None  # there only while the loop runs
        self._pause = 0.0
        self._client = self._make_client(client_id)

    @property
    def connected(self) -> bool:
        """Whether the broker has confirmed our subscriptions on this connection."""
        return self._connected

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Queue for the loop. Never blocks; when a broker stays away for long the oldest are dropped."""
        if len(self._outbound) >= _OUTBOUND:
            with suppress(IndexError):
                self._outbound.popleft()
            self.counters.unpublished += 1
        self._outbound.append((topic, payload, qos))
        waker = self._waker
        if waker is not None:
            with suppress(OSError):  # full: it wakes anyway; closed: nobody is there to wake
                waker.send(b"\0")

    def run(self, handler: Handler, stopping: threading.Event) -> None:
        """The loop, in the caller's thread. When it returns, what was handled is acknowledged and the sockets are closed."""
        waker, wakee = socket.socketpair()
        waker.setblocking(False)
        wakee.setblocking(False)
        self._waker = waker
        try:
            while not stopping.is_set():
                try:
                    self._client.connect(self.address.host, self.address.port, self._keepalive)
                    self._converse(handler, stopping, wakee)
                except (OSError, ValueError) as wrong:
                    self.trouble = f"{type(wrong).__name__}: {wrong}"
                self._connected = False
                if not stopping.is_set():
                    self._wait(stopping)
        finally:
            self._waker = None
            self._client.drop()
            waker.close()
            wakee.close()

    def _converse(self, handler: Handler, stopping: threading.Event, wakee: socket.socket) -> None:
        """One connection, from CONNECT to its end, which no batch outlives: its tokens mean nothing on the next."""
        hand = Handing(handler, self._client)
        with selectors.DefaultSelector() as selector:
            selector.register(wakee, selectors.EVENT_READ)
            try:
                self._drink(hand, stopping, selector, wakee)
            finally:
                self._went(hand.finish())
                if hand.stored:
                    self._pause = 0.0
        if stopping.is_set():
            self._leave()

    def _drink(
        self, hand: Handing, stopping: threading.Event, selector: selectors.BaseSelector, wakee: socket.socket
    ) -> None:
        """Until the connection ends or `stopping`: collect, hand on."""
        client = self._client
        batch: list[Message] = []
        connection: Any = client.socket()
        fd = connection.fileno()
        watched = selectors.EVENT_READ
        selector.register(fd, watched)
        sent: UnderWay | None = None
        while not stopping.is_set():
            self._send_outbound()
            if client.want_write():
                client.loop_write()
            if client.loop_misc() != mqtt.MQTT_ERR_SUCCESS or client.socket() is not connection:
                return
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.want_write() else 0)
            if wanted != watched:
                selector.modify(fd, wanted)
                watched = wanted
            free = self._sleep(selector, wakee, sent)
            alive = self._collect(batch)
            if batch and (free or _full(batch)):
                self._count(batch)
                went = self._went(hand.take(batch))
                batch = []
            else:
                went = not free or self._went(hand.finish())
            if not went or not alive:
                return
            sent = _watch(selector, sent, hand.under_way)

    def _sleep(self, selector: selectors.BaseSelector, wakee: socket.socket, sent: UnderWay | None) -> bool:
        """Until the broker, a publisher or the store has something for us, but not if we already hold some. Returns whether
        the next batch may begin without waiting for the one before.
        """
        free = sent is None
        for key, _ in selector.select(0 if self._client.more else _POLL):
            if key.fileobj is wakee:
                with suppress(BlockingIOError):
                    wakee.recv(4096)
            elif key.fileobj is sent:
                free = True
        return free

    def _collect(self, batch: list[Message]) -> bool:
        """Take what is there, until the batch is full, nothing more has come, or it has waited long enough."""
        until = time.monotonic() + LINGER
        while self._client.take(batch, min(BATCH, len(batch) + 100), HEAVY):
            if not self._client.more or _full(batch) or time.monotonic() > until:
                return True
        return False

    def _count(self, batch: list[Message]) -> None:
        counters = self.counters
        counters.messages += len(batch)
        counters.batches += 1
        counters.redelivered += sum([m.dup for m in batch])

    def _went(self, wrong: Exception | None) -> bool:
        """Whether a batch went through; if not, say why not."""
        if wrong is not None:
            self.counters.failures += 1
            self.trouble = f"{type(wrong).__name__}: {wrong}"
            return False
        return True

    def _send_outbound(self) -> None:
        """Hand what waits to paho, which keeps QoS 1 until the broker has it, across reconnects."""
        if not self._connected:
            return
        outbound = self._outbound
        while outbound:
            topic, payload, qos = outbound.popleft()
            if self._client.publish(topic, payload, qos).rc in {mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_NO_CONN}:
                self.counters.published += 1
            else:
                self.counters.unpublished += 1

    def _leave(self) -> None:
        """Write what is queued, the last acknowledgements among it, and say goodbye; the session stays."""
        self._send_outbound()
        self._client.disconnect()
        until = time.monotonic() + 1.0
        while self._client.want_write() and self._client.socket() is not None and time.monotonic() < until:
            self._client.loop_write()
            time.sleep(0.001)

    def _wait(self, stopping: threading.Event) -> None:
        self._pause = min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, self._pause * 2))
        self.counters.reconnects += 1
        log.warning("deliveries.disconnected", extra={"trouble": self.trouble, "pause": self._pause})
        stopping.wait(self._pause)

    def _make_client(self, client_id: str) -> Intake:
        client = Intake(client_id)
        if self.address.username:
            client.username_pw_set(self.address.username, self.address.password)
        if self.address.tls or self.address.ca:
            context = ssl.create_default_context(cafile=self.address.ca)
            client.tls_set_context(context)
        client.max_inflight_messages_set(1000)
        client.connect_timeout = 5.0
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        return client

    def _on_connect(self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        """Subscribe at every connect: the session may be gone, and the retained status of each gateway is wanted anew."""
        if reason.is_failure:
            self.trouble = f"the broker refused us: {reason}"
            log.error("deliveries.refused", extra={"trouble": self.trouble})
        else:
            client.subscribe(self._filters)

    def _on_subscribe(
        self, _client: mqtt.Client, _userdata: Any, _mid: int, reasons: list[Any], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self.trouble = "the broker refused our subscriptions"
            log.error("deliveries.refused", extra={"trouble": self.trouble})
            self._client.drop()
            return
        self._connected = True
        self.trouble = ""


def _full(batch: list[Message]) -> bool:
    return len(batch) >= BATCH or weight(batch) >= HEAVY


def _watch(selector: selectors.BaseSelector, was: UnderWay | None, now: UnderWay | None) -> UnderWay | None:
    """Watch the batch that is being committed now, no longer the one before it."""
    if was is not now:
        if was is not None:
            selector.unregister(was)
        if now is not None:
            selector.register(now, selectors.EVENT_READ)
    return now
