"""The versions of a site, what differs between them, and its parameters (SITE-02, SITE-06, ROLE-08)."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from api.bodies import SiteId, Withdrawal
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from api.version_shapes import SiteParameters, SiteVersion, SiteVersions, VersionChanges
from ingest import versions as path
from sites import changes, parameters, versions

router = APIRouter(prefix="/sites/{site}", tags=["site"])

MOST: Final = 500
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Other = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/versions", response_model=SiteVersions, responses=refusals(404))
def site_versions(request: Request, site: SiteId, caller: Annotated[Caller, needs("version.see")]) -> Response:
    """What was, is and will be in force here: from when, made by whom, and why."""
    room = room_of(request)
    with room.store.read() as conn:
        room.register(conn, site)
        found = versions.listed(conn, site, MOST)
    return reply({"items": found, "withdraws": caller.may("version.withdraw")})


@router.get("/versions/{number}/changes", response_model=VersionChanges, responses=refusals(404))
def version_changes(
    request: Request,
    site: SiteId,
    number: Number,
    caller: Annotated[Caller, needs("version.see")],
    since: Other = None,
) -> Response:
    """What differs in a version from another one; left out, from the one whose place it takes."""
    room = room_of(request)
    with room.store.read() as conn:
        room.register(conn, site)
        version = versions.get(conn, site, number)
        other = since if since is not None else versions.before(conn, site, version)
        old = None if other is None else versions.register_of(conn, site, other)
        found = changes.diff(old, versions.register_of(conn, site, number))
    if not caller.may("contact.see"):
        found = [c for c in found if c.section not in {"people", "externals"} and c.field != "duty.offsite"]
    return reply({"version": number, "since": other, "items": found[:MOST], "more": max(0, len(found) - MOST)})


@router.post("/versions/{number}/withdraw", response_model=SiteVersion, responses=refusals(404, 409))
def version_withdraw(
    request: Request,
    site: SiteId,
    number: Number,
    body: Withdrawal,
    caller: Annotated[Caller, needs("version.withdraw")],
) -> Response:
    """Take a version back that is still to come."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        room.register(tx.conn, site)
        return reply(path.withdraw(tx, site, number, caller.actor, body.reason, room.now()))


@router.get("/parameters", response_model=SiteParameters, responses=refusals(404))
def site_parameters(
    request: Request, site: SiteId, _: Annotated[Caller, needs("version.see")], version: Other = None
) -> Response:
    """Every parameter with its unit, usual value, range and source: as it stands, or as a version has it."""
    room = room_of(request)
    with room.store.read() as conn:
        register = room.register(conn, site)
        if version is not None:
            register = versions.register_of(conn, site, version)
        told = list(parameters.values(register))
    return reply({"version": register.version, "service_grade": register.policies.service_grade, "items": told})
