"""What `policies.major` of a pack looks like: off, or which alerts are major incidents and what follows."""

from sites.fields import Spot
from sites.major_words import MajorPolicy


def major(spot: Spot) -> MajorPolicy | None:
    """Left out or `off`, no alert is a major incident."""
    if spot.node is None or spot.off():
        return None
    f, usual = spot.fields(), MajorPolicy()
    priorities, kinds = f.may("priorities"), f.may("kinds")
    made = MajorPolicy(
        priorities=tuple(item.whole(1, 4, default=1) for item in priorities.items(most=4))
        if priorities.node is not None
        else usual.priorities,
        kinds=tuple(item.text() for item in kinds.items(most=64)),
        recorder=f.may("recorder").flag(default=usual.recorder),
    )
    if not made.priorities and not made.kinds:
        priorities.wrong("no priority and no kind is major; to have none, say `major: off`")
    f.close()
    return made
