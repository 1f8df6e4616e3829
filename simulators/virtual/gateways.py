"""A gateway without its process: the events of its spool, numbered, kept until a receipt covers them, and its life signs.

What goes up after a break is the real thing: `gateway.order` says in which order, in which arrays, and what is history.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from core import wire
from core.clock import Clock, micros
from core.ids import fresh
from core.kinds import Klass, kind_of
from core.wire import Channel
from gateway.fact import Fact, as_history, written
from gateway.order import Order, Parcel, Tier, Waiting
from gateway.pace import STALL_MAX_S, Pace
from gateway.spool import Kept
from simulators.virtual.broker import Broker, Sign
from sites.register import Gateway

STALL_S: Final = Pace().stall_s
SAMPLES: Final = 80  # a message holds them, however long their names

Observe = Callable[[str, Kept], None]
ObserveReceipt = Callable[[str, wire.Receipt], None]


class VirtualGateway:
    """One gateway and its link. It gives a life sign at linking and three times within its supervision."""

    def __init__(self, site: str, gateway: Gateway, broker: Broker, now: Clock) -> None:
        self.id = gateway.id
        self.now = now
        self.broker = broker
        self.cut = False  # told to be offline
        self.linked = False
        self.beat_at: datetime | None = None
        self.on_kept: Observe | None = None
        self.on_receipt: ObserveReceipt | None = None
        self.boot = ""
        self._every = timedelta(seconds=gateway.supervision_s / 3)
        self._events = wire.topic(site, gateway.id, Channel.EVENTS)
        self._status = wire.topic(site, gateway.id, Channel.STATUS)
        self._telemetry = wire.topic(site, gateway.id, Channel.TELEMETRY)
        self._receipts = wire.topic(site, gateway.id, Channel.RECEIPT)
        self._n = 0
        self._seq = 0
        self._spool: dict[str, deque[Kept]] = {}
        self._last: dict[str, int] = {}  # the newest event of each device
        self._samples: list[wire.Sample] = []
        self._will = b""
        self._moved_at = now()
        self._stall_s = STALL_S
        self._heard = False

    def start(self) -> None:
        """A process begins on what the one before it left in the spool."""
        self.boot, self._seq = fresh(self.now()), 0
        self._samples.clear()
        self.link()

    def waiting(self) -> Iterator[Kept]:
        """What no receipt covers, oldest first."""
        return (kept for boot in list(self._spool.values()) for kept in boot)

    @property
    def spooled(self) -> int:
        """How many events no receipt covers."""
        return sum(len(boot) for boot in self._spool.values())

    # -- what it is told

    def say(self, fact: Fact, sign: Sign | None = None) -> Kept:
        """Keep a fact, and send it on when the link stands. `sign` promises that it is only a life sign."""
        kept = self.keep(fact)
        self.send(kept, sign)
        return kept

    def keep(self, fact: Fact) -> Kept:
        """Number a fact and put it into the spool."""
        self._seq += 1
        self._n += 1
        at = self.now()
        raw = written(fact, self.boot, self._seq, at)
        urgent = kind_of(fact.kind).klass is Klass.ALARM
        row = Waiting(self._n, self.boot, self._seq, fact.device, urgent, micros(at), len(raw))
        kept = Kept(fact.id, self.boot, self._seq, row, raw)
        if not self._spool:
            self._moved_at = at  # receipts are owed from now on
        spool = self._spool.get(self.boot)
        if spool is None:
            spool = self._spool[self.boot] = deque()
        spool.append(kept)
        self._last[fact.device] = self._n
        if self.on_kept is not None:
            self.on_kept(self.id, kept)
        return kept

    def send(self, kept: Kept, sign: Sign | None = None) -> None:
        """Send what was just kept, when the link stands."""
        if self.linked:
            self.broker.publish(self._events, kept.raw, sign=sign)

    def measure(self, sample: wire.Sample) -> None:
        """Hold a sample until it goes up together with others."""
        self._samples.append(sample)
        if len(self._samples) >= SAMPLES:
            self._send_samples()

    def bypass(self, payload: bytes, *, retained: bool = False) -> None:
        """Somebody else says something on this gateway's topic."""
        self.broker.to_server(self._events, payload, retained=retained)

    # -- the link

    def link(self) -> None:
        """Connect, if anybody is there: say so, then bring everything that no receipt covers."""
        if self.linked or self.cut or not self.broker.up:
            return
        self._will = self._word("offline")
        self.linked = True
        self._heard = False
        self._moved_at, self._stall_s = self.now(), STALL_S
        self.broker.connect(self._receipts, self._receipt)
        self._say_online(None)
        self._resend()

    def break_off(self, *, will: bool) -> None:
        """The link is gone; a broker that is still there says the last will."""
        if not self.linked:
            return
        self.linked, self.beat_at = False, None
        if self.broker.up:
            self.broker.disconnect(self._receipts)
            if will:
                self.broker.publish(self._status, self._will, retain=True)

    def next_due(self, in_hand: int) -> datetime | None:
        """The next life sign, or the moment at which staying receipts are noticed. `in_hand`: how many of its events the
        server holds unhandled only because it may: for those nobody waits.
        """
        if self.beat_at is None or self.spooled <= in_hand:
            return self.beat_at
        return min(self.beat_at, self._stalls_at())

    def beat(self, in_hand: int) -> None:
        """Do what is due."""
        at = self.now()
        if self.beat_at is not None and self.beat_at <= at:
            self._say_online(Sign(self.id, status=True))
        if self.linked and self.spooled > in_hand and self._stalls_at() <= at:
            self._stalled()

    def _stalls_at(self) -> datetime:
        return self._moved_at + timedelta(seconds=self._stall_s)

    def _stalled(self) -> None:
        """All is sent but receipts stay away: send it again to a server that speaks, probe one that is silent."""
        self._moved_at = self.now()
        self._stall_s = min(self._stall_s * 2, STALL_MAX_S)
        heard, self._heard = self._heard, False
        if heard:
            self._resend()
        else:
            probe = self._order().probe(micros(self.now()))
            if probe is not None:
                self._send(probe, self._raws())

    def _order(self) -> Order:
        order = Order()
        order.last_words(self._last.items())
        order.add((kept.row for kept in self.waiting() if kept.row is not None), Tier.BACKLOG)
        order.restart()
        return order

    def _resend(self) -> None:
        if not self._spool:
            return
        order, raws, now = self._order(), self._raws(), micros(self.now())
        while parcel := order.take(Tier.URGENT, now) or order.take(Tier.BACKLOG, now):
            self._send(parcel, raws)
            if not self.linked:  # the server that got it fell over it, and the broker with it
                return

    def _raws(self) -> dict[int, bytes]:
        return {kept.row.n: kept.raw for kept in self.waiting() if kept.row is not None}

    def _send(self, parcel: Parcel, raws: Mapping[int, bytes]) -> None:
        bodies = [as_history(raws[row.n]) if row.n in parcel.history else raws[row.n] for row in parcel.rows]
        self.broker.publish(self._events, bodies[0] if len(bodies) == 1 else b"[" + b",".join(bodies) + b"]")

    def _send_samples(self) -> None:
        if self.linked and self._samples:
            samples, self._samples = self._samples[:SAMPLES], self._samples[SAMPLES:]
            self.broker.publish(self._telemetry, wire.encode(samples), sign=Sign(self.id))

    def _say_online(self, sign: Sign | None) -> None:
        self.beat_at = self.now() + self._every
        self.broker.publish(self._status, self._word("online"), retain=True, sign=sign)
        self._send_samples()

    def _word(self, state: Literal["online", "offline"]) -> bytes:
        return wire.encode(wire.Status(state, self.boot, self.now(), self.spooled))

    def _receipt(self, payload: bytes) -> None:
        receipt = wire.decode_receipt(payload)
        if receipt is None or (receipt.boot == self.boot and receipt.through > self._seq):
            return  # nobody can have what was never said
        self._heard = True
        spool = self._spool.get(receipt.boot)
        if spool is not None and spool[0].seq <= receipt.through:
            while spool and spool[0].seq <= receipt.through:
                spool.popleft()
            if not spool:
                del self._spool[receipt.boot]
            self._moved_at, self._stall_s = self.now(), STALL_S
        if self.on_receipt is not None:
            self.on_receipt(self.id, receipt)
