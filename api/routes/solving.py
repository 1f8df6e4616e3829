"""A draft filled by the solver: begun, looked at, called off. The answer is one step of the draft, which can be undone."""

from importlib.util import find_spec
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from api.bodies import RosterId, SiteId, SolveRoster
from api.coverage_shapes import RosterSolve
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from duty import roster_acts, roster_store, solving_acts, solving_store
from duty.solver.errors import NoSolve, NoSolver
from duty.solver.problem import Wish
from duty.solving import Asked
from duty.solving_store import Solve

router = APIRouter(prefix="/sites/{site}/rosters/{id}/solve", tags=["rosters"])
_SOLVE: dict[str, Any] = {"response_model": RosterSolve}


@router.post("", **_SOLVE, responses=refusals(404, 409, 501, 503))
def solve_roster(
    request: Request,
    site: SiteId,
    id: RosterId,  # noqa: A002
    body: SolveRoster,
    caller: Annotated[Caller, needs("roster.write")],
) -> Response:
    """Have the draft filled: shifts of the seats that must be held, or of `seats`, by the site's own rules."""
    room = room_of(request)
    if find_spec("ortools") is None:
        raise NoSolver
    room.solving.take(site)
    try:
        with room.store.begin([site]) as tx:
            register = room.register(tx.conn, site)
            job, problem = solving_acts.begin(
                *(tx, register, id, _asked(body), caller.person, caller.roles, room.now()),
                revision=body.revision,
                seconds=body.seconds,
            )
        room.solving.start(job, problem, caller.roles)
    except BaseException:
        room.solving.let_go()
        raise
    return _shown(job)


@router.get("", **_SOLVE, responses=refusals(404))
def roster_solve(
    request: Request,
    site: SiteId,
    id: RosterId,  # noqa: A002
    _: Annotated[Caller, needs("duty.see")],
) -> Response:
    """How far the draft's last solving is, and what came of it."""
    return _shown(_newest(room_of(request), site, id))


@router.delete("", **_SOLVE, responses=refusals(404, 409))
def call_off_solve(
    request: Request,
    site: SiteId,
    id: RosterId,  # noqa: A002
    caller: Annotated[Caller, needs("roster.write")],
) -> Response:
    """Call the solving off; the draft stays as it is. One that has ended stays as it did."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        roster_acts.author(room.register(tx.conn, site), caller.roles)
        job = solving_store.newest(tx.conn, site, id)
        if job is None:
            raise NoSolve
        job = solving_acts.give_up(tx, job, solving_store.SolveState.CALLED_OFF, "called_off", room.now())
    room.solving.call_off(site)
    return _shown(job)


def _newest(room: Room, site: str, roster: str) -> Solve:
    with room.store.read() as conn:
        roster_store.get(conn, site, roster)
        found = solving_store.newest(conn, site, roster)
    if found is None:
        raise NoSolve
    return found


def _asked(body: SolveRoster) -> Asked:
    prefers: dict[str, tuple[Wish, ...]] = {}
    avoids: dict[str, tuple[Wish, ...]] = {}
    for wish in body.wishes:
        mine = prefers if wish.likes else avoids
        mine[wish.person] = (*mine.get(wish.person, ()), Wish(wish.day, wish.template))
    return Asked(seats=tuple(body.seats), keep=body.keep, prefers=prefers, avoids=avoids)


def _shown(job: Solve) -> Response:
    told = {f: getattr(job, f) for f in job.__struct_fields__ if f not in {"site_id", "until", "costs"}}
    costs = None if job.costs is None else solving_acts.told_costs(job.costs)
    return reply({**told, "costs": costs})
