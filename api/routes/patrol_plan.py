"""Patrol routes and plans: looked at, tried out, changed, and written out for the site's pack (PAT-01, PAT-02)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from api.bodies import Body, SiteId
from api.patrol_plan_bodies import PatrolDraft, PatrolEdit
from api.patrol_plan_shapes import PatrolBook, PatrolPreview
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from ingest import patrol_edits
from sites import patrol_edits as edits
from sites.register import Register, plain

router = APIRouter(prefix="/sites/{site}/patrol", tags=["patrol"])
YAML = "application/yaml"
_BOOK: dict[str, Any] = {"response_model": PatrolBook, "responses": refusals(404, 409, 413)}


@router.get("/book", **_BOOK)
def patrol_book(request: Request, site: SiteId, _: Annotated[Caller, needs("patrol.see")]) -> Response:
    """Every route and plan, and whether they were edited since the pack was imported."""
    room = room_of(request)
    with room.store.read() as conn:
        return reply(_book(conn, room.register(conn, site)))


@router.post("/book/preview", response_model=PatrolPreview, responses=refusals(404, 409, 413))
def patrol_preview(
    request: Request, site: SiteId, body: PatrolDraft, _: Annotated[Caller, needs("patrol.plan")]
) -> Response:
    """What these would come to: what differs, and the rounds of the next 24 hours. Writes nothing."""
    room = room_of(request)
    with room.store.read() as conn:
        register = room.register(conn, site)
        told = patrol_edits.preview(conn, register, _rows(body.routes), _rows(body.plans), room.now())
    return reply(told)


@router.post("/book", **_BOOK)
def patrol_edit(
    request: Request, site: SiteId, body: PatrolEdit, caller: Annotated[Caller, needs("patrol.plan")]
) -> Response:
    """Make these the site's routes and plans, with a reason. Rounds that have opened stay as they were made."""
    room = room_of(request)
    rows = _rows(body.routes), _rows(body.plans)
    with room.store.begin([site]) as tx:
        register = room.register(tx.conn, site)
        new = patrol_edits.edit(tx, register, body.version, *rows, caller.person, body.reason, room.now())
        return reply(_book(tx.conn, new))


@router.get(
    "/book.yaml",
    response_class=Response,
    responses={200: {"content": {YAML: {}}}, **refusals(404)},
)
def patrol_book_file(request: Request, site: SiteId, _: Annotated[Caller, needs("patrol.plan")]) -> Response:
    """The same as a file of a pack: the two sections to put in the place of the pack's own."""
    room = room_of(request)
    with room.store.read() as conn:
        text = edits.written(room.register(conn, site))
    headers = {
        "content-disposition": f'attachment; filename="patrol-{site}.yaml"',
        "cache-control": "private, no-store",
    }
    return Response(text.encode(), media_type=YAML, headers=headers)


def _book(conn: Connection, register: Register) -> dict[str, Any]:
    made = plain(register)
    edit = edits.found(conn, register.site_id)
    return {
        "version": register.version,
        "routes": list(made["patrol_routes"].values()),
        "plans": list(made["patrol_plans"].values()),
        "edited": None if edit is None else {k: v for k, v in msgspec.structs.asdict(edit).items() if k != "base"},
    }


def _rows(parts: Sequence[Body]) -> list[dict[str, Any]]:
    return [part.model_dump(mode="json", by_alias=True) for part in parts]
