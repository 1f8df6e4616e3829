"""Playing a recording into a broker: each gateway's words over a connection of its own, in their order, at their time.

A gateway's name and password, but not its client id: a gateway that really runs keeps its session. Everything goes out at
QoS 1, and no more than a window of it is on its way, so that a slow server slows us instead of losing words.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import paho.mqtt.client as mqtt
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion

from core import wire
from core.wire import Channel
from ingest.deliveries import Address
from simulators.recording.lines import Message

WINDOW: Final = 200  # messages of one gateway that may wait for their PUBACK
PATIENCE_S: Final = 30.0
_KEEPALIVE_S: Final = 20
_TICK_S: Final = 0.2


class Unplayed(Exception):  # noqa: N818 - what became of the rest
    """The broker did not take (all of) it; the message says why, and how far we came."""


class Played(Struct, frozen=True):
    """What went out. `left_out`: messages whose topic is no gateway's."""

    messages: int
    left_out: int
    seconds: float


class Player:
    """`addresses` by gateway. `client_id` tells our connections apart from everybody else's."""

    def __init__(self, addresses: Mapping[str, Address], client_id: str) -> None:
        self._voices = {gateway: _Voice(to, f"{client_id}-{gateway}") for gateway, to in addresses.items()}

    def play(
        self,
        messages: Iterable[Message],
        stopping: threading.Event,
        *,
        speed: float | None = None,
        on_played: Callable[[int], None] = lambda _: None,
    ) -> Played:
        """Play until the end or `stopping`; `speed` None: as fast as the broker takes it. `on_played` is told the time in
        the recording. Returns when the broker has everything. Raises Unplayed.
        """
        began, count, left_out = time.monotonic(), 0, 0
        try:
            for voice in self._voices.values():
                voice.open()
            for message in messages:
                if speed is not None and stopping.wait(max(0.0, began + message.t / 1e6 / speed - time.monotonic())):
                    break
                if stopping.is_set():
                    break
                place = wire.parse_topic(message.topic)
                if place is None or place.gateway not in self._voices:
                    left_out += 1
                    continue
                if not self._voices[place.gateway].say(message, stopping):
                    break
                count += 1
                on_played(message.t)
            for voice in self._voices.values():
                voice.finish()
        except Unplayed as wrong:
            raise Unplayed(f"{wrong}; {count} messages had been given to it") from None
        finally:
            for voice in self._voices.values():
                voice.close()
        return Played(count, left_out, time.monotonic() - began)


class _Voice:
    """One gateway's connection, served by a thread of paho's, which also sends again after a break."""

    def __init__(self, address: Address, client_id: str) -> None:
        self._address = address
        self._window = threading.BoundedSemaphore(WINDOW)
        self._answered = threading.Event()
        self._refused = ""
        self._client = self._made(client_id)

    def open(self) -> None:
        """Connect, and be welcome."""
        where = f"{self._address.host}:{self._address.port}"
        try:
            self._client.connect(self._address.host, self._address.port, _KEEPALIVE_S)
        except (OSError, ValueError) as wrong:
            raise Unplayed(f"no broker at {where}: {wrong}") from None
        self._client.loop_start()
        if not self._answered.wait(PATIENCE_S / 3):
            raise Unplayed(f"nothing that speaks MQTT answers at {where}")
        if self._refused:
            raise Unplayed(
                f"the broker at {where} refuses {self._address.username or 'an unnamed client'}: {self._refused}"
            )

    def say(self, message: Message, stopping: threading.Event) -> bool:
        """Send as soon as the window has room; False when we were told to stop before."""
        until = time.monotonic() + PATIENCE_S
        while not self._window.acquire(timeout=_TICK_S):
            self._look(until)
            if stopping.is_set():
                return False
        state = message.topic.endswith(f"/{Channel.STATUS}")  # nothing else may stay behind at the broker
        self._client.publish(message.topic, message.payload, 1, message.retain and state)
        return True

    def finish(self) -> None:
        """Wait until the broker has confirmed everything."""
        until = time.monotonic() + PATIENCE_S
        for _ in range(WINDOW):
            while not self._window.acquire(timeout=_TICK_S):
                self._look(until)

    def close(self) -> None:
        """Hang up; what the broker has not taken by now is not sent any more."""
        self._client.disconnect()
        self._client.loop_stop()

    def _look(self, until: float) -> None:
        if self._refused:
            raise Unplayed(f"the broker refuses {self._address.username}: {self._refused}")
        if time.monotonic() > until:
            raise Unplayed(f"the broker has confirmed nothing of {self._address.username} for {PATIENCE_S:g} s")

    def _made(self, client_id: str) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True)
        if self._address.username:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.tls or self._address.ca:
            client.tls_set_context(ssl.create_default_context(cafile=self._address.ca))
        client.connect_timeout = 5.0
        client.max_inflight_messages_set(WINDOW)
        client.reconnect_delay_set(1, 2)
        client.on_connect = self._on_connect
        client.on_publish = lambda *_: self._window.release()
        return client

    def _on_connect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._refused = str(reason) if reason.is_failure else ""
        self._answered.set()
