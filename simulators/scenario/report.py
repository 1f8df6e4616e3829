"""A failing scenario, told side by side: what was expected on the left, what happened on the right, in order of time."""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from simulators.scenario.model import Scenario, Story
from simulators.scenario.verdict import Result, Verdict, known_of
from simulators.scenario.words import told

WIDTH: Final = 120
AROUND: Final = 3
MOST: Final = 100  # rows; a night that has gone wholly wrong is told by its beginning and its end
LEAST_HIDDEN: Final = 4
_ASCII: Final = str.maketrans({"✓": "v", "✗": "x", "│": "|", "─": "-", "┼": "+", "…": "...", "→": ">", "±": "~"})
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Row(msgspec.Struct, frozen=True):
    """One line of the report. `mark`: ✓ as expected, ✗ missing or wrong, + unexpected, blank: nobody asked."""

    at: datetime
    mark: str
    left: str = ""
    right: str = ""
    why: str = ""


def report(scenario: Scenario, story: Story, verdict: Verdict, width: int = WIDTH) -> str:
    """The whole report, at most `width` columns wide; what is far from any failure is left out."""
    failed = [r for r in verdict.results if not r.ok]
    shown = _shortened(list(_hidden(list(rows(scenario, story, verdict)))))
    room = width - 7
    left = min(max([8, *(columns(r.left) for r in shown)]), room * 11 // 20)
    right = min(max([13, *(columns(r.right) for r in shown)]), room - left)
    count = f"{len(failed)} of {len(verdict.results)} expectations failed"
    lines = [f"{scenario.file}: {count}", *_wrapped(scenario.about, width - 2, "  "), ""]
    lines += [_line(" ", "expected", "what happened", left), f"  {'─' * (left + 3)}┼{'─' * (right + 1)}"]
    for row in shown:
        lines += _row(row, left, right, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def ascii_only(text: str) -> str:
    """The report's own marks in ASCII, for terminals that have no others."""
    return text.translate(_ASCII)


def rows(scenario: Scenario, story: Story, verdict: Verdict) -> Iterator[Row]:
    """Every expectation and every happening, in order of time."""
    known, made = known_of(scenario), []
    served = {r.happening: r for r in verdict.results if r.happening is not None}
    for i, h in enumerate(story.happenings):
        if h.topic == "log" and i not in served:
            continue
        mark = "✓" if i in served else "+" if i in verdict.unexpected else " "
        left = served[i].expect.text if i in served else ""
        made.append(Row(h.at, mark, left, told(h, known.clock, known, long=True)))
    before = scenario.start
    for result in verdict.results:
        if result.happening is not None:
            before = story.happenings[result.happening].at
            continue
        at = result.expect.at or (before if result.expect.later else _LAST)
        before = min(at, scenario.end)
        made.append(_stated(result, at))
    yield from sorted(made, key=lambda row: row.at)


def _stated(result: Result, at: datetime) -> Row:
    if result.ok:
        return Row(at, "✓", result.expect.text)
    missing = "missing" if result.expect.form == "happens" else "wrong"
    return Row(at, "✗", result.expect.text, "", f"line {result.expect.line}, {missing}: {result.why}")


def _hidden(found: Sequence[Row]) -> Iterator[Row]:
    """The rows near a failure; the others are counted."""
    loud = [n for n, row in enumerate(found) if row.mark in {"✗", "+"}]
    near = {m for n in loud for m in range(n - AROUND, n + AROUND + 1)}
    skipped: list[Row] = []
    for n, row in enumerate(found):
        if n not in near:
            skipped.append(row)
            continue
        yield from _summed(skipped)
        skipped = []
        yield row
    yield from _summed(skipped)


def _summed(skipped: list[Row]) -> Iterator[Row]:
    if len(skipped) < LEAST_HIDDEN:
        yield from skipped
    else:
        yield Row(skipped[0].at, "…", f"{len(skipped)} more lines, nothing wrong with them")


def _shortened(found: list[Row]) -> list[Row]:
    if len(found) <= MOST:
        return found
    cut = found[MOST // 2 : -MOST // 2]
    return [*found[: MOST // 2], Row(cut[0].at, "…", f"{len(cut)} more lines left out"), *found[-MOST // 2 :]]


def _row(row: Row, left: int, right: int, width: int) -> Iterator[str]:
    a, b = list(_wrapped(row.left, left)) or [""], list(_wrapped(row.right, right)) or [""]
    for n in range(max(len(a), len(b))):
        yield _line(row.mark if n == 0 else " ", a[n] if n < len(a) else "", b[n] if n < len(b) else "", left)
    if row.why:
        yield from _wrapped(f"→ {row.why}", width - 4, "    ")


def _line(mark: str, left: str, right: str, size: int) -> str:
    return f"  {mark} {left}{' ' * (size - columns(left))} │ {right}"


def columns(text: str) -> int:
    """How wide a text stands in a terminal: Chinese characters take two columns, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in text
    )


def _wrapped(text: str, size: int, indent: str = "") -> Iterator[str]:
    """The text in lines of at most `size` columns, broken at blanks where there are any."""
    line = ""
    for word in text.split():
        rest = word
        if line and columns(line) + 1 + columns(rest) > size:
            yield indent + line
            line = ""
        while columns(rest) > size:
            cut = _cut(rest, size)
            yield indent + rest[:cut]
            rest = rest[cut:]
        line = f"{line} {rest}" if line else rest
    if line:
        yield indent + line


def _cut(text: str, size: int) -> int:
    """How many characters fit."""
    used = 0
    for n, c in enumerate(text):
        used += columns(c)
        if used > size:
            return max(n, 1)
    return len(text)
