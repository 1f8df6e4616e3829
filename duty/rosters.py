"""A month's roster: what it holds, how a draft changes, and the one table of its life. Pure: values in, values out.

A shift belongs to the month of the date on which it begins. Each month has at most one roster that is published and at
most one that is on its way there; a month without a published one follows the site's rotas.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import msgspec

from duty.calendar import days_of, month_of
from duty.errors import DayOutsideMonth, RosterNotAllowed
from duty.rotations import Cells
from duty.rules import dated, placed, shift_on
from logbook.rules import Line
from sites.duty_words import Dated, DayType
from sites.register import Register


class RosterState(StrEnum):
    """Where a roster stands (DUTY-03)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SENT_BACK = "sent_back"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What may happen to a roster."""

    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"


S, A = RosterState, Act
NEXT: Final[Mapping[tuple[RosterState, Act], RosterState]] = MappingProxyType(
    {
        (S.DRAFT, A.EDIT): S.DRAFT,
        (S.DRAFT, A.SUBMIT): S.SUBMITTED,
        (S.DRAFT, A.WITHDRAW): S.WITHDRAWN,
        (S.SUBMITTED, A.APPROVE): S.APPROVED,
        (S.SUBMITTED, A.SEND_BACK): S.SENT_BACK,
        (S.SUBMITTED, A.WITHDRAW): S.WITHDRAWN,
        (S.SENT_BACK, A.EDIT): S.DRAFT,
        (S.SENT_BACK, A.SUBMIT): S.SUBMITTED,  # the author may have convinced the reviewer without a change
        (S.SENT_BACK, A.WITHDRAW): S.WITHDRAWN,
        (S.APPROVED, A.PUBLISH): S.PUBLISHED,
        (S.APPROVED, A.SEND_BACK): S.SENT_BACK,
        (S.APPROVED, A.WITHDRAW): S.WITHDRAWN,
        (S.PUBLISHED, A.SUPERSEDE): S.SUPERSEDED,
    }
)
OPEN: Final = frozenset({S.DRAFT, S.SUBMITTED, S.SENT_BACK, S.APPROVED})
KEPT: Final = frozenset({S.PUBLISHED, S.SUPERSEDED})  # versions: they stood, and stay readable (DUTY-15)


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """One month's roster. `version` counts what was published of the month; `based_on` is the version that the draft began
    from, 0 for none. `authors` are all who had a hand in it. `revision` is where its draft stands.
    """

    site_id: str
    id: str
    month: str
    state: RosterState
    version: int | None
    based_on: int
    revision: int
    authors: tuple[str, ...]
    made_by: str
    made_at: datetime
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    published_by: str | None = None
    published_at: datetime | None = None
    cells: Cells


class Edit(msgspec.Struct, frozen=True):
    """Put a person into one shift, or nobody."""

    seat: str
    day: date
    template: str
    person: str | None


class Change(msgspec.Struct, frozen=True):
    """One shift that somebody else stands in than before."""

    seat: str
    day: date
    template: str
    was: str | None
    now: str | None


def step(roster: Roster, act: Act, *, by: str, at: datetime, **data: Any) -> tuple[Roster, Line]:
    """The roster after `act`, and the line that records it. Raises `RosterNotAllowed` when the table has no such edge."""
    try:
        state = NEXT[roster.state, act]
    except KeyError:
        raise RosterNotAllowed(state=roster.state, act=act, month=roster.month) from None
    change: dict[str, Any] = {"state": state}
    if act is A.EDIT:
        change["authors"] = tuple(dict.fromkeys((*roster.authors, by)))
    elif act is A.SUBMIT:
        change |= {"submitted_by": by, "submitted_at": at, "decided_by": None, "decided_at": None, "reason": None}
        change["authors"] = tuple(dict.fromkeys((*roster.authors, by)))
    elif act in {A.APPROVE, A.SEND_BACK}:
        change |= {"decided_by": by, "decided_at": at, "reason": data.get("reason")}
    elif act is A.PUBLISH:
        change |= {"published_by": by, "published_at": at, "version": data.get("version")}
    elif act is A.WITHDRAW:
        change["reason"] = data.get("reason")
    told = {"month": roster.month, "from": roster.state, "to": state, "revision": roster.revision, **data}
    return msgspec.structs.replace(roster, **change), Line(at, f"roster.{act}", by, f"roster/{roster.id}", told)


# -- what a roster holds -----------------------------------------------------------------------------------------------


def edited(cells: Cells, edits: Iterable[Edit], month: str) -> tuple[Cells, list[Change]]:
    """The cells after `edits`, in order, and what really changed. The cells given stay as they are."""
    after: dict[str, dict[str, dict[str, str]]] = {s: dict(days) for s, days in cells.items()}  # type: ignore[arg-type]
    changes: dict[tuple[str, date, str], Change] = {}
    for edit in edits:
        if month_of(edit.day) != month:
            raise DayOutsideMonth(field="day", day=edit.day.isoformat(), month=month)
        key, day = (edit.seat, edit.day, edit.template), edit.day.isoformat()
        there = dict(after.get(edit.seat, {}).get(day, {}))
        had = changes.get(key)
        was = had.was if had is not None else there.get(edit.template)
        if edit.person is None:
            there.pop(edit.template, None)
        else:
            there[edit.template] = edit.person
        changes[key] = Change(*key, was, edit.person)
        _put(after, edit.seat, day, there)
    return after, [c for c in changes.values() if c.was != c.now]


def _put(cells: dict[str, dict[str, dict[str, str]]], seat: str, day: str, there: dict[str, str]) -> None:
    """Set one day of one seat; what is empty is not there at all, so that equal rosters are equal values."""
    if there:
        cells.setdefault(seat, {})[day] = there
        return
    cells.get(seat, {}).pop(day, None)
    if seat in cells and not cells[seat]:
        del cells[seat]


def difference(before: Cells, after: Cells) -> list[Change]:
    """Every shift in which two rosters differ, in order of day, seat and shift."""
    old, new = _flat(before), _flat(after)
    keys = sorted(old.keys() | new.keys(), key=lambda k: (k[1], k[0], k[2]))
    return [
        Change(seat, date.fromisoformat(day), name, old.get((seat, day, name)), new.get((seat, day, name)))
        for seat, day, name in keys
        if old.get((seat, day, name)) != new.get((seat, day, name))
    ]


def turned(changes: Iterable[Change], *, back: bool) -> list[Edit]:
    """The edits that make changes again, or take them back."""
    return [Edit(c.seat, c.day, c.template, c.was if back else c.now) for c in changes]


def _flat(cells: Cells) -> dict[tuple[str, str, str], str]:
    return {
        (seat, day, name): person
        for seat, days in cells.items()
        for day, there in days.items()
        for name, person in there.items()
    }


def repeated(last: Cells, month: str, period_days: int) -> Cells:
    """A month that goes on as `last`, the month before it, went: each day as the nearest one in it, whole periods back."""
    days = days_of(month)
    made: dict[str, dict[str, dict[str, str]]] = {}
    for seat, there in last.items():
        for day in days:
            source = day
            while source >= days[0]:
                source -= timedelta(days=period_days)
            _put(made, seat, day.isoformat(), dict(there.get(source.isoformat(), {})))
    return made


def cells_of(shifts: Iterable[Dated], month: str) -> Cells:
    """Shifts that stand as the cells of a roster; those of other months are left out."""
    made: dict[str, dict[str, dict[str, str]]] = {}
    for shift in shifts:
        seat, day, *_ = shift.id.split("/")
        if day.startswith(month):
            made.setdefault(seat, {}).setdefault(day, {})[shift.template] = shift.person
    return made


# -- what it means -----------------------------------------------------------------------------------------------------


def shifts_of(register: Register, cells: Cells, first: date, last: date) -> list[Dated]:
    """The shifts of the cells from `first` to `last`. What the register no longer knows gives none: the seat is then seen
    to be empty.
    """
    return [
        shift
        for seat, days in cells.items()
        if seat in register.seats
        for day, there in days.items()
        if first.isoformat() <= day <= last.isoformat()
        for name, person in there.items()
        if name in register.templates and person in register.people
        for shift in placed(register.templates[name], seat, person, date.fromisoformat(day), register.zone_info)
    ]


def begun(register: Register, change: Change, at: datetime) -> bool:
    """Whether the shift of a change has begun by `at`: then it stays as it stood."""
    template = register.templates.get(change.template)
    if template is None:
        return change.day < at.astimezone(register.zone_info).date()
    return shift_on(change.day, template, register.zone_info)[0][0] <= at


def with_past(register: Register, cells: Cells, stood: Cells, month: str, at: datetime) -> Cells:
    """The cells with every shift that has begun as it stood: a version never says that the past was another."""
    gone = [c for c in difference(stood, cells) if begun(register, c, at)]
    return edited(cells, turned(gone, back=True), month)[0]


def planned(
    register: Register, first: date, last: date, day_type: Callable[[date], DayType], published: Mapping[str, Cells]
) -> list[Dated]:
    """Every shift from `first` to `last`: a month that has a published roster takes its shifts from there alone, any other
    month from the rotas.
    """
    made = [s for s in dated(register, first, (last - first).days + 1, day_type) if _month(s) not in published]
    for cells in published.values():
        made += shifts_of(register, cells, first, last)
    return made


def _month(shift: Dated) -> str:
    return shift.id.split("/")[1][:7]


def from_rosters(shifts: Sequence[Dated], published: Mapping[str, Cells]) -> frozenset[str]:
    """The ids of those shifts that come from a published roster."""
    return frozenset(s.id for s in shifts if _month(s) in published)
