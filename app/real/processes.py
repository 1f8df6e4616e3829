"""The processes of a real scenario run: `watchroom up` with its broker, and a gateway each, all on the conducted clock.

They run the very commands that anybody would, are killed without a word where the scenario says so, and none outlives us.
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from app.clock import VARIABLE
from app.real.nursery import Process, nursery
from app.real.shores import HOST
from ingest.child import spawn
from ingest.ports import free_port
from sites.register import Gateway

ROOT: Final = Path(__file__).parents[2]
PATIENCE_S: Final = 30.0
_LOOK_S: Final = 0.002
_LINES: Final = 100  # said to an intake before its answers are read


class Broken(RuntimeError):  # noqa: N818 - what has become of the run
    """The processes did not do what every run needs, whatever its scenario; the message says what was waited for."""


def until(seen: Callable[[], bool], what: Callable[[], str], patience_s: float = PATIENCE_S) -> None:
    """Wait in real time until `seen`. Raises Broken with `what` was waited for."""
    ends = time.monotonic() + patience_s
    while not seen():
        if time.monotonic() > ends:
            raise Broken(f"not within {patience_s:g} s: {what()}")
        time.sleep(_LOOK_S)


def environment(clock: Path, **settings: object) -> dict[str, str]:
    """Ours without any setting of the real building that this machine may serve."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("WATCHROOM_")}
    ours = {f"WATCHROOM_{k.upper()}": str(v) for k, v in settings.items()}
    path = os.pathsep.join([str(ROOT), *filter(None, [plain.get("PYTHONPATH")])])
    return plain | ours | {VARIABLE: str(clock), "PYTHONUNBUFFERED": "1", "PYTHONPATH": path}


def start(words: Sequence[str], log: Path, env: Mapping[str, str]) -> Process:
    """`watchroom WORDS…` in a process of its own, which does not outlive us."""
    if hasattr(os, "pidfd_open"):
        return nursery({k: v for k, v in env.items() if not k.startswith("WATCHROOM_")}).bear(words, log, env)
    return spawn([sys.executable, "-m", "app", *words], log, at_our_death=signal.SIGKILL, env=env)


