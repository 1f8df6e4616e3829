"""A month's roster: drafted, reviewed, published, kept; and what became of it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.bodies import (
    UUID,
    AtRevision,
    CellEdits,
    FillRoster,
    MakeRoster,
    MonthAsked,
    MonthId,
    Nothing,
    RosterId,
    RosterReason,
    SiteId,
)
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from api.roster_shapes import (
    Findings,
    PlannedAndActual,
    Roster,
    RosterChanges,
    RosterRevisions,
    Rosters,
    StandingShifts,
)
from duty import plan_and_fact, roster_acts, roster_reading, roster_store
from duty import store as duty_store
from duty.calendar import days_of
from duty.coverage import span
from duty.rosters import Edit, difference
from duty.rosters import Roster as Standing
from ingest import rosters as path
from ingest.scene import Desk
from logbook import entries
from store.db import Tx

router = APIRouter(prefix="/sites/{site}", tags=["rosters"])
_ONE = "/rosters/{id}"
_SEE = Annotated[Caller, needs("duty.see")]
_WRITE = Annotated[Caller, needs("roster.write")]
_DayAsked = Annotated[date, Query(ge=date(2000, 1, 1), le=date(2099, 1, 1))]
_ROSTER: dict[str, Any] = {"response_model": Roster, "responses": refusals(404, 409)}


@router.get("/rosters", response_model=Rosters, responses=refusals(404))
def rosters(request: Request, site: SiteId, _: _SEE, month: MonthAsked = None) -> Response:
    """Drafts and every version that was ever published (DUTY-15)."""
    with room_of(request).store.read() as conn:
        return reply({"items": [_head(r) for r in roster_store.listed(conn, site, month)]})


@router.post("/rosters", **_ROSTER)
def make_roster(request: Request, site: SiteId, body: MakeRoster, caller: _WRITE) -> Response:
    """Begin the draft of a month."""
    return _do(request, site, caller, lambda tx, desk, who: roster_acts.make(tx, desk.register, body.month, **who))


@router.get(_ONE, response_model=Roster, responses=refusals(404))
def roster(request: Request, site: SiteId, id: RosterId, _: _SEE) -> Response:  # noqa: A002
    """One roster with all its shifts."""
    with room_of(request).store.read() as conn:
        return reply(_whole(roster_store.get(conn, site, id)))


@router.get(_ONE + "/findings", response_model=Findings, responses=refusals(404))
def roster_findings(request: Request, site: SiteId, id: RosterId, _: _SEE) -> Response:  # noqa: A002
    """What is wrong with what is still to come of it."""
    room = room_of(request)
    with room.store.read() as conn:
        found = roster_store.get(conn, site, id)
        return reply({"items": roster_reading.findings(conn, room.register(conn, site), found, room.now())})


@router.get(_ONE + "/diff", response_model=RosterChanges, responses=refusals(404))
def roster_diff(
    request: Request,
    site: SiteId,
    id: RosterId,  # noqa: A002
    against: Annotated[str, Query(pattern=UUID)],
    _: _SEE,
) -> Response:
    """What this roster has otherwise than `against`."""
    with room_of(request).store.read() as conn:
        old, new = roster_store.get(conn, site, against), roster_store.get(conn, site, id)
    return reply({"items": difference(old.cells, new.cells)})


@router.get(_ONE + "/revisions", response_model=RosterRevisions, responses=refusals(404))
def roster_revisions(request: Request, site: SiteId, id: RosterId, _: _SEE) -> Response:  # noqa: A002
    """Every step of the draft: who changed what, when."""
    with room_of(request).store.read() as conn:
        return reply({"items": roster_store.revisions(conn, roster_store.get(conn, site, id))})


@router.post(_ONE + "/cells", **_ROSTER)
def edit_roster(request: Request, site: SiteId, id: RosterId, body: CellEdits, caller: _WRITE) -> Response:  # noqa: A002
    """Put people into shifts: all in one step that can be undone."""
    edits = [
        Edit(seat, day, template, person)
        for seat, days in body.cells.items()
        for day, there in days.items()
        for template, person in there.items()
    ]
    return _do(
        request,
        site,
        caller,
        lambda tx, desk, who: roster_acts.edit(tx, desk.register, id, edits, revision=body.revision, **who),
    )


@router.post(_ONE + "/fill", **_ROSTER)
def fill_roster(request: Request, site: SiteId, id: RosterId, body: FillRoster, caller: _WRITE) -> Response:  # noqa: A002
    """Fill the whole month at once: from rotations, as last month went, or from what stands."""

    def fill(tx: Tx, desk: Desk, who: dict[str, Any]) -> Standing:
        who |= {"revision": body.revision}
        if body.source == "rotation":
            return roster_acts.fill_from_rotations(tx, desk.register, id, body.rotations, **who)
        if body.source == "last_month":
            return roster_acts.fill_from_last_month(tx, desk.register, id, body.period_days, **who)
        return roster_acts.fill_from_standing(tx, desk.register, id, **who)

    return _do(request, site, caller, fill)


@router.post(_ONE + "/undo", **_ROSTER)
def undo_roster(request: Request, site: SiteId, id: RosterId, body: AtRevision, caller: _WRITE) -> Response:  # noqa: A002
    """Take the draft's last step back."""
    return _do(
        request,
        site,
        caller,
        lambda tx, desk, who: roster_acts.undo(tx, desk.register, id, revision=body.revision, **who),
    )


