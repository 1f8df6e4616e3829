"""A small site and a night on it: the production path under a hand-cranked clock, without a broker."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec

from alerts import store as alert_store
from alerts.rules import Alert, Close
from app.imports import import_site
from core import wire
from core.clock import micros
from core.ids import derived, fresh
from ingest import acts
from ingest.batches import Message
from ingest.desks import Desks
from ingest.flow import Flow
from ingest.sweep import Sweep
from logbook import entries
from logbook.entries import Entry
from sites.pack import digest
from sites.register import (
    Checkpoint,
    Contact,
    Device,
    External,
    Gateway,
    Ladder,
    Person,
    Policies,
    Post,
    Register,
    Role,
    Rota,
    Route,
    Rung,
    Seat,
    ShiftTemplate,
    Words,
    Zone,
)
from store import outbox
from store.db import Store
from store.telemetry import SqlTelemetry
from tests.conftest import HandClock


def words(text: str) -> Words:
    return Words(text, text)


def by_id(things: Iterable[Any]) -> dict[str, Any]:
    return {t.id: t for t in things}


def person(name: str, *roles: Role) -> Person:
    return Person(name, words(name), name, roles, contacts=(Contact("email", f"{name}@example.org"),))


RUNGS = (
    Rung(0, "seat:centre"),
    Rung(30, "seat:leader", ("console", "email")),
    Rung(60, "role:manager", ("console", "email")),
    Rung(120, "external", ("email",)),
)

HARBOUR = Register(
    site_id="harbour",
    name=words("Harbour"),
    time_zone="Asia/Shanghai",
    version=0,
    zones=by_id([Zone("estate", words("Estate"), "site"), Zone("b7", words("B floor 7"), "floor", "estate")]),
    plans={},
    gateways=by_id([Gateway("gw-a", words("A")), Gateway("gw-b", words("B"))]),
    devices=by_id(
        [
            Device("B2-07", words("Smoke"), "smoke", "b7", "gw-a", supervision_s=600),
            Device("L-1", words("Leak rope"), "leak", "b7", "gw-a"),
            Device("D-1", words("Door"), "door", "b7", "gw-a"),
            Device("D-key", words("Key door"), "door", "b7", "gw-a", key=True),
            Device("P-1", words("Panic"), "panic", "b7", "gw-a"),
            Device("R-1", words("Reader"), "reader", "b7", "gw-a"),
            Device("X-1", words("Elsewhere"), "smoke", "b7", "gw-b"),
        ]
    ),
    checkpoints=by_id([Checkpoint("C1", words("C1"), "b7", ("04A1B2C3D4E5F6",))]),
    posts=by_id([Post("centre", words("Centre")), Post("leader", words("Leader"))]),
    seats=by_id([Seat("centre", "centre", words("Centre")), Seat("leader", "leader", words("Leader"), required=False)]),
    people=by_id(
        [
            person("wang", Role.OPERATOR),
            person("li", Role.OPERATOR),
            person("chen", Role.SUPERVISOR),
            person("zhao", Role.MANAGER),
            person("guard", Role.GUARD),
        ]
    ),
    ladders=by_id([Ladder("main", RUNGS, repeat_s=60)]),
    routes=(Route("main", "centre"),),
    templates=by_id(
        [
            ShiftTemplate("day", words("Day"), time(8), time(20)),
            ShiftTemplate("night", words("Night"), time(20), time(8)),
        ]
    ),
    rotas=(
        Rota("centre", "2026-01-01", ({"day": "li", "night": "wang"},)),
        Rota("leader", "2026-01-01", ({"day": "chen", "night": "chen"},)),
    ),
    externals=(External("fire", words("Fire contact"), (Contact("email", "fire@example.org"),)),),
    policies=Policies(),
)


class Night:
    """One site, one clock, and what a test says of it."""

    def __init__(self, db: Store, clock: HandClock, register: Register = HARBOUR) -> None:
        self.db = db
        self.clock = clock
        self.site = register.site_id
        self.desks = Desks()
        self.receipts: list[tuple[str, wire.Receipt]] = []
        self.telemetry = SqlTelemetry(db)
        import_site(db, self.desks, register, digest(register), clock(), "system")
        self.restart()
        self._seq: dict[tuple[str, str], int] = {}
        self.boot = fresh(clock())

    def restart(self) -> None:
        """A new process on the same store."""
        self.desks = Desks()
        self.flow = Flow(self.db, self.desks, self.telemetry, self.clock, self._publish)
        self.sweeper = Sweep(self.db, self.desks, self.clock, lambda tx, register, at: None)

    def _publish(self, topic: str, payload: bytes) -> None:
        receipt = wire.decode_receipt(payload)
        assert receipt is not None
        self.receipts.append((topic, receipt))

    # -- devices

    def message(self, kind: str, device: str = "B2-07", *, gateway: str = "gw-a", **more: Any) -> Message:
        key = (gateway, self.boot)
        seq = more.pop("seq", None) or self._seq.get(key, 0) + 1
        self._seq[key] = max(seq, self._seq.get(key, 0))
        retained = more.pop("retained", False)
        fields: dict[str, Any] = {
            "id": derived(self.clock(), gateway, self.boot, str(seq)),
            "boot": self.boot,
            "seq": seq,
            "device": device,
            "kind": kind,
            "said_at": self.clock(),
        }
        payload = msgspec.json.encode(fields | more)
        return Message(wire.topic(self.site, gateway, wire.Channel.EVENTS), payload, retained, 1, 0, False)

    def say(self, kind: str, device: str = "B2-07", **more: Any) -> Message:
        said = self.message(kind, device, **more)
        self.flow.handle([said])
        return said

    def raw(self, payload: bytes, topic: str = "wr/v1/harbour/gw-a/events") -> None:
        self.flow.handle([Message(topic, payload, False, 1, 0, False)])

    # -- the clock

    def pass_(self, seconds: float, step: float = 1.0) -> None:
        """Let time go by, sweeping each `step`."""
        until = self.clock() + timedelta(seconds=seconds)
        while self.clock() < until:
            self.clock.set(min(until, self.clock() + timedelta(seconds=step)))
            self.sweeper.run()

    def local(self, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
        """A Shanghai wall-clock time in March 2026."""
        return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC) - timedelta(hours=8)

    # -- people

    def roles(self, who: str) -> tuple[Role, ...]:
        return HARBOUR.people[who].roles

    def ack(self, who: str, alert: Alert | None = None, **more: Any) -> tuple[str, Alert]:
        with self.db.begin([self.site]) as tx:
            desk = self.desks.get(tx.conn, self.site)
            assert desk is not None
            return acts.acknowledge(
                tx, desk.register, who, self.roles(who), (alert or self.only()).id, self.clock(), **more
            )

    def act(self, name: str, who: str, *rest: Any) -> Any:
        with self.db.begin([self.site]) as tx:
            desk = self.desks.get(tx.conn, self.site)
            assert desk is not None
            return getattr(acts, name)(tx, desk, *rest[:1], who, *rest[1:], self.clock())

    def dispose(self, who: str, close: Close, alert: Alert | None = None) -> Alert:
        with self.db.begin([self.site]) as tx:
            desk = self.desks.get(tx.conn, self.site)
            assert desk is not None
            return acts.dispose(tx, desk.register, who, self.roles(who), (alert or self.only()).id, close, self.clock())

    # -- what came of it

    def open(self) -> list[Alert]:
        with self.db.read() as conn:
            return alert_store.open_alerts(conn, self.site)

    def only(self) -> Alert:
        found = self.open()
        assert len(found) == 1, [f"{a.kind} {a.state}" for a in found]
        return found[0]

    def alert(self, kind: str) -> Alert:
        found = [a for a in self.open() if a.kind == kind]
        assert len(found) == 1, [a.kind for a in self.open()]
        return found[0]

    def fired(self, alert: Alert) -> list[tuple[int, int, str, list[str], float]]:
        """(ring, rung, who, people, seconds after the ring)."""
        with self.db.read() as conn:
            rows = alert_store.rungs(conn, self.site, alert.id)
        return [(r["ring"], r["rung"], r["who"], r["people"], (r["at"] - alert.heard_at).total_seconds()) for r in rows]

    def log(self, subject: str | None = None) -> list[Entry]:
        with self.db.read() as conn:
            return list(reversed(entries.read(conn, self.site, None, subject, 1000)))

    def said_in_log(self, subject: str | None = None) -> list[str]:
        return [e.act for e in self.log(subject)]

    def count(self, sql: str, *args: Any) -> int:
        mark = "%s" if self.db.dialect == "postgresql" else "?"
        with self.db.read() as conn:
            return int(conn.exec_driver_sql(sql.replace("?", mark), args).scalar() or 0)

    def pushes(self) -> list[tuple[int, str, Any]]:
        with self.db.read() as conn:
            return [(s, t, msgspec.json.decode(b)) for s, t, b in outbox.after(conn, self.site, 0, 10_000)]

    def us(self) -> int:
        return micros(self.clock())
