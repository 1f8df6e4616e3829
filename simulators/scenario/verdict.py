"""Judging a story by what its scenario expects. Pure: expectations and happenings in, one result for each line out.

Each happening serves at most one exact expectation; who serves whom is found by augmenting paths, so that a vague line
never takes what a precise one needs. Nothing is tolerated but what is written.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final

import msgspec

from simulators.scenario.fitting import away, fits, in_span, in_time, is_quiet, likeness
from simulators.scenario.known import Known
from simulators.scenario.model import AlertNow, Expect, Happening, Scenario, Snapshot, Story
from simulators.scenario.responses import Response, responses
from simulators.scenario.times import Clock
from simulators.scenario.words import told, what

SHOWN: Final = 3


class Result(msgspec.Struct, frozen=True):
    """What became of one expectation. `happening`: the index of what served it; `why` says what is wrong."""

    expect: Expect
    ok: bool
    why: str = ""
    happening: int | None = None


class Verdict(msgspec.Struct, frozen=True):
    """One result for each line of `then`, in its order. `unexpected`: indexes of happenings that `nothing else` forbids.
    `responses`: how quickly people answered (TRN-06). `report`: a failure told side by side, empty when all is well.
    """

    passed: bool
    results: tuple[Result, ...]
    unexpected: tuple[int, ...]
    responses: tuple[Response, ...]
    report: str = ""


def check(scenario: Scenario, story: Story) -> Verdict:
    """Hold a story against its scenario."""
    from simulators.scenario.report import report

    bench = _Bench(scenario, story)
    results = tuple(bench.judge(e, n) for n, e in enumerate(scenario.expects))
    unexpected = tuple(sorted({i for e in scenario.expects if e.form == "nothing_else" for i in bench.others(e)}))
    passed = all(r.ok for r in results)
    verdict = Verdict(passed, results, unexpected, tuple(responses(story.happenings)))
    return verdict if passed else msgspec.structs.replace(verdict, report=report(scenario, story, verdict))


def clock_of(scenario: Scenario) -> Clock:
    """The clock that the scenario's lines are written by."""
    return Clock(scenario.register.zone_info, scenario.start, scenario.end)


def known_of(scenario: Scenario) -> Known:
    """The words that the scenario's lines are written in."""
    return Known(scenario.register, clock_of(scenario))


