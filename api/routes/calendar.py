"""What kind of day each date is at a site, and the site's own word on it."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.bodies import DayId, DayType, MonthId, SiteId
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from api.roster_shapes import CalendarDay, CalendarMonth
from duty import calendar_store
from duty.calendar import day_of, days_of
from ingest import rosters

router = APIRouter(prefix="/sites/{site}/calendar", tags=["rosters"])


@router.get("/{month}", response_model=CalendarMonth, responses=refusals(404))
def calendar_month(request: Request, site: SiteId, month: MonthId, _: Annotated[Caller, needs("duty.see")]) -> Response:
    """The days of a month. A provisional day may still become another: its country has not published the year (SITE-04)."""
    room, days = room_of(request), days_of(month)
    with room.store.read() as conn:
        place = room.register(conn, site).policies.duty.jurisdiction
        said = calendar_store.overrides(conn, site, days[0], days[-1])
    return reply({"month": month, "jurisdiction": place, "days": [day_of(day, place, said) for day in days]})


@router.put("/days/{day}", response_model=CalendarDay, responses=refusals(404, 409))
def set_day(
    request: Request, site: SiteId, day: DayId, body: DayType, caller: Annotated[Caller, needs("calendar.set")]
) -> Response:
    """Say what a day is here, whatever the country says; the shifts to come follow."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        desk = room.desk(tx.conn, site)
        rosters.set_day(tx, desk, day, body.type, body.reason, caller.actor, room.now())
        said = calendar_store.overrides(tx.conn, site, day, day)
    return reply(day_of(day, desk.register.policies.duty.jurisdiction, said))


@router.delete("/days/{day}", response_model=CalendarDay, responses=refusals(404, 409))
def clear_day(request: Request, site: SiteId, day: DayId, caller: Annotated[Caller, needs("calendar.set")]) -> Response:
    """Take the site's word on a day back."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        desk = room.desk(tx.conn, site)
        rosters.clear_day(tx, desk, day, caller.actor, room.now())
    return reply(day_of(day, desk.register.policies.duty.jurisdiction, {}))
