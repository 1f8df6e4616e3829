"""YAML as a tree that knows its lines, read from parser events so that nothing is constructed and nothing is guessed.

A scalar stays text until a field says what it must be: `no`, `08:00` and `1_000` mean what they look like. Anchors,
aliases, tags and a second document are refused; depth and size are bounded.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import yaml

from sites.errors import Fault

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_DEPTH: Final = 12
MAX_NODES: Final = 500_000


class Scalar(msgspec.Struct, frozen=True):
    """A value as it was written; `plain` when it stood without quotes."""

    line: int
    text: str
    plain: bool


class Entry(msgspec.Struct):
    """One `key: value` of a mapping."""

    key: str
    line: int
    node: "Node"


class Listing(msgspec.Struct):
    """A sequence."""

    line: int
    items: "list[Node]"


class Mapped(msgspec.Struct):
    """A mapping, in the order it was written; a key may stand twice, the reader says so."""

    line: int
    entries: list[Entry]


Node = Scalar | Listing | Mapped


class _Bad(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, line: int, why: str) -> None:
        self.line, self.why = line, why


def parse(data: bytes, file: str) -> Node | Fault | None:
    """The tree of one file, None when the file says nothing, or what is wrong with its YAML."""
    if len(data) > MAX_BYTES:
        return Fault(file, 1, "", f"{len(data)} bytes, at most {MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        return Fault(file, data[: wrong.start].count(b"\n") + 1, "", "not UTF-8")
    try:
        return _build(_events(text))
    except _Bad as bad:
        return Fault(file, bad.line, "", bad.why)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        why = getattr(wrong, "problem", None) or getattr(wrong, "reason", None) or "not YAML"
        return Fault(file, mark.line + 1 if mark is not None else 1, "", f"not YAML: {why}")


def grown(value: Any) -> Node | None:
    """The tree of plain values, as if they had been written; what was text stays text, whatever it looks like."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        entries = ((str(key), grown(part)) for key, part in value.items())
        return Mapped(1, [Entry(key, 1, node) for key, node in entries if node is not None])
    if isinstance(value, list | tuple):
        return Listing(1, [node for part in value if (node := grown(part)) is not None])
    if isinstance(value, bool):
        return Scalar(1, str(value).lower(), plain=True)
    if isinstance(value, float):
        return Scalar(1, f"{value:.9f}".rstrip("0").rstrip("."), plain=True)
    return Scalar(1, str(value), plain=not isinstance(value, str))


def _events(text: str) -> Iterator[yaml.Event]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.parse(text, Loader=loader)


def _build(events: Iterator[yaml.Event]) -> Node | None:
    root: Node | None = None
    open_nodes: list[Listing | Mapped] = []
    keys: list[tuple[str, int] | None] = []
    count = documents = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Bad(line, "a second document; a file holds one")
        if isinstance(event, yaml.CollectionEndEvent):
            open_nodes.pop()
            keys.pop()
        if not isinstance(event, yaml.NodeEvent):
            continue
        count += 1
        if count > MAX_NODES:
            raise _Bad(line, f"more than {MAX_NODES} values")
        node = _node(event, line)
        if not open_nodes:
            root = node
        elif isinstance(parent := open_nodes[-1], Listing):
            parent.items.append(node)
        elif (key := keys[-1]) is None:
            if not isinstance(node, Scalar):
                raise _Bad(line, "a key must be a word")
            keys[-1] = (node.text, line)
        else:
            parent.entries.append(Entry(key[0], key[1], node))
            keys[-1] = None
        if not isinstance(node, Scalar):
            if len(open_nodes) >= MAX_DEPTH:
                raise _Bad(line, f"nests deeper than {MAX_DEPTH}")
            open_nodes.append(node)
            keys.append(None)
    return root


def _node(event: yaml.NodeEvent, line: int) -> Node:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _Bad(line, "anchors and aliases are not read; write the value out")
    if getattr(event, "tag", None) is not None:
        raise _Bad(line, f"the tag {event.tag} is not read")  # type: ignore[attr-defined]
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(line, event.value, event.style in {None, ""})
    return Listing(line, []) if isinstance(event, yaml.SequenceStartEvent) else Mapped(line, [])


def read_bytes(path: Any, limit: int) -> bytes | str:
    """A file's bytes, or why it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        if not path.is_file():
            return "no such file"
        if path.stat().st_size > limit:
            return f"{path.stat().st_size} bytes, at most {limit}"
        content: bytes = path.read_bytes()
        return content
    return "cannot be read"
