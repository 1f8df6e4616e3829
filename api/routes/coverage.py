"""Where the shifts to come leave something open, and how good a month's roster is."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.bodies import UUID, MonthId, SiteId
from api.coverage_shapes import Coverage, RosterQuality
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from core.errors import Invalid
from duty import coverage_reading, roster_store
from duty.coverage import span

router = APIRouter(prefix="/sites/{site}", tags=["coverage"])
_SEE = Annotated[Caller, needs("duty.see")]
_First = Annotated[date, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31))]


@router.get("/coverage", response_model=Coverage, responses=refusals(404))
def coverage(
    request: Request, site: SiteId, first: _First, _: _SEE, days: Annotated[int, Query(ge=1, le=62)] = 35
) -> Response:
    """Seats without anybody, posts with too few, or without a certificate, on these days (DUTY-01, DUTY-02)."""
    room = room_of(request)
    with room.store.read() as conn:
        register = room.register(conn, site)
        starts, ends = span(register, [first, first + timedelta(days=days - 1)])
        found = coverage_reading.missing(conn, register, starts, ends)
    return reply({"first": first, "days": days, "gaps": found})


@router.get("/roster-quality/{month}", response_model=RosterQuality, responses=refusals(404))
def roster_quality(
    request: Request, site: SiteId, month: MonthId, _: _SEE, roster: Annotated[str | None, Query(pattern=UUID)] = None
) -> Response:
    """Gaps, fairness, nights and weekends each, hours against legal limits: of what stands, or of one roster (DUTY-05)."""
    room = room_of(request)
    with room.store.read() as conn:
        made = None if roster is None else roster_store.get(conn, site, roster)
        if made is not None and made.month != month:
            raise Invalid("The roster is of another month.", field="roster")
        cells = None if made is None else made.cells
        return reply(coverage_reading.month_quality(conn, room.register(conn, site), month, cells))
