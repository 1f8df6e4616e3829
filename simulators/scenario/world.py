"""Who plays a scenario: a virtual house, or running processes. Both tell the same story of the same file."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from simulators.scenario.model import Act, Happening, Scenario, Snapshot, Story


class World(Protocol):
    """A product under a clock that is moved from outside. Begins at the scenario's start with the site imported."""

    def pass_to(self, at: datetime) -> None:
        """Let time go by until `at`; whatever falls due on the way happens when it is due, at `at` too."""

    def do(self, act: Act) -> Happening | None:
        """Do it now and wait until it is committed. A refusal by the product is a happening (topic `refused`)."""

    def look(self) -> Snapshot:
        """How things stand now."""

    def so_far(self) -> Story:
        """Everything that has happened until now; the world goes on."""

    def end(self) -> Story:
        """Stop everything and tell what happened."""

    def close(self) -> None:
        """Give everything back, whether it ended or failed."""


Make = Callable[[Scenario], World]


def play(scenario: Scenario, world: World, on_step: Callable[[datetime], None] = lambda _: None) -> Story:
    """Play a scenario. What is due at an instant comes before what people do at it; expectations look afterwards."""
    looks = sorted(
        {e.at for e in scenario.expects if e.form in {"is", "no_open_alerts", "log_size"} and e.at is not None}
    )
    steps, snapshots, refused = list(scenario.steps), [], []
    try:
        for at in sorted({s.at for s in steps} | set(looks) | {scenario.end}):
            world.pass_to(at)
            on_step(at)
            while steps and steps[0].at == at:
                said = world.do(steps.pop(0).act)
                if said is not None:
                    refused.append(said)
            if at in looks:
                snapshots.append(world.look())
        story = world.end()
    finally:
        world.close()
    return story_with(story, refused, snapshots)


def story_with(story: Story, refused: list[Happening], snapshots: list[Snapshot]) -> Story:
    """The story as its player saw it: refusals are told nowhere else."""
    happenings = tuple(sorted((*story.happenings, *refused), key=lambda h: h.at))
    return msgspec.structs.replace(story, happenings=happenings, snapshots=tuple(snapshots))
