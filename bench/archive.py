"""A month of 50,000 entries closed into one file: lines, pages, checkpoint; and the checking of it."""

import os
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from logbook import archive, entries
from logbook.archive_check import check
from logbook.forms import Draft, written
from logbook.rules import Line
from simulators.scenario.load import site_of
from sites.register import Register
from store.db import Store
from tests.servers import create_schema

SAID = (
    "{place}烟感报警，已到现场查看，未见明火，为装修粉尘；复位主机，通知物业经理。",
    "Smoke detector at {place}: nothing burning, dust from works; panel reset, manager told.",
    "业主来电反映{place}渗水，已联系维修班，预计 {n} 分钟到场。",
    "巡查{place}：消防泵房压力 0.{n} MPa，正常；电梯机房温度 {n} ℃。",
)


def run(count: int) -> None:
    """Print one row: making and checking."""
    register = site_of("harbour-garden", Path())
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        store = Store(f"sqlite:///{folder / 'watchroom.db'}")
        create_schema(f"sqlite:///{folder / 'watchroom.db'}")
        _fill(store, register, count)
        began = time.perf_counter()
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("archive", total=None)
            done = archive.make(
                *(store, register, "2026-03", folder / "archives", None),
                key=key,
                by="bench",
                at=datetime(2026, 4, 2, tzinfo=UTC),
                progress=lambda n, of: bar.update(task, completed=n, total=of),
            )
        took = time.perf_counter() - began
        began = time.perf_counter()
        with archive.place(folder / "archives", register.site_id, "2026-03").open("rb") as file:
            if not check(file).ok:
                raise SystemExit("the archive does not verify")
        checked = time.perf_counter() - began
        store.close()
    table = Table(title=f"archive of a month (load {os.getloadavg()[0]:.1f})")
    for column in ("entries", "seconds", "goal", "checked in", "file", "server", "typesetting"):
        table.add_column(column)
    own, child = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    size = f"{done.size / 1e6:.1f} MB"
    table.add_row(f"{count:,}", f"{took:.1f}", "60", f"{checked:.1f} s", size, f"{own} MB", f"{child} MB")
    Console().print(table)


def _fill(store: Store, register: Register, count: int) -> None:
    """Half what people wrote, half what the system did, spread over March."""
    dice, people = Random(7), sorted(register.people)
    places = [zone.name.zh for zone in register.zones.values()]
    start, step = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=30) / count
    for first in range(0, count, 1000):
        lines = []
        for i in range(first, min(first + 1000, count)):
            at, by = start + i * step, dice.choice(people)
            said = dice.choice(SAID).format(place=dice.choice(places), n=dice.randrange(10, 60))
            if i % 2:
                data = {**written(register, Draft({"text": said}), by, at), "attachments": []}
                lines.append(Line(at, "log.written", by, f"zone/{dice.choice(sorted(register.zones))}", data))
            else:
                lines.append(Line(at, "alert.raise", "system", f"alert/{i}", {"kind": "fire.alarm", "number": i}))
        with store.begin([register.site_id]) as tx:
            entries.append(tx, register.site_id, lines)
