"""Recording: a listener of its own at the broker, that takes nothing from the server's queue and writes down what comes.

Its session is clean and its name is nobody else's, so that the broker gives it copies. When the broker goes away it waits
and comes back; what was said meanwhile it cannot know, and says so in a line.
"""

import logging
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from core.clock import Clock, micros
from core.wire import ROOT, Channel
from ingest.deliveries import Address
from simulators.recording.lines import Gap, Message
from simulators.recording.writer import Writer

log = logging.getLogger("simulators.recorder")

FLUSH_S: Final = 1.0
LONGEST: Final = 1 << 20  # of a payload; the server rejects anything above 16 KiB, cut or not
_KEEPALIVE_S: Final = 15
_TICK_S: Final = 0.1
_PATIENCE_S: Final = 10.0
_PAUSES: Final = (0.1, 0.2, 0.5, 1.0, 2.0)


class Refused(Exception):  # noqa: N818 - the broker's answer
    """The broker does not let us listen."""


@dataclass(slots=True)
class Heard:
    """What has been recorded so far."""

    messages: int = 0
    bytes: int = 0
    gaps: int = 0
    linked: bool = False


def topics(site: str) -> tuple[str, ...]:
    """What the gateways of a site say to the server."""
    return tuple(f"{ROOT}/{site}/+/{channel}" for channel in (Channel.EVENTS, Channel.TELEMETRY, Channel.STATUS))


class Recorder:
    """Writes what comes on the topics of the writer's header, with times counted from its `started`."""

    def __init__(self, address: Address, writer: Writer, now: Clock, on_heard: Callable[[Heard], None]) -> None:
        self.heard = Heard()
        self._address = address
        self._filters = [(topic, 1) for topic in writer.header.topics]
        self._writer = writer
        self._now = now
        self._started = micros(writer.header.started)
        self._on_heard = on_heard
        self._lost_at: int | None = None
        self._refused = ""

    def run(self, stopping: threading.Event, seconds: float | None = None) -> None:
        """Record until told to stop or for so long. Raises Refused, or OSError when no broker answers at the beginning."""
        client = self._client()
        until = None if seconds is None else self._started + round(seconds * 1_000_000)
        client.connect(self._address.host, self._address.port, _KEEPALIVE_S)
        flushed, tries = time.monotonic(), 0
        patience = flushed + _PATIENCE_S
        while not stopping.is_set() and (until is None or micros(self._now()) < until):
            alive = client.loop(_TICK_S) == mqtt.MQTT_ERR_SUCCESS
            if not self.heard.linked and self._lost_at is None and time.monotonic() > patience:
                self._refused = "nothing that speaks MQTT answers there"
            if self._refused:
                raise Refused(self._refused)
            if time.monotonic() - flushed >= FLUSH_S:
                flushed = time.monotonic()
                self._writer.flush()
                self._on_heard(self.heard)
            if alive:
                tries = 0 if self.heard.linked else tries
                continue
            self._cut_off()
            if stopping.wait(_PAUSES[min(tries, len(_PAUSES) - 1)]):
                break
            tries += 1
            _again(client)
        self._cut_off_at_the_end()
        client.disconnect()
        client.loop(_TICK_S)

    def _client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"watchroom-record-{secrets.token_hex(6)}", clean_session=True
        )
        if self._address.username:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.tls or self._address.ca:
            client.tls_set_context(ssl.create_default_context(cafile=self._address.ca))
        client.connect_timeout = 5.0
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe(self._filters)
        elif self._lost_at is None:  # a broker that is just starting may refuse us; one that never took us means it
            self._refused = f"the broker refused us: {reason}"

    def _on_subscribe(self, _client: Any, _userdata: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refused = "the broker refused our subscriptions"
            return
        self.heard.linked = True
        if self._lost_at is not None:
            t = self._t()
            self._writer.take(Gap(t, max(0, t - self._lost_at), "the broker was away"))
            self.heard.gaps += 1
            self._lost_at = None
        self._on_heard(self.heard)

    def _on_message(self, _client: Any, _userdata: Any, said: mqtt.MQTTMessage) -> None:
        payload = bytes(said.payload[:LONGEST])
        self._writer.take(Message(self._t(), said.topic, payload, said.qos, said.retain, said.dup))
        self.heard.messages += 1
        self.heard.bytes += len(payload)

    def _t(self) -> int:
        return max(0, micros(self._now()) - self._started)

    def _cut_off(self) -> None:
        if self.heard.linked:
            self.heard.linked = False
            self._lost_at = self._t()
            log.warning("record.cut_off")
            self._writer.flush()
            self._on_heard(self.heard)

    def _cut_off_at_the_end(self) -> None:
        if self._lost_at is not None:
            t = self._t()
            self._writer.take(Gap(t, max(0, t - self._lost_at), "the broker was still away at the end"))
            self.heard.gaps += 1


def _again(client: mqtt.Client) -> None:
    try:
        client.reconnect()
    except (OSError, ValueError) as wrong:
        log.info("record.no_broker why=%s", wrong)
