"""Coming to a shift: in time, late, or not at all; and what a span of duty amounts to for each person (ATT-01…03, ATT-06).

Pure. Every span is real time between two instants: a clock that changes in the night makes nobody late.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final

import msgspec

from duty.plan_and_fact import Kept
from duty.rules import Attended
from sites.duty_policies import DutyPolicies
from sites.duty_words import Dated
from sites.people import Words

EARLIEST: Final = timedelta(hours=4)  # who signs on sooner than that does not come for the shift


class Arrival(StrEnum):
    """How somebody came to a shift."""

    ON_TIME = "on_time"
    AFTER_LEAD = "after_lead"  # before the start, but too late to take over in peace (HND-01)
    LATE = "late"
    AGAIN = "again"  # had been there before
    UNPLANNED = "unplanned"  # came for no shift of theirs
    AWAITED = "awaited"  # has not come; it is not absence yet
    ABSENT = "absent"
    EXCUSED = "excused"
    ON_CALL = "on_call"


class Came(msgspec.Struct, frozen=True):
    """A sign-on held against the roster. `late_s` counts from the shift's start, also within the grace; `grade` is what the
    site calls such lateness.
    """

    arrival: Arrival
    shift: str | None = None
    late_s: int = 0
    grade: Words | None = None


def came(
    seat: str, person: str, at: datetime, shifts: Iterable[Dated], stays: Iterable[Attended], policy: DutyPolicies
) -> Came:
    """How a sign-on at `at` counts. `stays` are those before it."""
    shift = shift_for(seat, person, at, shifts)
    if shift is None:
        return Came(Arrival.UNPLANNED)
    if attends(shift, stays):
        return Came(Arrival.AGAIN, shift.id)
    arrival, late_s, grade = arrived(shift, at, policy)
    return Came(arrival, shift.id, late_s, grade)


def shift_for(seat: str, person: str, at: datetime, shifts: Iterable[Dated]) -> Dated | None:
    """The shift that somebody who signs on now comes for: the one that runs, else the next one."""
    mine = [
        s
        for s in shifts
        if (s.seat, s.person) == (seat, person) and not s.on_call and s.starts_at - EARLIEST <= at < s.ends_at
    ]
    return min(mine, key=lambda s: (s.starts_at, s.id), default=None)


def arrived(shift: Dated, at: datetime, policy: DutyPolicies) -> tuple[Arrival, int, Words | None]:
    """How coming at `at` counts, how many seconds late it is, and what the site calls that. Exactly at a limit is within."""
    late = at - shift.starts_at
    if late > timedelta(seconds=policy.late_grace_s):
        late_s = max(1, int(late.total_seconds()))
        return Arrival.LATE, late_s, grade(late_s, policy)
    if at > shift.starts_at - timedelta(minutes=policy.incoming_lead_min):
        return Arrival.AFTER_LEAD, max(0, int(late.total_seconds())), None
    return Arrival.ON_TIME, 0, None


def grade(late_s: int, policy: DutyPolicies) -> Words | None:
    """What so much lateness is called: the last grade that it reaches (ATT-03)."""
    reached = [g.name for g in policy.late_grades if g.min_s <= late_s]
    return reached[-1] if reached else None


def attends(shift: Dated, stays: Iterable[Attended]) -> bool:
    """Whether the planned person was there at any time of the shift."""
    return any(
        (a.seat, a.person) == (shift.seat, shift.person)
        and a.on_at < shift.ends_at
        and (a.off_at is None or a.off_at > shift.starts_at)
        for a in stays
    )


def absent_at(shift: Dated, policy: DutyPolicies) -> datetime:
    """When whoever has not come to a shift is called absent: before its end in any case."""
    return min(shift.starts_at + timedelta(minutes=policy.absent_after_min), shift.ends_at)


class Record(msgspec.Struct, frozen=True):
    """A shift, and what the attendance record says of it. Seconds count up to now while it runs. `overtime_s`: after the
    end, until the stay ended or the same person's next shift began; `no_sign_off`: it has not ended yet (ATT-01).
    """

    shift: Dated
    stays: tuple[Attended, ...]
    arrival: Arrival
    late_s: int
    grade: Words | None
    left_early_s: int
    overtime_s: int
    present_s: int
    away_s: int
    no_sign_off: bool


class Away(msgspec.Struct, frozen=True):
    """Time that somebody was away from a seat."""

    seat: str
    person: str
    left_at: datetime
    back_at: datetime | None


def record(
    kept: Kept,
    policy: DutyPolicies,
    now: datetime,
    aways: Iterable[Away] = (),
    *,
    excused: bool,
    until: datetime | None,
) -> Record:
    """What the record says of one shift. `until`: when the same person's next shift in the seat begins, if one follows."""
    shift = kept.shift
    arrival, late_s, called = Arrival.ABSENT, 0, None
    if shift.on_call:
        arrival = Arrival.ON_CALL
    elif kept.stays:
        arrival, late_s, called = arrived(shift, min(a.on_at for a in kept.stays), policy)
    elif excused:
        arrival = Arrival.EXCUSED
    elif now < absent_at(shift, policy):
        arrival = Arrival.AWAITED
    last = max(((a.off_at or now) for a in kept.stays), default=None)
    over = 0.0
    if last is not None and not shift.on_call:
        over = max(0.0, (min(last, until or last) - shift.ends_at).total_seconds())
    gone = sum(
        max(0.0, (min(a.back_at or now, shift.ends_at) - max(a.left_at, shift.starts_at)).total_seconds())
        for a in aways
        if (a.seat, a.person) == (shift.seat, shift.person)
    )
    return Record(
        shift,
        kept.stays,
        arrival,
        late_s,
        called,
        kept.left_early_s,
        int(over),
        kept.present_s,
        int(gone),
        no_sign_off=over > 0 and any(a.off_at is None for a in kept.stays),
    )


class Person(msgspec.Struct, frozen=True):
    """What a span amounts to for one person. Lateness within the grace is none; answer times are of presence checks."""

    person: str
    shifts: int
    planned_s: int
    present_s: int
    late: int
    late_s: int
    absent: int
    excused: int
    left_early: int
    overtime_s: int
    away_s: int
    checks_answered: int
    checks_missed: int
    answer_ms_median: int | None


class Answers(msgspec.Struct, frozen=True):
    """How somebody answered presence checks: milliseconds of those in time, and how many were missed."""

    ms: Sequence[int]
    missed: int


def totals(records: Iterable[Record], answers: Mapping[str, Answers]) -> list[Person]:
    """Each person's sum, by id. Being on call is no hours."""
    mine: dict[str, list[Record]] = defaultdict(list)
    for r in records:
        mine[r.shift.person].append(r)
    return [
        _total(person, [r for r in mine[person] if not r.shift.on_call], answers.get(person, Answers((), 0)))
        for person in sorted({*mine, *answers})
    ]


def _total(person: str, rows: Sequence[Record], answers: Answers) -> Person:
    late = [r.late_s for r in rows if r.arrival is Arrival.LATE]
    return Person(
        person,
        len(rows),
        int(sum((r.shift.ends_at - r.shift.starts_at).total_seconds() for r in rows)),
        sum(r.present_s for r in rows),
        len(late),
        sum(late),
        sum(r.arrival is Arrival.ABSENT for r in rows),
        sum(r.arrival is Arrival.EXCUSED for r in rows),
        sum(r.left_early_s > 0 for r in rows),
        sum(r.overtime_s for r in rows),
        sum(r.away_s for r in rows),
        len(answers.ms),
        answers.missed,
        int(median(answers.ms)) if answers.ms else None,
    )
