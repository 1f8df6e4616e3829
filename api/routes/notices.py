"""One's own inbox of duty: what was published, what changed for me, what was called (DUTY-03, DUTY-08, DUTY-14)."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.bodies import Cursor, Limit, Nothing, SiteId
from api.cursors import cursor, place
from api.notice_shapes import DutyNotices
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from duty import notice_store

router = APIRouter(prefix="/sites/{site}", tags=["notices"])
_MINE = Annotated[Caller, needs("inbox.read")]


@router.get("/duty/inbox", response_model=DutyNotices, responses=refusals(404))
def duty_inbox(request: Request, site: SiteId, caller: _MINE, before: Cursor = None, limit: Limit = 20) -> Response:
    """What I was told of my duty, newest first, and by which ways it went out."""
    return _shown(room_of(request), site, caller.person, limit, before)


@router.post("/duty/inbox/read", response_model=DutyNotices, responses=refusals(404))
def duty_inbox_read(request: Request, site: SiteId, body: Nothing, caller: _MINE) -> Response:  # noqa: ARG001
    """I have read what is there."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        notice_store.read_all(tx, site, caller.person, room.now())
    return _shown(room, site, caller.person, 20, None)


def _shown(room: Room, site: str, person: str, limit: int, before: str | None) -> Response:
    with room.store.read() as conn:
        room.register(conn, site)
        found = notice_store.inbox(conn, site, person, limit, place(before))
        ways = notice_store.letters(conn, site, [n.id for n in found])
        unread = notice_store.unread(conn, site, person)
    items = [
        {
            "id": n.id,
            "kind": n.kind,
            "about": n.about,
            "data": n.data,
            "made_at": n.made_at,
            "read_at": n.read_at,
            "letters": [{"channel": channel, "state": state} for channel, state in ways.get(n.id, [])],
        }
        for n in found
    ]
    return reply(
        {
            "items": items,
            "unread": unread,
            "next": cursor(found[-1].made_at, found[-1].id) if len(found) == limit else None,
        }
    )
