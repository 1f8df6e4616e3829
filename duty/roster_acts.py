"""What people do with a month's roster before it stands. Publishing it touches the seats: that is the path's act.

Each takes a transaction that holds the site's head. Who may do what is the site's policy (DUTY-03), and nobody approves
what they had a hand in (ROLE-10).
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from core.errors import Invalid, Stale
from core.ids import fresh
from duty import roster_due, roster_store
from duty.calendar import days_of, first_of, month_of
from duty.errors import (
    MonthIsPast,
    MonthTooFar,
    NoSuchRotation,
    NothingToUndo,
    OwnRoster,
    RosterOpen,
    RosterOutdated,
    RosterRole,
)
from duty.roster_reading import calendar, sound, standing_cells
from duty.rosters import Act, Change, Edit, Roster, RosterState, difference, edited, repeated, step, turned
from duty.rotations import Cells, expand
from logbook import entries
from logbook.rules import Line
from sites.register import Register, Role
from store.db import Tx

AHEAD: Final = timedelta(days=365)


def make(tx: Tx, register: Register, month: str, by: str, roles: Collection[Role], at: datetime) -> Roster:
    """Begin a draft: from what is published of the month, or empty. One at a time."""
    author(register, roles)
    within_reach(register, month, at)
    going = roster_store.open_one(tx.conn, register.site_id, month)
    if going is not None:
        raise RosterOpen(field="month", id=going.id, month=month)
    base = roster_store.published_one(tx.conn, register.site_id, month)
    made = Roster(
        site_id=register.site_id,
        id=fresh(at),
        month=month,
        state=RosterState.DRAFT,
        version=None,
        based_on=0 if base is None else base.version or 0,
        revision=0,
        authors=(by,),
        made_by=by,
        made_at=at,
        cells={} if base is None else base.cells,
    )
    roster_store.add(tx, made)
    roster_due.begin(tx, register, at)
    told = {"month": month, "based_on": made.based_on}
    entries.append(tx, register.site_id, [Line(at, "roster.make", by, f"roster/{made.id}", told)])
    roster_store.tell(tx, made, at)
    return made


def edit(
    tx: Tx,
    register: Register,
    roster_id: str,
    edits: Sequence[Edit],
    by: str,
    roles: Collection[Role],
    at: datetime,
    *,
    revision: int,
    how: str = "cells",
) -> Roster:
    """Put people into shifts, all in one step that can be undone. `revision` is the one that the editor saw."""
    author(register, roles)
    before = at_revision(tx.conn, register, roster_id, revision)
    cells, changes = edited(before.cells, edits, before.month)
    return _moved(tx, before, cells, changes, how, by, at)


def fill_from_rotations(
    tx: Tx,
    register: Register,
    roster_id: str,
    names: Sequence[str],
    by: str,
    roles: Collection[Role],
    at: datetime,
    *,
    revision: int,
) -> Roster:
    """Lay the named rotations over the month in one step; seats that they do not have stay as they are."""
    author(register, roles)
    before = at_revision(tx.conn, register, roster_id, revision)
    for name in names:
        if name not in register.rotations:
            raise NoSuchRotation(field="rotations", rotation=name)
    days, chosen = days_of(before.month), [register.rotations[name] for name in names]
    made = expand(chosen, register.templates, days, calendar(tx.conn, register, days))
    kept = {s: there for s, there in before.cells.items() if not any(s in r.seats for r in chosen)}
    return _filled(tx, before, kept | made, "rotation", by, at)


def fill_from_last_month(
    tx: Tx,
    register: Register,
    roster_id: str,
    period_days: int,
    by: str,
    roles: Collection[Role],
    at: datetime,
    *,
    revision: int,
) -> Roster:
    """Go on as last month went, whole periods later. Last month is its published roster, else what stood of it."""
    author(register, roles)
    before = at_revision(tx.conn, register, roster_id, revision)
    last = month_of(first_of(before.month) - timedelta(days=1))
    return _filled(
        tx, before, repeated(standing_cells(tx.conn, register, last), before.month, period_days), "last_month", by, at
    )


def fill_from_standing(
    tx: Tx, register: Register, roster_id: str, by: str, roles: Collection[Role], at: datetime, *, revision: int
) -> Roster:
    """Begin from the shifts that stand for the month now, whoever put them there."""
    author(register, roles)
    before = at_revision(tx.conn, register, roster_id, revision)
    return _filled(tx, before, standing_cells(tx.conn, register, before.month), "standing", by, at)


def undo(
    tx: Tx, register: Register, roster_id: str, by: str, roles: Collection[Role], at: datetime, *, revision: int
) -> Roster:
    """Take the last step of a draft back."""
    author(register, roles)
    before = at_revision(tx.conn, register, roster_id, revision)
    last = roster_store.revision(tx.conn, before, before.revision)
    if last is None:
        raise NothingToUndo(field="revision")
    return _turned(tx, before, last.changes, last.parent, by, at, back=True)


def redo(
    tx: Tx, register: Register, roster_id: str, by: str, roles: Collection[Role], at: datetime, *, revision: int
) -> Roster:
    """Do again what was undone last."""
    author(register, roles)
    before = at_revision(tx.conn, register, roster_id, revision)
    then = roster_store.newest_upon(tx.conn, before, before.revision)
    if then is None:
        raise NothingToUndo(field="revision")
    return _turned(tx, before, then.changes, then.n, by, at, back=False)


def submit(tx: Tx, register: Register, roster_id: str, by: str, roles: Collection[Role], at: datetime) -> Roster:
    """Hand a draft in for review. Faults keep it back; warnings go along, counted."""
    author(register, roles)
    before = roster_store.get(tx.conn, register.site_id, roster_id)
    warnings = sound(tx.conn, register, before, at)
    return taken(tx, before, Act.SUBMIT, by, at, warnings=warnings)


def approve(tx: Tx, register: Register, roster_id: str, by: str, roles: Collection[Role], at: datetime) -> Roster:
    """Say yes to what others made."""
    approver(register, roles)
    before = roster_store.get(tx.conn, register.site_id, roster_id)
    if by in before.authors:
        raise OwnRoster(authors=list(before.authors))
    return taken(tx, before, Act.APPROVE, by, at)


def send_back(
    tx: Tx, register: Register, roster_id: str, by: str, roles: Collection[Role], at: datetime, reason: str
) -> Roster:
    """Refuse a draft, with the reason."""
    approver(register, roles)
    before = roster_store.get(tx.conn, register.site_id, roster_id)
    return taken(tx, before, Act.SEND_BACK, by, at, reason=_needed(reason))


def withdraw(
    tx: Tx, register: Register, roster_id: str, by: str, roles: Collection[Role], at: datetime, reason: str
) -> Roster:
    """Give a draft up. What it held stays readable."""
    author(register, roles)
    before = roster_store.get(tx.conn, register.site_id, roster_id)
    return taken(tx, before, Act.WITHDRAW, by, at, reason=_needed(reason))


def current(tx: Tx, roster: Roster) -> int:
    """The number of the version that this roster becomes. Raises `RosterOutdated` when it began from an older one."""
    last = roster_store.last_version(tx.conn, roster.site_id, roster.month)
    if roster.based_on != last:
        raise RosterOutdated(based_on=roster.based_on, version=last)
    return last + 1


def taken(tx: Tx, before: Roster, act: Act, by: str, at: datetime, **data: Any) -> Roster:
    """Take a roster through the table, with its line."""
    after, line = step(before, act, by=by, at=at, **data)
    roster_store.save(tx, after)
    entries.append(tx, before.site_id, [line])
    roster_store.tell(tx, after, at)
    return after


def within_reach(register: Register, month: str, at: datetime) -> None:
    """A roster is of the running month or of one of the next twelve: all shifts up to its end are published with it."""
    today = at.astimezone(register.zone_info).date()
    if month < month_of(today):
        raise MonthIsPast(field="month", month=month)
    if month > month_of(today + AHEAD):
        raise MonthTooFar(field="month", month=month, months=12)


def author(register: Register, roles: Collection[Role]) -> None:
    """Only those whom the site lets make rosters."""
    _one_of(register.policies.duty.roster_authors, roles)


def approver(register: Register, roles: Collection[Role]) -> None:
    """Only those whom the site lets approve rosters."""
    _one_of(register.policies.duty.roster_approvers, roles)


def publisher(register: Register, roles: Collection[Role]) -> None:
    """Those who make rosters and those who approve them may put an approved one up."""
    policy = register.policies.duty
    _one_of((*policy.roster_authors, *policy.roster_approvers), roles)


def _one_of(allowed: Collection[Role], roles: Collection[Role]) -> None:
    if not set(allowed) & set(roles):
        raise RosterRole(roles=[str(r) for r in allowed])


def _needed(reason: str) -> str:
    if not reason.strip():
        raise Invalid("A reason is needed.", field="reason")
    return reason


def at_revision(conn: Connection, register: Register, roster_id: str, revision: int) -> Roster:
    """The draft, if nobody changed it since `revision`."""
    found = roster_store.get(conn, register.site_id, roster_id)
    if found.revision != revision:
        raise Stale(field="revision", revision=found.revision)
    return found


def _filled(tx: Tx, before: Roster, cells: Cells, how: str, by: str, at: datetime) -> Roster:
    after, changes = edited(before.cells, turned(difference(before.cells, cells), back=False), before.month)
    return _moved(tx, before, after, changes, how, by, at)


def _moved(tx: Tx, before: Roster, cells: Cells, changes: Sequence[Change], how: str, by: str, at: datetime) -> Roster:
    """The draft with a new revision. An edit that changes nothing makes none."""
    after, line = step(before, Act.EDIT, by=by, at=at, how=how, changes=len(changes))
    if not changes:
        return before
    n = roster_store.add_revision(tx, before, before.revision, how, by, at, changes)
    return _saved(tx, before, msgspec.structs.replace(after, cells=cells, revision=n), line)


def _turned(tx: Tx, before: Roster, changes: Sequence[Change], to: int, by: str, at: datetime, *, back: bool) -> Roster:
    after, line = step(before, Act.EDIT, by=by, at=at, how="undo" if back else "redo", changes=len(changes))
    cells, _ = edited(before.cells, turned(changes, back=back), before.month)
    return _saved(tx, before, msgspec.structs.replace(after, cells=cells, revision=to), line)


def _saved(tx: Tx, before: Roster, after: Roster, line: Line) -> Roster:
    """Write a draft's edit. Only one that reopens what was sent back is a line: revisions keep the others."""
    roster_store.save(tx, after, cells=True)
    if before.state is not after.state:
        entries.append(tx, before.site_id, [line])
    roster_store.tell(tx, after, line.at)
    return after
