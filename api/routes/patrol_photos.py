"""Photos of taps: before or after the tap that names them, under the hash of what the phone sent."""

import hashlib
from typing import Annotated, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Path, Request, Response

from api.bodies import SiteId
from api.errors import Unavailable
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from api.tap_shapes import TapPhoto
from logbook import acts, files, photos
from logbook.errors import FileGone
from patrol import photo_store
from patrol.photo_store import Photo

router = APIRouter(prefix="/sites/{site}/patrol/photos", tags=["patrol"])
FileHash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_DECODERS: Final = CapacityLimiter(2)  # a picture takes much memory while it is decoded
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"format": "binary"}}}}}


@router.post("", response_model=TapPhoto, responses=refusals(404, 413), openapi_extra=_BODY)
async def upload_photo(request: Request, site: SiteId, caller: Annotated[Caller, needs("patrol.tap")]) -> Response:
    """Send a photo of at most 10 MB as the body: JPEG, PNG or WebP. Only the picture is kept, no place and no device (PAT-03)."""
    data = await request.body()
    return await to_thread.run_sync(_keep, room_of(request), site, caller.person, data, limiter=_DECODERS)


def _keep(room: Room, site: str, person: str, data: bytes) -> Response:
    if room.settings.files is None:
        raise Unavailable
    kept = files.keep(room.settings.files, photos.cleaned(data))
    photo = Photo(hashlib.sha256(data).hexdigest(), kept.sha256, kept.size, kept.type)
    with room.store.begin([site]) as tx:
        acts.upload(tx, site, kept, person, room.now())
        photo_store.keep(tx, site, photo, person, room.now())
    return reply(photo)


@router.get(
    "/{sha256}",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **refusals(404, 409)},
)
def tap_photo(
    request: Request,
    site: SiteId,
    sha256: FileHash,
    _: Annotated[Caller, needs("patrol.see")],
    small: bool = False,
) -> Response:
    """The picture, by the hash of what was sent or of what was kept; `small`: enough for a list."""
    room = room_of(request)
    if room.settings.files is None:
        raise Unavailable
    with room.store.read() as conn:
        photo = photo_store.find(conn, site, sha256)
    if photo is None:
        raise FileGone
    headers = {
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "private, max-age=31536000, immutable",
    }
    kept = files.fetch(room.settings.files, photo.sha256)
    return Response(photos.small(kept) if small else kept, media_type=photo.type, headers=headers)
