"""Alerts: the queue, one alert's whole story, and what a person does to it."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response

from alerts import acts, major_store, store
from alerts.majors import Major
from alerts.rules import Alert, Close
from api.alert_shapes import Acknowledged, AlertAfter, Alerts, AlertStory, RecorderNamed
from api.bodies import Ack, AlertId, Cursor, Dispose, Limit, Nothing, RecorderName, Release, SiteId
from api.cursors import cursor, numbered
from api.permits import Caller, needs
from api.phone_acts import Sent, done
from api.phone_bodies import NoteSaid, OfPhone, WaySaid
from api.problems import refusals
from api.room import Room, reply, room_of
from api.routes.site import without
from ingest import acts as path
from ingest import finding_photos
from ingest import store as event_store
from ingest.scene import Desk
from logbook import entries
from patrol import step_store
from patrol.steps import StepKind
from store.db import Tx

router = APIRouter(prefix="/sites/{site}", tags=["alerts"])
_ONE = "/alerts/{id}"


@router.get("/alerts", response_model=Alerts, responses=refusals(404))
def alerts(
    request: Request,
    site: SiteId,
    _: Annotated[Caller, needs("alert.see")],
    state: Literal["open", "closed", "all"] = "open",
    before: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Alerts, newest first."""
    with room_of(request).store.read() as conn:
        found = store.page(conn, site, state, numbered(before), limit)
    return reply(
        {"items": found, "next": cursor(found[-1].heard_at, found[-1].number) if len(found) == limit else None}
    )


@router.get(_ONE, response_model=AlertStory, responses=refusals(404))
def alert_story(request: Request, site: SiteId, id: AlertId, _: Annotated[Caller, needs("alert.see")]) -> Response:  # noqa: A002
    """One alert with everything that happened to it."""
    with room_of(request).store.read() as conn:
        found = store.get(conn, site, id)
        owed = {step.kind: step_store.shown(step) for step in step_store.of(conn, site, [id])}
        return reply(
            {
                "alert": found,
                "history": entries.history(conn, site, f"alert/{id}"),
                "rungs": [without(r, "site_id", "alert_id") for r in store.rungs(conn, site, id)],
                "notices": [without(n, "site_id", "alert_id", "due_at") for n in store.notices(conn, site, id)],
                "events": event_store.events_of(conn, found),
                "step": owed.get(StepKind.PROOF),
                "major": _major(major_store.get(conn, site, id)),
                "chief": owed.get(StepKind.CHIEF),
                "photos": finding_photos.of_alert(conn, found),
            }
        )


@router.post(_ONE + "/ack", response_model=Acknowledged, responses=refusals(404, 409))
def acknowledge(
    request: Request,
    site: SiteId,
    id: AlertId,  # noqa: A002
    body: Ack,
    caller: Annotated[Caller, needs("alert.ack")],
) -> Response:
    """Answer an alert: custody for whoever is responsible, a supervisor's override, a witness for anyone else."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        outcome, alert = path.acknowledge(
            tx,
            room.register(tx.conn, site),
            caller.person,
            caller.roles,
            id,
            room.now(),
            override=body.override,
            reason=body.reason,
        )
    return reply({"outcome": outcome, "alert": alert})


@router.post(_ONE + "/reset", response_model=AlertAfter, responses=refusals(404, 409))
def reset(
    request: Request,
    site: SiteId,
    id: AlertId,  # noqa: A002
    _: Nothing,
    caller: Annotated[Caller, needs("alert.reset")],
) -> Response:
    """End a latched condition."""
    return _act(
        room_of(request),
        site,
        lambda tx, desk, at: acts.reset(tx, desk.register, id, by=caller.person, roles=caller.roles, at=at),
    )


@router.post(_ONE + "/release", response_model=AlertAfter, responses=refusals(404, 409))
def release(
    request: Request,
    site: SiteId,
    id: AlertId,  # noqa: A002
    body: Release,
    caller: Annotated[Caller, needs("alert.release")],
) -> Response:
    """Hand custody back to the seat: it rings again."""
    return _act(
        room_of(request),
        site,
        lambda tx, desk, at: path.release(tx, desk, caller.person, caller.roles, id, at, body.reason),
    )


@router.post(_ONE + "/note", response_model=AlertAfter, responses=refusals(404, 409))
def note(
    request: Request,
    site: SiteId,
    id: AlertId,  # noqa: A002
    body: NoteSaid,
    sent: Sent,
    caller: Annotated[Caller, needs("alert.note")],
) -> Response:
    """Add a note to the history."""
    return _told(
        room_of(request),
        site,
        caller,
        body.phone,
        sent,
        "note",
        lambda tx, desk, at: acts.note(tx, desk.register, id, by=caller.person, at=at, text=body.text),
    )


@router.post(_ONE + "/recorder", response_model=RecorderNamed, responses=refusals(404, 409))
def name_recorder(
    request: Request,
    site: SiteId,
    id: AlertId,  # noqa: A002
    body: RecorderName,
    caller: Annotated[Caller, needs("alert.record")],
) -> Response:
    """Name who writes down what happens in a major incident (LOG-13); another one may be named later."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        register = room.register(tx.conn, site)
        alert, major = acts.record(tx, register, id, body.person, by=caller.person, roles=caller.roles, at=room.now())
    return reply({"alert": alert, "major": _major(major)})


@router.post(_ONE + "/go", response_model=AlertAfter, responses=refusals(404, 409))
def go(
    request: Request,
    site: SiteId,
    id: AlertId,  # noqa: A002
    body: WaySaid,
    sent: Sent,
    caller: Annotated[Caller, needs("alert.note")],
) -> Response:
    """I am on my way there. My tap near it will say that I have arrived."""
    return _told(
        room_of(request),
        site,
        caller,
        body.phone,
        sent,
        "go",
        lambda tx, desk, at: acts.go(tx, desk.register, id, by=caller.person, at=at, said_at=body.said_at),
    )


@router.post(_ONE + "/dispose", response_model=AlertAfter, responses=refusals(404, 409))
def dispose(
    request: Request,
    site: SiteId,
    id: AlertId,  # noqa: A002
    body: Dispose,
    caller: Annotated[Caller, needs("alert.dispose")],
) -> Response:
    """Close an answered alert with its disposition."""
    close = Close(body.disposition, body.cause, body.note, body.reason)
    return _act(
        room_of(request),
        site,
        lambda tx, desk, at: path.dispose(tx, desk.register, caller.person, caller.roles, id, close, at),
    )


def _major(major: Major | None) -> dict[str, Any] | None:
    return None if major is None else without(msgspec.structs.asdict(major), "site_id", "alert_id", "since")


def _act(room: Room, site: str, act: Callable[[Tx, Desk, datetime], Alert]) -> Response:
    with room.store.begin([site]) as tx:
        alert = act(tx, room.desk(tx.conn, site), room.now())
    return reply({"alert": alert})


def _told(
    room: Room,
    site: str,
    caller: Caller,
    phone: OfPhone | None,
    sent: dict[str, Any],
    name: str,
    act: Callable[[Tx, Desk, datetime], Alert],
) -> Response:
    made = done(room, site, caller, phone, sent, name, lambda tx, desk, at: {"alert": act(tx, desk, at).id})
    with room.store.read() as conn:
        return reply({"alert": store.get(conn, site, made["alert"])})
