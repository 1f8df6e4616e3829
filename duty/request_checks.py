"""What a request would break: the roster's own rules, asked of the roster with it and without it. Pure.

A fault makes the request impossible. A warning needs somebody who decides, and their reason: too little rest, too short
notice, a lower rank, a seat left empty.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from core.errors import Refusal
from duty.calendar import month_of
from duty.request_errors import CertificateMissing, PostNotAllowed, RequestImpossible, TwoSeatsAtOnce
from duty.requests import Move, Request, RequestState
from duty.roster_checks import check, errors
from duty.roster_cover import Finding, Severity
from duty.rosters import Edit, Roster, RosterState, edited, shifts_of
from duty.rotations import Cells
from duty.rules import placed
from sites.duty_words import Dated, DayType
from sites.register import Register

_HOUR: Final = timedelta(hours=1)
_IMPOSSIBLE: Final[Mapping[str, type[Refusal]]] = {
    "two_seats_at_once": TwoSeatsAtOnce,
    "certificate_missing": CertificateMissing,
    "post_not_allowed": PostNotAllowed,
}
_SPANS: Final = frozenset({"uncovered", "too_few", "certificate_missing"})  # what lasts, and may grow or shrink


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
    touched = {month_of(m.day + timedelta(days=n)) for m in moves for n in (0, 1)}  # a night ends on the next day
    stood, made = (_found(register, plan, cells, touched, at) for cells in (plan.cells, after))
    before: dict[tuple[str, str | None], list[Finding]] = defaultdict(list)
    for old in stood:
        before[old.code, old.person].append(old)
    coming = (f for f in made if f.ends_at is None or f.ends_at > at)
    found = [f for f in coming if not any(_known(f, old) for old in before[f.code, f.person])]
    if not any(m.now for m in moves):  # nobody comes: what is missing then is a gap to be seen, nobody's fault
        found = [msgspec.structs.replace(f, severity=Severity.WARNING) for f in found]
    for fault in errors(found):
        told = {k: v for k, v in msgspec.to_builtins(fault).items() if v not in (None, {})}
        raise _IMPOSSIBLE.get(fault.code, RequestImpossible)(first=told)
    return [*_ranks(register, moves), *on_leave(_come(register, moves), plan.leaves), *found]


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


def _found(
    register: Register, plan: Plan, months: Mapping[str, Cells], touched: Collection[str], at: datetime
) -> list[Finding]:
    """What the roster's own checks say of the months that are touched, each beside the others."""
    first, last = date.min, date.max
    around = [*plan.beside, *(s for cells in months.values() for s in shifts_of(register, cells, first, last))]
    return [
        f
        for month, cells in months.items()
        if month in touched
        for f in check(register, _as_roster(month, cells, at), around, plan.day_type)
    ]


def _as_roster(month: str, cells: Cells, at: datetime) -> Roster:
    return Roster(
        site_id="", id="", month=month, state=RosterState.DRAFT, version=None, based_on=0, revision=0, authors=(),
        made_by="", made_at=at, cells=cells,
    )  # fmt: skip


def _known(new: Finding, old: Finding) -> bool:
    """Whether what is wrong now was wrong before, at least as badly: of two findings with the same code and person."""
    if new.code == "too_many_hours":
        return bool(new.data["hours"] <= old.data["hours"] and new.data["weeks"] <= old.data["weeks"])
    if new.code == "too_many_days":
        return bool(old.data["from"] <= new.data["from"] and new.data["to"] <= old.data["to"])
    if new.code == "rest_too_short":
        return (new.starts_at, new.ends_at) == (old.starts_at, old.ends_at)
    if new.code not in _SPANS or None in {new.starts_at, new.ends_at, old.starts_at, old.ends_at}:
        return new == old
    within = old.starts_at <= new.starts_at and new.ends_at <= old.ends_at  # type: ignore[operator]
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


def on_leave(shifts: Iterable[Dated], leaves: Iterable[Request]) -> list[Finding]:
    """People who are to stand in a shift while they are on approved leave."""
    approved = [leave for leave in leaves if leave.state is RequestState.APPROVED]
    found = {}
    for shift in shifts:
        for leave in approved:
            mine = leave.asked_by == shift.person
            if mine and leave.starts_at < shift.ends_at and shift.starts_at < leave.ends_at:
                _, day, _, *_ = shift.id.split("/")
                move = Move(shift.seat, date.fromisoformat(day), shift.template, None, shift.person)
                found[move] = _of(move, "on_leave", {"request": leave.id})
    return list(found.values())


def _come(register: Register, moves: Iterable[Move]) -> list[Dated]:
    """The shifts that people come to by these moves."""
    return [
        shift
        for m in moves
        if m.now is not None and m.template in register.templates
        for shift in placed(register.templates[m.template], m.seat, m.now, m.day, register.zone_info)
    ]


def _of(move: Move, code: str, data: dict[str, Any]) -> Finding:
    return Finding(
        code=code, severity=Severity.WARNING, seat=move.seat, person=move.now, day=move.day, template=move.template,
        data=data,
    )  # fmt: skip
