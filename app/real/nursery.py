"""Processes that start quickly: a nursery has loaded the libraries that server and gateway are made of, and forks into either.

What runs afterwards is the command itself, in a process of its own; only the loading, two thirds of a start, is done once.
A nursery ends with the process that asked for it, and all that it bore with it. Linux alone; elsewhere everybody loads for
themselves.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Protocol

# Nothing that reads the environment while it is loaded: `app.clock` does, and each child has a clock of its own.
LOADED: Final = (
    *("typer", "pydantic_settings", "uvicorn.loops.auto", "uvicorn.protocols.http.auto", "uvicorn.lifespan.on"),
    *("api.app", "api.serving", "gateway.process", "ingest.broker", "ingest.flow", "ingest.sweep", "logbook.keys"),
    *("notify.flow", "store.migrate", "store.telemetry"),
)
_DEATHSIG, _NAME = 1, 15


class Process(Protocol):
    """A child of ours, by whatever way it came."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class Born:
    """A process that a nursery bore: as much of `Popen` as we use. Its exit code is its nursery's secret: 0 here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """0 once it has ended."""
        return 0 if self._fd < 0 or self._ended(0) else None

    def terminate(self) -> None:
        """Ask it to stop."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        if self._fd >= 0 and not self._ended(timeout):
            raise subprocess.TimeoutExpired("a born process", timeout or 0)
        return 0

    def _ended(self, timeout: float | None) -> bool:
        if not select.select([self._fd], [], [], timeout)[0]:
            return False
        os.close(self._fd)
        self._fd = -1
        return True

    def _send(self, sign: signal.Signals) -> None:
        if self._fd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._fd, sign)


class Nursery:
    """Ours, in a process of its own."""

    def __init__(self, env: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, process_group=0
        )

    def bear(self, words: Sequence[str], log: Path, env: Mapping[str, str]) -> Born:
        """Start `watchroom WORDS…` with this environment, its output appended to `log`."""
        order = {"words": list(words), "log": str(log), "env": dict(env)}
        asked, told = self._pipes()
        asked.write(json.dumps(order).encode() + b"\n")
        asked.flush()
        return Born(int(told.readline()))

    def close(self) -> None:
        """End it, and whatever it bore."""
        for pipe in self._pipes():
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None  # noqa: S101 - asked for above
        assert told is not None  # noqa: S101
        return asked, told


_ours: dict[int, Nursery] = {}  # by process: a fork of ours has to have its own


def nursery(env: Mapping[str, str]) -> Nursery:
    """The nursery of this process, which is there until it ends."""
    found = _ours.get(os.getpid())
    if found is None:
        found = _ours[os.getpid()] = Nursery(env)
        atexit.register(found.close)
    return found


def serve() -> None:
    """Fork for each line of standard input, until it is closed."""
    for name in LOADED:
        importlib.import_module(name)
    if "app.clock" in sys.modules:
        raise SystemExit("the nursery has read a clock")
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    ours = os.getpid()
    for line in sys.stdin.buffer:
        pid = os.fork()
        if pid == 0:
            _become(ours, **json.loads(line))
        print(pid, flush=True)


def _become(parent: int, words: list[str], log: str, env: dict[str, str]) -> None:
    """In the child: be that command, and end with it. Never returns."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        libc = ctypes.CDLL(None)
        libc.prctl(_DEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        libc.prctl(_NAME, f"wr {words[0]}".encode(), 0, 0, 0)
        os.setpgid(0, 0)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number, source in enumerate((os.open(os.devnull, os.O_RDONLY), out, out)):
            os.dup2(source, number)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = ["watchroom", *words]
        from app.__main__ import main

        main()
        code = 0
    except SystemExit as ends:
        code = ends.code if isinstance(ends.code, int) else int(ends.code is not None)
        if isinstance(ends.code, str):
            print(ends.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - the top of a process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
