"""The virtual house: how soon a night begins, how fast a day of the demo estate passes, and how many events a second are
judged and committed in memory.
"""

import gc
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.table import Table

from app.imports import import_site
from app.scenario_worlds import shores, virtual
from bench.load import GATEWAY, SITE, events, register
from bench.rig import ROOT
from core import wire
from ingest.batches import BATCH, Message
from ingest.desks import Desks
from ingest.flow import Flow
from simulators.scenario.model import Scenario, Story
from simulators.scenario.world import play
from simulators.virtual import schema
from simulators.virtual.house import House
from simulators.virtual.life import life
from sites.acts import check
from sites.pack import digest
from sites.register import Register
from store.db import Store
from store.telemetry import SqlTelemetry

NIGHT = "tests/scenarios/a_bad_contact_flaps_and_is_one_alert.yaml"
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


def hard(count: int) -> tuple[Register, list[Message]]:
    """The load of the ingest bench: one event in five opens an alert, the others repeat what is wrong."""
    topic = wire.topic(SITE, GATEWAY, wire.Channel.EVENTS)
    return register(), [Message(topic, payload, False, 1, n, False) for n, payload in enumerate(events(count))]


def estate(hours: float) -> tuple[Register, list[Message]]:
    """What the demo estate's gateways send in so many quiet hours."""
    site, said = check(ROOT / "packs" / "harbour-garden"), list[Message]()
    house = House(site, START, shores(), life=life("calm", site, START, 1))
    if house.server is not None:
        house.server.on_delivered = said.extend
    house.pass_to(START + timedelta(hours=hours))
    house.at_once(lambda: None)
    house.close()
    return site, said


def path(site: Register, messages: list[Message]) -> tuple[float, float]:
    """Seconds and CPU seconds from the first message to the last commit in a store in memory."""
    store = Store(schema.URL)
    with store.engine.connect() as conn:
        schema.lay(conn.connection.driver_connection)
    desks = Desks()
    import_site(store, desks, site, digest(site), START, "system")
    flow = Flow(store, desks, SqlTelemetry(store), lambda: START, lambda *_: None)
    gc.collect()
    gc.freeze()  # as the server does at its start
    gc.set_threshold(50_000, 20, 20)
    began, busy = time.perf_counter(), time.process_time()
    for n in range(0, len(messages), BATCH):
        flow.handle(messages[n : n + BATCH])
    took, busy = time.perf_counter() - began, time.process_time() - busy
    gc.unfreeze()
    store.close()
    return took, busy


def command(words: list[str], runs: int) -> tuple[float, float, bytes]:
    """Seconds and CPU seconds of a whole command at its best, its modules compiled as those of an installed one are."""
    best, busy, out = float("inf"), float("inf"), b""
    with TemporaryDirectory() as compiled:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        for _ in range(runs + 1):  # the first one compiles
            before, began = getrusage(RUSAGE_CHILDREN), time.perf_counter()
            out = subprocess.run(
                [sys.executable, "-m", "app", *words],
                cwd=ROOT,
                env=env | {"PYTHONPYCACHEPREFIX": compiled},
                capture_output=True,
                check=True,
            ).stdout
            best, after = min(best, time.perf_counter() - began), getrusage(RUSAGE_CHILDREN)
            busy = min(busy, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best, busy, out


def begins(runs: int) -> Table:
    """Commands from their first instruction to their end, and how much of it a short night takes, with its house."""
    table = Table(title=f"commands, best of {runs}")
    for name in ("what", "seconds", "CPU s", "of it the night"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for words in (["scenario", "run", NIGHT, "--json"], ["scenario", "explain", NIGHT], ["--help"]):
        took, busy, out = command(words, runs)
        night = f"{msgspec.json.decode(out)['scenarios'][0]['took_s']:.2f}" if "--json" in words else ""
        table.add_row(" ".join(w for w in words if w not in {NIGHT, "--json"}), f"{took:.2f}", f"{busy:.2f}", night)
    return table


def run(*, quick: bool = False) -> None:
    """Print all, each run by itself."""
    Console(width=100).print(begins(3 if quick else 7))
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
    for what, (site, messages) in (
        ("path: what it says in that time", estate(hours)),
        ("path: 1 in 5 opens an alert", hard(15_000 if quick else 60_000)),
    ):
        count = sum(m.topic.endswith("/events") for m in messages)
        for _ in range(runs):
            took, busy = path(site, messages)
            row = (f"{len(site.devices)}", f"{count:,}", f"{took:.2f}", f"{busy:.2f}", f"{count / took:,.0f}", "")
            table.add_row(what, *row)
    Console(width=100).print(table)
