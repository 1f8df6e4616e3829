"""The register of tags: which hangs where, and what becomes of it. A phone that reads one can assign it on the spot."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from api.bodies import SiteId
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from api.tag_bodies import AssignTag, MoveTag, ReplaceTag, TagReason
from api.tap_shapes import PatrolTag, PatrolTags, TagMarks, UnknownTags
from patrol import store as tap_store
from patrol import tag_acts, tag_store
from patrol.claims import Sun
from patrol.flags import Tag
from patrol.rules import Proof
from patrol.tags import Act, marks
from sites.register import Register
from store.db import Tx

router = APIRouter(prefix="/sites/{site}/tags", tags=["patrol"])
_RECENT: Final = timedelta(days=7)
_UID = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{4,40}$")]
_KEEP = Annotated[Caller, needs("tag.keep")]
_TAG: dict[str, Any] = {"response_model": PatrolTag, "responses": refusals(404, 409)}


@router.get("", response_model=PatrolTags, responses=refusals(404))
def tag_list(request: Request, site: SiteId, _: Annotated[Caller, needs("tag.see")]) -> Response:
    """Every tag of the site, by its point (PAT-08)."""
    room = room_of(request)
    with room.store.read() as conn:
        room.register(conn, site)
        return reply({"items": tag_store.listed(conn, site)})


@router.get("/marks", response_model=TagMarks, responses=refusals(404))
def tag_marks(request: Request, site: SiteId, _: Annotated[Caller, needs("patrol.tap")]) -> Response:
    """What a phone carries to know a tag by that it reads without a line (PAT-08): no UID is told."""
    room = room_of(request)
    with room.store.read() as conn:
        return reply({"items": marks(tag_store.every(conn, site), room.register(conn, site))})


@router.get("/unknown", response_model=UnknownTags, responses=refusals(404))
def tag_unknown(request: Request, site: SiteId, _: Annotated[Caller, needs("tag.see")]) -> Response:
    """Tags that were read in the last days and hang nowhere: what a new one is assigned from, by tapping it (PAT-08)."""
    room = room_of(request)
    with room.store.read() as conn:
        room.register(conn, site)
        reads = tap_store.unknown(conn, site, room.now() - _RECENT)
        return reply({"items": tag_store.unknown(conn, site, reads)})


@router.post("", **_TAG)
def tag_assign(request: Request, site: SiteId, body: AssignTag, caller: _KEEP) -> Response:
    """Hang a tag at a point."""
    room = room_of(request)

    def hang(tx: Tx, register: Register, at: datetime) -> Tag:
        proof, version = Proof(body.proof), body.key_version
        if body.read is not None:
            uid, version = tag_acts.of_read(tx, register, room.ring, Sun(body.read.picc_data, body.read.cmac))
            proof = Proof.SUN
        elif body.uid is not None:
            uid = body.uid
        else:
            uid, proof = tag_acts.code(), Proof.QR
        return tag_acts.assign(tx, register, uid, body.checkpoint, proof, caller.person, at, version=version)

    return _do(request, site, hang)


@router.post("/{uid}/block", **_TAG)
def tag_block(request: Request, site: SiteId, uid: _UID, body: TagReason, caller: _KEEP) -> Response:
    """It is lost or torn off: whoever has it proves nothing with it."""
    return _act(request, site, uid, Act.BLOCK, caller, body.reason)


@router.post("/{uid}/restore", **_TAG)
def tag_restore(request: Request, site: SiteId, uid: _UID, body: TagReason, caller: _KEEP) -> Response:
    """It was found, and hangs in its place again."""
    return _act(request, site, uid, Act.RESTORE, caller, body.reason)


@router.post("/{uid}/move", **_TAG)
def tag_move(request: Request, site: SiteId, uid: _UID, body: MoveTag, caller: _KEEP) -> Response:
    """It hangs at another point from now on; what was tapped before stays where it was."""
    return _act(request, site, uid, Act.MOVE, caller, body.reason, checkpoint_id=body.checkpoint)


@router.post("/{uid}/replace", **_TAG)
def tag_replace(request: Request, site: SiteId, uid: _UID, body: ReplaceTag, caller: _KEEP) -> Response:
    """Another tag hangs in its place. Answers with the new one."""
    return _do(
        request,
        site,
        lambda tx, register, at: tag_acts.replace(tx, register, uid, body.by, caller.person, body.reason, at),
    )


def _act(request: Request, site: str, uid: str, what: Act, caller: Caller, reason: str, **changes: Any) -> Response:
    return _do(
        request,
        site,
        lambda tx, register, at: tag_acts.act(tx, register, uid, what, caller.person, reason, at, **changes),
    )


def _do(request: Request, site: str, act: Callable[[Tx, Register, datetime], Tag]) -> Response:
    room = room_of(request)
    with room.store.begin([site]) as tx:
        made = act(tx, room.register(tx.conn, site), room.now())
        return reply(tag_store.row(tx.conn, site, made.uid))
