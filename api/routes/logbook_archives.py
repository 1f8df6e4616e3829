"""Months of the logbook closed into files: made once, downloaded, and received by the archivist (LOG-09, RPT-06)."""

import threading
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from api.bodies import MonthId, ReceiveArchive, SiteId
from api.errors import Unavailable
from api.logbook_keeping_shapes import LogArchive, LogArchives
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from core.words import LANGUAGES
from logbook import archive, entries, months
from logbook.errors import ArchiveBusy, NoSuchArchive
from logbook.rules import Line

router = APIRouter(prefix="/sites/{site}/logbook/archives", tags=["logbook"])
Language = Annotated[str, Query(pattern=f"^({'|'.join(LANGUAGES)})$")]
_making = threading.Lock()  # setting pages takes memory: one at a time


@router.get("", response_model=LogArchives, responses=refusals(404))
def log_archives(request: Request, site: SiteId, _: Annotated[Caller, needs("log.see")]) -> Response:
    """The months that were archived, newest first, and those that are over and were not."""
    room = room_of(request)
    with room.store.read() as conn:
        zone = room.register(conn, site).zone_info
        found = months.archived(conn, site)
        return reply({"items": found, "open": months.not_archived(conn, site, zone, room.now())})


@router.post("/{month}", response_model=LogArchive, responses=refusals(404, 409, 503))
def make_archive(
    request: Request,
    site: SiteId,
    month: MonthId,
    caller: Annotated[Caller, needs("log.archive")],
    language: Language = LANGUAGES[0],
) -> Response:
    """Close a month that is over: lines, pages in `language`, attachments, and a signed checkpoint. Takes up to a minute."""
    room, folder = room_of(request), _folder(room_of(request))
    if room.log_key is None:
        raise Unavailable
    with room.store.read() as conn:
        register = room.register(conn, site)
    if not _making.acquire(blocking=False):
        raise ArchiveBusy
    try:
        made = archive.make(
            *(room.store, register, month, folder, room.settings.files),
            key=room.log_key,
            by=caller.actor,
            at=room.now(),
            language=language,
        )
    finally:
        _making.release()
    return reply(made)


@router.get(
    "/{month}/file",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}}, **refusals(404)},
)
def archive_file(
    request: Request, site: SiteId, month: MonthId, caller: Annotated[Caller, needs("log.export")]
) -> Response:
    """The file. That it was read out is itself logged (LOG-05)."""
    room, folder = room_of(request), _folder(room_of(request))
    with room.store.read() as conn:
        found = months.one(conn, site, month)
    file = archive.place(folder, site, month)
    if not file.is_file():
        raise NoSuchArchive
    with room.store.begin([site]) as tx:
        said = {"month": month, "sha256": found.sha256}
        entries.append(tx, site, [Line(room.now(), "logbook.exported", caller.actor, f"month/{month}", said)])
    return FileResponse(file, media_type="application/zip", filename=file.name, headers={"cache-control": "no-store"})


@router.post("/{month}/receipt", response_model=LogArchive, responses=refusals(404, 409))
def receive_archive(
    request: Request,
    site: SiteId,
    month: MonthId,
    body: ReceiveArchive,
    caller: Annotated[Caller, needs("log.archive")],
) -> Response:
    """The archivist has the file, and says so once (RPT-06)."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        had = months.receive(tx, site, month, body.comment, by=caller.actor, at=room.now())
    return reply(had)


def _folder(room: Room) -> Path:
    if room.settings.archives is None:
        raise Unavailable
    return room.settings.archives
