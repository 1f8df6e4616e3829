"""The register of one site as values: what the rules are given, what the packs fill, what the pages show.

Nothing here does I/O. A `Register` is loaded once and shared until the site's `version` changes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core.kinds import Kind, kind_of
from sites.duty_policies import DutyPolicies
from sites.duty_words import Checklist, Choice, Dated, Form, Post, PreChecks, Rota, Rotation, Seat, ShiftTemplate
from sites.equipment_words import EquipmentTest
from sites.major_words import MajorPolicy
from sites.patrol_words import PatrolPlan, PatrolPolicies, PatrolRoute
from sites.people import CHANNELS, Contact, External, Person, Role, Words
from sites.service_words import ServicePolicies

__all__ = [
    "CHANNELS",
    "MODELS",
    "ZONE_KINDS",
    "Checkpoint",
    "Contact",
    "Dated",
    "Device",
    "External",
    "Gateway",
    "Ladder",
    "Person",
    "Plan",
    "Policies",
    "Post",
    "Register",
    "Role",
    "Rota",
    "Route",
    "Rung",
    "Seat",
    "ShiftTemplate",
    "Words",
    "Zone",
    "plain",
]


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
    duty: DutyPolicies = DutyPolicies()
    patrol: PatrolPolicies = PatrolPolicies()
    major: MajorPolicy | None = None
    service_grade: int = 0  # 1 to 3; 0: the site has none
    service: ServicePolicies = ServicePolicies()
    preset: tuple[str, ...] = ()  # the parameters that the grade gave


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
    rotations: Mapping[str, Rotation] = {}
    forms: Mapping[str, Form] = {}
    categories: Mapping[str, Choice] = {}  # of what is kept
    checklists: Mapping[str, Checklist] = {}  # by seat
    pre_checks: Mapping[str, PreChecks] = {}  # by seat
    equipment_tests: Mapping[str, EquipmentTest] = {}
    patrol_routes: Mapping[str, PatrolRoute] = {}
    patrol_plans: Mapping[str, PatrolPlan] = {}

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

    def tested_in(self, test: str) -> str | None:
        """Where a test of equipment is done: its own zone, or that of the first of its devices."""
        found = self.equipment_tests[test]
        devices = (self.devices[name].zone for name in found.devices if name in self.devices)
        return found.zone or next(devices, None)


def plain(register: Register) -> dict[str, Any]:
    """The register as plain JSON values, for storing and comparing."""
    made: dict[str, Any] = msgspec.to_builtins(register, str_keys=True)
    return made
