"""How the server is."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select

from api.health_shapes import Health, RolesHealth
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from core.errors import NotPermitted

router = APIRouter(tags=["health"])
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


@router.get("/health", response_model=Health, dependencies=[needs("open")], responses=refusals())
def health(request: Request) -> Response:
    """The server answers and reaches its store."""
    with room_of(request).store.read() as conn:
        conn.execute(select(1))
    return reply({"ok": True})


@router.get("/health/roles", response_model=RolesHealth, responses=refusals())
def health_roles(request: Request, _: Annotated[Caller, needs("health.roles")]) -> Response:
    """Every role of this process."""
    return reply({"roles": list(room_of(request).roles())})


metrics_router = APIRouter(tags=["health"])


@metrics_router.get("/metrics", dependencies=[needs("open")], include_in_schema=False)
def metrics(request: Request) -> Response:
    """For Prometheus: from this machine itself, or with the token."""
    room = room_of(request)
    if not _may_scrape(room, request):
        raise NotPermitted
    text = generate_latest(room.metrics) + generate_latest(room.own_metrics)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _may_scrape(room: Room, request: Request) -> bool:
    """A proxy on this machine makes strangers look local, but it says that it is one."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    token = room.settings.metrics_token
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    proxied = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))
    return not proxied and request.client is not None and request.client.host in _HERE
