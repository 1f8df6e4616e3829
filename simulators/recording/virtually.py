"""Playing a recording into a server in memory: the production path under a clock that goes where the recording goes.

Nothing is waited for and nobody is really called; what comes of it is what would have come of it then, with whatever fell
due on the way. The same recording twice ends with the same head of the logbook.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from sqlalchemy import func, select

from alerts import store as alert_store
from alerts.rules import Alert
from core import wire
from core.ids import drawn_from
from core.kinds import Effect
from core.wire import Channel
from ingest import store as ingest_store
from ingest.desks import Desks
from ingest.scene import Boot
from ingest.tables import event, reject
from logbook import entries
from logbook.audit import verify_store
from simulators.recording.lines import Message
from simulators.sayings import dice
from simulators.virtual import schema
from simulators.virtual.broker import Broker, Sign
from simulators.virtual.clock import Behind, HandClock
from simulators.virtual.server import Disk, Server, Shores
from sites.register import Register

_LONG_S: Final = 10 * 365 * 86_400
_MANY: Final = 1_000_000


class Came(Struct, frozen=True):
    """What came of a recording."""

    messages: int
    events: int
    duplicates: int
    rejects: int
    alerts: tuple[Alert, ...]
    log_size: int
    log_head: str
    verifies: bool
    simulated_s: float
    took_s: float


class Room:
    """A server with one site, as it begins at `at`. `heard`: where each gateway's boot stood; what came before the recording
    has been heard and is no gap.
    """

    def __init__(
        self, register: Register, at: datetime, shores: Shores, heard: Mapping[tuple[str, str], int] = {}
    ) -> None:
        self.site = register.site_id
        self.clock = HandClock(at)
        self._began, self._took, self._messages = at, time.perf_counter(), 0
        self._chance = dice(0, "room", self.site).randbytes
        self.store = Disk(schema.URL)
        with self.store.engine.connect() as conn:
            schema.lay(conn.connection.driver_connection)
        key = Ed25519PrivateKey.from_private_bytes(sha256(self.site.encode()).digest())
        self._broker = Broker(self.clock)
        for gateway in register.gateways:
            self._broker.connect(wire.topic(self.site, gateway, Channel.RECEIPT), lambda _: None)
        with drawn_from(self._chance):
            shores.import_site(self.store, Desks(), register, at, {})
            with self.store.begin([self.site]) as tx:
                known = {boot: Boot(lowest - 1, []) for boot, lowest in heard.items() if lowest > 1}
                ingest_store.save_boots(tx, self.site, at, known)
            self._server = Server(self.store, self.site, Behind(self.clock), self._broker, shores, key)
            self._broker.subscribe(self._server)
            self._server.settle()
        self._signs = _Signs(register)

    def play(self, messages: Iterable[Message], on_played: Callable[[int], None] = lambda _: None) -> None:
        """Deliver each message at its time, counted from where the clock stands; before it, whatever is due by then."""
        began = self.clock()
        with drawn_from(self._chance):
            for message in messages:
                self._pass_to(began + timedelta(microseconds=message.t))
                sign = self._signs.sign(message)
                self._broker.to_server(message.topic, message.payload, retained=message.retain, sign=sign)
                self._messages += 1
                on_played(message.t)
            self._server.flush()

    def pass_to(self, at: datetime) -> None:
        """Let time go by; everything due happens when it is due."""
        with drawn_from(self._chance):
            self._pass_to(at)
            self._server.flush()

    def came(self) -> Came:
        """How it stands now."""
        with self.store.read() as conn:
            head = entries.head(conn, self.site)
            count = {t: conn.execute(select(func.count()).select_from(t)).scalar() or 0 for t in (event, reject)}
            alerts = alert_store.page(conn, self.site, "all", limit=_MANY)
            verifies = verify_store(conn, self.site).ok
        return Came(
            messages=self._messages,
            events=count[event],
            duplicates=self._server.flow.counts.duplicates,
            rejects=count[reject],
            alerts=tuple(sorted(alerts, key=_number)),
            log_size=head.size,
            log_head=head.chain,
            verifies=verifies,
            simulated_s=(self.clock() - self._began).total_seconds(),
            took_s=time.perf_counter() - self._took,
        )

    def close(self) -> None:
        """Give the memory back."""
        self.store.close()

    def _pass_to(self, at: datetime) -> None:
        while (due := self._server.next_due()) is not None and due <= at:
            self.clock.set(max(due, self.clock()))
            self._server.settle()
        self.clock.set(at)


class _Signs:
    """Which messages say no more than that somebody lives, so that many of them may be committed together."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._next: dict[tuple[str, str], int] = {}

    def sign(self, message: Message) -> Sign | None:
        """The life sign that a message is, if it is one; anything unusual is looked at by itself."""
        place = wire.parse_topic(message.topic)
        if place is None or place.site != self._register.site_id or place.gateway not in self._register.gateways:
            return None
        match place.channel:
            case Channel.EVENTS:
                return self._event(place.gateway, message)
            case Channel.TELEMETRY:
                fine = not isinstance(wire.decode_samples(message.payload), wire.Garbled)
                return Sign(place.gateway) if fine and not message.retain else None
            case Channel.STATUS:
                status = wire.decode_status(message.payload)
                online = isinstance(status, wire.Status) and status.state == "online"
                return Sign(place.gateway, status=True) if online and not message.retain else None
            case _:
                return None

    def _event(self, gateway: str, message: Message) -> Sign | None:
        in_turn = True
        found = wire.decode_events(message.payload)
        for said in found:
            if isinstance(said, wire.Said):
                boot, seq = (gateway, said.event.boot), said.event.seq
                in_turn = in_turn and self._next.get(boot) == seq
                self._next[boot] = seq + 1
        if len(found) != 1 or not isinstance(said := found[0], wire.Said) or not in_turn or message.retain:
            return None
        device = self._register.devices.get(said.event.device)
        notes = self._register.kind(said.event.kind).effect is Effect.NOTE
        if device is None or device.gateway != gateway or not notes or said.event.history:
            return None
        return Sign(gateway, device.id)


def unwatched(register: Register) -> Register:
    """The same site, but nobody's silence means anything: for a recording that holds no life signs at all."""
    still: Any = msgspec.structs.replace
    return still(  # type: ignore[no-any-return]
        register,
        devices={k: still(d, supervision_s=0) for k, d in register.devices.items()},
        gateways={k: still(g, supervision_s=_LONG_S) for k, g in register.gateways.items()},
    )


def _number(alert: Alert) -> int:
    return alert.number
