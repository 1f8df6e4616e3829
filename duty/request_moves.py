"""Which shifts a request moves, and when they are. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

import msgspec

from duty.calendar import month_of
from duty.errors import ShiftBegun
from duty.request_errors import NoSuchShift, ShiftChanged
from duty.requests import Move
from duty.rosters import Change, begun, shifts_of
from duty.rotations import Cells
from duty.rules import shift_on
from sites.register import Register


class Slot(msgspec.Struct, frozen=True):
    """A shift, whoever stands in it."""

    seat: str
    day: date
    template: str


def placed_at(register: Register, slot: Slot | Move) -> tuple[datetime, datetime] | None:
    """When a shift begins and ends, its breaks within; None for one that the register does not know."""
    template = register.templates.get(slot.template)
    if template is None:
        return None
    parts = shift_on(slot.day, template, register.zone_info)
    return parts[0][0], parts[-1][1]


def span_of(register: Register, moves: Iterable[Move]) -> tuple[datetime, datetime] | None:
    """From the start of the first of these shifts to the end of the last; None for none."""
    placed = [span for span in (placed_at(register, m) for m in moves) if span is not None]
    return (min(s for s, _ in placed), max(e for _, e in placed)) if placed else None


def holder(cells: Mapping[str, Cells], slot: Slot | Move) -> str | None:
    """Who stands in a shift, by the cells of its month."""
    month = cells.get(month_of(slot.day), {})
    return month.get(slot.seat, {}).get(slot.day.isoformat(), {}).get(slot.template)


def given(cells: Mapping[str, Cells], slot: Slot, field: str) -> str:
    """Who stands in a shift that must be there."""
    found = holder(cells, slot)
    if found is None:
        raise NoSuchShift(field=field)
    return found


def of_leave(
    register: Register, cells: Mapping[str, Cells], person: str, starts_at: datetime, ends_at: datetime, now: str | None
) -> tuple[Move, ...]:
    """Every shift of a person that touches a leave: each is given up whole."""
    touched = {
        (date.fromisoformat(s.id.split("/")[1]), s.seat, s.template)
        for month in cells.values()
        for s in shifts_of(register, month, date.min, date.max)
        if s.person == person and s.starts_at < ends_at and starts_at < s.ends_at
    }
    return tuple(Move(seat, day, template, person, now) for day, seat, template in sorted(touched))


def still_to_come(register: Register, moves: Iterable[Move], at: datetime) -> None:
    """Raises `ShiftBegun` for a shift that has begun: it stays as it stands."""
    for move in moves:
        if begun(register, Change(move.seat, move.day, move.template, move.was, move.now), at):
            raise ShiftBegun(seat=move.seat, day=move.day.isoformat(), template=move.template)


def still_standing(cells: Mapping[str, Cells], moves: Iterable[Move]) -> None:
    """Raises `ShiftChanged` when somebody else stands in one of the shifts than when it was asked for."""
    for move in moves:
        found = holder(cells, move)
        if found != move.was:
            raise ShiftChanged(seat=move.seat, day=move.day.isoformat(), template=move.template, person=found)
