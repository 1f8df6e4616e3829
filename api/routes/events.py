"""What came in: events, rejects; and what a person reports by hand, which is an event like any other."""

import base64
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.bodies import Cursor, EventId, Limit, Name, SiteId
from api.cursors import cursor, place
from api.event_shapes import EventPage, EventWhole, Rejects, Reported
from api.permits import Caller, needs
from api.phone_acts import Sent, done
from api.phone_bodies import ReportSaid
from api.problems import refusals
from api.room import reply, room_of
from api.routes.site import without
from core.errors import NotFound
from ingest import acts, store
from ingest.scene import Desk
from store.db import Tx

router = APIRouter(prefix="/sites/{site}", tags=["events"])
Kind = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=64)]


@router.get("/events", response_model=EventPage, responses=refusals(404))
def events(
    request: Request,
    site: SiteId,
    _: Annotated[Caller, needs("event.see")],
    before: Cursor = None,
    device: Name | None = None,
    kind: Kind | None = None,
    limit: Limit = 50,
) -> Response:
    """Events, newest first; `kind` may be a family such as `fire`."""
    with room_of(request).store.read() as conn:
        found = store.events(conn, site, before=place(before), device=device, kind=kind, limit=limit)
    return reply({"items": found, "next": cursor(found[-1].heard_at, found[-1].id) if len(found) == limit else None})


@router.get("/events/{id}", response_model=EventWhole, responses=refusals(404))
def event(request: Request, site: SiteId, id: EventId, _: Annotated[Caller, needs("event.see")]) -> Response:  # noqa: A002
    """One event with the bytes that said it."""
    with room_of(request).store.read() as conn:
        found = store.one_event(conn, site, id)
    if found is None:
        raise NotFound
    return reply({**without(found, "site_id", "raw"), **_said(bytes(found["raw"]))})


def _said(raw: bytes) -> dict[str, Any]:
    """The bytes as they can be shown, and the data they held if they still can be read."""
    try:
        text, coded = raw.decode(), None
    except UnicodeDecodeError:
        text, coded = None, base64.b64encode(raw).decode()
    try:
        data = msgspec.json.decode(raw).get("data", {})
    except (msgspec.MsgspecError, AttributeError, UnicodeDecodeError):
        data = {}
    return {"raw": text, "raw_base64": coded, "data": data}


@router.get("/rejects", response_model=Rejects, responses=refusals(404))
def rejects(
    request: Request,
    site: SiteId,
    _: Annotated[Caller, needs("reject.see")],
    before: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Messages that could not be understood, newest first."""
    with room_of(request).store.read() as conn:
        found = store.rejects(conn, site, before=place(before), limit=limit)
    items = [{**without(r, "site_id", "raw"), "size": len(r["raw"])} for r in found]
    return reply(
        {"items": items, "next": cursor(found[-1]["heard_at"], found[-1]["id"]) if len(found) == limit else None}
    )


@router.post("/reports", response_model=Reported, responses=refusals(404, 409))
def make_report(
    request: Request, site: SiteId, body: ReportSaid, sent: Sent, caller: Annotated[Caller, needs("report.make")]
) -> Response:
    """Report something by hand (EVT-09)."""

    def act(tx: Tx, desk: Desk, at: datetime) -> dict[str, Any]:
        id_ = body.phone.id if body.phone else None
        made = acts.report(tx, desk, caller.person, body.kind, body.zone, body.note, body.caller, at, event_id=id_)
        return {"event_id": made[0], "alert_id": made[1]}

    return reply(done(room_of(request), site, caller, body.phone, sent, "report", act))
