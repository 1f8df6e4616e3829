"""Whether who holds a seat can be reached where they sit. Pure."""

from collections.abc import Mapping
from datetime import datetime

from core.clock import seconds
from duty.rules import Holding
from sites.duty_policies import Reach


def unreached(
    held: Mapping[str, Holding], seen: Mapping[str, datetime], policy: Reach | None, at: datetime
) -> frozenset[str]:
    """The seats whose holder had no page connected for `after_s` seconds (ESC-13). `seen`: when each person last had one.

    Whoever has just taken a seat has as long to open one. An empty seat is not unreached, it is empty.
    """
    if policy is None or not policy.consoles:
        return frozenset()
    since = at - seconds(policy.after_s)
    return frozenset(
        seat
        for seat, holding in held.items()
        if holding.person is not None
        and (holding.since is None or holding.since <= since)
        and ((last := seen.get(holding.person)) is None or last <= since)
    )
