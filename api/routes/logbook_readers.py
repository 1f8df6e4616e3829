"""Who read the logbook: for those who answer for its being confidential (LOG-05)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.bodies import SiteId
from api.logbook_shapes import LogReaders
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from core.errors import Invalid
from logbook import readers

router = APIRouter(prefix="/sites/{site}/logbook/readers", tags=["logbook"])


@router.get("", response_model=LogReaders, responses=refusals(404))
def log_readers(
    request: Request,
    site: SiteId,
    _: Annotated[Caller, needs("log.readers")],
    before: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Who looked at which page, newest first; one line for a person, a page and ten minutes."""
    with room_of(request).store.read() as conn:
        found, more = readers.readers(conn, site, _place(before), limit)
    return reply({"items": found, "next": None if more is None else "~".join(map(str, more))})


def _place(word: str | None) -> tuple[int, str, str] | None:
    if word is None:
        return None
    slot, who, page = (*word.split("~", 2), "", "")[:3]
    if not slot.isascii() or not slot.isdecimal() or len(slot) > 12:
        raise Invalid("A page begins at the `next` of the one before it.", field="before")
    return int(slot), who, page
