"""Violations: found at a point, and taken from step to step until they are over (PAT-13)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from api.bodies import UUID, SiteId
from api.permits import Caller, needs
from api.phone_acts import Sent, done
from api.problems import refusals
from api.room import reply, room_of
from api.violation_bodies import ReportViolation, ViolationNote
from api.violation_shapes import Violation, Violations
from ingest import violation_acts as acts
from ingest.scene import Desk
from patrol import violation_store
from patrol.violations import Violation as Kept
from store.db import Tx

router = APIRouter(prefix="/sites/{site}/violations", tags=["patrol"])
_ID = Annotated[str, Path(pattern=UUID)]
_SEE = Annotated[Caller, needs("patrol.see")]
_KEEP = Annotated[Caller, needs("violation.keep")]
_ONE: Final[dict[str, Any]] = {"response_model": Violation, "responses": refusals(404, 409)}


@router.get("", response_model=Violations, responses=refusals(404))
def violation_list(
    request: Request,
    site: SiteId,
    _: _SEE,
    first: Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31))] = None,
    days: Annotated[int, Query(ge=1, le=31)] = 1,
) -> Response:
    """Those that are not over, the oldest first; with `first`: those that were open on some of these days, the newest first."""
    room = room_of(request)
    with room.store.read() as conn:
        zone = room.register(conn, site).zone_info
        if first is None:
            return reply({"items": [v.shown for v in violation_store.live(conn, site)]})
        begins = datetime.combine(first, time(0), zone).astimezone(UTC)
        ends = datetime.combine(first + timedelta(days=days), time(0), zone).astimezone(UTC)
        return reply({"items": [v.shown for v in violation_store.between(conn, site, begins, ends)]})


@router.post("", **_ONE)
def violation_report(request: Request, site: SiteId, body: ReportViolation, sent: Sent, caller: _KEEP) -> Response:
    """Somebody saw one at a point. One that was reported there and is not over is seen again."""
    room, by, phone = room_of(request), caller.person, body.phone
    said_at = phone.said_at if phone is not None and phone.kept else None

    def act(tx: Tx, desk: Desk, at: datetime) -> dict[str, Any]:
        told: dict[str, Any] = {"photos": body.photos, "said_at": said_at}
        return {"violation": acts.report(tx, desk, body.checkpoint, body.note, by, at, **told).id}

    made = done(room, site, caller, phone, sent, "violation", act)
    with room.store.read() as conn:
        return reply(violation_store.get(conn, site, made["violation"]).shown)


@router.post("/{id}/next", **_ONE)
def violation_next(request: Request, site: SiteId, id: _ID, body: ViolationNote, caller: _KEEP) -> Response:  # noqa: A002
    """A step was in vain, and what was done: the next one begins at once."""
    return _do(request, site, lambda tx, desk, at: acts.climb(tx, desk, id, body.note, caller.person, at))


@router.post("/{id}/resolve", **_ONE)
def violation_resolve(request: Request, site: SiteId, id: _ID, body: ViolationNote, caller: _KEEP) -> Response:  # noqa: A002
    """It is over, and how."""
    return _do(request, site, lambda tx, desk, at: acts.resolve(tx, desk, id, body.note, caller.person, at))


def _do(request: Request, site: str, act: Callable[[Tx, Desk, datetime], Kept]) -> Response:
    room = room_of(request)
    at = room.now()
    with room.store.begin([site]) as tx:
        return reply(act(tx, room.desk(tx.conn, site), at).shown)
