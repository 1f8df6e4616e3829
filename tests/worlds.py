"""The same scenario in both worlds, and what it means that they tell the same story."""

import os
from pathlib import Path
from typing import Any

from app.scenario_worlds import real, virtual
from simulators.scenario.model import Happening, Scenario, Story
from simulators.scenario.world import play


def both(scenario: Scenario) -> tuple[Story, Story]:
    """What a virtual house and running processes make of it."""
    return virtually(scenario), play(scenario, real(scenario))


def virtually(scenario: Scenario) -> Story:
    """What happens in memory."""
    return play(scenario, virtual(scenario))


def told(story: Story) -> list[tuple[Any, ...]]:
    """Everything that happened, to the microsecond. Letters go out side by side, so that within one instant their order
    means nothing; nor does the code with which some provider took one.
    """
    return sorted(_plain(h) for h in story.happenings)


def rang(story: Story) -> list[tuple[Any, ...]]:
    """The same in the order of its commits, without the letters."""
    return [_plain(h) for h in story.happenings if not (h.topic == "notice" and h.what in {"sent", "failed"})]


def _plain(h: Happening) -> tuple[Any, ...]:
    more = sorted((k, str(v)) for k, v in h.more.items() if k != "code")
    return (h.at.isoformat(), h.topic, h.about, h.what, h.who, more)


def processes_on(clock: Path) -> dict[int, str]:
    """Whoever has something of a run open or in mind: pid and name."""
    found, folder = {}, str(clock.parent).encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                known = b"".join((entry / what).read_bytes() for what in ("environ", "cmdline", "maps"))
                if folder in known:
                    found[int(entry.name)] = (entry / "comm").read_text().strip()
            except OSError:
                continue
    return found
