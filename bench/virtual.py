"""The virtual house: how fast a day of the demo estate passes, and how many events a second are judged and committed in memory."""

import gc
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.imports import import_site
from app.scenario_worlds import virtual
from bench.load import DEVICES, GATEWAY, SITE, events, register
from bench.rig import ROOT
from core import wire
from ingest.deliveries import BATCH, Message
from ingest.desks import Desks
from ingest.flow import Flow
from simulators.scenario.model import Scenario, Story
from simulators.scenario.world import play
from simulators.virtual import schema
from sites.acts import check
from sites.pack import digest
from store.db import Store
from store.telemetry import SqlTelemetry

START = datetime(2026, 3, 1, 14, tzinfo=UTC)


def day(hours: float) -> tuple[Story, int]:
    """So many hours of the demo estate, from its import to its verified log; and how many devices it has."""
    site = check(ROOT / "packs" / "harbour-garden")
    scenario = Scenario(
        file=Path("calm"),
        about="a quiet day",
        register=site,
        zone=site.time_zone,
        start=START,
        end=START + timedelta(hours=hours),
        steps=(),
        expects=(),
        life="calm",
    )
    return play(scenario, virtual(scenario)), len(site.devices)


def path(count: int) -> tuple[float, float]:
    """Events a second through the path onto a store in memory, under the load of the ingest bench; and its CPU seconds."""
    store = Store(schema.URL)
    with store.engine.connect() as conn:
        schema.lay(conn.connection.driver_connection)
    site, desks = register(), Desks()
    import_site(store, desks, site, digest(site), START, "system")
    flow = Flow(store, desks, SqlTelemetry(store), lambda: START, lambda *_: None)
    topic = wire.topic(SITE, GATEWAY, wire.Channel.EVENTS)
    messages = [Message(topic, payload, False, 1, n, False) for n, payload in enumerate(events(count))]
    gc.collect()
    gc.freeze()  # as the server does at its start
    gc.set_threshold(50_000, 20, 20)
    began, busy = time.perf_counter(), time.process_time()
    for n in range(0, count, BATCH):
        flow.handle(messages[n : n + BATCH])
    took, busy = time.perf_counter() - began, time.process_time() - busy
    gc.unfreeze()
    store.close()
    return count / took, busy


def run(*, quick: bool = False) -> None:
    """Print both, each run by itself."""
    hours, runs = (6, 1) if quick else (24, 3)
    table = Table(title="the virtual house")
    for name in ("what", "devices", "events", "seconds", "CPU s", "events/s", "x real time"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for _ in range(runs):
        busy = time.process_time()
        story, devices = day(hours)
        busy = time.process_time() - busy
        table.add_row(
            f"{hours} h of the demo estate",
            f"{devices}",
            f"{story.events:,}",
            f"{story.took_s:.2f}",
            f"{busy:.2f}",
            f"{story.events / story.took_s:,.0f}",
            f"{story.seconds / story.took_s:,.0f}",
        )
    for _ in range(runs):
        count = 15_000 if quick else 60_000
        rate, busy = path(count)
        seconds = f"{count / rate:.2f}"
        table.add_row("1 in 5 opens an alert", f"{DEVICES}", f"{count:,}", seconds, f"{busy:.2f}", f"{rate:,.0f}", "")
    Console().print(table)
