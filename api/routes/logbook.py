"""The logbook: a page of it, the whole of it checked, the whole of it exported."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from api.bodies import SiteId
from api.errors import Unavailable
from api.logbook_shapes import LogFound, LogPage, LogVerdict
from api.permits import Caller, needs
from api.problems import refusals
from api.reading import reads
from api.room import Room, reply, room_of
from api.routes.site import log_head
from core.wire import NAME
from logbook import audit, entries, finding, tagging
from logbook.export import export_lines
from logbook.notes import raw_public
from logbook.rules import Line

router = APIRouter(prefix="/sites/{site}/logbook", tags=["logbook"])
Before = Annotated[int, Query(ge=1, le=2**53)]
Subject = Annotated[str, Query(pattern=r"^[A-Za-z0-9_.:/-]{1,128}$")]
_SHOWN = ("ok", "size", "first_bad", "why", "detail", "chain", "root", "checkpoints", "sealed", "keys")


@router.get("", response_model=LogPage, responses=refusals(404))
def log_page(
    request: Request,
    site: SiteId,
    _: Annotated[Caller, reads("page")],
    before: Before | None = None,
    subject: Subject | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Entries, newest first, with where the whole log stands."""
    with room_of(request).store.read() as conn:
        found = entries.read(conn, site, before, subject, limit)
        corrections = entries.corrections(conn, site, [entry.n for entry in found])
        tags = tagging.of(conn, site, [entry.n for entry in found])
        head = log_head(conn, site)
    more = len(found) == limit and found[-1].n > 1
    return reply(
        {
            "items": found,
            "next": found[-1].n if more else None,
            "head": head,
            "corrections": corrections,
            "categories": tags,
        }
    )


@router.get("/search", response_model=LogFound, responses=refusals(404))
def log_search(
    request: Request,
    site: SiteId,
    _: Annotated[Caller, reads("search")],
    q: Annotated[str, Query(max_length=200)] = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    person: Annotated[str | None, Query(pattern=NAME)] = None,
    act: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,40})*$")] = None,
    subject: Subject | None = None,
    form: Annotated[str | None, Query(pattern=NAME)] = None,
    category: Annotated[str | None, Query(pattern=NAME)] = None,
    before: Before | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """What people wrote and did (LOG-07, RPT-07): every piece of `q` is in it, in either language; everything else that
    is given fits, too. Newest first. With `category`, exactly what has it, or has a file that does (RPT-09).
    """
    asked = finding.Asked(q, since, until, person, act, subject, form, before)
    with room_of(request).store.read() as conn:
        if category is None:
            numbers = finding.find(conn, site, asked, limit)
        else:
            numbers = tagging.find(conn, site, category, asked, limit)
        found = entries.some(conn, site, numbers)
        corrections = entries.corrections(conn, site, numbers)
        tags = tagging.of(conn, site, numbers)
    more = len(numbers) == limit and numbers[-1] > 1
    return reply(
        {"items": found, "next": numbers[-1] if more else None, "corrections": corrections, "categories": tags}
    )


@router.get("/verify", response_model=LogVerdict, responses=refusals(404))
def log_verify(request: Request, site: SiteId, _: Annotated[Caller, needs("log.see")]) -> Response:
    """Walk the whole log and say whether everything fits."""
    room = room_of(request)
    keys = [] if room.log_key is None else [raw_public(room.log_key)]
    with room.store.read() as conn:
        verdict = audit.verify_store(conn, site, keys)
    return reply({name: getattr(verdict, name) for name in _SHOWN})


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/jsonl": {}}}, **refusals(404)},
)
def log_export(request: Request, site: SiteId, caller: Annotated[Caller, needs("log.export")]) -> Response:
    """The whole log as lines that `watchroom logbook verify` checks offline. That it was read out is itself logged."""
    room = room_of(request)
    if room.log_key is None:
        raise Unavailable
    at = room.now()
    actor = caller.person_id or f"account/{caller.signed.account.id}"
    with room.store.begin([site]) as tx:
        size = tx.heads[site].log_size
        entries.append(tx, site, [Line(at, "logbook.exported", actor, "site", {"entries": size + 1})])
    name = f"logbook-{site}-{at:%Y%m%dT%H%M%SZ}.jsonl"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(_lines(room, site), media_type="application/jsonl", headers=headers)


def _lines(room: Room, site: str) -> Iterator[bytes]:
    assert room.log_key is not None  # noqa: S101 - asked above
    with room.store.read() as conn:
        yield from export_lines(conn, site, key=room.log_key, at=room.now())
