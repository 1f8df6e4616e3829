"""Legal holds, and how long the logbook keeps what was written (LOG-04)."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.bodies import UUID, LiftHold, PlaceHold, SiteId
from api.logbook_keeping_shapes import LogHold, LogHolds, LogRetention
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from logbook import holds, retention

router = APIRouter(prefix="/sites/{site}/logbook", tags=["logbook"])
HoldId = Annotated[str, Path(pattern=UUID)]


@router.get("/holds", response_model=LogHolds, responses=refusals(404))
def log_holds(request: Request, site: SiteId, _: Annotated[Caller, needs("log.see")]) -> Response:
    """Every hold there was, newest first."""
    with room_of(request).store.read() as conn:
        return reply({"items": holds.holds(conn, site)})


@router.post("/holds", response_model=LogHold, responses=refusals(404))
def place_hold(
    request: Request, site: SiteId, body: PlaceHold, caller: Annotated[Caller, needs("log.hold")]
) -> Response:
    """Keep everything, or what is about a subject, or a span of time, until the hold is lifted."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        made = holds.place(
            *(tx, site, body.reason),
            subject=body.subject,
            since=body.since,
            until=body.until,
            by=caller.actor,
            at=room.now(),
        )
    return reply(made)


@router.post("/holds/{hold}/lift", response_model=LogHold, responses=refusals(404, 409))
def lift_hold(
    request: Request, site: SiteId, hold: HoldId, body: LiftHold, caller: Annotated[Caller, needs("log.hold")]
) -> Response:
    """Take a hold off, with the reason."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        lifted = holds.lift(tx, site, hold, body.reason, by=caller.actor, at=room.now())
    return reply(lifted)


@router.get("/retention", response_model=LogRetention, responses=refusals(404))
def log_retention(request: Request, site: SiteId, _: Annotated[Caller, needs("log.see")]) -> Response:
    """How long texts are kept here, what is older than that now, and what of it is on hold."""
    room = room_of(request)
    with room.store.read() as conn:
        found = retention.plan(conn, site, room.register(conn, site).policies.log_retention_days, room.now())
        stands = retention.stands(conn, site)
    return reply(
        {
            "keep_days": found.keep_days,
            "before": found.before,
            "through": 0 if stands is None else stands.through,
            "due_entries": found.due,
            "held_entries": found.held,
            "looked_at": None if stands is None else stands.looked_at,
        }
    )
