"""What the solver refuses."""

from core.errors import NotFound, Refusal


class NoSolver(Refusal):
    """Rosters are not solved here: OR-Tools is not installed (`pip install 'watchroom[roster]'`)."""

    code = "solver_missing"
    status = 501


class SolveRunning(Refusal):
    """A roster of this site is being solved already."""

    code = "solve_running"
    status = 409


class SolverBusy(Refusal):
    """Another site's roster is being solved here: try again in a moment."""

    code = "solver_busy"
    status = 503


class NothingToSolve(Refusal):
    """There is no shift to be filled in these seats: neither a rota nor a rotation, nor last month, says which there are."""

    code = "nothing_to_solve"
    status = 409


class NoSolve(NotFound):
    """The roster was never given to the solver."""

    code = "solve_not_found"


class CalledOff(Exception):  # noqa: N818 - how a solving ends that nobody wants any more
    """Somebody called the solving off."""
