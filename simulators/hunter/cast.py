"""Who does it: a moment's meaning becomes an act, chosen by the moment's number from how things stand.

The cast reads the rows that any page shows (open alerts, seats); it asks none of the product's rules what would be
allowed, and is therefore refused often enough.
"""

from collections.abc import Mapping
from random import Random
from typing import Final

from simulators.hunter import deeds_of_devices, deeds_of_fate, deeds_of_people
from simulators.hunter.plan import Meant
from simulators.hunter.stage import Deed, Made, View

DEEDS: Final[Mapping[str, Deed]] = {**deeds_of_devices.DEEDS, **deeds_of_people.DEEDS, **deeds_of_fate.DEEDS}


def acts(meant: Meant, view: View, now: int) -> Made:
    """The acts of a moment; none when nothing fits."""
    return DEEDS[meant.what](Random(meant.number), view, now)
