"""Roles of a process: each a thread that is started, watched, and started again with back-off when it fails."""

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from app.clock import now

log = structlog.get_logger()

Run = Callable[[threading.Event], None]
LONGEST_PAUSE = 10.0
STEADY_AFTER = 30.0  # a role that ran this long starts its back-off anew


@dataclass
class Role:
    """One role and how it fares."""

    name: str
    run: Run
    state: str = "waiting"
    restarts: int = 0
    trouble: str = ""
    since: datetime | None = None
    thread: threading.Thread | None = field(default=None, repr=False)


def every(seconds: float, act: Callable[[], object]) -> Run:
    """A role that acts, waits, and acts again."""

    def run(stopping: threading.Event) -> None:
        while not stopping.is_set():
            act()
            stopping.wait(seconds)

    return run


class Roles:
    """All roles of this process."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.all: dict[str, Role] = {}

    def add(self, name: str, run: Run) -> None:
        """Add a role; it starts with `start`."""
        self.all[name] = Role(name, run)

    def start(self) -> None:
        """Start every role in a thread of its own."""
        # What was loaded so far lives as long as we do, and the path makes many values that die young and hold no rings:
        # looking at all of it again and again cost a tenth of the rate.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        for role in self.all.values():
            role.thread = threading.Thread(target=self._keep, args=(role,), name=role.name, daemon=True)
            role.thread.start()

    def stop(self, patience: float = 10.0) -> None:
        """Ask every role to finish what it has in hand, and wait."""
        self.stopping.set()
        until = time.monotonic() + patience
        for role in self.all.values():
            if role.thread is not None:
                role.thread.join(max(0.0, until - time.monotonic()))
                if role.thread.is_alive():
                    log.warning("role.would_not_stop", role=role.name)

    def _keep(self, role: Role) -> None:
        pause = 0.5
        while not self.stopping.is_set():
            started = time.monotonic()
            role.state, role.since = "running", now()
            try:
                role.run(self.stopping)
            except OperationalError as away:  # the store is away: one line says it all
                role.trouble = str(away.orig)
                log.warning("role.store_away", role=role.name, error=role.trouble)
            except Exception as wrong:  # the top of a supervised loop: say it, wait, go on
                role.trouble = repr(wrong)
                log.exception("role.failed", role=role.name)
            if self.stopping.is_set():
                break
            if time.monotonic() - started > STEADY_AFTER:
                pause = 0.5
            role.state, role.restarts = "restarting", role.restarts + 1
            self.stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        role.state = "stopped"
