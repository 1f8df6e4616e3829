"""Of what the shifts to come leave open: whom to tell, when. Pure.

One call a seat and day, or a post and day: several holes of one day are one thing to see to. A call is made at each of the
site's lead times before the first hole begins; a hole found later than that is told at once. A hole in a seat that has
begun is `duty.gap`'s to ring for; a post that is short stays called for until its hole is over.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import msgspec

from duty.coverage import Gap, Lack

SEAT_OPEN: Final = "duty.coverage"
POST_SHORT: Final = "duty.short"
KIND_OF: Final[Mapping[Lack, str]] = MappingProxyType(
    {Lack.UNCOVERED: SEAT_OPEN, Lack.TOO_FEW: POST_SHORT, Lack.CERTIFICATE_MISSING: POST_SHORT}
)


class Call(msgspec.Struct, frozen=True):
    """What somebody is to be told of. `due_at`: when to look at it next."""

    subject: str
    kind: str
    gaps: tuple[Gap, ...]
    told_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def starts_at(self) -> datetime:
        """When the first of its holes begins."""
        return min(g.starts_at for g in self.gaps)


def calls_of(gaps: Sequence[Gap], at: datetime, lead_h: Sequence[int], were: Iterable[Call]) -> list[Call]:
    """The calls that these holes ask for; of what was told before it is known when."""
    told = {(c.subject, c.kind): c.told_at for c in were}
    by: dict[tuple[str, str], list[Gap]] = {}
    for gap in _without_double(gaps):
        if lead_h and not _passed(gap, at):
            by.setdefault((_subject(gap), KIND_OF[gap.code]), []).append(gap)
    return [placed(Call(*key, tuple(found), told.get(key)), at, lead_h) for key, found in sorted(by.items())]


def placed(call: Call, at: datetime, lead_h: Sequence[int]) -> Call:
    """The call with the time at which to look at it next: a lead time not told yet, or when one of its holes has passed."""
    leads = [call.starts_at - timedelta(hours=h) for h in lead_h]
    untold = [lead for lead in leads if call.told_at is None or lead > call.told_at]
    ahead = [max(min(untold), at)] if untold else []
    return msgspec.structs.replace(call, due_at=min([*ahead, *map(_over_at, call.gaps)]))


def left(call: Call, at: datetime) -> Call | None:
    """What remains of a call at `at`; None: nothing of it."""
    gaps = tuple(g for g in call.gaps if not _passed(g, at))
    return msgspec.structs.replace(call, gaps=gaps) if gaps else None


def to_tell(call: Call, at: datetime, lead_h: Sequence[int]) -> bool:
    """Whether a lead time has come that was not told yet."""
    leads = (call.starts_at - timedelta(hours=h) for h in lead_h)
    return any(lead <= at and (call.told_at is None or lead > call.told_at) for lead in leads)


def _over_at(gap: Gap) -> datetime:
    return gap.starts_at if gap.code is Lack.UNCOVERED else gap.ends_at


def _passed(gap: Gap, at: datetime) -> bool:
    return _over_at(gap) <= at


def _subject(gap: Gap) -> str:
    return f"coverage/{gap.seat or gap.post}/{gap.day.isoformat()}"


def _without_double(gaps: Sequence[Gap]) -> Iterator[Gap]:
    """A post that has too few only because seats of it are empty is told once: as the empty seats."""
    for gap in gaps:
        holes = [
            e
            for e in gaps
            if e.code is Lack.UNCOVERED
            and e.post == gap.post
            and e.starts_at < gap.ends_at
            and e.ends_at > gap.starts_at
        ]
        if gap.code is not Lack.TOO_FEW or gap.need - gap.have > len({e.seat for e in holes}):
            yield gap
            continue
        here = gap.starts_at
        for hole in sorted(holes, key=lambda e: e.starts_at):
            if here < hole.starts_at:
                yield msgspec.structs.replace(gap, starts_at=here, ends_at=hole.starts_at)
            here = max(here, hole.ends_at)
        if here < gap.ends_at:
            yield msgspec.structs.replace(gap, starts_at=here)
