"""A pack's sections before they are judged: reading, adding and changing their raw values.

What is made here comes from a scenario, so it carries its line as a negative number (see `given`).
"""

from collections.abc import Sequence

from simulators.scenario.times import duration
from sites.fields import Spot, quoted
from sites.tree import Entry, Listing, Mapped, Node, Scalar

Sections = dict[str, Spot]
Nodes = dict[str, Node]


# -- values


def scalar(spot: Spot, text: str) -> Scalar:
    return Scalar(-spot.line, text, plain=True)


def listing(spot: Spot, items: Sequence[Node]) -> Listing:
    return Listing(-spot.line, list(items))


def mapped(spot: Spot, **found: Node) -> Mapped:
    return Mapped(-spot.line, [Entry(key, -spot.line, node) for key, node in found.items()])


def copied(spot: Spot) -> Node:
    """What stands in a scenario just as it would in a pack, with the scenario's lines."""
    return _turned(spot.node)


def _turned(node: Node | None) -> Node:
    match node:
        case Scalar():
            return Scalar(-abs(node.line), node.text, node.plain)
        case Listing():
            return Listing(-abs(node.line), [_turned(n) for n in node.items])
        case Mapped():
            return Mapped(-abs(node.line), [Entry(e.key, -abs(e.line), _turned(e.node)) for e in node.entries])
    return Scalar(-1, "", plain=True)


def one_or_more(spot: Spot) -> list[Spot]:
    """A list's parts, or the one thing that stands instead of a list."""
    return spot.items() if isinstance(spot.node, Listing) else [spot]


def named(*spots: Spot) -> Nodes:
    """Plain fields that a pack calls by the same name."""
    return {s.path.rpartition(".")[2]: scalar(s, s.text()) for s in spots if s.node is not None}


def seconds(spots: dict[str, Spot]) -> Nodes:
    """Spans of time as the whole seconds that a pack wants."""
    made: Nodes = {}
    for name, spot in spots.items():
        if spot.node is None or not (text := spot.text()):
            continue
        span = duration(text)
        if span is None or span.microseconds:
            like = f"; did you mean {quoted(text + 's')}?" if text.isdecimal() else " (10m, 90s, 1h30m)"
            spot.wrong(f"{quoted(text)} is not a span of whole seconds{like}")
        else:
            made[name] = scalar(spot, f"{span.total_seconds():.0f}")
    return made


# -- sections


def things(sections: Sections, name: str) -> list[Node]:
    """What stands in a section that is a list."""
    node = sections[name].node if name in sections else None
    return node.items if isinstance(node, Listing) else []


def field(node: Node | None, key: str) -> Node | None:
    """A field of a mapping."""
    return next((e.node for e in node.entries if e.key == key), None) if isinstance(node, Mapped) else None


def word(node: Node | None, key: str) -> str:
    """A field that is text; empty when it is not."""
    found = field(node, key)
    return found.text if isinstance(found, Scalar) else ""


def ids(sections: Sections, name: str) -> list[str]:
    """The ids that a section declares."""
    return [word(node, "id") for node in things(sections, name)]


def has(sections: Sections, name: str, wanted: str) -> bool:
    return wanted in ids(sections, name)


def usual(sections: Sections, name: str, *, first: bool) -> str:
    """The id that a new thing belongs to when nothing else is said."""
    found = ids(sections, name)
    return found[0 if first else -1] if found else ""


def change(node: Mapped, key: str, value: Node) -> None:
    """Put a field into a mapping, in place of the one that was there."""
    node.entries = [e for e in node.entries if e.key != key] + [Entry(key, value.line, value)]


def put(sections: Sections, name: str, found: Nodes) -> None:
    """Put fields into a section that is a mapping."""
    node = sections[name].node if name in sections else None
    if isinstance(node, Mapped):
        for key, value in found.items():
            change(node, key, value)


def append(sections: Sections, name: str, node: Node) -> None:
    things(sections, name).append(node)


def drop(sections: Sections, name: str, key: str, value: str) -> None:
    """Take away what has this value in that field."""
    found = things(sections, name)
    found[:] = [node for node in found if word(node, key) != value]


def merge(
    sections: Sections,
    section: str,
    name: str,
    spot: Spot,
    found: Nodes,
    fresh: Nodes,
    gone: tuple[str, ...] = (),
) -> None:
    """The thing of this id with `found` put over it and without what is `gone`; a new one also gets what is `fresh`."""
    for node in things(sections, section):
        if isinstance(node, Mapped) and word(node, "id") == name:
            node.entries = [e for e in node.entries if e.key not in gone]
            for key, value in found.items():
                change(node, key, value)
            return
    append(sections, section, mapped(spot, id=scalar(spot, name), **{**fresh, **found}))
