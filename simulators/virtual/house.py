"""A house in memory: store, server, broker, gateways and what the devices say, and time, which leaps from one instant at
which something happens to the next.

At one instant, in this order: what is due; what a bad line brings late; the gateways' life signs; the devices' words; then
whatever somebody does, each act with what it makes due at once before the next.
"""

import gc
import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.ids import drawn_from, fresh
from core.kinds import Effect
from core.wire import Sample
from gateway.fact import Fact, check
from gateway.spool import Kept
from ingest.desks import Desks
from simulators.virtual import before, schema
from simulators.virtual.broker import Broker, Fate, Sign, good
from simulators.virtual.clock import Behind, HandClock
from simulators.virtual.gateways import VirtualGateway
from simulators.virtual.life import Word
from simulators.virtual.server import Died, Disk, Server, Shores
from sites.register import Device, Register

SELDOM: Final = timedelta(hours=1)  # the outbox, the roster's horizon, checkpoints: none of them is in any story


class House:
    """Begins at `start` with the site imported, the server up and every gateway linked. The same seed makes the same ids.
    `together`: life signs may be committed together; what comes of them is the same, only sooner.
    """

    def __init__(
        self,
        register: Register,
        start: datetime,
        shores: Shores,
        *,
        seed: int = 1,
        signed_on: Mapping[str, str] = {},
        published: Iterable[str] = (),
        elsewhere: Iterable[str] = (),
        life: Iterator[Word] | None = None,
        fate: Fate = good,
        together: bool = True,
    ) -> None:
        self.register = register
        self.site = register.site_id
        self.shores = shores
        self.clock = HandClock(start)
        self.server_clock = Behind(self.clock)
        self.silent: set[str] = set()
        self.failing: frozenset[str] = frozenset()
        self.on_server: Callable[[Server], None] = lambda _: None  # each new life of the server
        self._together = together
        self._chance = Random(f"{seed}/ids")
        self._key = Ed25519PrivateKey.from_private_bytes(sha256(f"{seed}/key".encode()).digest())
        self._life = iter(life or ())
        self._word = next(self._life, None)
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._seldom_at = start + SELDOM
        self._signs: dict[tuple[str, str], Sign | None] = {}
        self.store = Disk(schema.URL)
        with self.store.engine.connect() as conn:
            schema.lay(conn.connection.driver_connection)
        self.broker = Broker(self.clock, fate)
        self.gateways = {
            g.id: VirtualGateway(self.site, g, self.broker, self.clock) for g in register.gateways.values()
        }
        self.server: Server | None = None
        with self._same_ids():
            shores.import_site(self.store, Desks(), register, start, signed_on)
            before.publish(self.store, Desks(), register.site_id, published, start)
            before.elsewhere(self.store, elsewhere, start)
            self._begin()
            for gateway in self.gateways.values():
                gateway.start()

    def close(self) -> None:
        """Give the store back."""
        self.store.close()

    # -- time

    def pass_to(self, at: datetime) -> None:
        """Let everything happen until `at`, what is due then included."""
        with self._same_ids(), _young_values():
            while True:
                due = self._next_due()
                ends = due is None or due > at
                limit = at if due is None or due > at else due
                if self._live(limit, also_at=ends):
                    continue
                if ends:
                    break
                due = self._next_due()
                if due is not None and due <= limit:  # who has spoken meanwhile is not missed any more
                    self.clock.set(max(due, self.clock.at))
                    self._instant()
            self.clock.set(at)
            self._settle()

    def at_once(self, deed: Callable[[], Any]) -> None:
        """Something is done from outside, now; what it makes due at this instant is done too."""
        with self._same_ids(), self._mortal():
            if self.server is not None:
                self.server.flush()
        with self._same_ids(), self._mortal():  # whether or not the server died of what it held
            deed()
        self.settle()

    def settle(self) -> None:
        """Whatever is due at this instant."""
        with self._same_ids():
            self._settle()

    def later(self, at: datetime, deed: Callable[[], None]) -> None:
        """Something that happens by itself when its time has come."""
        heapq.heappush(self._agenda, (at, next(self._order), deed))

    def _next_due(self) -> datetime | None:
        """The next instant of anything but life."""
        found = [self.broker.next_due, self._agenda[0][0] if self._agenda else None]
        server = self.server
        if server is not None:
            due = server.next_due()
            found.append(self._seldom_at)
            if due is not None:
                found.append(self.server_clock.when(due))
        found += [g.next_due(self._in_hand(g.id)) for g in self.gateways.values()]
        return min((at for at in found if at is not None), default=None)

    def _in_hand(self, gateway: str) -> int:
        """How many events of a gateway the server holds only because it may."""
        return self.server.in_hand(gateway) if self.server is not None else 0

    def _instant(self) -> None:
        """Everything that is due at this instant, in its order."""
        now = self.clock.at
        with self._mortal():
            if self.server is not None:
                self.server.settle()
                if self._seldom_at <= now:
                    self._seldom_at = now + SELDOM
                    self.server.seldom()
            self.broker.arrive()
            for gateway in self.gateways.values():
                gateway.beat(self._in_hand(gateway.id))
            while self._agenda and self._agenda[0][0] <= now:
                heapq.heappop(self._agenda)[2]()
        self._settle()

    def _settle(self) -> None:
        with self._mortal():
            if self.server is not None:
                self.server.settle()

    def _live(self, until: datetime, *, also_at: bool) -> bool:
        """Say what the site says by itself before `until` (`also_at`: and then). True: more than life was said, so that
        something may be due before the next word.
        """
        more = True
        with self._mortal():
            more = self._told(until, also_at=also_at)
            if more:
                self._settle()
        return more

    def _told(self, until: datetime, *, also_at: bool) -> bool:
        word = self._word
        while word is not None and (word.at < until or (also_at and word.at == until)):
            self._word = next(self._life, None)
            if word.device not in self.silent:
                self.clock.at = word.at
                if self._speak(word):
                    return True
            word = self._word
        return False

    def _speak(self, word: Word) -> bool:
        """Let a device say something. Returns whether more may follow from it than that the device lives."""
        device = self.register.devices[word.device]
        gateway = self.gateways[device.gateway]
        if word.metric:
            gateway.measure(Sample(word.device, word.metric, word.value, word.said_at or word.at, word.unit))
            return False
        sign = self._sign(device, word.kind)
        fact = Fact(fresh(word.at), word.device, word.kind, word.said_at or word.at, word.data, word.test)
        gateway.say(fact, sign)
        return sign is None or self.broker.fate is not good or (self.server is not None and self.server.stirred)

    def _sign(self, device: Device, kind: str) -> Sign | None:
        """The life sign that this kind from this device is, if it is no more than that."""
        key = (device.id, kind)
        if key not in self._signs:
            notes = self.register.kind(kind).effect is Effect.NOTE
            self._signs[key] = Sign(device.gateway, device.id) if notes else None
        return self._signs[key]

    # -- devices

    def say(self, fact: Fact, gateway: str) -> Kept:
        """A device says something through a gateway. Raises ValueError for what no gateway would take."""
        refused = check(fact)
        if refused is not None:
            raise ValueError(f"the gateway does not take this: {refused.why}: {refused.detail}")
        kept: list[Kept] = []

        def say() -> None:
            kept.append(self.gateways[gateway].keep(fact))
            self.gateways[gateway].send(kept[0])

        self.at_once(say)
        return kept[0]

    def fresh(self) -> str:
        """An id made now, the same in every run."""
        with self._same_ids():
            return fresh(self.clock.at)

    # -- the server's life

    def stop_server(self) -> None:
        """Kill the server, and with it the broker that it owns; no last will is said."""
        with self._same_ids(), self._mortal():
            if self.server is not None:
                self.server.flush()
        self._gone()

    def _gone(self) -> None:
        self.server = None
        self.broker.fall()
        for gateway in self.gateways.values():
            gateway.break_off(will=False)

    def start_server(self) -> None:
        """A new process: first it sees what is overdue, then the broker is there, then the gateways link."""
        if self.server is not None:
            return
        with self._same_ids(), self._mortal():
            self.broker.rise()
            self._begin()
            self._link()

    def restart_broker(self, *, forget: bool = False) -> None:
        """Everybody loses the connection and comes back at once."""
        with self._same_ids(), self._mortal():
            if self.server is not None:
                self.server.flush()
            self.broker.fall(forget=forget)
            for gateway in self.gateways.values():
                gateway.break_off(will=False)
            if self.server is not None:
                self.broker.rise()
                self.broker.subscribe(self.server)
                self._link()

    def dies_at_next_commit(self, where: str) -> None:
        """Let the server die `before_commit` or `after_commit` of its next transaction."""
        if self.server is not None:
            self.server.flush()
        self.store.dies = where

    def fail(self, channels: frozenset[str]) -> None:
        """From now on these channels take nothing."""
        self.failing = channels
        if self.server is not None:
            self.server.failing = channels

    def _begin(self) -> None:
        server = Server(self.store, self.site, self.server_clock, self.broker, self.shores, self._key)
        server.failing, server.together = self.failing, self._together
        self.server = server
        self.on_server(server)
        server.settle()
        self.broker.subscribe(server)

    def _link(self) -> None:
        for gateway in self.gateways.values():
            gateway.link()

    @contextmanager
    def _mortal(self) -> Iterator[None]:
        """Inside, the server may die."""
        try:
            yield
        except Died:
            self._gone()

    @contextmanager
    def _same_ids(self) -> Iterator[None]:
        with drawn_from(self._chance.randbytes):
            yield


@contextmanager
def _young_values() -> Iterator[None]:
    """The path makes many values that die young and hold no rings: looking for those as seldom as a server does."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
