"""What differs between two registers, thing by thing and field by field."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from sites.register import Register, plain

_BY_ID: Final = (
    "zones",
    "plans",
    "gateways",
    "devices",
    "checkpoints",
    "posts",
    "seats",
    "people",
    "ladders",
    "templates",
    "rotations",
    "forms",
    "categories",
    "checklists",
    "pre_checks",
    "equipment_tests",
    "patrol_routes",
    "patrol_plans",
)
_SAID: Final = {"templates": "shifts"}  # a pack's word for it


class How(StrEnum):
    """What became of a thing."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Change(msgspec.Struct, frozen=True):
    """One difference: `section` and `id` name the thing; a changed one has its `field`, what it was and what it is."""

    section: str
    id: str
    how: How
    field: str = ""
    old: Any = None
    new: Any = None


def diff(old: Register | None, new: Register) -> list[Change]:
    """The way from `old` to `new`. With no `old`, everything is added."""
    before, after = plain(old) if old is not None else {}, plain(new)
    changes = [
        Change("site", new.site_id, How.CHANGED, name, before[name], after[name])
        for name in ("name", "time_zone")
        if before and before[name] != after[name]
    ]
    for name in _BY_ID:
        changes += _section(_SAID.get(name, name), before.get(name, {}), after[name])
    for name in ("routes", "rotas", "externals"):
        changes += _section(name, _keyed(name, before.get(name, ())), _keyed(name, after[name]))
    return changes + (_fields("policies", "policies", *map(_policies, (before, after))) if before else [])


def _policies(register: Mapping[str, Any]) -> dict[str, Any]:
    """The site's numbers, those of duty and patrol among them, each by its own name."""
    groups = ("duty", "patrol", "service")
    nested = {f"{g}.{name}": value for g in groups for name, value in register["policies"].get(g, {}).items()}
    return {name: value for name, value in register["policies"].items() if name not in groups} | nested


def _keyed(name: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows that have no id are known by what they are for: routes by their position, rotas by their seat."""
    keyed: dict[str, Any] = {}
    for i, row in enumerate(rows):
        key = row["id"] if name == "externals" else row["seat"] if name == "rotas" else str(i + 1)
        keyed[key if key not in keyed else f"{key}#{i + 1}"] = row
    return keyed


def _section(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    gone = [Change(name, key, How.REMOVED) for key in old if key not in new]
    come = [Change(name, key, How.ADDED) for key in new if key not in old]
    return gone + come + [c for key in new if key in old for c in _fields(name, key, old[key], new[key])]


def _fields(name: str, key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    fields = dict.fromkeys((*old, *new))
    return [
        Change(name, key, How.CHANGED, f, _short(old.get(f)), _short(new.get(f)))
        for f in fields
        if old.get(f) != new.get(f)
    ]


def _short(value: Any) -> Any:
    """A drawing is told by its size; anything else as it is."""
    return f"{len(value)} characters" if isinstance(value, str) and len(value) > 400 else value


def summary(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """How many things of each section were added, removed or changed."""
    counted = Counter((c.section, str(c.how)) for c in {(c.section, c.id, c.how): c for c in changes}.values())
    told: dict[str, dict[str, int]] = {}
    for (section, how), n in sorted(counted.items()):
        told.setdefault(section, {})[how] = n
    return told


def warnings(changes: Iterable[Change], open_subjects: Iterable[str]) -> list[str]:
    """What an import would leave behind: devices that go while an alert on them is still open."""
    busy = set(open_subjects)
    gone = [c.id for c in changes if c.section == "devices" and c.how is How.REMOVED and c.id in busy]
    return [f"device {name} is removed, but an alert on it is still open; close it by hand" for name in gone]
