"""The register of one site as values: what the rules are given, what the packs fill, what the pages show.

Nothing here does I/O. A `Register` is loaded once and shared until the site's `version` changes.
"""

from collections.abc import Mapping
from datetime import datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core.kinds import Kind, kind_of


class Role(StrEnum):
    """What a person may be at a site (ROLE-01)."""

    GUARD = "guard"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ENGINEER = "engineer"
    AUDITOR = "auditor"
    ADMIN = "admin"


# Device families by model. A new model is a new row; pages and simulators fall back on the family.
MODELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "smoke": "fire",
        "heat": "fire",
        "flame": "fire",
        "manual_call": "fire",
        "waterflow": "fire",
        "valve": "fire",
        "fire_panel": "fire",
        "leak_rope": "water",
        "leak_spot": "water",
        "level": "water",
        "door": "access",
        "reader": "access",
        "motion": "access",
        "panic": "manual",
        "resident_call": "manual",
        "handheld": "patrol",
        "power": "device",
        "gas": "device",
        "temperature": "device",
        "lift": "device",
        "camera": "device",
        "other": "device",
    }
)

# What a zone may be.
ZONE_KINDS: Final = ("site", "building", "floor", "area", "room")

# How a person may be reached; `console` always rings the live page.
CHANNELS: Final = ("console", "email", "webhook", "apprise")


class Words(msgspec.Struct, frozen=True):
    """One name in both languages; zh-CN is the site's first."""

    zh: str
    en: str


