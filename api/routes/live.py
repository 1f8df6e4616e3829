"""The live feed's route: who listens, for how long, and what becomes of a page that does not read."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response
from starlette.types import Receive, Scope, Send

from api.bodies import SiteAsked
from api.live import Hub, Listener, frame
from api.permits import Caller, needs
from api.problems import refusals
from api.reach import connected
from api.rights import PERMITS, allowed
from api.room import Room, room_of

router = APIRouter(tags=["live"])
_HEADERS: Final = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}


@router.get(
    "/live",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, **refusals(404)},
)
async def live(
    request: Request,
    site: SiteAsked,
    caller: Annotated[Caller, needs("site.see")],
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,16}$")] = None,
) -> Response:
    """Server-sent events of one site: `hello`, then `push` after `push`, and a `beat` in between."""
    start = after if last_event_id is None else int(last_event_id)
    return Feed(room_of(request), caller, site, start)


class Feed(Response):
    """One open feed. The stream ends with the session, with the page, with the server, or when it falls behind."""

    def __init__(self, room: Room, caller: Caller, site: str, start: int | None) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]  # it has no end
        self._room, self._caller, self._site, self._start = room, caller, site, start

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        talk = asyncio.create_task(self._talk(send), name=f"feed[{self._site}]")
        gone = asyncio.create_task(_gone(receive), name=f"gone[{self._site}]")
        try:
            await asyncio.wait({talk, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (talk, gone):
                task.cancel()
            done = await asyncio.gather(talk, gone, return_exceptions=True)
        if done[0] is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif isinstance(done[0], Exception) and not isinstance(done[0], (TimeoutError, OSError)):
            raise done[0]

    async def _talk(self, send: Send) -> None:
        hub = self._room.live
        say = partial(_say, send, stalled_s=hub.stalled_s)
        listener, why = await hub.join(self._site, self._start)
        try:
            if why is not None:
                await say(frame("refetch", {"why": why}, listener.seq))
                return
            await say(b"retry: 1000\n" + frame("hello", {"seq": listener.seq}, listener.seq))
            await to_thread.run_sync(self._connected)
            await self._follow(hub, listener, say)
        finally:
            hub.leave(self._site, listener)

    async def _follow(self, hub: Hub, listener: Listener, say: Callable[[bytes], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        beat = loop.time() + hub.beat_s
        while not hub.closing:
            news = await listener.take(beat - loop.time())
            if news:
                await say(news)
            if listener.behind:
                await say(frame("refetch", {"why": "too_slow"}))
                return
            if loop.time() >= beat:
                beat = loop.time() + hub.beat_s
                if not await to_thread.run_sync(self._still):
                    await say(frame("signed_out", {"why": "signed_out"}))
                    return
                await say(hub.beat())
                await to_thread.run_sync(self._connected)

    def _connected(self) -> None:
        connected(self._room, self._site, self._caller.person_id)

    def _still(self) -> bool:
        """Whether the session holds and may still see this site: a right that was taken away ends an open feed too."""
        signed = self._room.sessions.holds(self._caller.signed.token_hash)
        here = signed.at_site(self._site) if signed is not None else None
        return here is not None and allowed(PERMITS["site.see"], here.own, here.lent)


async def _say(send: Send, body: bytes, stalled_s: float) -> None:
    async with asyncio.timeout(stalled_s):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
