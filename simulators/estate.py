"""A site's gateways as child processes of ours, and a story played through them: what `make demo` lives on."""

import asyncio
import contextlib
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from core.clock import Clock
from ingest.child import end, spawn
from ingest.ports import free_port
from simulators.player import Mouth, play
from simulators.sayings import Stream
from simulators.story import STORIES, stream
from sites.register import Register

log = logging.getLogger("simulators.estate")

RUNTIME: Final = "estate.json"
_HOST: Final = "127.0.0.1"
_WATCH_S: Final = 0.5


class Runtime(msgspec.Struct, frozen=True):
    """What `watchroom sim trigger` must know of a running estate: intake ports, and each device's gateway."""

    site: str
    gateways: dict[str, int]
    devices: dict[str, str]


class Child:
    """One gateway process: started, and started again on the same port and spool if it dies."""

    def __init__(self, register: Register, gateway: str, broker: str, password: str | None, folder: Path) -> None:
        self.gateway = gateway
        self.port = free_port(_HOST)
        self._folder = folder
        self._command = [
            *(sys.executable, "-m", "app", "gateway", "run", "--site", register.site_id, "--id", gateway),
            *("--broker", broker, "--spool", str(folder / f"{gateway}.spool"), "--intake", str(self.port)),
        ]
        if password is not None:
            secret = folder / f"{gateway}.password"
            secret.touch(mode=0o600)
            secret.write_text(password)
            self._command += ["--password-file", str(secret)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id, once it was started."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it; it dies with the thread that calls this."""
        self._process = spawn(self._command, self._folder / f"{self.gateway}.log")

    def stop(self) -> None:
        """Let it drain, then end it."""
        if self._process is not None:
            end(self._process)


async def run_estate(
    register: Register,
    broker_url: str,
    passwords: Mapping[str, str | None],
    data_dir: Path,
    now: Clock,
    stopping: asyncio.Event,
    *,
    story: str | None = "demo",
    seed: int = 1,
    speed: float = 1.0,
) -> None:
    """Run every gateway of the site and play a story until told to stop; then let the gateways drain.

    `passwords` by gateway. Writes `estate.json` into `data_dir` while it runs.
    """
    told = None if story is None else stream(STORIES[story], register, seed, now())
    data_dir.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - once, at start
    children = [Child(register, g, broker_url, passwords.get(g), data_dir) for g in register.gateways]
    gateways = {child.gateway: child.port for child in children}
    runtime = Runtime(register.site_id, gateways, {d.id: d.gateway for d in register.devices.values()})
    for child in children:
        child.start()
    (data_dir / RUNTIME).write_bytes(msgspec.json.encode(runtime))
    telling = asyncio.create_task(_tell(told, runtime, speed, now, stopping), name="story")
    try:
        while not stopping.is_set():
            for child in children:
                if not child.alive:
                    log.warning("estate.restarts", extra={"gateway": child.gateway})
                    child.start()
            await _pause(stopping)
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        (data_dir / RUNTIME).unlink(missing_ok=True)
        await asyncio.gather(*(asyncio.to_thread(child.stop) for child in children))


def as_role(
    register: Register,
    broker_url: str,
    passwords: Mapping[str, str | None],
    data_dir: Path,
    now: Clock,
    *,
    story: str | None = "demo",
    seed: int = 1,
) -> Callable[[threading.Event], None]:
    """The estate as a role of a process whose roles are threads."""

    async def live(told: threading.Event) -> None:
        stopping = asyncio.Event()
        running = asyncio.create_task(
            run_estate(register, broker_url, passwords, data_dir, now, stopping, story=story, seed=seed)
        )
        while not told.is_set() and not running.done():  # noqa: ASYNC110 - a thread tells us
            await asyncio.sleep(0.1)
        stopping.set()
        await running

    return lambda told: asyncio.run(live(told))


async def _tell(told: Stream | None, runtime: Runtime, speed: float, now: Clock, stopping: asyncio.Event) -> None:
    if told is None:
        return
    mouths = {gateway: Mouth(_HOST, port) for gateway, port in runtime.gateways.items()}
    by_device = {device: mouths[gateway] for device, gateway in runtime.devices.items()}
    try:
        await play(told, by_device, now, stopping, speed=speed)
    except Exception:
        log.exception("story.broke_off")
        raise
    finally:
        for mouth in mouths.values():
            await mouth.close()


async def _pause(stopping: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_WATCH_S):
            await stopping.wait()
