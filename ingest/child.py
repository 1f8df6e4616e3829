"""A child process that does not outlive us.

Linux tells the child when its parent dies (PR_SET_PDEATHSIG); elsewhere only an orderly stop ends it. The kernel means the
parent *thread*, so each child is started by a thread of its own, which waits for it.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

Child = subprocess.Popen[bytes]

# Asked from the child itself, between fork and exec, by a tiny interpreter: a `preexec_fn` is unsafe beside threads.
_TIE = """
import ctypes, os, sys
parent, sign, *command = sys.argv[1:]
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, int(sign), 0, 0, 0)
    if os.getppid() != int(parent):
        os._exit(1)
os.execv(command[0], command)
"""


def spawn(
    command: Sequence[str],
    log: Path,
    *,
    at_our_death: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
) -> Child:
    """Start `command` (an absolute path and its arguments), its output appended to `log`, in a process group of its own:
    Ctrl-C at the terminal is ours to pass on. `env` is its whole environment; ours, if it has none of its own.
    """
    tie = [sys.executable, "-IS", "-c", _TIE, str(os.getpid()), str(int(at_our_death))]
    outcome: queue.SimpleQueue[Child | OSError] = queue.SimpleQueue()

    def parent() -> None:
        try:
            with log.open("ab") as out:
                child = subprocess.Popen(
                    [*tie, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                    env=env,
                )
        except OSError as wrong:
            outcome.put(wrong)
            return
        outcome.put(child)
        child.wait()

    threading.Thread(target=parent, name=f"parent of {Path(command[0]).name}", daemon=True).start()
    started = outcome.get()
    if isinstance(started, OSError):
        raise started
    return started


def end(child: Child, patience: float = 5.0) -> int:
    """Ask a child to stop, insist after `patience` seconds, and return its exit code."""
    if child.poll() is None:
        child.terminate()
    try:
        return child.wait(patience)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
