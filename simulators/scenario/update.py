"""`--update`: a file's `then` made to say what happened, the rest of the file byte for byte as it was.

A line that holds stays as it is written, its comment too. A line that does not hold gives way to what happened in its
place. What nobody named is added only where the file says `nothing else`, or says nothing at all.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from simulators.scenario.errors import Wrong
from simulators.scenario.fitting import fits, is_quiet, likeness
from simulators.scenario.load import read_text
from simulators.scenario.model import Expect, Happening, Scenario, Snapshot, Story
from simulators.scenario.times import Clock, prefix
from simulators.scenario.verdict import Result, check, known_of
from simulators.scenario.words import told
from sites import tree
from sites.tree import Listing, Mapped

NOTHING_ELSE: Final = "nothing else"
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_IDLE: Final = re.compile(r"\s*(#.*)?")
_TOP: Final = re.compile(r"[^\s#-]")
_ITEM: Final = re.compile(r"(\s*-\s+)")


class Piece(msgspec.Struct):
    """One line of the new block: `text` to be written, or None for the source lines of the old line as they are."""

    at: datetime
    text: str | None
    old: Expect | None = None


class Block(msgspec.Struct):
    """Where `then` stands in the source: the line of the key, its items' lines, and the line after its last."""

    key: int
    items: list[int]
    end: int
    flow: bool


def rewritten(path: Path, scenario: Scenario, story: Story) -> str:
    """The whole file as it should be, when `story` is what the scenario now makes of its `when`."""
    text = path.read_bytes().decode("utf-8")
    return rewritten_text(text, scenario, story)


