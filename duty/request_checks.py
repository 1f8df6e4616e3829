"""What a request would break: the roster's own rules, asked of the roster with it and without it. Pure.

A fault makes the request impossible. A warning needs somebody who decides, and their reason: too little rest, too short
notice, a lower rank, a seat left empty.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from core.errors import Refusal
from duty.calendar import month_of
from duty.request_errors import CertificateMissing, PostNotAllowed, RequestImpossible, TwoSeatsAtOnce
from duty.request_moves import placed_at
from duty.requests import Move, Request, excused
from duty.roster_checks import check, errors
from duty.roster_cover import Finding, Severity
from duty.rosters import Edit, Roster, RosterState, edited, shifts_of
from duty.rotations import Cells
from sites.duty_words import Dated, DayType
from sites.register import Register

_HOUR: Final = timedelta(hours=1)
_IMPOSSIBLE: Final[Mapping[str, type[Refusal]]] = {
    "two_seats_at_once": TwoSeatsAtOnce,
    "certificate_missing": CertificateMissing,
    "post_not_allowed": PostNotAllowed,
}
_MEASURES: Final = {"too_many_days": "days", "too_many_hours": "hours"}


class Plan(msgspec.Struct, frozen=True):
    """What stands: the cells of each month that is touched, the shifts of the months beside them, and who is on leave."""

    cells: Mapping[str, Cells]
    beside: Sequence[Dated]
    day_type: Callable[[date], DayType]
    leaves: Sequence[Request] = ()


def broken(register: Register, plan: Plan, moves: Sequence[Move], at: datetime) -> list[Finding]:
    """Every rule that these moves would break and that is not broken without them. Raises the refusal of a fault."""
    if not moves:
        return []
    after = {month: _with(cells, moves, month) for month, cells in plan.cells.items()}
    stood, made = (_found(register, plan, cells, at) for cells in (plan.cells, after))
    found = [f for f in made if not any(_known(f, old) for old in stood) and (f.ends_at is None or f.ends_at > at)]
    if not any(m.now for m in moves):  # nobody comes: what is missing then is a gap to be seen, nobody's fault
        found = [msgspec.structs.replace(f, severity=Severity.WARNING) for f in found]
    for fault in errors(found):
        told = {k: v for k, v in msgspec.to_builtins(fault).items() if v not in (None, {})}
        raise _IMPOSSIBLE.get(fault.code, RequestImpossible)(first=told)
    return [*_ranks(register, moves), *_away(register, plan.leaves, moves), *found]


def notice(register: Register, starts_at: datetime, at: datetime) -> list[Finding]:
    """Whether it is asked for in time (DUTY-06: a day ahead)."""
    least = register.policies.duty.swap_notice_h
    if starts_at - at >= least * _HOUR:
        return []
    data = {"notice_h": round(max(timedelta(), starts_at - at) / _HOUR, 1), "least_h": least}
    return [Finding(code="notice_too_short", severity=Severity.WARNING, starts_at=starts_at, data=data)]


def _with(cells: Cells, moves: Iterable[Move], month: str) -> Cells:
    edits = [Edit(m.seat, m.day, m.template, m.now) for m in moves if month_of(m.day) == month]
    return edited(cells, edits, month)[0]


def _found(register: Register, plan: Plan, months: Mapping[str, Cells], at: datetime) -> list[Finding]:
    """What the roster's own checks say of these months, each beside the others."""
    first, last = date.min, date.max
    around = [*plan.beside, *(s for cells in months.values() for s in shifts_of(register, cells, first, last))]
    return [
        f
        for month, cells in months.items()
        for f in check(register, _as_roster(month, cells, at), around, plan.day_type)
    ]


def _as_roster(month: str, cells: Cells, at: datetime) -> Roster:
    return Roster(
        site_id="", id="", month=month, state=RosterState.DRAFT, version=None, based_on=0, revision=0, authors=(),
        made_by="", made_at=at, cells=cells,
    )  # fmt: skip


def _known(new: Finding, old: Finding) -> bool:
    """Whether what is wrong now was wrong before, at least as badly."""
    if (new.code, new.person) != (old.code, old.person):
        return False
    measure = _MEASURES.get(new.code)
    if measure is not None:
        return bool(new.data[measure] <= old.data[measure])
    if new.code == "rest_too_short":
        return (new.starts_at, new.ends_at) == (old.starts_at, old.ends_at)
    if new.starts_at is None or old.starts_at is None or new.ends_at is None or old.ends_at is None:
        return new == old
    within = old.starts_at <= new.starts_at and new.ends_at <= old.ends_at
    same = new.seat == old.seat and all(new.data.get(k) == old.data.get(k) for k in ("post", "certificate", "need"))
    return within and same and new.data.get("have", 0) >= old.data.get("have", 0)


def _ranks(register: Register, moves: Iterable[Move]) -> Iterator[Finding]:
    """Substitutes of a lower rank than whom they stand in for (DUTY-07). That somebody is a floater is noted."""
    for move in moves:
        if move.was is None or move.now is None:
            continue
        was, now = register.people.get(move.was), register.people.get(move.now)
        if was is not None and now is not None and now.grade < was.grade:
            data = {"was": move.was, "grade": now.grade, "least": was.grade, "floater": now.floater}
            yield _of(move, "grade_too_low", data)


def _away(register: Register, leaves: Iterable[Request], moves: Iterable[Move]) -> Iterator[Finding]:
    """People who would come while they are on approved leave."""
    for move in moves:
        span = placed_at(register, move)
        if move.now is None or span is None:
            continue
        for leave in leaves:
            if leave.starts_at < span[1] and span[0] < leave.ends_at and excused(move.now, leave.starts_at, [leave]):
                yield _of(move, "on_leave", {"request": leave.id})


def _of(move: Move, code: str, data: dict[str, Any]) -> Finding:
    return Finding(
        code=code, severity=Severity.WARNING, seat=move.seat, person=move.now, day=move.day, template=move.template,
        data=data,
    )  # fmt: skip
