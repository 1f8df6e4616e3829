"""One hunted night, played on the virtual house: what is meant becomes acts, the line gets its weather, the server its
deaths, and everything that can be seen from outside is written down.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core import wire
from core.clock import instant, micros
from gateway.spool import Kept as Spooled
from ingest.batches import Message
from ingest.sweep import Sweep
from simulators.hunter.cast import acts
from simulators.hunter.plan import FAULTS, Meant, Plan
from simulators.hunter.record import Did, Mark, Receipt, Record, Sent, Span, Try, Word
from simulators.hunter.stage import OpenAlert, Trick, View
from simulators.scenario.model import Act, Broker, Device, Garbage, Gateway, Scenario, Server
from simulators.virtual.broker import GOOD, Parcel
from simulators.virtual.people import Deed, about
from simulators.virtual.server import Server as Life
from simulators.virtual.server import Shores
from simulators.virtual.world import VirtualWorld

Tell = Callable[[str, int, bool], None]  # a notice, which try it was, and whether the channel took it
MakeShores = Callable[[Tell], Shores]
Says = Callable[[datetime, str], None]

HEAL: Final = timedelta(minutes=30)  # before the end every fault is over
PATIENCE: Final = timedelta(minutes=2)  # so long after that nothing may wait any more

_OPEN: Final = "SELECT number, subject, kind, state, seat_id, custody_by, due_at FROM alert WHERE state <> 'closed' ORDER BY number"
_SEATS: Final = "SELECT seat_id, holder_id FROM seat_state ORDER BY seat_id"
_STAYS: Final = "SELECT seat_id, person_id FROM attendance WHERE off_at IS NULL ORDER BY on_at, seat_id"


class _Event(msgspec.Struct):
    id: str
    boot: str
    seq: int
    device: str
    kind: str


_event = msgspec.json.Decoder(_Event)
_items = msgspec.json.Decoder(list[msgspec.Raw])


class Night:
    """Plays a plan. `says` hears of each thing that is done, for whoever wants to read along."""

    def __init__(self, plan: Plan, make_shores: MakeShores, says: Says = lambda _at, _what: None) -> None:
        self.plan = plan
        self.says = says
        self.dice = Random(f"{plan.seed}/line")
        self.record = Record(plan.seed, plan.register, micros(plan.start), micros(plan.end))
        scenario = Scenario(
            file=Path(f"seed-{plan.seed}"),
            about="",
            register=plan.register,
            zone=plan.register.time_zone,
            start=plan.start,
            end=plan.end,
            steps=(),
            expects=(),
            seed=plan.seed,
        )
        self.world = VirtualWorld(scenario, make_shores(self._tried))
        self.house = self.world.house
        self._agenda: list[tuple[int, int, Act | Trick | Meant]] = []
        self._count = itertools.count()
        self._armed = ""
        self._taken: set[str] = set()
        self._words: list[Word] = []  # heard, not yet committed
        self._unsure = False
        self._watch()

    def play(self) -> Record:
        """The whole night. Whatever goes wrong on the way that nobody asked for is a trouble of the record."""
        for meant in self.plan.moments:
            self._plan(meant.true, meant)
        heal = self.plan.end - HEAL
        try:
            while self._agenda and self._agenda[0][0] < micros(heal):
                true, _, what = heapq.heappop(self._agenda)
                self.world.pass_to(instant(max(true, micros(self.house.clock.at))))
                self._do(what)
            self.world.pass_to(heal)
            self._heal()
            self.world.pass_to(heal + PATIENCE)
            self._whole_again()
            self.world.pass_to(self.plan.end)
            self.house.at_once(lambda: None)
        except Exception as wrong:  # noqa: BLE001 - a night that cannot go on is what we are looking for
            self.record.troubles.append(f"{instant(self._true):%m-%d %H:%M:%S} {type(wrong).__name__}: {wrong}")
        return self.record

    def close(self) -> None:
        """Give the store back."""
        self.world.close()

    @property
    def _true(self) -> int:
        return micros(self.house.clock.at)

    def _now(self) -> tuple[int, int]:
        return self._true, self._us

    @property
    def _us(self) -> int:
        return micros(self.house.server_clock())

    def _plan(self, true: int, what: Act | Trick | Meant) -> None:
        heapq.heappush(self._agenda, (true, next(self._count), what))

    # -- doing

    def _do(self, what: Act | Trick | Meant) -> None:
        if isinstance(what, Meant):
            made = acts(what, self._view(), self._true)
            if what.what in FAULTS and made:
                self.record.seen[f"fault {what.what}"] += 1
            for later in made:
                if later.after_us:
                    self._plan(self._true + later.after_us, later.act)
                else:
                    self._do(later.act)
            return
        self.says(self.house.clock.at, _words(what))
        if isinstance(what, Trick):
            self._trick(what)
        elif isinstance(what, Deed):
            self._deed(what)
        else:
            self._other(what)

    def _trick(self, trick: Trick) -> None:
        if trick.what == "jumps":
            if self.house.server is not None:
                self.house.at_once(lambda: None)
            self.house.server_clock.offset += timedelta(seconds=trick.by_s)
            self.record.seen["clock jumped on" if trick.by_s > 0 else "clock jumped back"] += 1
            self._span(up=self.house.server is not None)
            self.house.settle()
        elif self.house.server is not None:
            self._armed = trick.what
            self.house.dies_at_next_commit(trick.what)

    def _deed(self, deed: Deed) -> None:
        was, us = self.house.server, self._us
        refused = self.world.do(deed)
        died = was is not None and self.house.server is not was
        answer = refused.what if refused is not None else "died" if died else ""
        self.record.did.append(
            Did(self._true, us, deed.person, str(type(deed).__struct_config__.tag), about(deed), answer)
        )

    def _other(self, act: Act) -> None:
        if isinstance(act, Broker) and act.what == "forgets":
            self.record.promised &= self._taken
            self.record.garbage_promised.clear()
        if isinstance(act, Garbage):
            self._garbage(act.payload.encode())
        if isinstance(act, Server) and act.what == "starts" and self.house.server is not None:
            return
        self.world.do(act)

    def _garbage(self, payload: bytes) -> None:
        self.record.garbage.append(payload)
        with suppress(msgspec.MsgspecError):
            self.record.garbage += [bytes(item) for item in _items.decode(payload)]

    def _view(self) -> View:
        conn = self._conn
        return View(
            self.plan.register,
            [OpenAlert(*row) for row in conn.execute(_OPEN)],
            dict(conn.execute(_SEATS)),
            [(row[0], row[1]) for row in conn.execute(_STAYS)],
        )

    # -- the end

    def _heal(self) -> None:
        """Everything works again."""
        self.house.store.dies = ""
        self.house.fail(frozenset())
        if self.house.server is None:
            self.house.start_server()
        for gateway in self.plan.register.gateways:
            self.world.do(Gateway(gateway, "online"))
        for device in list(self.house.silent):
            self.world.do(Device(device, "speaks"))

    def _whole_again(self) -> None:
        """What waits now waits for nothing."""
        left = self.record.left
        for gateway in self.house.gateways.values():
            held = self.house.server.in_hand(gateway.id) if self.house.server is not None else 0
            if gateway.spooled > held:
                left.append(f"{gateway.spooled} events in the spool of {gateway.id}")
        self.house.at_once(lambda: None)
        if self.house.broker.unacknowledged:
            left.append(f"{self.house.broker.unacknowledged} messages that the broker holds")

    # -- watching

    def _watch(self) -> None:
        """Stand behind everything that can be seen from outside."""
        house, store = self.house, self.house.store
        with store.engine.connect() as conn:
            self._conn: Any = conn.connection.driver_connection
        for gateway in house.gateways.values():
            gateway.on_kept = self._kept
            gateway.on_receipt = self._receipt
        house.broker.fate = self._fate
        house.on_server = self._server
        gone = house._gone

        def stopped() -> None:
            if house.server is not None:
                self._stops()
            gone()

        setattr(house, "_gone", stopped)  # noqa: B010 - the house itself calls it, too
        store.on_commit(self._committed)
        if house.server is not None:
            self._server(house.server)
        local = [
            at.astimezone(ZoneInfo(self.plan.register.time_zone)).utcoffset() for at in (self.plan.start, self.plan.end)
        ]
        self.record.seen["clocks changed in the night"] += local[0] != local[1]

    def _span(self, *, up: bool) -> None:
        offset = self.house.server_clock.offset // timedelta(microseconds=1)
        self.record.spans.append(Span(self._true, offset, up))

    def _server(self, server: Life) -> None:
        self._span(up=True)
        if self._unsure:
            self.record.unsure.append(self._true)
            self._unsure = False
        row = self._conn.execute("SELECT count(*) FROM alert WHERE due_at <= ?", (self._us,)).fetchone()
        self.record.seen["due while down"] += row[0]
        handle, receive = server.flow.handle, server.receive

        def received(parcels: Sequence[Parcel]) -> None:
            self._words += [w for p in parcels for w in self._arrived(p)]
            receive(parcels)

        def handled(messages: Sequence[Message]) -> None:
            try:
                handle(messages)
            except BaseException as died:
                if str(died) == "after_commit":
                    self._took(messages)
                raise
            self._took(messages)

        setattr(server, "receive", received)  # noqa: B010 - from outside, and only here
        setattr(server.flow, "handle", handled)  # noqa: B010
        if self.plan.rival:
            rival = Sweep(self.house.store, server.desks, server.now, server.sweep.seal)
            setattr(server.sweep, "site", lambda site: self._swept(server.sweep, rival, site))  # noqa: B010

    def _swept(self, sweep: Sweep, rival: Sweep, site: str) -> None:
        """A second sweep has looked before the first did its work, and comes too late to everything."""
        Sweep.site(sweep, site)
        rival.site(site)
        self.record.seen["second sweep"] += 1

    def _stops(self) -> None:
        if self._armed and not self.house.store.dies:
            self.record.seen[f"died {'before' if self._armed == 'before_commit' else 'after'} a commit"] += 1
            rang = self._conn.execute("SELECT count(*) FROM alert WHERE state IN ('raised', 'cleared')").fetchone()[0]
            self.record.seen["died while something rang"] += rang > 0
            self._armed = ""
        if self._words:  # it knew of them, and its rows did not
            self.record.words += self._words
            self._words.clear()
            self._unsure = True
        self._span(up=False)

    def _committed(self, _news: Mapping[str, int]) -> None:
        size, chain = self._log()
        events = self._conn.execute("SELECT coalesce(max(rowid), 0) FROM event").fetchone()[0]
        self.record.marks.append(Mark(self._true, self._us, size, events))
        self.record.heads.append((size, chain))

    def _log(self) -> tuple[int, str]:
        size, chain = self._conn.execute("SELECT log_size, log_chain FROM site_head").fetchone()
        return int(size), bytes(chain).hex()

    def _kept(self, gateway: str, kept: Spooled) -> None:
        event = _event.decode(kept.raw)
        self.record.send(Sent(kept.id, gateway, kept.boot, kept.seq, event.device, event.kind, kept.raw, spooled=True))

    def _receipt(self, gateway: str, receipt: wire.Receipt) -> None:
        self.record.receipts.append(Receipt(self._true, gateway, receipt.boot, receipt.through))

    def _fate(self, topic: str, payload: bytes, at: datetime) -> Sequence[float]:
        """What the weather does to a message; and who speaks here that is no gateway."""
        fate = self._weather(at)
        place = wire.parse_topic(topic)
        if place is not None and place.channel is wire.Channel.EVENTS:
            self._heard_on_the_line(place.gateway, payload, arrives=bool(fate))
        return fate

    def _weather(self, at: datetime) -> Sequence[float]:
        true, seen = micros(at), self.record.seen
        for weather in self.plan.weather:
            if weather.start <= true < weather.end:
                luck = self.dice.random()
                if luck < weather.lost:
                    seen["message lost"] += 1
                    return ()
                if luck < weather.lost + weather.twice:
                    seen["message twice"] += 1
                    return (0.0, self.dice.choice((0.001, 3.0, 90.0)))
                if luck < weather.lost + weather.twice + weather.late:
                    seen["message late"] += 1
                    return (self.dice.choice((0.5, 5.0, 29.0)),)
        return GOOD

    def _heard_on_the_line(self, gateway: str, payload: bytes, *, arrives: bool) -> None:
        many = payload.startswith(b"[")
        try:
            items = [bytes(item) for item in _items.decode(payload)] if many else [payload]
            events = [(_event.decode(item), item) for item in items]
        except msgspec.MsgspecError:
            if arrives:
                self.record.garbage_promised.append(payload)
            return
        for event, raw in events:
            known = self.record.sent.get(event.id, ())
            if any(s.spooled for s in known):
                self.record.seen["backlog as history"] += b'"history":true' in raw
                self.record.seen["spool sent again"] += many
            else:
                if raw not in [s.raw for s in known]:
                    sent = Sent(event.id, gateway, event.boot, event.seq, event.device, event.kind, raw, spooled=False)
                    self.record.send(sent)
                if arrives:
                    self.record.promised.add(event.id)

    def _arrived(self, parcel: Parcel) -> Iterator[Word]:
        """Who is heard by this."""
        place = wire.parse_topic(parcel.topic)
        if place is None:
            return
        if place.channel is wire.Channel.STATUS:
            status = wire.decode_status(parcel.payload)
            if isinstance(status, wire.Status) and not parcel.retained:
                yield Word(self._true, self._us, place.gateway, status.state)
            elif isinstance(status, wire.Status) and status.state == "offline":
                yield Word(self._true, self._us, place.gateway, "was offline")
        elif place.channel is wire.Channel.EVENTS and any(
            isinstance(s, wire.Said) for s in wire.decode_events(parcel.payload)
        ):
            yield Word(self._true, self._us, place.gateway, "heard")

    def _took(self, messages: Sequence[Message]) -> None:
        """The server has committed these."""
        self.record.words += self._words
        self._words.clear()
        for message in messages:
            self.record.seen["redelivered after a crash"] += message.dup
            for said in wire.decode_events(message.payload) if message.topic.endswith("/events") else ():
                if isinstance(said, wire.Said):
                    self._took_event(said.event.id, retained=message.retained)

    def _took_event(self, event: str, *, retained: bool) -> None:
        self.record.seen["duplicate"] += event in self._taken
        if event not in self._taken and retained:
            self.record.retained.add(event)
        self._taken.add(event)

    def _tried(self, notice: str, attempt: int, ok: bool) -> None:
        true, us = self._now() if hasattr(self, "house") else (self.record.start, self.record.start)
        self.record.tries.append(Try(true, us, notice, attempt, ok))


def _words(what: Act | Trick) -> str:
    """An act as one reads along."""
    if isinstance(what, Trick):
        return f"{what.what} {what.by_s:+g} s" if what.by_s else what.what
    told = {k: v for k, v in msgspec.structs.asdict(what).items() if v not in (None, False, "", {}, 1, 0.0)}
    return f"{type(what).__struct_config__.tag} " + " ".join(f"{k}={v}" for k, v in told.items())
