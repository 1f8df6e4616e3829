"""What a scenario file is refused for."""

from collections.abc import Sequence

from core.errors import Refusal
from sites.errors import Fault


class ScenarioRefused(Refusal):
    """The scenario cannot be read. `errors` holds every fault, each with file and line."""

    code = "scenario_refused"
    status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.errors = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.errors), errors=[str(fault) for fault in self.errors])


class Wrong(Exception):  # noqa: N818 - never leaves this package: becomes a fault of its line
    """Something in a line that cannot be."""
