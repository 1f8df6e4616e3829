"""A whole system of real processes that a test may kill: an input, a gateway, a broker, a server.

The input writes a history: what it tried to say, and what the gateway said was safe (after its fsync). Everything is
judged against that history afterwards.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.imports import import_site
from core.ids import fresh
from ingest.credentials import gateway_password
from ingest.desks import Desks
from ingest.ports import free_port
from sites.pack import digest
from store.db import Store
from store.migrate import upgrade
from tests.night import HARBOUR
from tests.servers import Broker

ROOT = Path(__file__).parents[2]
SECRET = "d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204"
KINDS = ("device.heartbeat", "water.leak", "water.restore", "access.denied", "fire.fault", "fire.restore", "fire.alarm")
DEVICES = ("B2-07", "L-1", "D-1", "R-1")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Process:
    """One program of ours, started again after each kill."""

    name: str
    command: list[str]
    env: dict[str, str]
    log: Path
    child: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "app", *self.command],
                cwd=ROOT,
                env=os.environ | self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.starts += 1

    def kill(self) -> None:
        assert self.child is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def end(self) -> None:
        if self.child is None or self.child.poll() is not None:
            return
        self.child.terminate()
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class History:
    """What was said to the gateway, and what it promised to keep."""

    tried: set[str] = field(default_factory=set)
    promised: set[str] = field(default_factory=set)


class Input(threading.Thread):
    """Says events at a steady rate through the gateway's door; comes back whenever that is open."""

    def __init__(self, port: int, rate: float, seed: int) -> None:
        super().__init__(daemon=True)
        self.history = History()
        self.stopping = threading.Event()
        self._port, self._rate, self._chance = port, rate, random.Random(seed)

    def run(self) -> None:
        while not self.stopping.is_set():
            with (
                contextlib.suppress(OSError, ValueError),
                socket.create_connection(("127.0.0.1", self._port), 2) as door,
            ):
                door.settimeout(5)
                self._talk(door)
            self.stopping.wait(0.05)

    def _talk(self, door: socket.socket) -> None:
        answers = door.makefile("rb")
        while not self.stopping.is_set():
            event_id = fresh(now())
            line = {"id": event_id, "device": self._chance.choice(DEVICES), "kind": self._chance.choice(KINDS)}
            self.history.tried.add(event_id)
            door.sendall(json.dumps(line).encode() + b"\n")
            answer = json.loads(answers.readline())
            if answer.get("ok"):
                self.history.promised.add(event_id)
            self.stopping.wait(1 / self._rate)


class System:
    """Everything, in one folder."""

    def __init__(self, folder: Path, broker: Broker, store_url: str, seed: int, rate: float = 150) -> None:
        self.folder, self.broker = folder, broker
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "secret").write_text(SECRET)
        self.store_url = store_url
        db = Store(store_url)
        upgrade(db)
        import_site(db, Desks(), HARBOUR, digest(HARBOUR), now(), "system")
        db.close()
        self.intake = free_port()
        self.url = f"mqtt://127.0.0.1:{broker.port}"
        env = {
            "WATCHROOM_DATA": str(folder / "data"),
            "WATCHROOM_STORE": store_url,
            "WATCHROOM_SECRET_FILE": str(folder / "secret"),
            "WATCHROOM_BROKER": self.url,
            "WATCHROOM_PORT": "0",
            "GW_PASSWORD": gateway_password(SECRET.encode(), "harbour", "gw-a", 1),
        }
        gateway = ["gateway", "run", "--site", "harbour", "--id", "gw-a", "--broker", self.url, "--spool"]
        gateway += [str(folder / "spool.db"), "--intake", str(self.intake), "--password-env", "GW_PASSWORD"]
        self.server = Process("server", ["up"], env, folder / "server.log")
        self.gateway = Process("gateway", [*gateway, "--stall-s", "2"], env, folder / "gateway.log")
        self.input = Input(self.intake, rate, seed)

    def start(self) -> None:
        self.server.start()
        self.gateway.start()
        self.input.start()
        self.until(lambda: self.rows() > 0, 60, "the first event")

    def strike(self, victim: str) -> None:
        """Kill one part as a power cut would, and start it again."""
        if victim == "broker":
            self.broker.kill()
            self.broker.start()
        else:
            process = self.server if victim == "server" else self.gateway
            process.kill()
            process.start()

    def rows(self) -> int:
        db = Store(self.store_url)
        try:
            with db.read() as conn:
                return int(conn.exec_driver_sql("SELECT COUNT(*) FROM event").scalar() or 0)
        finally:
            db.close()

    def missing(self) -> set[str]:
        """What was promised and is not there (yet)."""
        return self.input.history.promised - set(self.stored())

    def stored(self) -> list[str]:
        db = Store(self.store_url)
        try:
            with db.read() as conn:
                return [r[0] for r in conn.exec_driver_sql("SELECT id FROM event")]
        finally:
            db.close()

    def until(self, done: object, patience: float, what: str) -> None:
        end = time.monotonic() + patience
        while not done():  # type: ignore[operator]
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come within {patience:.0f} s; logs in {self.folder}")
            time.sleep(0.3)

    def heal(self, patience: float = 60) -> None:
        """No more faults and no more input: everything promised must arrive."""
        self.input.stopping.set()
        self.input.join(10)
        self.until(lambda: not self.missing(), patience, "what the gateway promised")

    def end(self) -> None:
        self.input.stopping.set()
        self.gateway.end()
        self.server.end()
