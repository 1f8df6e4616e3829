"""What the API answers to a phone about its taps (see `api.shapes`)."""

from typing import Literal

from api.shapes import Shape


class TapRound(Shape):
    """How a tap's point stands now in a round that it may count for."""

    round: str
    point: str


class TapOutcome(Shape):
    """What became of a tap; `findings`: the tasks whose answers somebody must hear of."""

    id: str
    outcome: Literal["counted", "duplicate", "flagged"]
    flags: list[str]
    checkpoint: str | None
    rounds: list[TapRound]
    findings: list[str]


class TapOutcomes(Shape):
    """One outcome a tap, in the order in which they were sent."""

    items: list[TapOutcome]
