"""paho with a reader of our own: whole buffers instead of three system calls a message, acknowledgements sent together.

paho keeps what it is good at (connecting, TLS, keep-alive, subscribing, publishing again after a break); the two hot
paths, PUBLISH in and PUBACK out, go around it. What they touch of paho is private to it, so its version is pinned and
`tests/ingest/test_deliveries.py` runs them against real brokers.
"""

import socket
import ssl
import struct
import time
from collections.abc import Iterable
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.exception import MalformedPacket

from ingest.batches import Message, weight

_CHUNK: Final = 256 * 1024
_TOPICS_KEPT: Final = 10_000
_PUBLISH: Final = 0x30
_PUBACK: Final = 0x40
_GONE: Final = MQTTErrorCode.MQTT_ERR_CONN_LOST


class Intake(mqtt.Client):
    """An MQTT 3.1.1 client with a session that outlives it, that acknowledges only when told."""

    def __init__(self, client_id: str) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        self._bytes_in = bytearray()
        self._topics: dict[bytes, str] = {}
        self._name, self._topic = b"\0\0", ""  # of the last message: its topic behind its length, and as text
        self.more = False  # bytes wait in our buffer or in the socket, though a selector may not see them
        # Having somebody to tell keeps paho from writing to the socket inside every call that queues a packet.
        self.on_socket_register_write = lambda *_: None

    def reconnect(self) -> MQTTErrorCode:
        """Connect anew; half a packet of the old connection is worth nothing."""
        self._bytes_in.clear()
        self.more = False
        return super().reconnect()

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """As paho does, but with the connect timeout, and closing what a failed handshake leaves behind."""
        if self._ssl_context is None:
            raise ValueError("no TLS settings")
        wrapped = self._ssl_context.wrap_socket(tcp_sock, do_handshake_on_connect=False, server_hostname=self._host)
        try:
            wrapped.settimeout(self._connect_timeout)
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped

    def take(self, batch: list[Message], limit: int, heavy: int) -> bool:
        """Move what has arrived into `batch`, up to `limit` messages in it, or the one that brings it to `heavy` bytes;
        False when the connection is lost.
        """
        room = heavy - weight(batch)
        cut = self._parse(batch, limit, room)
        while 0 <= cut < room and len(batch) < limit:
            try:
                data = self._sock_recv(_CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                self.more = False
                return True
            except OSError:
                return self._lost()
            if not data:
                return self._lost()
            with self._msgtime_mutex:
                self._last_bytes_received = time.monotonic()
            self._bytes_in += data
            room -= cut
            cut = self._parse(batch, limit, room)
        if cut < 0:
            return self._lost()
        self.more = True
        return self._sock is not None

    def acknowledge(self, batch: Iterable[Message]) -> None:
        """Queue the acknowledgements of a whole batch as one write."""
        acks = b"".join([b"\x40\x02" + m.token.to_bytes(2, "big") for m in batch if m.qos])
        if acks:
            self._packet_queue(_PUBACK, acks, 0, 1)

    def drop(self) -> None:
        """Close the connection without a word: what is not acknowledged comes again on the next one."""
        self._out_packet.clear()
        self._sock_close()

    def _lost(self) -> bool:
        self._loop_rc_handle(_GONE)
        return False

    def _parse(self, batch: list[Message], limit: int, room: int) -> int:
        """Cut whole packets off the front of the buffer, until they are `room` bytes or more. Returns how many bytes;
        negative when the other side does not speak MQTT.
        """
        buffer = self._bytes_in
        size = len(buffer)
        at = 0
        while len(batch) < limit and at < room and at + 2 <= size:
            length, start = buffer[at + 1], at + 2
            if length & 0x80:
                if start < size and not buffer[start] & 0x80:  # of two bytes, as most are
                    length, start = length & 0x7F | buffer[start] << 7, start + 1
                else:
                    length, start = _long_length(buffer, at + 1)
                if not start:
                    break
                if start < 0:
                    return -1
            end = start + length
            if end > size:
                break
            first = buffer[at]
            at = end
            if first & 0xF4 == _PUBLISH:  # at QoS 0 or 1; we never ask for 2
                if not buffer.startswith(self._name, start) and not self._named(buffer, start, end):
                    return -1
                qos = first >> 1 & 3
                body = start + len(self._name) + 2 * qos
                if body > end:
                    return -1
                token = buffer[body - 2] << 8 | buffer[body - 1] if qos else 0
                batch.append(Message(self._topic, bytes(buffer[body:end]), first & 1 == 1, qos, token, first & 8 == 8))
            elif self._other(first, buffer[start:end]) > 0:
                return -1
        del buffer[:at]
        return at

    def _named(self, buffer: bytearray, start: int, end: int) -> bool:
        """Take the topic that stands at `start`, for it and for the packets behind it; False when it is not all there."""
        cut = start + 2 + int.from_bytes(buffer[start : start + 2], "big")
        if start + 2 > end or cut > end:
            return False
        name = bytes(buffer[start:cut])
        topic = self._topics.get(name)
        if topic is None:
            if len(self._topics) >= _TOPICS_KEPT:
                self._topics.clear()
            topic = self._topics[name] = name[2:].decode("utf-8", "replace")
        self._name, self._topic = name, topic
        return True

    def _other(self, first: int, body: bytearray) -> int:
        """Leave every other packet to paho."""
        self._in_packet = {
            "command": first,
            "have_remaining": 1,
            "remaining_count": [],
            "remaining_mult": 1,
            "remaining_length": len(body),
            "packet": body,
            "to_process": 0,
            "pos": 0,
        }
        try:
            return self._packet_handle()
        except (MalformedPacket, struct.error, IndexError):
            return MQTTErrorCode.MQTT_ERR_PROTOCOL


def _long_length(buffer: bytearray, at: int) -> tuple[int, int]:
    """(remaining length, where the body starts) when it takes more than a byte; start 0: not all here yet, -1: no such length."""
    length = 0
    for n in range(4):
        if at + n >= len(buffer):
            return 0, 0
        byte = buffer[at + n]
        length |= (byte & 0x7F) << (7 * n)
        if not byte & 0x80:
            return length, at + n + 1
    return 0, -1
