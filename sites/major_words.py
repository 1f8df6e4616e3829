"""The register's words for a major incident: which alerts are one, and what the site then wants of its people. No I/O."""

import msgspec

from sites.people import Role


class ChiefPolicy(msgspec.Struct, frozen=True):
    """Who must be on site within `within_min` of a major incident (ESC-03): who holds `seat`, or, with `role`, anybody of it."""

    seat: str = ""
    role: Role | None = None
    within_min: int = 30


class MajorPolicy(msgspec.Struct, frozen=True):
    """Alerts of these priorities, and of these kinds or families besides, are major incidents. `recorder`: each has somebody
    named who writes down what happens (LOG-13). `chief`: somebody in charge comes to the site.
    """

    priorities: tuple[int, ...] = (1,)
    kinds: tuple[str, ...] = ()
    recorder: bool = True
    chief: ChiefPolicy | None = None

    def has(self, kind: str, priority: int) -> bool:
        """Whether such an alert is a major incident."""
        return priority in self.priorities or any(kind == k or kind.startswith(k + ".") for k in self.kinds)
