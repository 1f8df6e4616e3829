"""`python -m duty.solver SECONDS MEGABYTES`: a problem on standard input, outcomes on standard output, one a line.

Each line is better than the one before it, and the last is what counts. Started by `duty.solver.run`.
"""

import resource
import sys
import time
from typing import Final

import msgspec

from duty.solver.clash import clash
from duty.solver.problem import Answer, GaveUp, Outcome, Problem, Why

STARTING: Final = 0.5  # what it took to come here, and what it takes to stop


def main(seconds: float, megabytes: int) -> None:
    """Solve what stands on standard input, within these limits."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(2 * seconds) + 60,) * 2)  # should nobody be left to end us
    began = time.perf_counter()
    problem = msgspec.json.decode(sys.stdin.buffer.read(), type=Problem)
    try:
        _say(_solved(problem, began + seconds - STARTING))
    except MemoryError:
        _say(GaveUp(Why.MEMORY, f"more than {megabytes} MB"))


def _solved(problem: Problem, until: float) -> Outcome:
    from duty.solver import model  # half a second, and tens of megabytes

    found = model.best(problem, until - time.perf_counter(), _say)
    return found or clash(problem, until - time.perf_counter(), model.core, model.possible)


def _say(outcome: Outcome | Answer) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
