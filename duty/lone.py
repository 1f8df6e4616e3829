"""A guard has themselves called while they walk alone, whatever the site's policy says: begun and ended by hand, with why. Pure."""

from datetime import datetime
from typing import Any

import msgspec

from logbook.rules import Line


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever holds the seat is called `every_min` minutes after their last sign of life, from `since` until they say otherwise
    or leave the seat.
    """

    site_id: str
    seat_id: str
    person_id: str
    every_min: int
    reason: str
    since: datetime

    @property
    def shown(self) -> dict[str, Any]:
        """What the pages are told."""
        return {f: getattr(self, f) for f in self.__struct_fields__ if f != "site_id"}


def begun(watch: Watch) -> Line:
    """The line of a watch that stands from now on."""
    return _line(watch, "lone.begin", watch.since, watch.person_id, watch.reason)


def ended(watch: Watch, *, by: str, reason: str, at: datetime) -> Line:
    """The line of its end. `by` the system: its person left the seat."""
    return _line(watch, "lone.end", at, by, reason)


def _line(watch: Watch, act: str, at: datetime, by: str, reason: str) -> Line:
    told = {"seat": watch.seat_id, "person": watch.person_id, "every_min": watch.every_min}
    return Line(at, act, by, f"seat/{watch.seat_id}", told | ({"reason": reason} if reason else {}))
