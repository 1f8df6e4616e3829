"""A permit for pages of the logbook that also puts down who reads them (LOG-05)."""

from typing import Annotated, Any

import anyio.to_thread
from fastapi import Depends, Request

from api.permits import Caller, needs
from api.room import room_of
from logbook import readers


def reads(page: str) -> Any:
    """Declare that a route shows the page `page` of the logbook."""

    async def reader(request: Request, caller: Annotated[Caller, needs("log.see")]) -> Caller:
        room = room_of(request)
        who = caller.person_id or f"account/{caller.signed.account.id}"
        await anyio.to_thread.run_sync(readers.note, room.store, caller.site_id, who, page, room.now())
        return caller

    return Depends(reader)
