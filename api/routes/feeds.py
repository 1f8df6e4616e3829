"""Calendar feeds of shifts: asked for by whoever is signed in, read by whoever has the secret address."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response

from api.bodies import FeedAsked, FeedId, SiteId
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from api.roster_shapes import FeedMade, Feeds
from core.errors import NotFound
from duty import feed_store
from duty.errors import NoSuchFeed
from duty.feeds import BEHIND, feed
from sites.register import Role

router = APIRouter(tags=["rosters"])
_MEDIA: Final = "text/calendar; charset=utf-8"
_CHIEFS: Final = frozenset({Role.MANAGER, Role.ADMIN})


@router.get("/sites/{site}/feeds", response_model=Feeds, responses=refusals(404))
def feeds(request: Request, site: SiteId, caller: Annotated[Caller, needs("feed.see")]) -> Response:
    """One's own feeds; a manager sees everybody's."""
    with room_of(request).store.read() as conn:
        owner = None if caller.roles & _CHIEFS else caller.person_id or ""
        return reply({"items": [_shown(f) for f in feed_store.listed(conn, site, owner)]})


@router.post("/sites/{site}/feeds", response_model=FeedMade, responses=refusals(404))
def make_feed(
    request: Request, site: SiteId, body: FeedAsked, caller: Annotated[Caller, needs("feed.make")]
) -> Response:
    """A secret address for one's own shifts, or for those of a post. One that was made before for the same ends by it."""
    room, me = room_of(request), caller.person
    kind, target = ("person", me) if body.post is None else ("post", body.post)
    with room.store.begin([site]) as tx:
        made, token = feed_store.make(tx, room.register(tx.conn, site), kind, target, me, room.now())
    return reply({"feed": _shown(made), "path": f"/api/v1/feeds/{token}.ics"})


@router.delete("/sites/{site}/feeds/{id}", status_code=204, response_class=Response, responses=refusals(404))
def revoke_feed(
    request: Request,
    site: SiteId,
    id: FeedId,  # noqa: A002
    caller: Annotated[Caller, needs("feed.see")],
) -> Response:
    """End a feed: its address leads nowhere from now on."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        anyones = bool(caller.roles & _CHIEFS)
        feed_store.revoke(tx, site, id, caller.actor, room.now(), anyones=anyones)
    return Response(status_code=204)


@router.get(
    "/feeds/{token}.ics",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {}}}, **refusals(404)},
)
def read_feed(request: Request, token: str, _: Annotated[None, needs("open")]) -> Response:
    """The shifts of a feed as iCalendar. A secret that leads nowhere says nothing of why."""
    room, at = room_of(request), room_of(request).now()
    with room.store.read() as conn:
        try:
            found = feed_store.followed(conn, token)
            register = room.register(conn, found.site_id)
        except NotFound:
            raise NoSuchFeed from None
        owner = register.people.get(found.owner)
        target = register.people.get(found.target) if found.kind == "person" else register.posts.get(found.target)
        if owner is None or target is None:
            raise NoSuchFeed
        shifts = feed_store.shifts(conn, register, found, at - BEHIND)
    text = feed(register, target.name, shifts, owner.language, people=found.kind == "post")
    headers = {"cache-control": "private, max-age=300", "content-disposition": 'inline; filename="duty.ics"'}
    return Response(text, media_type=_MEDIA, headers=headers)


def _shown(made: feed_store.Feed) -> dict[str, Any]:
    return {"id": made.id, "kind": made.kind, "target": made.target, "owner": made.owner, "made_at": made.made_at}
