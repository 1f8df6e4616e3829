"""The register's words for a major incident: which alerts are one, and what the site then wants of its people. No I/O."""

import msgspec


class MajorPolicy(msgspec.Struct, frozen=True):
    """Alerts of these priorities, and of these kinds or families besides, are major incidents. `recorder`: each has somebody
    named who writes down what happens (LOG-13).
    """

    priorities: tuple[int, ...] = (1,)
    kinds: tuple[str, ...] = ()
    recorder: bool = True

    def has(self, kind: str, priority: int) -> bool:
        """Whether such an alert is a major incident."""
        return priority in self.priorities or any(kind == k or kind.startswith(k + ".") for k in self.kinds)
