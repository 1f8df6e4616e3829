"""What every route may reach, in one place: handed to `create_app`, never looked up in a global."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Response
from prometheus_client import REGISTRY, CollectorRegistry
from sqlalchemy import Connection
from starlette.requests import HTTPConnection

from api.consoles import Consoles
from api.live import Hub
from api.passwords import Passwords
from api.sessions import Sessions
from api.solving import Solving
from api.throttle import Throttle
from core.clock import Clock
from core.errors import NotFound
from ingest.desks import Desks
from ingest.scene import Desk
from patrol.keys import Ring
from sites.register import Register
from store.db import Store

Mode = Literal["demo", "up"]


class RoleState(msgspec.Struct, frozen=True):
    """How one role of this process is."""

    name: str
    ok: bool
    detail: str
    since: datetime | None
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The edge's own settings, as plain values."""

    mode: Mode
    version: str
    secret: str
    secure: bool = False  # reached by https, here or at a proxy in front
    static: Path | None = None  # the built console
    files: Path | None = None  # where attachments lie
    archives: Path | None = None  # where archived months lie
    metrics_token: str = ""
    public_url: str = ""  # how people reach the pages; passkeys are bound to its name
    origins: tuple[str, ...] = ()  # further origins that may send commands, where a proxy rewrites Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything behind the routes."""

    store: Store
    desks: Desks
    now: Clock
    settings: Settings
    passwords: Passwords
    throttle: Throttle
    sessions: Sessions
    live: Hub
    consoles: Consoles
    solving: Solving
    log_key: Ed25519PrivateKey | None = None
    ring: Ring | None = None  # the keys of tags that prove themselves
    roles: Callable[[], Sequence[RoleState]] = tuple
    metrics: CollectorRegistry = REGISTRY
    own_metrics: CollectorRegistry = field(default_factory=CollectorRegistry)

    @property
    def cookie(self) -> str:
        """The session cookie's name; `__Host-` binds it to this host and to https."""
        return "__Host-watchroom" if self.settings.secure else "watchroom"

    def desk(self, conn: Connection, site_id: str) -> Desk:
        """The desk of a site that must be there."""
        found = self.desks.get(conn, site_id, self.now())
        if found is None:
            raise NotFound
        return found

    def register(self, conn: Connection, site_id: str) -> Register:
        """The register of a site that must be there."""
        found = self.desks.register(conn, site_id, self.now())
        if found is None:
            raise NotFound
        return found


def room_of(connection: HTTPConnection) -> Room:
    """The room behind a request."""
    room: Room = connection.app.state.room
    return room


_encode = msgspec.json.Encoder().encode


def reply(answer: Any, status: int = 200) -> Response:
    """An answer as JSON, encoded once from the domain's own values."""
    return Response(_encode(answer), status, media_type="application/json")
