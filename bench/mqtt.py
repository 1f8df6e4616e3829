"""A publisher and a drinker made of bytes and a socket, so that the load costs next to nothing beside what it loads."""

import contextlib
import json
import select
import socket
import struct
import time
from collections.abc import Iterator, Sequence

WINDOW = 4000  # publications in flight
PAUSE = 0.0005  # seconds between two looks for PUBACKs: waking for each of them would cost as much as the broker does


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def _packet(head: int, body: bytes) -> bytes:
    size, lengths = len(body), b""
    while True:
        size, low = divmod(size, 128)
        lengths += bytes([low | (128 if size else 0)])
        if not size:
            return bytes([head]) + lengths + body


def connected(port: int, client_id: str, user: str = "", password: str = "") -> socket.socket:
    """A socket past CONNACK (MQTT 3.1.1, clean session)."""
    flags = 0x02 | (0xC0 if user else 0)
    body = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", 0) + _text(client_id)
    if user:
        body += _text(user) + _text(password)
    sock = socket.create_connection(("127.0.0.1", port), 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(_packet(0x10, body))
    answer = sock.recv(4)
    if answer[:2] != b"\x20\x02" or answer[3]:
        raise ConnectionError(f"broker refused {client_id}: {answer!r}")
    return sock


def publications(topic: str, payloads: Sequence[bytes]) -> list[bytes]:
    """QoS 1 PUBLISH packets, numbered round."""
    return [
        _packet(0x32, _text(topic) + struct.pack(">H", i % 65_535 + 1) + payload) for i, payload in enumerate(payloads)
    ]


def publish(sock: socket.socket, packets: Sequence[bytes], rate: float | None = None) -> list[float]:
    """Send all, at most WINDOW ahead of the PUBACKs; with `rate`, evenly. Returns when each was sent."""
    sent_at: list[float] = []
    acked, begun = 0, time.perf_counter()
    sock.setblocking(False)
    pending = b""
    while acked < len(packets):
        due = len(packets) if rate is None else int((time.perf_counter() - begun) * rate) + 1
        room = min(due, acked + WINDOW, len(packets)) - len(sent_at)
        if room > 0 and not pending:
            chunk = packets[len(sent_at) : len(sent_at) + min(room, 200)]
            now = time.perf_counter()
            sent_at += [now] * len(chunk)
            pending = b"".join(chunk)
        if pending:
            if select.select([], [sock], [], PAUSE)[1]:
                pending = pending[sock.send(pending) :]
        else:
            time.sleep(PAUSE)
        with contextlib.suppress(BlockingIOError):
            got = sock.recv(262_144)
            if not got:
                raise ConnectionError("the broker hung up")
            acked += len(got) // 4  # nothing but PUBACKs comes here, four bytes each
    return sent_at


def drink(sock: socket.socket, topic: str, count: int) -> float:
    """Subscribe, acknowledge `count` QoS 1 messages as they come, and return the seconds from the first to the last."""
    first = 0.0
    for seen, _ in enumerate(messages(sock, topic), start=1):
        first = first or time.perf_counter()
        if seen == count:
            break
    return time.perf_counter() - first


def await_receipt(sock: socket.socket, topic: str, through: int) -> float:
    """Listen to a gateway's receipts until one covers `through`; returns when that was."""
    for payload in messages(sock, topic):
        if json.loads(payload)["through"] >= through:
            break
    return time.perf_counter()


def messages(sock: socket.socket, topic: str) -> Iterator[bytes]:
    """Subscribe, and give the payload of each QoS 1 message, acknowledged in the bunches they come in."""
    sock.sendall(_packet(0x82, b"\0\1" + _text(topic) + b"\1"))
    buffer = b""
    while True:
        got = sock.recv(1 << 20)
        if not got:
            raise ConnectionError("the broker hung up")
        buffer += got
        acks, payloads, at = bytearray(), [], 0
        while True:
            end = _end(buffer, at)
            if end is None or end[1] > len(buffer):
                break
            body, after = end
            if buffer[at] & 0xF0 == 0x30:
                (n,) = struct.unpack_from(">H", buffer, body)
                acks += b"\x40\x02" + buffer[body + 2 + n : body + 4 + n]
                payloads.append(buffer[body + 4 + n : after])
            at = after
        buffer = buffer[at:]
        if acks:
            sock.sendall(acks)
        yield from payloads


def _end(buffer: bytes, at: int) -> tuple[int, int] | None:
    """(start of the body, end of the packet) of the packet at `at`, when its length is there."""
    size, shift, i = 0, 0, at + 1
    while i < len(buffer):
        size |= (buffer[i] & 127) << shift
        i += 1
        if not buffer[i - 1] & 128:
            return i, i + size
        shift += 7
    return None
