"""Days of the logbook: what a reviewer should know of one, signing it, and which are owed (LOG-06, QA-01)."""

from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from api.again import once_more
from api.bodies import SignDay, SiteId
from api.logbook_day_shapes import LogDay, LogDays
from api.permits import Caller, needs
from api.problems import refusals
from api.reading import reads
from api.room import Room, reply, room_of
from core.errors import Invalid
from ingest.day_sheet import Sheet, day_sheet
from logbook import review_due, reviews
from sites.register import Register

router = APIRouter(prefix="/sites/{site}/logbook/days", tags=["logbook"])


@router.get("", response_model=LogDays, responses=refusals(404))
def log_days(request: Request, site: SiteId, _: Annotated[Caller, reads("day")]) -> Response:
    """The signed days of the last month, and those that should have been signed by now."""
    room, at = room_of(request), room_of(request).now()
    with room.store.read() as conn:
        register = room.register(conn, site)
        today = at.astimezone(register.zone_info).date()
        signed = reviews.signed(conn, site, today - timedelta(days=reviews.LOOK_BACK), today)
        rule = register.policies.duty.review
        return reply(
            {
                "role": None if rule is None else rule.role,
                "due_h": None if rule is None else rule.due_h,
                "signed": [{"day": s.day, "by": s.by, "at": s.at, "comment": s.comment, "n": s.n} for s in signed],
                "overdue": reviews.overdue(conn, register, at),
            }
        )


@router.get("/{day}", response_model=LogDay, responses=refusals(404))
def log_day(request: Request, site: SiteId, day: date, _: Annotated[Caller, reads("day")]) -> Response:
    """One day as it can be computed now, and its signature if it has one, with the sheet that was signed."""
    room = room_of(request)
    with room.store.read() as conn:
        sheet = _sheet(conn, room.register(conn, site), day, room.now())
        signed = reviews.signed(conn, site, day, day)
    return reply({"sheet": sheet, "signed": signed[0] if signed else None})


@router.post("/{day}/sign", response_model=LogDay, responses=refusals(404, 409))
async def sign_day(
    request: Request, site: SiteId, day: date, body: SignDay, caller: Annotated[Caller, needs("log.review")]
) -> Response:
    """Sign a day that is over, with one's own password. What the sheet said then stands in the logbook."""
    await once_more(room_of(request), caller, body.password)
    return await to_thread.run_sync(_sign, room_of(request), site, day, body.comment, caller)


def _sign(room: Room, site: str, day: date, comment: str, caller: Caller) -> Response:
    at = room.now()
    with room.store.begin([site]) as tx:
        register = room.register(tx.conn, site)
        sheet = _sheet(tx.conn, register, day, at)
        signed = reviews.sign(
            tx,
            register,
            day,
            msgspec.to_builtins(sheet),
            sheet.on_duty,
            comment=comment,
            by=caller.person,
            roles=caller.roles,
            at=at,
        )
        review_due.soon(tx, site, register.version, at)
    return reply({"sheet": sheet, "signed": signed})


def _sheet(conn: Connection, register: Register, day: date, at: datetime) -> Sheet:
    if not 2000 <= day.year <= 2999:
        raise Invalid("No such day in a logbook.", field="day")
    return day_sheet(conn, register, day, at)