class _Bench:
    """One judging: which happening serves which line."""

    def __init__(self, scenario: Scenario, story: Story) -> None:
        self.scenario, self.story = scenario, story
        self.known = known_of(scenario)
        self.snapshots: Mapping[datetime, Snapshot] = {s.at: s for s in story.snapshots}
        self.in_order = sorted(range(len(story.happenings)), key=lambda i: story.happenings[i].at)
        self.ats = [story.happenings[i].at for i in self.in_order]
        self.known_options: dict[tuple[object, ...], list[int]] = {}
        self.served: dict[int, int] = {}  # happening -> expectation
        self.found: dict[int, int] = {}  # expectation -> happening
        self._match()

    def _match(self) -> None:
        """Timed lines first, by augmenting paths; then what may come later, each after the line above it."""
        expects, happenings = self.scenario.expects, self.story.happenings
        wanted = [n for n, e in enumerate(expects) if e.form == "happens" and not e.later]
        options = {n: self._options(expects[n]) for n in wanted}
        for n in wanted:
            self._serve(n, options)
        above: datetime | None = None
        last = -1
        for n, e in enumerate(expects):
            if e.form != "happens":
                continue
            if e.later:
                for i in range(last + 1, len(happenings)):
                    if (above is None or happenings[i].at >= above) and fits(e, happenings[i]):
                        options[n] = [i]  # the earliest, and nobody takes it any more
                        if self._serve(n, options):
                            last, above = i, happenings[i].at
                            break
            elif e.at is not None:
                above = max(above or e.at, e.at - e.tolerance)

    def _options(self, e: Expect) -> list[int]:
        """What happened at the time that a line names, and is what it says. Equal lines have equal options."""
        key = (e.at, e.tolerance, e.precision_s, e.topic, e.about, e.what, e.who, repr(e.more))
        if key not in self.known_options:
            first = bisect_left(self.ats, e.at - e.tolerance) if e.at is not None else 0
            then = takewhile(lambda i: in_time(e, self.story.happenings[i].at), islice(self.in_order, first, None))
            self.known_options[key] = [i for i in then if fits(e, self.story.happenings[i])]
        return self.known_options[key]

    def _serve(self, n: int, options: Mapping[int, list[int]]) -> bool:
        """Find a happening for line `n`, if need be by asking those who have one to take another."""
        asked: dict[int, int] = {}  # happening -> the line that asked for it
        lines = [n]
        for line in lines:
            for i in options[line]:
                if i in asked:
                    continue
                asked[i] = line
                if i not in self.served:
                    self._hand_on(n, i, asked)
                    return True
                lines.append(self.served[i])
        return False

    def _hand_on(self, n: int, i: int, asked: Mapping[int, int]) -> None:
        """Happening `i` goes to whoever asked for it; what they had goes on, until line `n` has one."""
        while True:
            line = asked[i]
            before = self.found.get(line)
            self.served[i], self.found[line] = line, i
            if line == n or before is None:
                return
            i = before

    def judge(self, e: Expect, n: int) -> Result:
        """What became of one line."""
        if e.form == "happens":
            i = self.found.get(n)
            return Result(e, i is not None, "" if i is not None else self._missing(e), i)
        why = FORMS[e.form](self, e)
        return Result(e, not why, why)

    def others(self, e: Expect) -> list[int]:
        """Happenings that should have been named and are not."""
        return [
            i
            for i, h in enumerate(self.story.happenings)
            if i not in self.served and not is_quiet(h) and in_span(e, h.at)
        ]

    # -- why not

    def _missing(self, e: Expect) -> str:
        """The nearest thing that did happen, and how it differs."""
        close = [(likeness(e, h), i) for i, h in enumerate(self.story.happenings) if h.topic == e.topic]
        best = max(close, key=lambda c: (c[0], -away(e, self.story.happenings[c[1]].at)), default=(0, -1))
        if best[0] < 2:
            return "nothing like it happened"
        return self._difference(e, best[1])

    def _difference(self, e: Expect, i: int) -> str:
        h, clock = self.story.happenings[i], self.known.clock
        if fits(e, h):
            if i in self.served:
                line = self.scenario.expects[self.served[i]].line
                return f"it happened once only, and line {line} expects that too"
            if e.at is None:
                return f"it came at {_exact(clock, h.at)}, before the line above"
            asked, came = clock.tell(e.at, precise=e.precision_s < 1, long=True), _exact(clock, h.at, e)
            return f"expected at {asked}, came at {came} ({_by(e.at, h.at)})"
        return f"nearest: {_exact(clock, h.at)} {what(h, self.known)}" + self._unlike(e, h)

    def _unlike(self, e: Expect, h: Happening) -> str:
        """The first part that differs, in words."""
        if e.what and h.what != e.what:
            return ""
        if e.who is not None and set(e.who) != set(h.who):
            return f" ({_people(h.who)}, not {_people(e.who)})"
        for key, value in e.more.items():
            if h.more.get(key) != value:
                return f" ({key} was {h.more.get(key, 'not told')}, not {value})"
        return ""

    def never(self, e: Expect) -> str:
        found = [h for h in self.story.happenings if in_span(e, h.at) and fits(e, h)]
        return f"it did happen: {self._several(found)}" if found else ""

    def nothing_else(self, e: Expect) -> str:
        found = [self.story.happenings[i] for i in self.others(e)]
        return f"{len(found)} more happened: {self._several(found)}" if found else ""

    def _several(self, found: Sequence[Happening]) -> str:
        shown = "; ".join(told(h, self.known.clock, self.known) for h in found[:SHOWN])
        return shown + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")

    # -- states

    def stands(self, e: Expect) -> str:
        snapshot = self.snapshots.get(e.at) if e.at is not None else None
        if snapshot is None:
            return "nobody looked then"
        if e.topic in {"handover", "roster"}:
            now = (snapshot.handovers if e.topic == "handover" else snapshot.rosters).get(e.about[0], "none")
            return "" if now == e.what else f"it was {now}" if now != "none" else "there was none"
        return self._seat(e, snapshot) if e.topic == "seat" else self._alert(e, snapshot)

    def _seat(self, e: Expect, snapshot: Snapshot) -> str:
        holder = snapshot.seats.get(e.about[0])
        wanted = e.who[0] if e.who else None
        return "" if holder == wanted else f"it was held by {holder or 'nobody'}"

    def _alert(self, e: Expect, snapshot: Snapshot) -> str:
        fitting = [a for a in snapshot.alerts if _of(e.about, a)]
        if not fitting:
            return "there was no such alert yet"
        now = max(fitting, key=lambda a: a.number)
        if e.what not in {"held", now.state}:
            return f"it was {now.state}, {_custody(now)}"
        if e.who is not None and tuple(filter(None, [now.custody_by])) != e.who:
            return f"it was {_custody(now)}"
        for key, value in e.more.items():
            if getattr(now, key, None) != value:
                return f"{key} was {getattr(now, key, None)}"
        return ""

    def no_open_alerts(self, e: Expect) -> str:
        snapshot = self.snapshots.get(e.at) if e.at is not None else None
        if snapshot is None:
            return "nobody looked then"
        still = [a for a in snapshot.alerts if a.state != "closed"]
        shown = ", ".join(f"{a.subject} {a.kind} ({a.state})" for a in still[:SHOWN])
        return f"{len(still)} open: {shown}" + (", …" if len(still) > SHOWN else "") if still else ""

    def log_size(self, e: Expect) -> str:
        snapshot = self.snapshots.get(e.at) if e.at is not None else None
        if snapshot is None:
            return "nobody looked then"
        wanted = e.more["lines"]
        return "" if snapshot.log_size == wanted else f"it had {snapshot.log_size} lines"

    def verifies(self, _: Expect) -> str:
        return "" if self.story.verifies else "it does not verify"


