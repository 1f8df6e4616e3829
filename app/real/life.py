"""What devices say of themselves in a scenario: life signs on a schedule, a story's stream, and what is still to be said of
a burst. The moments are the scenario's alone, so that every run of it hears the same.
"""

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from core.clock import rfc3339
from simulators.sayings import Saying, Stream, spoken
from simulators.scenario.model import Scenario
from simulators.story import STORIES, stream

Line = Mapping[str, Any]  # for the device's gateway; `said_at` and `id` are the caller's to add


class Life:
    """`due` says when the next word is to be spoken, `take` which."""

    def __init__(self, scenario: Scenario) -> None:
        self._start = scenario.start
        self._silent: set[str] = set()
        self._waiting: list[tuple[datetime, int, Line]] = []
        self._order = count()
        self._rounds: list[tuple[datetime, timedelta, list[str]]] = []
        self._story: Stream = iter(())
        self._next: Saying | None = None
        if scenario.life == "beats":
            self._rounds = _rounds(scenario)
            heapq.heapify(self._rounds)
        elif scenario.life != "none":
            self._story = stream(STORIES[scenario.life], scenario.register, scenario.seed, scenario.start)
            self._next = next(self._story, None)

    def hush(self, device: str) -> None:
        """No life sign of this device any more."""
        self._silent.add(device)

    def wake(self, device: str) -> None:
        """Life signs again, at their old moments."""
        self._silent.discard(device)

    def later(self, at: datetime, line: Line) -> None:
        """Something more to be said at `at`."""
        heapq.heappush(self._waiting, (at, next(self._order), line))

    def due(self) -> datetime | None:
        """The moment of the next word."""
        found = [first[0][0] for first in (self._rounds, self._waiting) if first]
        if self._next is not None:
            found.append(self._at(self._next))
        return min(found, default=None)

    def take(self, at: datetime) -> list[Line]:
        """Everything to be said by `at`."""
        said: list[Line] = []
        while self._rounds and self._rounds[0][0] <= at:
            when, period, devices = self._rounds[0]
            heapq.heapreplace(self._rounds, (when + period, period, devices))
            said += [heartbeat(d) for d in devices if d not in self._silent]
        while self._next is not None and self._at(self._next) <= at:
            said.append(_line(self._next, self._at(self._next)))
            self._next = next(self._story, None)
        while self._waiting and self._waiting[0][0] <= at:
            said.append(heapq.heappop(self._waiting)[2])
        return said

    def _at(self, saying: Saying) -> datetime:
        return self._start + timedelta(seconds=saying.t)


def heartbeat(device: str) -> Line:
    """A life sign."""
    return {"device": device, "kind": "device.heartbeat"}


def _rounds(scenario: Scenario) -> list[tuple[datetime, timedelta, list[str]]]:
    """One round for all devices of the same supervision: twice within it."""
    by_span: dict[int, list[str]] = {}
    for device in scenario.register.devices.values():
        if device.supervision_s:
            by_span.setdefault(device.supervision_s, []).append(device.id)
    halves = [(timedelta(seconds=span) / 2, devices) for span, devices in sorted(by_span.items())]
    return [(scenario.start + half, half, devices) for half, devices in halves]


def _line(saying: Saying, at: datetime) -> Line:
    return spoken(saying) | {"said_at": rfc3339(at + timedelta(seconds=saying.skew_s))}
