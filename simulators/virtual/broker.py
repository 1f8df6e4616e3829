"""A broker in memory: QoS 1, sessions that outlive their connections, retained words, and a line as bad as one likes.

What a server has not acknowledged it gets again, marked `dup`, when it next connects; what is retained it gets at every
subscription. `fate` says for each message to the server how many seconds later it arrives, and how often: `[0.0]` is a good
line, `[]` loses it (only its gateway can still bring it), `[0.0, 3.0]` brings it twice, `[5.0]` lets others overtake it.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from core.clock import Clock

Fate = Callable[[str, bytes, datetime], Sequence[float]]
GOOD: Final = (0.0,)


class Sign(msgspec.Struct, frozen=True, gc=False):
    """All that a message says is that this gateway, and this device of it, are alive (`status`: the gateway's own word)."""

    gateway: str
    device: str | None = None
    status: bool = False


class Parcel(msgspec.Struct):
    """A message in the server's session. `token` counts deliveries' messages; `dup`: it was handed over before."""

    token: int
    topic: str
    payload: bytes
    retained: bool = False
    dup: bool = False
    sign: Sign | None = None


class Subscriber(Protocol):
    """The server's end of its connection."""

    def receive(self, parcels: Sequence[Parcel]) -> None:
        """Take these, in this order."""


Hears = Callable[[bytes], None]


class Session:
    """A gateway's session: its receipts wait for it while it is away."""

    def __init__(self) -> None:
        self.hears: Hears | None = None
        self.waiting: deque[bytes] = deque()


def good(_topic: str, _payload: bytes, _at: datetime) -> Sequence[float]:
    """A line without faults."""
    return GOOD


class Broker:
    """One site's broker. `up` is whether anybody can connect."""

    def __init__(self, now: Clock, fate: Fate = good) -> None:
        self.now = now
        self.fate = fate
        self.up = True
        self._server: Subscriber | None = None
        self._inflight: dict[int, Parcel] = {}
        self._waiting: deque[Parcel] = deque()
        self._late: list[tuple[datetime, int, Parcel]] = []
        self._lost: set[str] = set()
        self._retained: dict[str, bytes] = {}
        self._sessions: dict[str, Session] = {}
        self._n = 0

    # -- gateways

    def connect(self, receipts: str, hears: Hears) -> None:
        """A gateway is there; what came for it meanwhile goes first."""
        session = self._sessions.setdefault(receipts, Session())
        session.hears = hears
        while session.waiting:
            hears(session.waiting.popleft())

    def disconnect(self, receipts: str) -> None:
        """A gateway is gone."""
        self._sessions.setdefault(receipts, Session()).hears = None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, sign: Sign | None = None) -> None:
        """To the server. `sign` promises that the message says no more than that."""
        if retain:
            self._retained[topic] = payload
        self.to_server(topic, payload, sign=sign)

    def to_server(self, topic: str, payload: bytes, *, retained: bool = False, sign: Sign | None = None) -> None:
        """Put a message on its way, as its fate will have it."""
        if self.fate is good and not self._late and not self._lost:  # by far the most common
            self._n += 1
            self._hand_over([Parcel(self._n, topic, payload, retained, False, sign)])
            return
        at = self.now()
        delays = self.fate(topic, payload, at)
        if not delays:
            self._lost.add(topic)
        # what stands out of its order is looked at by itself
        sign = None if self._late or topic in self._lost or delays != GOOD else sign
        for n, delay in enumerate(delays):
            self._n += 1
            parcel = Parcel(self._n, topic, payload, retained, n > 0, sign)
            if delay > 0:
                heapq.heappush(self._late, (at + timedelta(seconds=delay), self._n, parcel))
            else:
                self._hand_over([parcel])
        if delays:
            self._lost.discard(topic)

    # -- the server

    def subscribe(self, server: Subscriber) -> None:
        """The server is there: first what its session holds, then the last word of every gateway."""
        self._server = server
        again = sorted(self._inflight.values(), key=_token)
        for parcel in again:
            parcel.dup, parcel.sign = True, None
        self._inflight.clear()
        held = [*again, *self._waiting]
        self._waiting.clear()
        if held:
            self._hand_over(held)
        for topic, payload in list(self._retained.items()):
            if self._server is server:
                self._n += 1
                self._hand_over([Parcel(self._n, topic, payload, retained=True)])

    def unsubscribe(self) -> None:
        """The server is gone; its session stays."""
        self._server = None

    def acknowledge(self, tokens: Sequence[int]) -> None:
        """The server has these for good."""
        for token in tokens:
            self._inflight.pop(token, None)

    def receipt(self, topic: str, payload: bytes) -> None:
        """From the server to a gateway."""
        session = self._sessions.setdefault(topic, Session())
        if session.hears is None:
            session.waiting.append(payload)
        else:
            session.hears(payload)

    @property
    def unacknowledged(self) -> int:
        """How many messages the server was given and has not acknowledged, or has still to be given."""
        return len(self._inflight) + len(self._waiting) + len(self._late)

    # -- time and faults

    @property
    def next_due(self) -> datetime | None:
        """When the next late message arrives."""
        return self._late[0][0] if self._late else None

    def arrive(self) -> None:
        """Bring what was late until now."""
        while self._late and self._late[0][0] <= self.now():
            self._hand_over([heapq.heappop(self._late)[2]])

    def fall(self, *, forget: bool = False) -> None:
        """Everybody is disconnected. What was on its way comes again later, unless the broker `forget`s its store."""
        self.up = False
        self._server = None
        for session in self._sessions.values():
            session.hears = None
        while self._late:
            self._waiting.append(heapq.heappop(self._late)[2])
        if forget:
            self._inflight.clear()
            self._waiting.clear()
            self._retained.clear()
            self._sessions.clear()

    def rise(self) -> None:
        """Open for connections again."""
        self.up = True

    def _hand_over(self, parcels: Sequence[Parcel]) -> None:
        if self._server is None:
            self._waiting.extend(parcels)
            return
        for parcel in parcels:
            self._inflight[parcel.token] = parcel
        self._server.receive(parcels)


def _token(parcel: Parcel) -> int:
    return parcel.token
