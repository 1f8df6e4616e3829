"""Whether people are where they should be: presence checks, leaving the post for a while, and the attendance record."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from api.again import once_more
from api.bodies import UUID, Cursor, Limit, Name, OfSeat, SiteId
from api.cursors import cursor, place
from api.permits import Caller, needs
from api.presence_bodies import AnswerCheck, Declines, LeavePost, LoneBegin, LoneEnd, OwnPassword, RecallPerson
from api.presence_shapes import AttendanceSpan, Away, Aways, CheckAnswered, LoneWatches, Presence, SeatCheck, SeatChecks
from api.problems import refusals
from api.room import Room, reply, room_of
from core.errors import Invalid
from duty import away_store, lone_store, presence_store
from duty.away import Away as Leave
from duty.presence import How
from ingest import attendance, away, lone_acts
from ingest import presence as path
from ingest.scene import Desk
from sites.duty_policies import CheckAnswer
from store.db import Tx

router = APIRouter(prefix="/sites/{site}", tags=["presence"])
MAX_DAYS: Final = 62
_ID = Annotated[str, Path(pattern=UUID)]
_DAY = Annotated[date, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
_SEE = Annotated[Caller, needs("duty.see")]
_SIGN = Annotated[Caller, needs("duty.sign")]
_CALL = Annotated[Caller, needs("presence.call")]
_AWAY: dict[str, Any] = {"response_model": Away, "responses": refusals(404, 409)}


@router.get("/presence", response_model=Presence, responses=refusals(404))
def presence(request: Request, site: SiteId, _: _SEE) -> Response:
    """What goes on now: checks that may still be answered, who is away, who has not come."""
    room = room_of(request)
    with room.store.read() as conn:
        policy = room.register(conn, site).policies.duty.presence_check
        return reply(
            {
                "checks": [c.shown for c in presence_store.live_checks(conn, site)],
                "away": [a.shown for a in away_store.live(conn, site)],
                "absences": list(presence_store.absences(conn, site).values()),
                "answer": policy.answer,
                "lone": [watch.shown for watch in lone_store.standing(conn, site)],
            }
        )


@router.get("/presence/checks", response_model=SeatChecks, responses=refusals(404))
def presence_checks(
    request: Request, site: SiteId, _: _SEE, seat: Name | None = None, before: Cursor = None, limit: Limit = 50
) -> Response:
    """Presence checks, newest first, with how long each answer took."""
    with room_of(request).store.read() as conn:
        found = presence_store.newest_checks(conn, site, limit, place(before), seat)
    return reply(
        {
            "items": [c.shown for c in found],
            "next": cursor(found[-1].asked_at, found[-1].id) if len(found) == limit else None,
        }
    )


@router.post("/presence/checks", response_model=SeatCheck, responses=refusals(404, 409))
def presence_call(request: Request, site: SiteId, body: OfSeat, caller: _CALL) -> Response:
    """Ask now whether the holder of a seat is there."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        return reply(path.call(tx, room.desk(tx.conn, site), body.seat, caller.person, room.now()).shown)


@router.post("/presence/checks/{id}/answer", response_model=CheckAnswered, responses=refusals(404, 409))
async def presence_answer(request: Request, site: SiteId, id: _ID, body: AnswerCheck, caller: _SIGN) -> Response:  # noqa: A002
    """I am here: counts only from the person who was asked."""
    room = room_of(request)
    at = room.now()  # before the password is looked at, which takes its time
    if body.password is not None:
        await once_more(room, caller, body.password)
    elif await to_thread.run_sync(_wants_password, room, site, id):
        raise Invalid("This site wants the password with the answer.", field="password")
    return await to_thread.run_sync(_answer, room, site, id, caller.person, at)


@router.post("/duty/lone", response_model=LoneWatches, responses=refusals(404))
def lone_begin(request: Request, site: SiteId, body: LoneBegin, caller: _SIGN) -> Response:
    """I walk alone: call me when I was not heard of for a while, whatever the site's rule is."""
    return _lone(
        request,
        site,
        lambda tx, desk, at: lone_acts.begin(tx, desk, body.seat, body.every_min, body.reason, caller.person, at),
    )


@router.post("/duty/lone/end", response_model=LoneWatches, responses=refusals(404, 409))
def lone_end(request: Request, site: SiteId, body: LoneEnd, caller: _SIGN) -> Response:
    """I am not alone any more; a call that waits is answered by it."""
    return _lone(request, site, lambda tx, desk, at: lone_acts.end(tx, desk, body.seat, body.reason, caller.person, at))


