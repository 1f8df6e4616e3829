"""The solver's jobs of this process: one at a time, each in a thread that waits for a process of its own.

The thread never holds the store while it waits, the job's process is bound in time and memory, and closing ends both.
"""

import threading
import time
from collections.abc import Collection
from typing import Final

import structlog

from core.clock import Clock
from core.errors import Refusal
from duty import solving_acts
from duty.solver.errors import CalledOff, SolverBusy
from duty.solver.problem import Answer, Problem
from duty.solver.run import solve
from duty.solving_store import Solve, SolveState
from ingest.desks import Desks
from sites.register import Role
from store.db import Store

EVERY: Final = 1.0  # seconds between two notes of progress

log = structlog.get_logger()


class Solving:
    """Who solves what here now."""

    def __init__(self, store: Store, desks: Desks, now: Clock) -> None:
        self.store, self.desks, self.now = store, desks, now
        self._lock = threading.Lock()
        self._taken: str | None = None
        self._off = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def open(self) -> None:
        """Take jobs from now on."""
        with self._lock:
            self._closed = False

    def take(self, site: str) -> None:
        """Keep the solver for a site, before its job is noted. Raises `SolverBusy`: another's job runs here."""
        with self._lock:
            if self._closed or self._taken is not None:
                raise SolverBusy
            self._taken, self._off = site, threading.Event()

    def let_go(self) -> None:
        """The job that the solver was kept for did not come about, or is over."""
        with self._lock:
            self._taken = None

    def start(self, job: Solve, problem: Problem, roles: Collection[Role]) -> None:
        """Begin, in a thread, what the solver was kept for."""
        run = threading.Thread(target=self._run, args=(job, problem, roles, self._off), name=f"solver of {job.site_id}")
        self._thread = run
        run.start()

    def call_off(self, site: str) -> None:
        """End the job of a site, if it runs here."""
        with self._lock:
            if self._taken == site:
                self._off.set()

    def close(self) -> None:
        """End whatever runs, and wait for it."""
        with self._lock:
            self._closed = True
            self._off.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, job: Solve, problem: Problem, roles: Collection[Role], off: threading.Event) -> None:
        try:
            self._solve(job, problem, roles, off)
        except CalledOff:
            self._give_up(job, SolveState.CALLED_OFF, "called_off")
        except Refusal as refused:
            self._give_up(job, SolveState.FAILED, refused.code)
        except Exception:
            log.exception("roster.solve_failed", site=job.site_id, job=job.id)
            self._give_up(job, SolveState.FAILED, "fault")
        finally:
            self.let_go()

    def _solve(self, job: Solve, problem: Problem, roles: Collection[Role], off: threading.Event) -> None:
        found, told = 0, 0.0

        def progress(answer: Answer) -> None:
            nonlocal found, told, job
            found += 1
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                with self.store.begin([job.site_id]) as tx:
                    job = solving_acts.better(tx, job, answer, found)

        outcome = solve(problem, job.seconds, progress, off=off)
        with self.store.begin([job.site_id]) as tx:
            register = self.desks.register(tx.conn, job.site_id)
            if register is None:
                raise CalledOff
            solving_acts.end(tx, register, solving_acts.counted(job, found), problem, outcome, roles, self.now())

    def _give_up(self, job: Solve, state: SolveState, why: str) -> None:
        try:
            with self.store.begin([job.site_id]) as tx:
                solving_acts.give_up(tx, job, state, why, self.now())
        except Exception:
            log.exception("roster.solve_lost", site=job.site_id, job=job.id)
