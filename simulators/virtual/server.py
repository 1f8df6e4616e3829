"""The server's process: what it holds in memory dies with it, what it committed does not.

The path is the production's own: `Flow`, `Sweep`, people's acts, notices. Only one liberty is taken: consecutive life signs
may wait and be committed together, each as heard when it arrived, as long as nothing is due and nobody asks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from alerts import store as alert_store
from duty import store as duty_store
from ingest import watches
from ingest.batches import BATCH, AtOnce, Handing, Message
from ingest.desks import Desks
from ingest.flow import Flow
from ingest.scene import Desk
from ingest.sweep import Sweep
from logbook.checkpoints import checkpoint, latest
from simulators.virtual.broker import Broker, Parcel, Sign, good
from simulators.virtual.clock import Behind
from simulators.virtual.watch import Watch
from sites.register import Register
from store.db import Store, Tx
from store.telemetry import SqlTelemetry

TOGETHER: Final = 4 * BATCH  # no socket fills while these wait
PATIENCE: Final = 1000  # passes over one instant; more is a due moment that never goes away

Registers = Callable[[Connection, str], Register | None]
SendNotices = Callable[[Store, Registers, datetime, frozenset[str]], int]


class Died(BaseException):
    """The process was killed here."""


class StuckError(RuntimeError):
    """Something stays due however often it is done."""


class Disk(Store):
    """The store with a place to die at: before the next commit, which is then rolled back, or right after it."""

    dies = ""

    @contextmanager
    def begin(self, sites: Iterable[str] = ()) -> Iterator[Tx]:
        """As the store does, but for `dies`: `before_commit` or `after_commit`."""
        with super().begin(sites) as tx:
            yield tx
            self._dies("before_commit")
        self._dies("after_commit")

    def _dies(self, where: str) -> None:
        if self.dies == where:
            self.dies = ""
            raise Died(where)


class Shores(msgspec.Struct, frozen=True):
    """What only `app` can give: the import of a site, the sending of what is owed, and who may do what."""

    import_site: Callable[[Store, Desks, Register, datetime, Mapping[str, str]], None]
    send_notices: SendNotices
    may: Callable[[str, Iterable[str]], bool]


class Server:
    """One life of the server. It drinks from `broker` once it is `listening`."""

    def __init__(
        self, disk: Disk, site: str, now: Behind, broker: Broker, shores: Shores, key: Ed25519PrivateKey
    ) -> None:
        self.disk = disk
        self.site = site
        self.now = now
        self.broker = broker
        self.shores = shores
        self.key = key
        self.desks = Desks()
        self.telemetry = SqlTelemetry(disk)
        self.flow = Flow(disk, self.desks, self.telemetry, now, broker.receipt)
        # late: whoever watches a night puts a handle of its own there
        self._hand = Handing(AtOnce(lambda batch: self.flow.handle(batch)), self)  # noqa: PLW0108
        self.sweep = Sweep(disk, self.desks, now, lambda tx, register, at: _seal(tx, register, at, key))
        self.failing: frozenset[str] = frozenset()
        self.together = True
        self.on_delivered: Callable[[list[Message]], None] | None = None
        self._pending: list[Message] = []
        self._status: dict[str, int] = {}  # where each gateway's own word stands among them
        self._passed: list[Message] = []  # words that a later one made void
        self._in_hand: dict[str, int] = {}
        self._signs: dict[Sign, datetime] = {}  # the newest of each, while it waits
        self._watch: Watch | None = None
        self._looks_at: datetime | None = None  # a seat, or whatever else a further watch waits for
        self._rows_at: datetime | None = None
        self._notices_at: datetime | None = None

    # -- what the broker brings

    def receive(self, parcels: Sequence[Parcel]) -> None:
        """Take deliveries: a mere life sign may wait for the next, anything else is handled here and now."""
        at = self.now()
        if len(parcels) == 1 and self.together and not self.disk.dies and self._may_wait(parcels[0], at):
            return
        self._pending += [Message(p.topic, p.payload, p.retained, 1, p.token, p.dup, at) for p in parcels]
        self.flush()
        self._watch = None

    def _may_wait(self, parcel: Parcel, at: datetime) -> bool:
        sign = parcel.sign
        if sign is None or not self.watch().hears(sign, at):
            return False
        self._signs[sign] = at
        message = Message(parcel.topic, parcel.payload, parcel.retained, 1, parcel.token, parcel.dup, at)
        if sign.status and sign.gateway in self._status:  # its newest word is all that counts
            place = self._status[sign.gateway]
            self._passed.append(self._pending[place])
            self._pending[place] = message
            return True
        if sign.status:
            self._status[sign.gateway] = len(self._pending)
        if sign.device is not None:
            self._in_hand[sign.gateway] = self._in_hand.get(sign.gateway, 0) + 1
        self._pending.append(message)
        if len(self._pending) >= TOGETHER:
            self.flush()
        return True

    def in_hand(self, gateway: str) -> int:
        """How many events of a gateway wait here for company."""
        return self._in_hand.get(gateway, 0)

    def flush(self) -> None:
        """Take everything that waits to its commit, in the order in which it came."""
        while self._pending:
            batch, self._pending = self._pending[:TOGETHER], self._pending[TOGETHER:]
            passed, self._passed = self._passed, []
            self._status.clear()
            self._in_hand.clear()
            self._signs.clear()
            if self.on_delivered is not None:
                self.on_delivered(batch)
            wrong = self._hand.take(batch)
            if wrong is not None:  # the store is in memory: it is never away
                raise wrong
            self.acknowledge(passed)
            if self.broker.fate is not good:
                self._watch = None  # there may be a gap

    def acknowledge(self, batch: Iterable[Message]) -> None:
        """Let the broker forget these."""
        self.broker.acknowledge([m.token for m in batch])

    def drop(self) -> None:
        """End the connection: what is not acknowledged comes again."""
        self.broker.unsubscribe()

    # -- what falls due

    def watch(self) -> Watch:
        """Who would be silent next, and when the rows are next due; looked up anew after anything that may matter."""
        if self._watch is None:
            watch = self._looked_up()
            if not all(watch.hears(sign, at) for sign, at in self._signs.items()):
                self.flush()
                watch = self._looked_up()
            self._watch = watch
        return self._watch

    def _looked_up(self) -> Watch:
        with self.disk.read() as conn:
            register = self.desks.register(conn, self.site)
            if register is None:
                raise LookupError(f"no site {self.site!r}")
            watch = Watch(conn, register)
            looks = (duty_store.next_due(conn), watches.next_due(conn))
            self._looks_at = min((at for at in looks if at is not None), default=None)
            found = (alert_store.next_due(conn), self._looks_at, watch.gap_at)
            self._rows_at = min((at for at in found if at is not None), default=None)
            self._notices_at = alert_store.next_notice(conn)
        return watch

    @property
    def stirred(self) -> bool:
        """Whether more was done than to note that somebody lives: what is next due may have changed."""
        return self._watch is None

    def next_due(self) -> datetime | None:
        """When something is next due, by the server's clock: to be judged, or to be sent."""
        judged = self._next_judged()
        return judged if self._notices_at is None or (judged and judged < self._notices_at) else self._notices_at

    def _next_judged(self) -> datetime | None:
        silent = self.watch().next()
        return self._rows_at if silent is None or (self._rows_at and self._rows_at < silent) else silent

    def _asks_for_signs(self, at: datetime) -> bool:
        """Whether what is due at `at` depends on the life signs that wait here, or changes what they are judged by."""
        watch = self.watch()
        return any(due is not None and due <= at for due in (watch.looks_at, watch.gap_at, self._looks_at))

    def settle(self) -> None:
        """Everything that is due by now, and whatever that makes due at once. What is judged goes before what is sent."""
        for _ in range(PATIENCE):
            at, judged = self.now(), self._next_judged()
            if judged is not None and judged <= at:
                if self._asks_for_signs(at):
                    self.flush()
                self.sweep.site(self.site)
                self._watch = None
            elif self._notices_at is not None and self._notices_at <= at:
                self.shores.send_notices(self.disk, self.desks.register, at, self.failing)
                with self.disk.read() as conn:
                    self._notices_at = alert_store.next_notice(conn)
            else:
                return
        raise StuckError(f"something is still due at {self.now()} after {PATIENCE} passes")

    def seldom(self) -> None:
        """Checkpoints, the roster's horizon, the outbox."""
        self.flush()
        self.sweep.seldom()
        self._watch = None

    # -- people

    @contextmanager
    def act(self) -> Iterator[tuple[Tx, Desk]]:
        """A command's transaction, as the API begins it."""
        self.flush()
        self._watch = None
        with self.disk.begin([self.site]) as tx:
            desk = self.desks.get(tx.conn, self.site)
            if desk is None:
                raise LookupError(f"no site {self.site!r}")
            yield tx, desk


def _seal(tx: Tx, register: Register, at: datetime, key: Ed25519PrivateKey) -> None:
    last = latest(tx.conn, register.site_id)
    if last is None or (at - last.at).total_seconds() >= register.policies.checkpoint_every_s:
        checkpoint(tx, register.site_id, at, key)