def _lone(request: Request, site: str, act: Callable[[Tx, Desk, datetime], Any]) -> Response:
    room = room_of(request)
    with room.store.begin([site]) as tx:
        act(tx, room.desk(tx.conn, site), room.now())
        return reply({"items": [watch.shown for watch in lone_store.standing(tx.conn, site)]})


@router.get("/duty/away", response_model=Aways, responses=refusals(404))
def away_list(request: Request, site: SiteId, _: _SEE, before: Cursor = None, limit: Limit = 50) -> Response:
    """Leaves of posts, newest first."""
    with room_of(request).store.read() as conn:
        found = away_store.newest(conn, site, limit, place(before))
    return reply(
        {
            "items": [a.shown for a in found],
            "next": cursor(found[-1].asked_at, found[-1].id) if len(found) == limit else None,
        }
    )


@router.post("/duty/leave", **_AWAY)
async def away_leave(request: Request, site: SiteId, body: LeavePost, caller: _SIGN) -> Response:
    """Leave the post for a while (ATT-07); with a stand-in, from when that one accepts."""
    await once_more(room_of(request), caller, body.password)
    who, contact = body.stand_in, body.contact
    return await _do(
        request,
        site,
        lambda tx, desk, at: away.leave(
            tx, desk, body.seat, caller.person, body.minutes, body.reason, at, stand_in=who, contact=contact
        ),
    )


@router.post("/duty/away/{id}/accept", **_AWAY)
async def away_accept(request: Request, site: SiteId, id: _ID, body: OwnPassword, caller: _SIGN) -> Response:  # noqa: A002
    """Stand in: the seat is mine until the other is back."""
    await once_more(room_of(request), caller, body.password)
    return await _do(request, site, lambda tx, desk, at: away.accept(tx, desk, id, caller.person, at))


@router.post("/duty/away/{id}/decline", **_AWAY)
async def away_decline(request: Request, site: SiteId, id: _ID, body: Declines, caller: _SIGN) -> Response:  # noqa: A002
    """Not stand in; or, as the one who asked, stay."""
    return await _do(request, site, lambda tx, desk, at: away.decline(tx, desk, id, body.reason, caller.person, at))


@router.post("/duty/away/{id}/return", **_AWAY)
async def away_return(request: Request, site: SiteId, id: _ID, body: OwnPassword, caller: _SIGN) -> Response:  # noqa: A002
    """Be back: the seat is mine again."""
    await once_more(room_of(request), caller, body.password)
    return await _do(request, site, lambda tx, desk, at: away.come_back(tx, desk, id, caller.person, at))


@router.post("/duty/away/{id}/recall", **_AWAY)
async def away_recall(request: Request, site: SiteId, id: _ID, body: RecallPerson, caller: _CALL) -> Response:  # noqa: A002
    """Call somebody back to the post (ATT-10)."""
    return await _do(
        request, site, lambda tx, desk, at: away.recall(tx, desk, id, body.minutes, body.reason, caller.person, at)
    )


@router.get("/attendance", response_model=AttendanceSpan, responses=refusals(404))
def attendance_span(request: Request, site: SiteId, _: _SEE, first: _DAY, last: _DAY) -> Response:
    """The attendance record of some days, at most 62: planned and real, late, absent, overtime (ATT-01, RPT-06)."""
    if not 0 <= (last - first).days < MAX_DAYS:
        raise Invalid(f"From the first day to the last, at most {MAX_DAYS}.", field="last")
    room = room_of(request)
    with room.store.read() as conn:
        return reply(attendance.record(conn, room.register(conn, site), first, last, room.now()))


async def _do(request: Request, site: str, act: Callable[[Tx, Desk, datetime], Leave]) -> Response:
    return await to_thread.run_sync(_done, room_of(request), site, act)


def _done(room: Room, site: str, act: Callable[[Tx, Desk, datetime], Leave]) -> Response:
    with room.store.begin([site]) as tx:
        return reply(act(tx, room.desk(tx.conn, site), room.now()).shown)


def _wants_password(room: Room, site: str, check_id: str) -> bool:
    """A call to somebody who walks alone is answered by one press, whatever the site wants of the others."""
    with room.store.read() as conn:
        if presence_store.check(conn, site, check_id).how is How.LONE:
            return False
        return room.register(conn, site).policies.duty.presence_check.answer is CheckAnswer.PASSWORD


def _answer(room: Room, site: str, check_id: str, person: str, at: datetime) -> Response:
    with room.store.begin([site]) as tx:
        outcome, check = path.answer(tx, room.desk(tx.conn, site), check_id, person, at)
    return reply({"outcome": outcome, "check": check.shown})
