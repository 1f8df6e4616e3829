"""`kill -9` of gateway, server or broker at random moments under load (IOT-07; faults F1, F2, I1-I5, I8, I11).

Sixty kills over three brokers with SQLite, and twenty with PostgreSQL, whose connections are struck too: every event that the gateway promised to keep has exactly one row, every alert one story,
the logbook verifies, nothing is invented. A failing run prints its seed; WATCHROOM_CRASH_SEED repeats it.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, create_engine, select

from alerts.rules import NEXT, Act, State
from alerts.tables import alert, condition, rung_fired
from ingest.tables import event
from logbook.audit import verify_store
from logbook.tables import log_entry
from store.db import Store
from tests.crash.rig import System
from tests.servers import Mosquitto, Nats, Postgres

KILLS = 20
BROKERS = {
    "nats": Nats,
    "mosquitto": Mosquitto,
    "mosquitto without its file": lambda folder: Mosquitto(folder, persistence=False),
}


@pytest.mark.crash
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", BROKERS)
def test_sixty_kills_lose_nothing_and_invent_nothing(kind: str, tmp_path: Path) -> None:
    strike_at_random(kind, f"sqlite:///{tmp_path / 'watchroom.db'}", tmp_path, {})


@pytest.mark.crash
@pytest.mark.timeout(400)
def test_twenty_kills_on_postgresql_lose_nothing_and_invent_nothing(postgres: Postgres, tmp_path: Path) -> None:
    """There a batch is read while the one before it is still being committed."""
    with postgres.database(empty=True) as url:
        strike_at_random("nats", url, tmp_path, {"connections": lambda: cut(url)})


def cut(url: str) -> None:
    """End every connection to a database."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.connect() as conn:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            conn.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {others}")
    finally:
        engine.dispose()


def strike_at_random(kind: str, store_url: str, tmp_path: Path, more: Mapping[str, Callable[[], None]]) -> None:
    """A night of kills, and what must hold after it. `more`: what else may be struck."""
    seed = int(os.environ.get("WATCHROOM_CRASH_SEED") or random.SystemRandom().randrange(2**32))
    chance = random.Random(seed)
    broker = BROKERS[kind](tmp_path / "broker")
    broker.start()
    system = System(tmp_path / "system", broker, store_url, seed)
    struck: Counter[str] = Counter()
    try:
        system.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.1, 1.5))
            victim = chance.choice(("gateway", "server", "broker", *more))
            if victim in more:
                more[victim]()
            else:
                system.strike(victim)
            struck[victim] += 1
        system.heal()
        system.gateway.end()
        system.server.end()
        check(system)
    except BaseException:
        print(f"\nseed {seed}, broker {kind}, kills {dict(struck)}")
        raise
    finally:
        system.end()
        broker.stop()
    assert len(struck) == 3 + len(more), "each part must have been killed at least once"


def check(system: System) -> None:
    """The invariants, over the history and what is stored."""
    history, stored = system.input.history, system.stored()
    assert len(history.promised) > 300, "too little was said to prove anything"
    assert not [i for i, n in Counter(stored).items() if n > 1], "I2: an event has two rows"
    assert history.promised <= set(stored), "I1: a promised event is lost"
    assert set(stored) <= history.tried | own(system), "I3: an event nobody said"
    db = Store(system.store_url)
    try:
        with db.read() as conn:
            stories(conn)
            verdict = verify_store(conn, "harbour")
        assert verdict.ok, f"I8: {verdict}"
    finally:
        db.close()


def own(system: System) -> set[str]:
    """Events that the gateway says of itself (a fault of its storage, say)."""
    db = Store(system.store_url)
    try:
        with db.read() as conn:
            rows = conn.execute(select(event.c.id).where(event.c.kind.startswith("gateway.")))
            return {r[0] for r in rows}
    finally:
        db.close()


def stories(conn: Connection) -> None:
    """I2, I4, I5: each ringing event has its alert, each alert its event and a life that the table allows."""
    alerts = {a.id: a for a in conn.execute(select(alert))}
    rings = conn.execute(
        select(event.c.alert_id).where(event.c.klass.in_(["alarm", "trouble"]), event.c.device_id.in_(["B2-07", "L-1"]))
    ).scalars()
    assert all(i in alerts for i in rings), "I4: an alarm without its alert"
    open_by = Counter((a.subject, a.kind) for a in alerts.values() if a.state != State.CLOSED)
    assert not [k for k, n in open_by.items() if n > 1], "I4: two open alerts of one condition"
    for row in conn.execute(select(condition).where(condition.c.alert_id.is_not(None))):
        assert alerts[row.alert_id].state != State.CLOSED
    numbers = sorted(a.number for a in alerts.values())
    assert numbers == list(range(1, len(numbers) + 1)), "I2: the short numbers have a hole or a twin"
    fired = Counter((r.alert_id, r.ring) for r in conn.execute(select(rung_fired)))
    for a in alerts.values():
        assert fired[a.id, a.ring] == a.rung + 1, "I7: a rung is missing or fired twice"
    lines: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for row in conn.execute(select(log_entry).where(log_entry.c.subject.startswith("alert/")).order_by(log_entry.c.n)):
        if not row.act.startswith("alert."):
            continue  # what became of a notice
        lines.setdefault(row.subject[6:], []).append((row.act, msgspec.json.decode(row.body)["data"]))
    assert set(lines) == set(alerts), "I5: an alert without its logbook, or the other way round"
    for alert_id, story in lines.items():
        assert story[0][0] == "alert.raise"
        for act, data in story[1:]:
            assert NEXT[State(data["from"]), Act(act.removeprefix("alert."))] == data["to"]
        last = [data["to"] for act, data in story[1:]]
        if last:
            assert last[-1] == alerts[alert_id].state