def rewritten_text(text: str, scenario: Scenario, story: Story) -> str:
    """The same from text."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    block = _block(text, lines)
    pieces = _pieces(scenario, story)
    if all(p.text is None for p in pieces) and len(pieces) == len(scenario.expects):
        return text
    if block is None:
        head = text if not text or text.endswith("\n") else text + newline
        made = head + f"then:{newline}" + "".join(_item("  - ", p.text or "", newline) for p in pieces)
    else:
        made = _spliced(lines, block, pieces, newline)
    return _ending(made, scenario, newline)


# -- what the block should say


def _pieces(scenario: Scenario, story: Story) -> list[Piece]:
    known, clock = known_of(scenario), known_of(scenario).clock
    verdict = check(scenario, story)
    served = {r.happening for r in verdict.results if r.happening is not None}
    free = [i for i, h in enumerate(story.happenings) if i not in served and h.topic != "log"]
    loud = [i for i in free if not is_quiet(story.happenings[i])]
    kept: list[Piece] = []
    added: list[int] = []
    for result in verdict.results:
        if result.ok or result.expect.form == "nothing_else":
            kept.append(Piece(_when(result, story), None, result.expect))
        elif (again := _restated(result.expect, story)) is not None:
            kept.append(Piece(result.expect.at or _LAST, again, result.expect))
        elif (i := _instead(result.expect, story.happenings, free)) is not None:
            free.remove(i)
            added.append(i)
    missing = loud if not scenario.expects else verdict.unexpected
    for i in sorted({*added, *missing}):
        h = story.happenings[i]
        _insert(kept, Piece(h.at, told(h, clock, known)))
    if not scenario.expects:
        kept.append(Piece(_LAST, NOTHING_ELSE))
    return list(_timed(kept, clock))


def _when(result: Result, story: Story) -> datetime:
    if result.happening is not None:
        return story.happenings[result.happening].at
    e = result.expect
    return e.at if e.at is not None and e.until is None and e.form != "verifies" else _LAST


def _instead(e: Expect, happenings: Sequence[Happening], free: Sequence[int]) -> int | None:
    """What happened in the place of a line that does not hold: the same thing at another time, or for another person."""
    if e.form != "happens":
        return None
    close = [i for i in free if happenings[i].topic == e.topic and happenings[i].what == e.what]
    exact = [i for i in close if fits(e, happenings[i])]
    far = [i for i in close if happenings[i].about[: len(e.about)] == e.about or not e.about]
    return next(iter(sorted(exact or far, key=lambda i: (-likeness(e, happenings[i]), i))), None)


def _restated(e: Expect, story: Story) -> str | None:
    """A state as it really was."""
    snapshot = next((s for s in story.snapshots if s.at == e.at), None)
    if snapshot is None or (e.form not in {"is", "log_size"}):
        return None
    times = prefix(e.text)
    when = "" if times is None else e.text[: len(e.text.strip()) - len(times.rest)].strip() + " "
    if e.form == "log_size":
        return f"{when or 'end '}logbook has {snapshot.log_size} lines"
    return when + _state(e, snapshot) if e.topic != "alert" or _fitting(e, snapshot) else None


def _fitting(e: Expect, snapshot: Snapshot) -> bool:
    return any(a.subject == e.about[0] for a in snapshot.alerts) if e.about else False


def _state(e: Expect, snapshot: Snapshot) -> str:
    if e.topic == "seat":
        return f"seat {e.about[0]} is held by {snapshot.seats.get(e.about[0]) or 'nobody'}"
    if e.topic in {"handover", "roster"}:
        states = snapshot.handovers if e.topic == "handover" else snapshot.rosters
        return f"{e.topic} {e.about[0]} is {states.get(e.about[0], 'none')}"
    fitting = [
        a for a in snapshot.alerts if a.subject == e.about[0] and (len(e.about) < 2 or a.kind == e.about[1])
    ] or [a for a in snapshot.alerts if a.subject == e.about[0]]
    now = max(fitting, key=lambda a: a.number)
    custody = f" by {now.custody_by}" if now.custody_by and now.state != "closed" else ""
    return f"alert {now.subject} {now.kind} is {now.state}{custody}"


def _insert(kept: list[Piece], piece: Piece) -> None:
    """By time, behind what stands at the same time; lines without a time stay with the line below them."""
    after = _LAST
    place = len(kept)
    for n in range(len(kept) - 1, -1, -1):
        after = kept[n].at if kept[n].at != _LAST else after
        if after > piece.at:
            place = n
        else:
            break
    kept.insert(place, piece)


def _timed(kept: Sequence[Piece], clock: Clock) -> Iterator[Piece]:
    """A bare clock time means the day of the line above; where that has changed, the day is written out."""
    before = clock.start
    for piece in kept:
        e = piece.old
        if e is None:
            before = piece.at.replace(microsecond=0) if piece.at != _LAST else before
        elif e.at is not None and e.until is None:
            line = (piece.text or e.text).strip()
            times = prefix(line)
            if times is not None and not _reads(clock, times.at, before, e.at):
                rest = line[line.index(times.at) + len(times.at) :]
                piece.text = clock.tell(e.at, precise=e.precision_s < 1) + rest
            before = e.at
        yield piece


def _reads(clock: Clock, text: str, before: datetime, at: datetime) -> bool:
    try:
        return clock.read(text, before).at == at
    except Wrong:
        return False


def _ending(text: str, scenario: Scenario, newline: str) -> str:
    """A file that does not say its end ends some time after its last line. That end is written down where new lines would
    put it off, so that the next run sees the same night.
    """
    if read_text(text, scenario.file).end == scenario.end:
        return text
    entries = {e.key: e.line for e in _root(text).entries}
    lines = text.splitlines(keepends=True)
    lines.insert(entries["start"], f"end: {known_of(scenario).clock.tell(scenario.end)}{newline}")
    return "".join(lines)


# -- where it stands


def _block(text: str, lines: Sequence[str]) -> Block | None:
    """`then` in the source; None when the file has none."""
    entry = next((e for e in _root(text).entries if e.key == "then"), None)
    if entry is None:
        return None
    key = entry.line - 1
    end = next((n for n in range(key + 1, len(lines)) if _TOP.match(lines[n])), len(lines))
    while end > key + 1 and _IDLE.fullmatch(lines[end - 1].rstrip("\r\n")):
        end -= 1
    items = [node.line - 1 for node in entry.node.items] if isinstance(entry.node, Listing) else []
    flow = not items or any(_ITEM.match(lines[n]) is None for n in items)
    return Block(key, items, end, flow)


def _root(text: str) -> Mapped:
    root = tree.parse(text.encode(), "")
    return root if isinstance(root, Mapped) else Mapped(1, [])


def _spliced(lines: Sequence[str], block: Block, pieces: Sequence[Piece], newline: str) -> str:
    """The source with the block's items replaced; a comment above an item stays where it is."""
    if block.flow:
        made = [f"then:{newline}", *(_item("  - ", p.text or (p.old.text if p.old else ""), newline) for p in pieces)]
        return "".join([*lines[: block.key], *made, *lines[block.end :]])
    found = _ITEM.match(lines[block.items[0]])
    indent = found[1] if found is not None else "  - "
    bodies, heads = _chunks(lines, block)
    made, done = [], 0
    order = {line + 1: n for n, line in enumerate(block.items)}
    for piece in pieces:
        n = order.get(piece.old.line) if piece.old is not None else None
        if n is not None:
            made += [line for head in heads[done : n + 1] for line in head]
            done = n + 1
        made += bodies[n] if n is not None and piece.text is None else [_item(indent, piece.text or "", newline)]
    made += [line for head in heads[done:] for line in head]
    first = block.items[0] - len(heads[0])
    ended = [line if line.endswith("\n") else line + newline for line in made]
    return "".join([*lines[:first], *ended, *lines[block.end :]])


def _chunks(lines: Sequence[str], block: Block) -> tuple[list[list[str]], list[list[str]]]:
    """For each item its own lines, and the comments and blank lines above it."""
    bodies: list[list[str]] = []
    heads: list[list[str]] = []
    free = block.key + 1
    for n, line in enumerate(block.items):
        heads.append(list(lines[free:line]))
        free = block.items[n + 1] if n + 1 < len(block.items) else block.end
        while free > line + 1 and _IDLE.fullmatch(lines[free - 1].rstrip("\r\n")):
            free -= 1
        bodies.append(list(lines[line:free]))
    return bodies, heads


def _item(indent: str, text: str, newline: str) -> str:
    """A line as YAML, in quotes where YAML would read something else."""
    safe = ": " not in text and " #" not in text and not text.endswith(":") and re.match(r"[A-Za-z0-9+]", text)
    quoted = text if safe else "'" + text.replace("'", "''") + "'"
    return f"{indent}{quoted}{newline}"