class Zone(msgspec.Struct, frozen=True):
    """A building, floor or area. `polygon` is in the plan's units, `plan` names a floor plan of this site."""

    id: str
    name: Words
    kind: str
    parent: str | None = None
    plan: str | None = None
    polygon: tuple[tuple[float, float], ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """A floor plan: an SVG of `width` x `height` units."""

    id: str
    width: float
    height: float
    svg: str


class Gateway(msgspec.Struct, frozen=True):
    """An on-site edge process. `supervision_s`: how long it may be silent before that is a trouble (default 90 s)."""

    id: str
    name: Words
    supervision_s: int = 90
    key_version: int = 1


class Device(msgspec.Struct, frozen=True):
    """A sensor, door or button. `model` names its family for pages and simulators; `supervision_s` 0 means unsupervised."""

    id: str
    name: Words
    model: str
    zone: str
    gateway: str
    x: float | None = None
    y: float | None = None
    supervision_s: int = 0
    key: bool = False


class Checkpoint(msgspec.Struct, frozen=True):
    """A patrol point and the tags that stand for it."""

    id: str
    name: Words
    zone: str
    tags: tuple[str, ...]
    x: float | None = None
    y: float | None = None


class Post(msgspec.Struct, frozen=True):
    """A duty function (岗位)."""

    id: str
    name: Words
    location: Words | None = None


class Seat(msgspec.Struct, frozen=True):
    """A place of a post that must be held. `required` seats raise `duty.gap` when nobody holds them."""

    id: str
    post: str
    name: Words
    required: bool = True


class Contact(msgspec.Struct, frozen=True):
    """How to reach someone: `channel` is email, webhook or apprise; `target` is the address or URL."""

    channel: str
    target: str


class Person(msgspec.Struct, frozen=True):
    """Someone who works here. `login` is unique over all sites."""

    id: str
    name: Words
    login: str
    roles: tuple[Role, ...]
    phone: str = ""
    contacts: tuple[Contact, ...] = ()
    language: str = "zh-CN"


class Rung(msgspec.Struct, frozen=True):
    """One step of a ladder: `after_s` seconds from the ring, who is called (`seat:ID`, `post:ID`, `role:ROLE`,
    `person:ID`, `external`), by which channels (`console` always rings the live page).
    """

    after_s: int
    who: str
    channels: tuple[str, ...] = ("console",)


class Ladder(msgspec.Struct, frozen=True):
    """Rungs in order; the last one repeats every `repeat_s` until someone answers."""

    id: str
    rungs: tuple[Rung, ...]
    repeat_s: int = 300


class Route(msgspec.Struct, frozen=True):
    """Which alerts climb which ladder, and whose seat answers first. The first route that fits is taken;
    empty fields fit everything.
    """

    ladder: str
    seat: str
    kinds: tuple[str, ...] = ()
    klasses: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    zones: tuple[str, ...] = ()


class ShiftTemplate(msgspec.Struct, frozen=True):
    """A shift's wall-clock hours; `ends` at or before `starts` means the next day."""

    id: str
    name: Words
    starts: time
    ends: time


class Rota(msgspec.Struct, frozen=True):
    """Who stands in `seat` on each day of a repeating cycle: `days[i]` maps a template to a person, day 0 is `from_day`."""

    seat: str
    from_day: str
    days: tuple[Mapping[str, str], ...]


class Policies(msgspec.Struct, frozen=True):
    """The site's own numbers (requirements 5.1). Seconds unless named otherwise."""

    handle_by_s: Mapping[int, int] = msgspec.field(default_factory=lambda: {1: 900, 2: 1800, 3: 3600, 4: 14400})
    clock_skew_s: int = 60
    gateway_gap_s: int = 60
    key_zone_raises_priority: bool = True
    log_retention_days: int = 1095
    checkpoint_every_s: int = 3600
    roster_horizon_days: int = 35
    kinds: Mapping[str, Kind] = {}


class External(msgspec.Struct, frozen=True):
    """Someone outside who is called last: the property's fire contact, an alarm centre."""

    id: str
    name: Words
    contacts: tuple[Contact, ...]


class Register(msgspec.Struct, frozen=True):
    """Everything that stands at one site, by id."""

    site_id: str
    name: Words
    time_zone: str
    version: int
    zones: Mapping[str, Zone]
    plans: Mapping[str, Plan]
    gateways: Mapping[str, Gateway]
    devices: Mapping[str, Device]
    checkpoints: Mapping[str, Checkpoint]
    posts: Mapping[str, Post]
    seats: Mapping[str, Seat]
    people: Mapping[str, Person]
    ladders: Mapping[str, Ladder]
    routes: tuple[Route, ...]
    templates: Mapping[str, ShiftTemplate]
    rotas: tuple[Rota, ...]
    externals: tuple[External, ...]
    policies: Policies

    @property
    def zone_info(self) -> ZoneInfo:
        """Where the site's schedules are placed."""
        return ZoneInfo(self.time_zone)

    def kind(self, name: str) -> Kind:
        """The site's row for an event kind."""
        return kind_of(name, self.policies.kinds)

    def zone_path(self, zone_id: str | None) -> tuple[str, ...]:
        """A zone and everything around it, from the inside out."""
        path: list[str] = []
        while zone_id is not None and zone_id in self.zones and zone_id not in path:
            path.append(zone_id)
            zone_id = self.zones[zone_id].parent
        return tuple(path)

    def route(self, kind: Kind, priority: int, zone_id: str | None) -> Route:
        """The first route that fits an alert. A checked pack always ends with one that fits everything."""
        path = self.zone_path(zone_id)
        for route in self.routes:
            if (
                (not route.kinds or any(kind.name == k or kind.name.startswith(k + ".") for k in route.kinds))
                and (not route.klasses or kind.klass in route.klasses)
                and (not route.priorities or priority in route.priorities)
                and (not route.zones or any(z in path for z in route.zones))
            ):
                return route
        return self.routes[-1]

    def checkpoint_of(self, tag: str) -> Checkpoint | None:
        """The checkpoint a tag stands for."""
        return next((c for c in self.checkpoints.values() if tag in c.tags), None)


class Dated(msgspec.Struct, frozen=True):
    """A published shift: one person in one seat from `starts_at` until `ends_at` (UTC, end excluded)."""

    id: str
    seat: str
    person: str
    template: str
    starts_at: datetime
    ends_at: datetime


def plain(register: Register) -> dict[str, Any]:
    """The register as plain JSON values, for storing and comparing."""
    made: dict[str, Any] = msgspec.to_builtins(register, str_keys=True)
    return made
