"""Ingest: events a second through broker, path and store, durable and correlated; the ceilings beside it."""

import tempfile
import threading
import time
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from app.imports import import_site
from bench.load import GATEWAY, SITE, events, packed, register
from bench.mqtt import await_receipt, connected, drink, publications, publish
from bench.rig import Server, system
from core import wire
from ingest.batches import Message
from ingest.desks import Desks
from ingest.flow import Flow
from sites.pack import digest
from store.db import Store
from store.migrate import upgrade
from store.telemetry import SqlTelemetry
from tests.servers import Mosquitto, Nats

TOPIC = wire.topic(SITE, GATEWAY, wire.Channel.EVENTS)
console = Console()


def whole(
    folder: Path, store: str, broker: str, messages: list[bytes], count: int, *, slow: bool = False
) -> tuple[float, str]:
    """(events a second, what was checked) of the whole system, given `count` events in these messages."""
    with system(folder, store, broker, slow=slow) as (server, port):
        user = f"{SITE}.{GATEWAY}"
        sock = connected(port, user.replace(".", "_"), user, server.password)
        listener = connected(port, "listener", user, server.password)
        ended: list[float] = []
        receipts = threading.Thread(
            target=lambda: ended.append(await_receipt(listener, TOPIC.replace("events", "receipt"), count))
        )
        receipts.start()
        packets = publications(TOPIC, messages)
        time.sleep(0.5)
        began = time.perf_counter()
        publish(sock, packets)
        receipts.join(120)
        seconds = ended[0] - began
        sock.close()
        listener.close()
        return count / seconds, checked(server, count)


def checked(server: Server, count: int) -> str:
    """Exactly one row each, and an alert for each condition."""
    db = Store(server.store_url)
    with db.read() as conn:
        rows, ids = conn.exec_driver_sql("SELECT COUNT(*), COUNT(DISTINCT id) FROM event").one()
        alerts = conn.exec_driver_sql("SELECT COUNT(*) FROM alert WHERE kind LIKE 'bench.%%'").scalar()
        counted = conn.exec_driver_sql("SELECT SUM(repeats + 1) FROM condition WHERE name LIKE 'bench.%%'").scalar()
    db.close()
    right = rows == ids == count == counted
    return f"{rows} rows, {alerts} alerts" if right else f"WRONG: {rows} rows, {ids} ids, {counted} counted"


def broker_only(folder: Path, kind: str, payloads: list[bytes]) -> float:
    """Messages a second from publisher to subscriber, nothing else."""
    broker = {"nats": Nats, "mosquitto": Mosquitto}[kind](folder)
    broker.start()
    try:
        taker, giver = connected(broker.port, "taker"), connected(broker.port, "giver")
        taken: list[float] = []
        drinking = threading.Thread(target=lambda: taken.append(drink(taker, TOPIC, len(payloads))))
        drinking.start()
        time.sleep(0.5)
        publish(giver, publications(TOPIC, payloads))
        drinking.join()
        return len(payloads) / taken[0]
    finally:
        broker.stop()


def store_only(url: str, payloads: list[bytes], batch: int = 500) -> float:
    """Events a second of the path alone: decode, judge, commit, no broker."""
    db, desks, made = Store(url), Desks(), register()
    upgrade(db)
    import_site(db, desks, made, digest(made), datetime.now(UTC), "system")
    flow = Flow(db, desks, SqlTelemetry(db), lambda: datetime.now(UTC), lambda *_: None)
    messages = [Message(TOPIC, p, False, 1, 0, False) for p in payloads]
    began = time.perf_counter()
    for i in range(0, len(messages), batch):
        flow.handle(messages[i : i + batch])
    seconds = time.perf_counter() - began
    db.close()
    return len(payloads) / seconds


def run(count: int, *, runs: int = 3) -> None:
    """Print the table: medians of `runs`, and what part that is of the broker's own rate, measured before each."""
    payloads = list(events(count))
    sent = {"one each": payloads, "packed": packed(payloads)}
    table = Table(
        title=f"ingest, {count} events of {len(payloads[0])} bytes, QoS 1, 20 % new, 400 devices; median of {runs}\n"
        f"packed: the {len(sent['packed'])} messages that a gateway makes of them when they wait"
    )
    for name in ("what", "messages", "broker", "store", "events/s", "of broker", "checked"):
        table.add_column(name, justify="right" if name in {"events/s", "of broker"} else "left")
    with tempfile.TemporaryDirectory(prefix="watchroom-bench-") as temp:
        n = 0

        def folder() -> Path:
            nonlocal n
            n += 1
            return Path(temp) / str(n)

        for kind in ("nats", "mosquitto"):
            rates = [broker_only(folder(), kind, payloads) for _ in range(runs)]
            table.add_row("broker only", "one each", kind, "", f"{median(rates):,.0f}", "", "")
        rates = [store_only(f"sqlite:///{folder() / 'w.db'}", payloads) for _ in range(runs)]
        table.add_row("path and store only", "one each", "", "sqlite", f"{median(rates):,.0f}", "", "")
        lines = product((False, True), sent, ("sqlite", "postgresql"), ("nats", "mosquitto"))
        for slow, form, store, kind in lines:
            made, parts = [], []
            for _ in range(runs):
                alone = broker_only(folder(), kind, payloads)  # in turn: the machine is another one in ten minutes
                made.append(whole(folder(), store, kind, sent[form], count, slow=slow))
                parts.append(made[-1][0] / alone)
            rate, check = sorted(made)[runs // 2]
            what = "whole system, 1 ms more an fsync" if slow else "whole system"
            table.add_row(what, form, kind, store, f"{rate:,.0f}", f"{median(parts):.0%}", check)
            each = ", ".join(f"{r:,.0f} ({part:.0%})" for (r, _), part in zip(made, parts, strict=True))
            console.print(
                f"{what}, {form}: {kind}, {store}: {each} a second (of the broker alone)  {check}", style="dim"
            )
    console.print(table)