@router.post(_ONE + "/redo", **_ROSTER)
def redo_roster(request: Request, site: SiteId, id: RosterId, body: AtRevision, caller: _WRITE) -> Response:  # noqa: A002
    """Do again what was undone last."""
    return _do(
        request,
        site,
        caller,
        lambda tx, desk, who: roster_acts.redo(tx, desk.register, id, revision=body.revision, **who),
    )


@router.post(_ONE + "/submit", **_ROSTER)
def submit_roster(request: Request, site: SiteId, id: RosterId, _: Nothing, caller: _WRITE) -> Response:  # noqa: A002
    """Hand the draft in for review."""
    return _do(request, site, caller, lambda tx, desk, who: roster_acts.submit(tx, desk.register, id, **who))


@router.post(_ONE + "/approve", **_ROSTER)
def approve_roster(request: Request, site: SiteId, id: RosterId, _: Nothing, caller: _WRITE) -> Response:  # noqa: A002
    """Say yes to what others made (ROLE-10)."""
    return _do(request, site, caller, lambda tx, desk, who: roster_acts.approve(tx, desk.register, id, **who))


@router.post(_ONE + "/send-back", **_ROSTER)
def send_back_roster(request: Request, site: SiteId, id: RosterId, body: RosterReason, caller: _WRITE) -> Response:  # noqa: A002
    """Refuse the draft, with the reason."""
    return _do(
        request,
        site,
        caller,
        lambda tx, desk, who: roster_acts.send_back(tx, desk.register, id, reason=body.reason, **who),
    )


@router.post(_ONE + "/withdraw", **_ROSTER)
def withdraw_roster(request: Request, site: SiteId, id: RosterId, body: RosterReason, caller: _WRITE) -> Response:  # noqa: A002
    """Give the draft up."""
    return _do(
        request,
        site,
        caller,
        lambda tx, desk, who: roster_acts.withdraw(tx, desk.register, id, reason=body.reason, **who),
    )


@router.post(_ONE + "/publish", **_ROSTER)
def publish_roster(request: Request, site: SiteId, id: RosterId, _: Nothing, caller: _WRITE) -> Response:  # noqa: A002
    """Let it stand (DUTY-03): shifts that have begun stay as they were."""
    return _do(request, site, caller, lambda tx, desk, who: path.publish(tx, desk, id, **who))


@router.get("/shifts", response_model=StandingShifts, responses=refusals(404))
def standing_shifts(
    request: Request, site: SiteId, first: _DayAsked, _: _SEE, days: Annotated[int, Query(ge=1, le=62)] = 7
) -> Response:
    """The shifts that stand and begin on these days, from published rosters and, where there is none, from the rotas."""
    room = room_of(request)
    with room.store.read() as conn:
        starts, ends = span(room.register(conn, site), [first, first + timedelta(days=days - 1)])
        found = [s for s in duty_store.shifts(conn, site, starts, ends) if starts <= s.starts_at < ends]
    return reply({"first": first, "days": days, "shifts": found})


@router.get("/attendance/{month}", response_model=PlannedAndActual, responses=refusals(404))
def planned_and_actual(request: Request, site: SiteId, month: MonthId, _: _SEE) -> Response:
    """Who should have been there, and who was (DUTY-15)."""
    room = room_of(request)
    with room.store.read() as conn:
        starts, ends = span(room.register(conn, site), days_of(month))
        begun = entries.begun(conn, site) or starts
        shifts = [
            s for s in duty_store.shifts(conn, site, starts, ends) if starts <= s.starts_at < ends and s.ends_at > begun
        ]
        stays = [a for a in duty_store.attended(conn, site, starts) if a.on_at < ends + timedelta(days=1)]
    found = plan_and_fact.facts(shifts, stays, room.now())
    mine = [a for a in found.unplanned if starts <= a.on_at < ends]
    return reply({"month": month, "shifts": found.shifts, "unplanned": mine})


def _do(request: Request, site: str, caller: Caller, act: Callable[[Tx, Desk, dict[str, Any]], Standing]) -> Response:
    """An act of the caller, in a transaction that holds the site's head."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        who = {"by": caller.person, "roles": caller.roles, "at": room.now()}
        return reply(_whole(act(tx, room.desk(tx.conn, site), who)))


def _head(made: Standing) -> dict[str, Any]:
    return {f: getattr(made, f) for f in made.__struct_fields__ if f not in {"site_id", "cells"}}


def _whole(made: Standing) -> dict[str, Any]:
    return {**_head(made), "cells": made.cells}
