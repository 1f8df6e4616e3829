"""Solve a roster in a process of its own, with limits on time and memory, and believe its answer only after a look at it."""

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

import msgspec

from duty.solver.check import broken, costs
from duty.solver.errors import CalledOff, NoSolver
from duty.solver.problem import Answer, GaveUp, Outcome, Problem, Why
from duty.solver.rules import checked

MEGABYTES: Final = 2048  # of addresses: the solver and its libraries reserve about 1 GB and use a quarter of it
PATIENCE: Final = 10.0  # what starting takes on a busy machine, and ending
PULSE: Final = 0.2  # how soon it is seen that the solving was called off
_ROOT: Final = Path(__file__).parents[2]

Progress = Callable[[Answer], None]


class UnsoundAnswer(Exception):  # noqa: N818 - a fault of ours, never the caller's
    """The solver's answer breaks a rule; it was not handed on."""


def solve(
    problem: Problem,
    seconds: float,
    progress: Progress | None = None,
    *,
    megabytes: int = MEGABYTES,
    off: threading.Event | None = None,
) -> Outcome:
    """A roster, the rules that clash, or why neither is known; after about `seconds`, never much later.

    Blocks: call it from a thread. `progress` is told each better roster as it is found, in the calling thread; what it
    raises ends the solving. Setting `off` ends it at once, with `CalledOff`. Refused: a problem that makes no sense (`invalid`, with the
    field), and any problem where OR-Tools is not installed (`solver_missing`).
    """
    checked(problem)
    if find_spec("ortools") is None:
        raise NoSolver
    child_sees = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)}
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as complaints:
        asked.write(msgspec.json.encode(problem))
        asked.seek(0)
        with subprocess.Popen(
            _command(seconds, megabytes),
            stdin=asked,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=child_sees,
            process_group=0,
        ) as child:
            try:
                outcome = _last_word(child, problem, seconds, progress, off or threading.Event())
            finally:
                child.kill()
        return outcome or _why(child.returncode, complaints)


def _command(seconds: float, megabytes: int) -> list[str]:
    return [sys.executable, "-m", "duty.solver", str(seconds), str(megabytes)]


def _last_word(
    child: subprocess.Popen[bytes],
    problem: Problem,
    seconds: float,
    progress: Progress | None,
    off: threading.Event,
) -> Outcome | None:
    """What the child said last; at its deadline, the best roster so far."""
    lines, deadline = queue.SimpleQueue[bytes](), time.monotonic() + seconds + PATIENCE
    threading.Thread(target=_read, args=(child.stdout, lines), name="solver's answers", daemon=True).start()
    said: Outcome | None = None
    while True:
        if off.is_set():
            raise CalledOff
        left = deadline - time.monotonic()
        try:
            line = lines.get(timeout=min(PULSE, max(0.0, left)))
        except queue.Empty:
            if left > 0:
                continue
            return said or GaveUp(Why.TIME, f"not done after {seconds + PATIENCE:g} s")
        if not line:
            return said
        now: Outcome = msgspec.json.decode(line, type=Outcome)
        if isinstance(now, Answer):
            _look(problem, now)
            if progress is not None:
                progress(now)
        elif isinstance(said, Answer):
            return said  # it gave up bettering it
        said = now


def _read(pipe: IO[bytes] | None, lines: "queue.SimpleQueue[bytes]") -> None:
    if pipe is not None:
        with contextlib.suppress(ValueError):  # closed under us, when the solving was called off
            for line in pipe:
                lines.put(line)
    lines.put(b"")


def _look(problem: Problem, answer: Answer) -> None:
    wrong = broken(problem, answer.cells)
    if wrong or answer.costs != costs(problem, answer.cells):
        raise UnsoundAnswer(f"{wrong[:3]}")


def _why(returncode: int, complaints: IO[bytes]) -> GaveUp:
    complaints.seek(0)
    said = complaints.read().decode("utf-8", "replace").strip()
    memory = "bad_alloc" in said or "MemoryError" in said or "Cannot allocate memory" in said
    return GaveUp(Why.MEMORY if memory else Why.CRASHED, f"exit {returncode}: {said[-500:]}")
