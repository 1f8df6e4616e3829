"""What the path costs in instructions, counted by valgrind: the same to a thousandth on an idle machine and on a busy one,
so that a change of one percent shows. The database's own work counts where it is done in our process (SQLite).
"""

import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.imports import import_site
from bench.load import GATEWAY, SITE, events, register
from bench.rig import ROOT
from core import wire
from ingest.batches import BATCH, Message
from ingest.desks import Desks
from ingest.flow import Flow
from sites.pack import digest
from store.db import Store
from store.migrate import upgrade
from store.telemetry import SqlTelemetry
from tests.servers import Postgres

WARM = 5 * BATCH  # until every device has something wrong with it
STORES = ("sqlite", "postgresql")


def run(count: int) -> None:
    """Print instructions an event on each store, over `count` events."""
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is missing: apt-get install valgrind")
    table = Table(title=f"the path alone, {count} events of which 20 % open an alert, {BATCH} a batch")
    table.add_column("store")
    table.add_column("instructions an event", justify="right")
    for store in STORES:
        table.add_row(store, f"{counted(store, count):,}")
    Console().print(table)


def counted(store: str, count: int) -> int:
    """Instructions an event of a server that hears `count` of them."""
    with tempfile.TemporaryDirectory(prefix="watchroom-bench-") as folder:
        tool = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={Path(folder) / 'counts'}"]
        ran = subprocess.run(
            [*tool, sys.executable, "-m", "bench.instructions", store, str(count)],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode or found is None:
        raise RuntimeError(f"nothing was counted:\n{ran.stderr[-2000:]}")
    return int(found[1]) // count


def hear(url: str, count: int) -> None:
    """In the process that is counted: everything is made ready first."""
    topic = wire.topic(SITE, GATEWAY, wire.Channel.EVENTS)
    messages = [Message(topic, payload, False, 1, 0, False) for payload in events(WARM + count)]
    db, desks, made = Store(url), Desks(), register()
    upgrade(db)
    import_site(db, desks, made, digest(made), datetime.now(UTC), "system")
    flow = Flow(db, desks, SqlTelemetry(db), lambda: datetime.now(UTC), lambda *_: None)
    gc.collect()
    gc.freeze()
    for n in range(0, len(messages), BATCH):
        if n == WARM:
            _count("on")
        flow.handle(messages[n : n + BATCH])
    _count("off")
    db.close()


def _count(how: str) -> None:
    subprocess.run(["callgrind_control", "-i", how, str(os.getpid())], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    STORE, COUNT = sys.argv[1], int(sys.argv[2])
    if STORE == "sqlite":
        hear("sqlite://", COUNT)
    else:
        SERVER = Postgres()
        SERVER.start()
        try:
            SERVER._admin("CREATE DATABASE bench")
            hear(SERVER.url("bench"), COUNT)
        finally:
            SERVER.stop()
