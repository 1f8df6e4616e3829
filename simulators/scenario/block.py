"""The blocks `when` and `then` of a file: lines as YAML left them, in order of time, each read or told what is wrong."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from simulators.scenario.errors import Wrong
from simulators.scenario.expects import expect
from simulators.scenario.known import Known
from simulators.scenario.lines import act
from simulators.scenario.model import Expect, Says, Step
from simulators.scenario.times import Clock, prefix
from sites.fields import Spot, quoted
from sites.tree import Listing, Mapped, Scalar

_NUMBER_CUT: Final = re.compile(r"#(\d+)(?=\s|$)")
_TIME_WITHIN: Final = re.compile(r"\s(\d\d:\d\d(?::\d\d)?)\s")


class Lines:
    """The lines of one file's blocks. `source`: the file's own lines, for what YAML took away."""

    def __init__(self, source: Sequence[str]) -> None:
        self.source = source

    def _texts(self, spot: Spot) -> Iterator[tuple[Spot, str]]:
        """Each line of a block as text, or what YAML made of it instead."""
        if isinstance(spot.node, Scalar) and not spot.node.text.strip():
            return
        if spot.node is not None and not isinstance(spot.node, Listing):
            spot.wrong("expected a list: each line begins with `- `")
            return
        for item in spot.items(most=20_000):
            item.path = ""
            if isinstance(item.node, Mapped):
                item.wrong("a colon and a blank (`: `) make two things of this line; quote the whole line: '22:04 …'")
            elif isinstance(item.node, Listing):
                item.wrong("a line of its own is wanted here, not a list; quote the whole line: '22:04 …'")
            elif text := item.text(most=2000):
                lost = _NUMBER_CUT.match(self._comment(item))
                if lost is None:
                    yield item, text
                else:
                    item.wrong(f"to YAML, ` #` begins a comment, so #{lost[1]} is lost: write no.{lost[1]}")

    def _comment(self, item: Spot) -> str:
        """The comment behind an item's line, which may have been meant as a part of it."""
        line = self.source[item.line - 1] if item.line <= len(self.source) else ""
        if not isinstance(item.node, Scalar) or not item.node.plain:
            return ""
        at = line.find(item.node.text)
        rest = line[at + len(item.node.text) :] if at >= 0 else ""
        return rest.strip() if rest[:1].isspace() and rest.strip().startswith("#") else ""

    def _wrong(self, item: Spot, why: Wrong) -> None:
        """Note a fault, with what YAML may have to do with it."""
        text = item.node.text if isinstance(item.node, Scalar) else ""
        told = str(why)
        if "is not closed" in told and self._comment(item):
            told += " (to YAML, ` #` begins a comment; quote the whole line: '22:04 …')"
        elif (found := _TIME_WITHIN.search(text)) is not None and text not in self.source[item.line - 1]:
            told += f" (this goes on in the next line: is `- ` missing before {found[1]}?)"
        item.wrong(told)

    def steps(self, spot: Spot, known: Known, end: datetime | None) -> Iterator[Step]:
        before = known.clock.start
        said: set[tuple[str, str]] = set()
        for item, text in self._texts(spot):
            try:
                at, rest = _when(text, known.clock, before, end)
                before = at
                step = Step(at, act(rest, known, at), item.line, text)
                if isinstance(step.act, Says):
                    _again(step.act, said)
                    said.add((step.act.device, step.act.kind))
                yield step
            except Wrong as wrong:
                self._wrong(item, wrong)

    def times(self, spot: Spot, clock: Clock) -> Iterator[datetime]:
        """The times of `then` that do not hang on the end; what is wrong with them is told later."""
        before = clock.start
        quiet = Spot(spot.node, spot.file, spot.path, [], spot.line)
        for _, text in self._texts(quiet):
            try:
                times = prefix(text)
                if times is None:
                    continue
                if times.until is not None:
                    begins = clock.read(times.at).at
                    yield clock.read(times.until, begins).at
                else:
                    before = clock.read(times.at, before).at
                    yield before
            except Wrong:
                continue

    def expects(self, spot: Spot, known: Known) -> Iterator[Expect]:
        before = known.clock.start
        for item, text in self._texts(spot):
            try:
                made = _placed(expect(text, item.line, known, before), known.clock, before)
                if made.at is not None and made.until is None:
                    before = made.at
                yield made
            except Wrong as wrong:
                self._wrong(item, wrong)


def _when(text: str, clock: Clock, before: datetime, end: datetime | None) -> tuple[datetime, str]:
    """When a line of `when` is, and the rest of it."""
    times = prefix(text)
    if times is None:
        raise Wrong(f"{quoted(text)} does not begin with a time (22:04)")
    if times.until is not None or times.tolerance:
        raise Wrong("what is done is done at one time: no `..` and no `±` here")
    if times.at == "end":
        raise Wrong("nothing is done at the end; write a time before it")
    at = clock.read(times.at, before).at
    _in_order(at, before, clock, end)
    return at, times.rest


def _again(says: Says, said: Collection[tuple[str, str]]) -> None:
    if says.again and (says.device, says.kind) not in said:
        raise Wrong(f"{says.device} has not said {says.kind} before: `again` repeats what was said")


def _placed(made: Expect, clock: Clock, before: datetime) -> Expect:
    """An expectation in its place between the line above it and the end."""
    end = clock.end or clock.start
    if made.until is not None and made.until > end:
        raise Wrong(f"the span goes on after the end ({clock.tell(end)})")
    if made.form in {"log_size", "verifies"} and made.at is None:
        made = msgspec.structs.replace(made, at=end)
    if made.form == "verifies" and made.at != end:
        raise Wrong("the logbook is verified at the end: write `end logbook verifies`")
    if made.at is not None and made.until is None:
        _in_order(made.at, before, clock, end)
    return made


def _in_order(at: datetime, before: datetime, clock: Clock, end: datetime | None) -> None:
    word = clock.tell(at)
    if at < clock.start:
        raise Wrong(f"{word} is before the start ({clock.tell(clock.start)})")
    if at < before:
        raise Wrong(f"{word} comes before {clock.tell(before)}, the line above it; lines stand in order of time")
    if end is not None and at > end:
        raise Wrong(f"{word} is after the end ({clock.tell(end)})")
