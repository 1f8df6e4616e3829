"""What the equipment section of a pack looks like: tests that come again (EQP-02)."""

from datetime import date
from typing import Final

from sites.equipment_words import EquipmentTest
from sites.fields import Spot, at
from sites.people import Role
from sites.shapes import Names, role

MOST: Final = 500
DAYS: Final = (1, 3660)
MONTHS: Final = (1, 120)


def test(spot: Spot, names: Names) -> EquipmentTest:
    """What is tested, how often, since when, and whose work that is."""
    f = spot.fields()
    devices, zone, about = f.may("devices"), f.may("zone"), f.may("about")
    days, months, by = f.may("every_days"), f.may("every_months"), f.may("by")
    since = f.need("since").day()
    made = EquipmentTest(
        id=f.need("id").name(),
        name=f.need("name").words(),
        devices=tuple(names.ref(item, "devices", "device") for item in devices.items(least=1, most=200)),
        zone=names.ref(zone, "zones", "zone") or None,
        about=about.words() if about.node is not None else None,
        every_days=days.whole(*DAYS),
        every_months=months.whole(*MONTHS),
        by=role(by) if by.node is not None else Role.ENGINEER,
        since=date.fromisoformat(since or "2000-01-01"),
        alert=f.may("alert").flag(default=False),
    )
    said = [s for s in (days, months) if s.node is not None]
    if len(said) != 1:
        (said[1] if said else spot).wrong("one of `every_days` and `every_months` says how often")
    if not [s for s in (devices, zone, about) if s.node is not None]:
        spot.wrong("`devices`, `zone` or `about` says what is tested")
    seen: set[str] = set()
    for i, name in enumerate(made.devices):
        if name and name in seen:
            at(devices, i).wrong(f"{name} stands in this test already")
        seen.add(name)
    f.close()
    return made
