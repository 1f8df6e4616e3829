"""Planned and actual: who should have been there, and who was (DUTY-15). Pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import msgspec

from duty.rules import Attended
from sites.duty_words import Dated


class Kept(msgspec.Struct, frozen=True):
    """A shift that has begun, and what became of it. `stays` are the planned person's own, `others` whoever else stood in
    that seat meanwhile. Seconds are counted up to now while the shift runs. Who is on call is not asked to be there.
    """

    shift: Dated
    stays: tuple[Attended, ...]
    others: tuple[Attended, ...]
    present_s: int
    late_s: int
    left_early_s: int
    absent: bool


class Facts(msgspec.Struct, frozen=True):
    """A span of duty: every shift that has begun, and the stays that nobody had planned."""

    shifts: tuple[Kept, ...]
    unplanned: tuple[Attended, ...]


def facts(shifts: Iterable[Dated], stays: Iterable[Attended], now: datetime) -> Facts:
    """Hold attendance against the roster."""
    by_seat: dict[str, list[Attended]] = defaultdict(list)
    for stay in sorted(stays, key=lambda a: (a.on_at, a.id)):
        if stay.on_at < (stay.off_at or now):
            by_seat[stay.seat].append(stay)
    kept = [_kept(s, by_seat[s.seat], now) for s in shifts if s.starts_at <= now]
    planned = {stay.id for k in kept for stay in k.stays}
    return Facts(tuple(kept), tuple(s for there in by_seat.values() for s in there if s.id not in planned))


def _kept(shift: Dated, stays: Iterable[Attended], now: datetime) -> Kept:
    until = min(shift.ends_at, now)
    there = [a for a in stays if a.on_at < until and (a.off_at is None or a.off_at > shift.starts_at)]
    mine = [a for a in there if a.person == shift.person]
    others = tuple(a for a in there if a.person != shift.person)
    if shift.on_call or not mine:
        return Kept(shift, tuple(mine), others, _present(shift, mine, until), 0, 0, absent=not shift.on_call)
    last = max(a.off_at or now for a in mine)
    return Kept(
        shift,
        tuple(mine),
        others,
        _present(shift, mine, until),
        max(0, int((mine[0].on_at - shift.starts_at).total_seconds())),
        max(0, int((until - last).total_seconds())),
        absent=False,
    )


def _present(shift: Dated, mine: Iterable[Attended], until: datetime) -> int:
    """Seconds within the shift, each counted once however often somebody signed on."""
    total, here = 0.0, shift.starts_at
    for stay in mine:
        starts, ends = max(stay.on_at, here), min(stay.off_at or until, until)
        if starts < ends:
            total += (ends - starts).total_seconds()
            here = ends
    return int(total)
