"""The application: every route, every refusal, every header, put together from what it is given."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from types import ModuleType
from typing import Any

from anyio import to_thread
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from prometheus_client import REGISTRY, CollectorRegistry
from starlette.routing import BaseRoute

from api import problems
from api.accounts import refuse_default_secrets
from api.consoles import Consoles
from api.edge import MAX_BODY, MAX_BOOK, MAX_UPLOAD, Edge
from api.live import Hub
from api.pages import PagesMount
from api.passwords import Passwords
from api.permits import declared
from api.rights import PERMITS
from api.room import RoleState, Room, Settings
from api.routes import (
    alerts,
    calendar,
    coverage,
    duty,
    equipment,
    events,
    feeds,
    handovers,
    health,
    live,
    logbook,
    logbook_archives,
    logbook_days,
    logbook_entries,
    logbook_files,
    logbook_holds,
    logbook_readers,
    mandates,
    modes,
    notices,
    patrol_photos,
    patrol_plan,
    patrol_report,
    presence,
    requests,
    rosters,
    rounds,
    session,
    signing,
    site,
    solving,
    tags,
    tap_page,
    taps,
    told,
    versions,
    violations,
)
from api.sessions import Sessions
from api.solving import Solving
from api.throttle import Throttle
from core.clock import Clock
from ingest.desks import Desks
from patrol.keys import Ring, refuse_guessable
from store.db import Store

PREFIX = "/api/v1"
_ROUTERS = (
    session,
    signing,
    site,
    versions,
    alerts,
    events,
    duty,
    equipment,
    handovers,
    presence,
    modes,
    mandates,
    notices,
    calendar,
    coverage,
    rosters,
    solving,
    requests,
    rounds,
    taps,
    tags,
    told,
    patrol_photos,
    patrol_plan,
    patrol_report,
    violations,
    feeds,
    logbook,
    logbook_entries,
    logbook_files,
    logbook_archives,
    logbook_days,
    logbook_holds,
    logbook_readers,
    live,
    health,
)

MAX_BODIES: Mapping[ModuleType, int] = {
    logbook_files: MAX_UPLOAD,
    patrol_photos: MAX_UPLOAD,
    patrol_plan: MAX_BOOK,
}


class Undeclared(RuntimeError):  # noqa: N818 - said to whoever adds a route
    """A route does not say which action it is."""


def create_app(
    store: Store,
    desks: Desks,
    now: Clock,
    settings: Settings,
    *,
    log_key: Ed25519PrivateKey | None = None,
    ring: Ring | None = None,
    roles: Callable[[], Sequence[RoleState]] = tuple,
    metrics: CollectorRegistry = REGISTRY,
    passwords: Passwords | None = None,
    hub: Hub | None = None,
    sessions: Sessions | None = None,
) -> FastAPI:
    """The application over a store. Refuses to be made with a guessable secret outside the demo."""
    refuse_default_secrets(settings.mode, settings.secret)
    if ring is not None:
        refuse_guessable(settings.mode, ring.master)
    room = Room(
        store=store,
        desks=desks,
        now=now,
        settings=settings,
        passwords=passwords or Passwords(least=1 if settings.mode == "demo" else 10),
        throttle=Throttle(settings.secret),
        sessions=sessions or Sessions(store, now),
        live=hub or Hub(store, now),
        consoles=Consoles(now),
        solving=Solving(store, desks, now),
        log_key=log_key,
        ring=ring,
        roles=roles,
        metrics=metrics,
    )
    room.own_metrics.register(room.consoles)
    app = bare(settings.version, lifespan=partial(_lifespan, room))
    app.state.room = room
    app.add_middleware(Edge, secure=settings.secure, origins=settings.origins)
    app.router.routes.append(PagesMount(settings.static))
    return app


def bare(version: str, **options: Any) -> FastAPI:
    """Only the routes: what the API's description is made from."""
    app = FastAPI(
        title="Watchroom",
        version=version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        redirect_slashes=False,
        **options,
    )
    app.router.routes.extend(_routes())
    problems.install(app)
    return app


@cache  # a quarter of a second of making validators; the same for every application of a process
def _routes() -> Sequence[BaseRoute]:
    router = APIRouter(redirect_slashes=False, generate_unique_id_function=lambda route: route.name)
    for module in _ROUTERS:
        router.include_router(module.router, prefix=PREFIX, max_body_size=MAX_BODIES.get(module, MAX_BODY))
    router.include_router(health.metrics_router)
    router.include_router(tap_page.router, max_body_size=MAX_BODY)
    check_declared(router.routes)
    return router.routes


def check_declared(routes: Sequence[BaseRoute]) -> None:
    """Deny by default: every route declares exactly one action that has a row in the table."""
    for context in iter_route_contexts(routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            raise Undeclared(f"{route!r} is not a route that can be asked for its permit")
        actions = declared(route.dependant)
        if len(actions) != 1 or actions[0] not in PERMITS:
            raise Undeclared(f"{sorted(route.methods or ())} {context.path}: declares {actions or 'no action'}")


@asynccontextmanager
async def _lifespan(room: Room, _: FastAPI) -> AsyncIterator[None]:
    room.live.open()
    room.solving.open()
    await to_thread.run_sync(room.passwords.warm)
    try:
        yield
    finally:
        await to_thread.run_sync(room.solving.close)
        await room.live.closed()
