"""Files for the logbook: put away under their hash, and given out only as a download to people of the site."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response

from api.bodies import SiteId
from api.errors import Unavailable
from api.logbook_shapes import Attached
from api.permits import Caller, needs
from api.problems import refusals
from api.reading import reads
from api.room import Room, reply, room_of
from logbook import acts, files
from logbook.errors import FileGone

router = APIRouter(prefix="/sites/{site}/logbook/attachments", tags=["logbook"])
FileHash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"format": "binary"}}}}}


@router.post("", response_model=Attached, responses=refusals(404, 413), openapi_extra=_BODY)
async def upload_attachment(request: Request, site: SiteId, caller: Annotated[Caller, needs("log.write")]) -> Response:
    """Upload a file of at most 10 MB as the body of the request: JPEG, PNG, WebP, PDF or plain text. An entry then
    attaches it by its hash.
    """
    data = await request.body()
    return await to_thread.run_sync(_keep, room_of(request), site, caller.person, data)


def _keep(room: Room, site: str, person: str, data: bytes) -> Response:
    if room.settings.files is None:
        raise Unavailable
    kept = files.keep(room.settings.files, data)
    with room.store.begin([site]) as tx:
        acts.upload(tx, site, kept, person, room.now())
    return reply(kept)


@router.get(
    "/{sha256}",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in files.ENDINGS}}, **refusals(404, 409)},
)
def attachment(request: Request, site: SiteId, sha256: FileHash, _: Annotated[Caller, reads("attachment")]) -> Response:
    """The file, if it still is what was attached."""
    room = room_of(request)
    if room.settings.files is None:
        raise Unavailable
    with room.store.read() as conn:
        kept = acts.uploaded(conn, site, [sha256]).get(sha256)
    if kept is None:
        raise FileGone
    data = files.fetch(room.settings.files, sha256)
    headers = {
        "content-disposition": f'attachment; filename="{sha256[:12]}.{files.ENDINGS[kept.type]}"',
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }
    return Response(data, media_type=kept.type, headers=headers)
