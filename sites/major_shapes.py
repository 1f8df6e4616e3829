"""What `policies.major` of a pack looks like: off, or which alerts are major incidents and what follows."""

from sites.fields import Spot
from sites.major_words import ChiefPolicy, MajorPolicy
from sites.parameters import limits
from sites.shapes import Names, role


def major(spot: Spot, names: Names) -> MajorPolicy | None:
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
        chief=_chief(f.may("chief"), names),
    )
    if not made.priorities and not made.kinds:
        priorities.wrong("no priority and no kind is major; to have none, say `major: off`")
    f.close()
    return made


def _chief(spot: Spot, names: Names) -> ChiefPolicy | None:
    if spot.node is None or spot.off():
        return None
    f, usual = spot.fields(), ChiefPolicy()
    seat, who = f.may("seat"), f.may("role")
    made = ChiefPolicy(
        seat=names.ref(seat, "seats", "seat") if seat.node is not None else usual.seat,
        role=role(who) if who.node is not None else usual.role,
        within_min=f.may("within_min").whole(*limits("major.chief.within_min"), default=usual.within_min),
    )
    if (seat.node is None) == (who.node is None):
        (who if who.node is not None else spot).wrong("one of `seat` and `role` says who must come")
    f.close()
    return made
