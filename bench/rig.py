"""The whole system as it would run, for a bench: broker, `watchroom up` in a process of its own, a site of 400 devices."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.imports import import_site
from bench.load import register
from ingest.credentials import gateway_password
from ingest.desks import Desks
from ingest.ports import free_port
from sites.pack import digest
from sites.register import Register
from store.db import Store
from store.migrate import upgrade
from tests.servers import Mosquitto, Postgres

ROOT = Path(__file__).parents[1]
SECRET = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def slow_disk(folder: Path) -> dict[str, str]:
    """The environment in which every fsync takes a millisecond longer."""
    made = folder / "slow_fsync.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-o", made, Path(__file__).with_name("slow_fsync.c"), "-ldl"], check=True
    )
    return {"LD_PRELOAD": str(made)}


class Server:
    """`watchroom up` on the bench site, or on another."""

    def __init__(
        self,
        folder: Path,
        store_url: str,
        broker_url: str,
        env: dict[str, str],
        site: Register | None = None,
        imported_at: datetime | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        db = Store(store_url)
        upgrade(db)
        made = site or register()
        import_site(db, Desks(), made, digest(made), imported_at or datetime.now(UTC), "system")
        db.close()
        (folder / "secret").write_text(SECRET)
        self.store_url, self.port, self.broker_port = store_url, free_port(), free_port()
        self.password = gateway_password(SECRET.encode(), made.site_id, next(iter(made.gateways)), 1)
        self.log = folder / "server.log"
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "app", "up"],
                cwd=ROOT,
                env=os.environ
                | {
                    "WATCHROOM_DATA": str(folder),
                    "WATCHROOM_STORE": store_url,
                    "WATCHROOM_SECRET_FILE": str(folder / "secret"),
                    "WATCHROOM_BROKER": broker_url,
                    "WATCHROOM_BROKER_PORT": str(self.broker_port),
                    "WATCHROOM_PORT": str(self.port),
                }
                | env,
                stdout=out,
                stderr=out,
                process_group=0,
            )
        self._await()

    def _await(self) -> None:
        until = time.monotonic() + 60
        while self.gauge("watchroom_broker_connected") != 1:
            if time.monotonic() > until or self.child.poll() is not None:
                raise RuntimeError(f"the server did not come up:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def gauge(self, name: str) -> float:
        """One figure of /metrics; 0 while nobody answers."""
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as r,
        ):
            found = re.search(rf"^{name} (\S+)$", r.read().decode(), re.MULTILINE)
            return float(found[1]) if found else 0.0
        return 0.0

    def await_events(self, count: int, patience: float = 120) -> None:
        """Return when the path has committed `count` events."""
        until = time.monotonic() + patience
        while self.gauge("watchroom_events_total") < count:
            if time.monotonic() > until:
                raise RuntimeError(f"only {self.gauge('watchroom_events_total'):.0f} of {count} events came")
            time.sleep(0.05)

    def resident_mb(self) -> float:
        """Memory of the server process, without its broker."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]

    def stop(self) -> None:
        """End it in good order."""
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()


@contextlib.contextmanager
def system(
    folder: Path,
    store: str,
    broker: str,
    *,
    slow: bool = False,
    site: Register | None = None,
    imported_at: datetime | None = None,
) -> Iterator[tuple[Server, int]]:
    """A running server with `store` (sqlite, postgresql) and `broker` (nats, mosquitto), and the broker's port."""
    folder.mkdir(parents=True, exist_ok=True)
    env = slow_disk(folder) if slow else {}
    with contextlib.ExitStack() as leaving:
        if store == "postgresql":
            postgres = Postgres(durable=True, env=env)
            leaving.callback(postgres.stop)
            postgres.start()
            postgres._admin("CREATE DATABASE bench")
            url = postgres.url("bench")
        else:
            url = f"sqlite:///{folder / 'watchroom.db'}"
        broker_url, port = "embedded", 0
        if broker == "mosquitto":
            mosquitto = Mosquitto(folder / "mosquitto")
            mosquitto.start()
            leaving.callback(mosquitto.stop)
            broker_url, port = f"mqtt://127.0.0.1:{mosquitto.port}", mosquitto.port
        server = Server(folder / "server", url, broker_url, env, site, imported_at)
        leaving.callback(server.stop)
        yield server, port or server.broker_port
