"""Reading typed values out of a tree, noting every fault with its file, line and field instead of stopping at the first.

A reader that meets a fault notes it and answers with its default; a `Spot` without a node answers quietly. So a pack is
read to its end, and what was made from it is thrown away when anything was noted.
"""

import contextlib
import difflib
import re
from collections.abc import Collection, Iterator
from datetime import date, time
from typing import Final, TypeVar

from core.wire import NAME
from sites.errors import Fault
from sites.register import Words
from sites.tree import Entry, Listing, Mapped, Node, Scalar

T = TypeVar("T")

_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DAY: Final = re.compile(r"(19[7-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}")
_YEARLY: Final = re.compile(r"[0-9]{2}-[0-9]{2}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


class Spot:
    """A value of the pack and where it stands."""

    __slots__ = ("faults", "file", "line", "node", "path")

    def __init__(self, node: Node | None, file: str, path: str, faults: list[Fault], line: int | None = None) -> None:
        self.node, self.file, self.path, self.faults = node, file, path, faults
        self.line = line if line is not None else node.line if node is not None else 1

    def wrong(self, why: str) -> None:
        """Note a fault here."""
        self.faults.append(Fault(self.file, self.line, self.path, why))

    def part(self, node: Node, name: str, line: int | None = None) -> "Spot":
        """A value inside this one."""
        return Spot(node, self.file, f"{self.path}{name}", self.faults, line)

    def _scalar(self, wanted: str) -> Scalar | None:
        if self.node is None:
            return None
        if not isinstance(self.node, Scalar):
            self.wrong(f"expected {wanted}, found a {'list' if isinstance(self.node, Listing) else 'mapping'}")
            return None
        if not self.node.text.strip() or (self.node.plain and self.node.text in {"~", "null"}):
            self.wrong(f"expected {wanted}, found nothing")
            return None
        return self.node

    def text(self, *, most: int = 120, default: str = "") -> str:
        """A line of text."""
        found = self._scalar("text")
        if found is None:
            return default
        if _CONTROL.search(found.text):
            self.wrong("control characters are not allowed")
            return default
        if len(found.text) > most:
            self.wrong(f"{len(found.text)} characters, at most {most}")
            return default
        return found.text.strip()

    def name(self, pattern: str = NAME, like: str = "letters, digits and . _ : -, at most 64") -> str:
        """An id."""
        text = self.text()
        if text and not re.fullmatch(pattern.strip("^$"), text):
            self.wrong(f"{quoted(text)} is not an id ({like})")
        return text

    def one_of(self, known: Collection[str], called: str, *, default: str = "") -> str:
        """One of the known words or ids."""
        text = self.text()
        if not text:
            return default
        if text not in known:
            self.wrong(unknown(called, text, known))
            return default
        return text

    def whole(self, least: int, most: int, *, default: int = 0) -> int:
        """A whole number within its range."""
        found = self._scalar("a whole number")
        if found is None:
            return default
        if not found.plain or not _WHOLE.fullmatch(found.text):
            self.wrong(f"expected a whole number, found {quoted(found.text)}")
            return default
        value = int(found.text)
        if not least <= value <= most:
            self.wrong(f"{value} is out of range ({least} to {most})")
            return default
        return value

    def number(self) -> float | None:
        """A number, or None."""
        found = self._scalar("a number")
        if found is None:
            return None
        if not found.plain or not _NUMBER.fullmatch(found.text):
            self.wrong(f"expected a number, found {quoted(found.text)}")
            return None
        return float(found.text)

    def flag(self, *, default: bool) -> bool:
        """Either true or false."""
        found = self._scalar("true or false")
        if found is None:
            return default
        if not found.plain or found.text not in {"true", "false"}:
            self.wrong(f"expected true or false, found {quoted(found.text)}")
            return default
        return found.text == "true"

    def clock_time(self) -> time:
        """A wall-clock time HH:MM."""
        found = self._scalar("a time HH:MM")
        if found is None:
            return time()
        if not _TIME.fullmatch(found.text):
            self.wrong(f"expected a time HH:MM, found {quoted(found.text)}")
            return time()
        return time.fromisoformat(found.text)

    def day(self) -> str:
        """A date YYYY-MM-DD."""
        found = self._scalar("a date YYYY-MM-DD")
        if found is None:
            return ""
        if _DAY.fullmatch(found.text):
            with contextlib.suppress(ValueError):
                return date.fromisoformat(found.text).isoformat()
        self.wrong(f"expected a date YYYY-MM-DD, found {quoted(found.text)}")
        return ""

    def season_day(self) -> str:
        """A date YYYY-MM-DD, or MM-DD for a day of every year."""
        found = self._scalar("a date YYYY-MM-DD or MM-DD")
        if found is None or not _YEARLY.fullmatch(found.text):
            return self.day() if found is not None else ""
        with contextlib.suppress(ValueError):
            return date.fromisoformat(f"2024-{found.text}").isoformat()[5:]
        self.wrong(f"no year has the day {quoted(found.text)}")
        return ""

    def span(self) -> tuple[time, time] | None:
        """Two wall-clock times, HH:MM-HH:MM."""
        found = self._scalar("a span HH:MM-HH:MM")
        if found is None:
            return None
        ends = [part.strip() for part in re.split("[-–]", found.text)]
        if len(ends) != 2 or not all(_TIME.fullmatch(end) for end in ends):
            self.wrong(f"expected a span HH:MM-HH:MM, found {quoted(found.text)}")
            return None
        return time.fromisoformat(ends[0]), time.fromisoformat(ends[1])

    def off(self) -> bool:
        """Whether the value is the word `off`."""
        return isinstance(self.node, Scalar) and self.node.text == "off"

    def words(self) -> Words:
        """A name in both languages: `{zh: …, en: …}`, or one text that serves for both."""
        if isinstance(self.node, Mapped):
            fields = self.fields()
            made = Words(fields.need("zh").text(), fields.need("en").text())
            fields.close()
            return made
        text = self.text()
        return Words(text, text)

    def items(self, *, least: int = 0, most: int = 100_000) -> list["Spot"]:
        """The parts of a list."""
        if self.node is None:
            return []
        if not isinstance(self.node, Listing):
            self.wrong("expected a list")
            return []
        if not least <= len(self.node.items) <= most:
            self.wrong(f"{len(self.node.items)} entries, expected {least} to {most}")
        return [self.part(node, f"[{i}]") for i, node in enumerate(self.node.items[:most])]

    def entries(self) -> Iterator[tuple[str, "Spot"]]:
        """The parts of a mapping, each key once; a second one is noted."""
        if self.node is None:
            return
        if not isinstance(self.node, Mapped):
            self.wrong("expected a mapping")
            return
        seen: dict[str, int] = {}
        for entry in self.node.entries:
            spot = self._entry(entry)
            if entry.key in seen:
                spot.wrong(f"duplicate key; it stands in line {seen[entry.key]} already")
                continue
            seen[entry.key] = entry.line
            yield entry.key, spot

    def _entry(self, entry: Entry) -> "Spot":
        return self.part(entry.node, f".{entry.key}" if self.path else entry.key, entry.line)

    def fields(self) -> "Fields":
        """The mapping's named fields."""
        return Fields(self)


class Fields:
    """A mapping whose keys are known beforehand: ask for each, then `close`."""

    __slots__ = ("asked", "found", "spot")

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        self.found = dict(spot.entries())
        self.asked: list[str] = []

    def may(self, name: str) -> Spot:
        """A field that may be missing."""
        self.asked.append(name)
        return self.found.get(name) or Spot(
            None, self.spot.file, f"{self.spot.path}.{name}".lstrip("."), self.spot.faults, self.spot.line
        )

    def need(self, name: str) -> Spot:
        """A field that must be there."""
        spot = self.may(name)
        if spot.node is None and isinstance(self.spot.node, Mapped):
            spot.wrong("missing")
        return spot

    def close(self) -> None:
        """Note every field that nobody asked for."""
        for name, spot in self.found.items():
            if name not in self.asked:
                spot.wrong("unknown field" + hint(name, self.asked))


def at(section: Spot, *path: str | int) -> Spot:
    """The place of a part of a section, or the nearest place around it."""
    spot = section
    for step in path:
        node = spot.node
        if isinstance(step, int) and isinstance(node, Listing) and step < len(node.items):
            spot = spot.part(node.items[step], f"[{step}]")
        elif isinstance(step, str) and isinstance(node, Mapped):
            entry = next((e for e in node.entries if e.key == step), None)
            if entry is None:
                return Spot(None, spot.file, f"{spot.path}.{step}", spot.faults, spot.line)
            spot = spot.part(entry.node, f".{step}", entry.line)
        else:
            break
    return spot


def indexed(section: Spot, key: str = "id") -> Iterator[tuple[int, str]]:
    """The position and the `key` of each item that has one."""
    for i in range(len(section.node.items) if isinstance(section.node, Listing) else 0):
        muted = at(section, i, key)
        text = Spot(muted.node, muted.file, muted.path, []).text()
        if text:
            yield i, text


def quoted(text: str) -> str:
    """A value as it is shown in a message: short and on one line."""
    shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return f'"{shown[:60]}…"' if len(shown) > 60 else f'"{shown}"'


def unknown(called: str, text: str, known: Collection[str]) -> str:
    """For example `unknown person "zhao-lei"; did you mean "zhao-li"?`."""
    return f"unknown {called} {quoted(text)}{hint(text, known)}"


def hint(text: str, known: Collection[str]) -> str:
    """The nearest known word, or a short list of all of them."""
    near = difflib.get_close_matches(text[:80], list(known), n=1, cutoff=0.7)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f" (known: {', '.join(sorted(known))})" if 0 < len(known) <= 16 else ""