def stop(process: Process, patience_s: float = 5.0) -> None:
    """Ask it to stop, and insist after a while."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Server:
    """The server and its embedded broker on a data folder."""

    def __init__(self, data: Path, env: Mapping[str, str]) -> None:
        self.data = data
        self.url_port = 0
        self.broker_port = free_port(HOST)
        self._env = env
        self._log = data / "server.log"
        self._process: Process | None = None

    @property
    def up(self) -> bool:
        """Whether it runs, or should: a scenario stops it, and nothing else may."""
        return self._process is not None

    def start(self) -> None:
        """Start it and return when its pages are open. Raises Broken."""
        read = self._log.stat().st_size if self._log.exists() else 0
        env = {**self._env, "WATCHROOM_BROKER_PORT": str(self.broker_port)}
        self._process = start(["up", "--data", str(self.data), "--port", "0"], self._log, env)

        def opened() -> bool:
            found = re.search(r"^open http://[^:]+:(\d+)/", self._said(read), re.MULTILINE)
            self.url_port = int(found[1]) if found else 0
            return bool(self.url_port) or not self.alive()

        until(opened, lambda: f"the server opens its pages\n{self.last_words()}")
        if not self.alive():
            raise Broken(f"the server ended at its start\n{self.last_words()}")

    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Without a word; its broker dies with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            until(lambda: not _listens(self.broker_port), lambda: "the broker dies with its server")

    def stop(self) -> None:
        """In good order."""
        if self._process is not None:
            stop(self._process)
            self._process = None

    def kill_broker(self, *, forget: bool) -> None:
        """Without a word; the server starts it again. `forget`: from an empty store."""
        folder = self.data / "broker"
        pid = self._broker_pid()
        if forget:  # out of its reach in one step, before it dies: it must not come back to half a store
            (folder / "store").rename(folder / "forgotten")
        os.kill(pid, signal.SIGKILL)
        if forget:
            shutil.rmtree(folder / "forgotten")
        until(lambda: self._broker_pid() != pid and _listens(self.broker_port), lambda: "the broker is back")

    def last_words(self, lines: int = 25) -> str:
        """The end of its log."""
        return "\n".join(self._said(0).splitlines()[-lines:])

    def ask(
        self, method: str, path: str, token: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """(status, answer) of one request by whoever holds the session `token`. Raises Broken when nobody answers."""
        headers = {"X-Watchroom": "1", "Cookie": f"watchroom={token}", "Content-Type": "application/json"}
        talk = http.client.HTTPConnection(HOST, self.url_port, timeout=PATIENCE_S)
        try:
            content = None if body is None else json.dumps(body).encode()
            talk.request(method, f"/api/v1{path}", content, headers)
            answer = talk.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as wrong:
            raise Broken(f"{method} {path}: {wrong!r}\n{self.last_words()}") from wrong
        finally:
            talk.close()

    def _broker_pid(self) -> int:
        with suppress(OSError, ValueError):
            return int((self.data / "broker" / "broker.pid").read_text())
        return 0

    def _said(self, after: int) -> str:
        if not self._log.exists():
            return ""
        with self._log.open("rb") as file:
            file.seek(after)
            return file.read().decode(errors="replace")


class Edge:
    """One gateway process, spoken to through its local intake."""

    def __init__(
        self,
        site: str,
        gateway: Gateway,
        password: str,
        wire_port: int,
        folder: Path,
        door: Path,
        env: Mapping[str, str],
    ) -> None:
        self.id = gateway.id
        self.supervision_s = gateway.supervision_s
        self._door = door
        self._log = folder / f"{gateway.id}.log"
        self._env = env
        secret = folder / f"{gateway.id}.password"
        secret.write_text(password)
        self._words = [
            *("gateway", "run", "--site", site, "--id", gateway.id),
            *("--broker", f"mqtt://{HOST}:{wire_port}", "--password-file", str(secret)),
            *("--spool", str(folder / f"{gateway.id}.spool"), "--intake-path", str(door)),
            *("--status-s", str(gateway.supervision_s / 3)),
        ]
        self._process: Process | None = None
        self._talk: socket.socket | None = None

    def start(self) -> None:
        """Start it; whoever speaks to it waits until it listens."""
        self._process = start(self._words, self._log, self._env)

    def kill(self) -> None:
        """Without a word: what it took is in its spool."""
        self._hang_up()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def leave(self) -> None:
        """Ask it to stop; `stop` waits for that."""
        self._hang_up()
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """In good order."""
        self._hang_up()
        if self._process is not None:
            stop(self._process)
            self._process = None

    def say(self, lines: Sequence[bytes]) -> list[dict[str, Any]]:
        """Say lines to the intake; the answers come when they are safe. Raises Broken when one is refused."""
        answers: list[dict[str, Any]] = []
        while len(answers) < len(lines):
            part = lines[len(answers) : len(answers) + _LINES]
            answers += self._exchange(b"".join(line + b"\n" for line in part), len(part))
        for line, answer in zip(lines, answers, strict=True):
            if not answer.get("ok"):
                raise Broken(f"gateway {self.id} refuses {line!r}: {answer.get('error')}")
        return answers

    def status(self) -> dict[str, Any]:
        """What it says about itself: its boot, whether it is `linked`, how much waits for a receipt."""
        return self.say([b'{"ask": "status"}'])[0]

    def _exchange(self, said: bytes, count: int) -> list[dict[str, Any]]:
        if self._talk is None:
            self._talk = self._connect()
        self._talk.sendall(said)
        heard = b""
        while heard.count(b"\n") < count:
            more = self._talk.recv(1 << 16)
            if not more:
                raise Broken(f"gateway {self.id} hung up\n{self._log.read_text(errors='replace')[-2000:]}")
            heard += more
        return [json.loads(line) for line in heard.splitlines()]

    def _connect(self) -> socket.socket:
        made: list[socket.socket] = []

        def listens() -> bool:
            talk = socket.socket(socket.AF_UNIX)
            try:
                talk.connect(str(self._door))
            except OSError:
                talk.close()
                if self._process is not None and self._process.poll() is not None:
                    raise Broken(f"gateway {self.id} ended\n{self._log.read_text(errors='replace')[-2000:]}") from None
                return False
            talk.settimeout(PATIENCE_S)
            made.append(talk)
            return True

        until(listens, lambda: f"gateway {self.id} listens")
        return made[0]

    def _hang_up(self) -> None:
        if self._talk is not None:
            self._talk.close()
            self._talk = None


def _listens(port: int) -> bool:
    with socket.socket() as talk:
        return talk.connect_ex((HOST, port)) == 0
