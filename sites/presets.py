"""What a service grade gives a site that does not say otherwise (SITE-05). What a pack writes itself always wins.

The regulations name grades 1 to 3 and tell the numbers of the third alone; a site of another grade keeps the usual ones.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from sites.fields import Spot
from sites.tree import Mapped

T = TypeVar("T", bound=msgspec.Struct)

PRESETS: Final[Mapping[int, Mapping[str, int]]] = {
    1: {},
    2: {},
    3: {"patrol.interval_min": 240, "service.urgent_repair_min": 60, "service.callback_rate_min_pct": 70},
}


def given(grade: int, policies: Spot) -> tuple[str, ...]:
    """The parameters that the grade's preset gives, because the pack says nothing of them."""
    return tuple(name for name in PRESETS.get(grade, {}) if not _written(policies, name))


def usual(made: T, grade: int, group: str) -> T:
    """The usual values of a group of policies (`patrol`), as the grade has them."""
    preset: dict[str, Any] = {
        name.removeprefix(f"{group}."): value
        for name, value in PRESETS.get(grade, {}).items()
        if name.startswith(f"{group}.")
    }
    return msgspec.structs.replace(made, **preset)


def _written(spot: Spot, name: str) -> bool:
    node = spot.node
    for part in name.split("."):
        if not isinstance(node, Mapped):
            return False
        node = next((entry.node for entry in node.entries if entry.key == part), None)
    return node is not None
