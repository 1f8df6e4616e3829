"""A night driven by hand from Python: the lines of a scenario, said one at a time, with a test's own loops between them."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from simulators.scenario import load, model
from simulators.scenario.errors import Wrong
from simulators.scenario.expects import expect
from simulators.scenario.known import Known
from simulators.scenario.lines import act
from simulators.scenario.model import Act, AlertNow, Happening, Scenario, Story
from simulators.scenario.times import Clock, duration, prefix, wall
from simulators.scenario.tokens import Words, split
from simulators.scenario.verdict import check
from simulators.scenario.words import told
from simulators.scenario.world import Make, story_with
from sites.register import Register

FILE = Path("<night>")


class Night:
    """One site under a clock that only `passes` and `until` move.

    Every method that does something does it now, waits until it is committed, and returns the refusal if the product
    refused it (also a part of the story), else None. Times are the site's wall clock.
    """

    def __init__(self, make: Make, register: Register, start: str, *, life: str = "beats") -> None:
        began = wall(start, register.zone_info)
        self.register = register
        self.wall = Clock(register.zone_info, began)
        self.known = Known(register, self.wall)
        self._now = began
        self._scenario = Scenario(FILE, "", register, register.time_zone, began, began, (), (), life=life)
        self._world = make(self._scenario)
        self._refused: list[Happening] = []

    # -- time

    def clock(self) -> datetime:
        """What time it is (UTC)."""
        return self._now

    def passes(self, span: str) -> None:
        """Let time go by: `30s`, `1h30m`. Whatever falls due on the way happens when it is due."""
        length = duration(span)
        if length is None:
            raise ValueError(f"{span!r} is not a span of time (30s, 1h30m)")
        self._pass_to(self._now + length)

    def until(self, time: str) -> None:
        """Let time go by until a time of the wall clock (`22:30`, `+1d 06:00`)."""
        self._pass_to(self.wall.read(time, self._now).at)

    def _pass_to(self, at: datetime) -> None:
        self._world.pass_to(at)
        self._now = at

    # -- what is done

    def does(self, line: str) -> Happening | None:
        """Any line of `when`, without its time: `gateway gw-a offline`, `li signs on centre`, `L-1 water.leak again`."""
        return self._do(act(line, self.known, self._now))

    def says(self, device: str, kind: str, **data: Any) -> Happening | None:
        """A device says something; what else it says is the event's data."""
        return self._do(model.Says(device, kind, data))

    def scans(self, person: str, checkpoint: str) -> Happening | None:
        """A guard taps a patrol point."""
        return self._do(model.Scans(person, checkpoint))

    def acks(self, person: str, alert: str, *, override: bool = False, reason: str | None = None) -> Happening | None:
        """Somebody answers an alert: `B2-07`, `B2-07/fire.alarm` or `#3`."""
        return self._do(model.Acknowledges(person, alert, override, reason))

    def releases(self, person: str, alert: str, reason: str = "") -> Happening | None:
        """Custody goes back to the seat."""
        return self._do(model.Releases(person, alert, reason))

    def resets(self, person: str, alert: str) -> Happening | None:
        """A latched alarm is reset."""
        return self._do(model.Resets(person, alert))

    def notes(self, person: str, alert: str, text: str) -> Happening | None:
        """A remark."""
        return self._do(model.Notes(person, alert, text))

    def closes(
        self,
        person: str,
        alert: str,
        disposition: str,
        *,
        cause: str | None = None,
        note: str | None = None,
        reason: str | None = None,
    ) -> Happening | None:
        """An alert is closed."""
        return self._do(model.Closes(person, alert, disposition, cause, note, reason))

    def signs_on(self, person: str, seat: str) -> Happening | None:
        """Coming on duty."""
        return self._do(model.SignsOn(person, seat))

    def signs_off(self, person: str, seat: str) -> Happening | None:
        """Leaving."""
        return self._do(model.SignsOff(person, seat))

    def _do(self, what: Act) -> Happening | None:
        refused = self._world.do(what)
        if refused is not None:
            self._refused.append(refused)
        return refused

    # -- what came of it

    @property
    def alerts(self) -> Sequence[AlertNow]:
        """The alerts as they stand now."""
        return self._world.look().alerts

    @property
    def seats(self) -> dict[str, str | None]:
        """Who is in each seat now."""
        return dict(self._world.look().seats)

    def story(self) -> Story:
        """Everything that has happened so far."""
        return story_with(self._world.so_far(), self._refused, [self._world.look()])

    def told(self, topic: str = "", what: str = "") -> list[Happening]:
        """What has happened so far, of one topic (`alert`, `notice`, `duty`, …) and one word (`raised`, `acked`, …)."""
        wanted = [h for h in self.story().happenings if topic in {"", h.topic} and what in {"", h.what}]
        return wanted if topic == "log" else [h for h in wanted if h.topic != "log"]

    def timeline(self) -> str:
        """What has happened so far, as lines of `then`."""
        return "\n".join(told(h, self.wall, self.known) for h in self.told())

    def expect(self, *lines: str) -> None:
        """Lines of `then`, judged by what has happened so far. A state (`alert B2-07 is acked`) without a time means now.

        Raises AssertionError with the report, in which the expected and the real story stand side by side.
        """
        clock = msgspec.structs.replace(self.wall, end=self._now)
        known = Known(self.register, clock)
        wanted, before = [], None
        for number, line in enumerate(lines, 1):
            wanted.append(expect(self._timed(line), number, known, before))
            before = wanted[-1].at or before
        scenario = msgspec.structs.replace(self._scenario, end=self._now, expects=tuple(wanted))
        late = [e.text for e in wanted if e.form in {"is", "no_open_alerts", "log_size"} and e.at != self._now]
        if late:
            raise Wrong(f"how things stood can only be asked at the time; it is {self.wall.tell(self._now)}: {late[0]}")
        verdict = check(scenario, self.story())
        if not verdict.passed:
            raise AssertionError(verdict.report)

    def _timed(self, line: str) -> str:
        """A line that asks how things stand, with the present as its time."""
        words = Words(split(line))
        if prefix(line) is None and (
            words.peek() in {"seat", "logbook"} or "is" in [t.text for t in words.left] or words.skip("no", "open")
        ):
            return f"end {line}"
        return line

    def close(self) -> None:
        """Give everything back."""
        self._world.close()


def register_of(site: str | None, folder: Path) -> Register:
    """The site that a scenario in `folder` would stand on: a shipped pack's name, a path, or the small site for None.
    Raises ScenarioRefused.
    """
    named = "" if site is None else f"site: {json.dumps(site)}\n"
    return load.read_text(f"{named}start: 2000-01-01T00:00\nwhen: []\n", folder / "site").register