FORMS: Final[Mapping[str, Callable[[_Bench, Expect], str]]] = {
    "never": _Bench.never,
    "nothing_else": _Bench.nothing_else,
    "is": _Bench.stands,
    "no_open_alerts": _Bench.no_open_alerts,
    "log_size": _Bench.log_size,
    "verifies": _Bench.verifies,
}


def _of(about: tuple[str, ...], a: AlertNow) -> bool:
    if about and about[0].startswith("#"):
        return a.number == int(about[0][1:])
    return all(not wanted or wanted == part for wanted, part in zip(about, (a.subject, a.kind), strict=False))


def _custody(a: AlertNow) -> str:
    return f"held by {a.custody_by}" if a.custody_by else "held by nobody"


def _people(who: Sequence[str]) -> str:
    return ", ".join(who) or "nobody"


def _exact(clock: Clock, at: datetime, e: Expect | None = None) -> str:
    """A time, with its thousandths where they matter."""
    fine = e is not None and (e.precision_s < 1 or clock.tell(at) == clock.tell(e.at or at))
    return clock.tell(at, precise=fine, long=True)


def _by(wanted: datetime, came: datetime) -> str:
    seconds = (came - wanted).total_seconds()
    size = abs(seconds)
    shown = f"{size:.3f}".rstrip("0").rstrip(".") + " s" if size < 120 else f"{timedelta(seconds=round(size))}"
    return f"{shown} {'late' if seconds > 0 else 'early'}"
