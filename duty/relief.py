"""Who is to be relieved when: the planned end of a stay, who comes next, and whether they are late. Pure (HND-02, HND-04)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from duty.rules import Attended, Basis, Holding
from sites.duty_policies import DutyPolicies
from sites.duty_words import Dated

CLOSING = timedelta(hours=12)  # when nobody comes for this long, the seat is closed, not handed over


class Reachable(msgspec.Struct, frozen=True):
    """Somebody who left a seat and can still be asked, until `until` (HND-13)."""

    person: str
    seat: str
    ended_at: datetime
    until: datetime


class Relief(msgspec.Struct, frozen=True):
    """A person who is to be relieved. `prepare_at` and `late_at` are empty where nothing of that is owed (any more)."""

    seat: str
    person: str
    end_at: datetime
    prepare_at: datetime | None = None
    late_at: datetime | None = None


def reachable(stays: Iterable[Attended], hours: int, at: datetime) -> list[Reachable]:
    """Whom to ask about the shifts that are over, last first: each once, and nobody who is there anyway."""
    known = list(stays)
    there = {a.person for a in known if a.off_at is None or a.off_at > at}
    found: dict[str, Reachable] = {}
    for a in sorted(known, key=lambda a: (a.off_at or at, a.id), reverse=True):
        until = a.off_at and a.off_at + timedelta(hours=hours)
        if a.off_at is not None and until is not None and at < until and a.person not in there:
            found.setdefault(a.person, Reachable(a.person, a.seat, a.off_at, until))
    return list(found.values())


def planned_end(holding: Holding, shifts: Iterable[Dated], at: datetime) -> datetime | None:
    """When the shift that the holder came for ends or ended, with what follows it without a break; None: it is not known."""
    mine = sorted(
        (s for s in shifts if s.seat == holding.seat and s.person == holding.person and not s.on_call),
        key=lambda s: s.starts_at,
    )
    end: datetime | None = None
    for shift in mine:
        if holding.since is not None and shift.ends_at <= holding.since:
            continue
        follows = end is not None and shift.starts_at <= end
        if follows or shift.starts_at <= at or (end is None and shift.starts_at <= at + CLOSING):
            end = shift.ends_at
    return end


def coming(holding: Holding, shifts: Iterable[Dated], end: datetime) -> Dated | None:
    """Whose shift comes next in the seat, if it comes before the seat counts as closed."""
    next_ = [
        s
        for s in shifts
        if s.seat == holding.seat and s.person != holding.person and not s.on_call
        if s.ends_at > end and s.starts_at <= end + CLOSING
    ]
    return min(next_, key=lambda s: (s.starts_at, s.id), default=None)


def due(
    holding: Holding, shifts: Iterable[Dated], stays: Iterable[Attended], policy: DutyPolicies, at: datetime
) -> Relief | None:
    """What is owed for a seat whose holder signed on: nothing where nobody is to come, or relief is there already."""
    if holding.person is None or holding.basis is not Basis.SIGNED_ON:
        return None
    known = list(shifts)
    end = planned_end(holding, known, at)
    relief = None if end is None else coming(holding, known, end)
    if end is None or relief is None:
        return None
    there = any(
        a.seat == holding.seat and a.person != holding.person and a.on_at <= at and a.off_at is None for a in stays
    )
    late_at = max(end, relief.starts_at) + timedelta(minutes=policy.relief_late_grace_min)
    prepare_at = end - timedelta(minutes=policy.outgoing_prep_min) if policy.outgoing_prep_min else None
    return Relief(holding.seat, holding.person, end, prepare_at, None if there else late_at)
