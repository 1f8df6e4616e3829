"""What the solver refuses."""

from core.errors import Refusal


class NoSolver(Refusal):
    """Rosters are not solved here: OR-Tools is not installed (`pip install 'watchroom[roster]'`)."""

    code = "solver_missing"
    status = 501
