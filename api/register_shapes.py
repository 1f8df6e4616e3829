"""What the API answers about a site's register: everything that stands there, by id (see `api.shapes`)."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from api.alert_shapes import Rung
from api.equipment_shapes import EquipmentTest
from api.logbook_shapes import FormChoice, LogForm
from api.patrol_register_shapes import PatrolPlan, PatrolPolicies, PatrolRoute
from api.shapes import Shape, Words
from core.kinds import Effect, Ends, Klass
from sites.duty_policies import BlockMode, CheckAnswer, CheckMode, LeaveNeeds, PostToken, PreShift
from sites.duty_words import DayType, ItemKind, Presence
from sites.register import Role

WallTime = Annotated[str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]$")]


class Zone(Shape):
    """A building, floor or area."""

    id: str
    name: Words
    kind: str
    parent: str | None
    plan: str | None
    polygon: list[tuple[float, float]]


class Plan(Shape):
    """A floor plan's size; its drawing is fetched by itself."""

    id: str
    width: float
    height: float


class Gateway(Shape):
    """An on-site edge process."""

    id: str
    name: Words
    supervision_s: int
    key_version: int


class Device(Shape):
    """A sensor, door or button."""

    id: str
    name: Words
    model: str
    zone: str
    gateway: str
    x: float | None
    y: float | None
    supervision_s: int
    key: bool


class Checkpoint(Shape):
    """A patrol point."""

    id: str
    name: Words
    zone: str
    tags: list[str]
    x: float | None
    y: float | None


class Staffing(Shape):
    """How many a post needs between two clock times."""

    from_: WallTime = Field(alias="from")
    to: WallTime
    min: int
    day_types: list[DayType]
    certificates: list[str]
    roles: list[Role]


class Post(Shape):
    """A duty function."""

    id: str
    name: Words
    location: Words | None
    staffing: list[Staffing]
    reinforced: int
    all_hands: int
    checkpoint: str | None


class Seat(Shape):
    """A place of a post that must be held."""

    id: str
    post: str
    name: Words
    required: bool
    mandate: list[Role]


class Contact(Shape):
    """How to reach someone."""

    channel: str
    target: str


class Certificate(Shape):
    """A licence; `until` is the last day it is good for."""

    name: str
    until: date | None


class Person(Shape):
    """Someone who works here. `login`, `phone` and `contacts` are empty below supervisor."""

    id: str
    name: Words
    login: str
    roles: list[Role]
    phone: str
    contacts: list[Contact]
    language: str
    certificates: list[Certificate]
    grade: int
    floater: bool
    posts: list[str]


class Ladder(Shape):
    """Rungs in order; the last one repeats."""

    id: str
    rungs: list[Rung]
    repeat_s: int


class Route(Shape):
    """Which alerts climb which ladder."""

    ladder: str
    seat: str
    kinds: list[str]
    klasses: list[str]
    priorities: list[int]
    zones: list[str]


class ShiftTemplate(Shape):
    """A shift's wall-clock hours. `segments` are the parts of a split one; `from_day` and `until_day` are dates, or days of
    every year, or empty.
    """

    id: str
    name: Words
    starts: WallTime
    ends: WallTime
    segments: list[tuple[WallTime, WallTime]]
    presence: Presence
    day_types: list[DayType]
    from_day: str
    until_day: str


class Rota(Shape):
    """Who stands in a seat on each day of a repeating cycle."""

    seat: str
    from_day: str
    days: list[dict[str, str]]


class Rotation(Shape):
    """A pattern that crews go through; "" in the cycle is rest, and each crew is `step_days` behind the one before it."""

    id: str
    name: Words
    seats: list[str]
    from_day: str
    cycle: list[str]
    crews: list[list[str]]
    step_days: int


class ChecklistItem(Shape):
    """One line of a hand-over's checklist; `expected` is how many there should be of what is counted."""

    id: str
    name: Words
    kind: ItemKind
    expected: int | None
    mandatory: bool


class Checklist(Shape):
    """What is gone through when a seat is handed over."""

    seat: str
    items: list[ChecklistItem]


class PreCheck(Shape):
    """One line of what is seen to before a shift begins."""

    id: str
    name: Words
    required: bool


class PreChecks(Shape):
    """What whoever signs on to a seat sees to first."""

    seat: str
    items: list[PreCheck]


class LateGrade(Shape):
    """From `min_s` seconds after the start, being late is called `name`."""

    min_s: int
    name: Words


class PresenceCheck(Shape):
    """When presence checks come, and to whom; no seats means every required one."""

    mode: CheckMode
    every_min: int
    window_s: int
    seats: list[str]
    answer: CheckAnswer


class LoneWorker(Shape):
    """Check calls to whoever walks a round alone; no seats means every seat that walks rounds."""

    every_min: int
    grace_s: int
    seats: list[str]


class HandoverBlock(Shape):
    """Which open alerts stand in the way of a hand-over, and how."""

    mode: BlockMode
    priorities: list[int]


class Review(Shape):
    """Who signs each day of the logbook, and when that is due."""

    role: Role
    due_h: int
    alert: bool


class Reach(Shape):
    """Whether who holds a seat can be reached: by a page that was connected within the last so many seconds."""

    consoles: bool
    after_s: int


class DutyPolicies(Shape):
    """The site's rules for rosters, presence and hand-over. `offsite` is empty below supervisor."""

    roster_due_day: int
    roster_authors: list[Role]
    roster_approvers: list[Role]
    swap_approvers: list[Role]
    mode_callers: list[Role]
    swap_notice_h: int
    swap_own_arrangement: bool
    rest_min_h: int
    max_consecutive_days: int
    max_week_h: int
    jurisdiction: str
    sign_on_required: bool
    incoming_lead_min: int
    outgoing_prep_min: int
    late_grace_s: int
    late_grades: list[LateGrade]
    absent_after_min: int
    leave_max_min: int
    leave_needs: LeaveNeeds
    presence_check: PresenceCheck
    lone_worker: LoneWorker
    handover_block: HandoverBlock
    handover_overriders: list[Role]
    handover_required: bool
    relief_late_grace_min: int
    contact_after_h: int
    coverage_lead_h: list[int]
    status_every_min: int
    review: Review | None
    offsite: list[Contact]
    opening_entry_required: bool
    reach: Reach | None
    pre_shift: PreShift
    post_token: PostToken


class Kind(Shape):
    """One row of the table of event kinds."""

    name: str
    klass: Klass
    effect: Effect
    priority: int
    ends: Ends
    ack_s: int
    clears: list[str]
    life: bool
    dated: bool


class ChiefPolicy(Shape):
    """Who must be on site within `within_min` of a major incident: who holds `seat`, or anybody of `role`."""

    seat: str
    role: Role | None
    within_min: int


class MajorPolicy(Shape):
    """Which alerts are major incidents, and what the site then wants of its people."""

    priorities: list[int]
    kinds: list[str]
    recorder: bool
    chief: ChiefPolicy | None


class ServicePolicies(Shape):
    """What is promised to residents."""

    urgent_repair_min: int
    callback_rate_min_pct: int


class Policies(Shape):
    """The site's own numbers."""

    handle_by_s: dict[str, int]
    clock_skew_s: int
    gateway_gap_s: int
    key_zone_raises_priority: bool
    log_retention_days: int
    checkpoint_every_s: int
    roster_horizon_days: int
    kinds: dict[str, Kind]
    duty: DutyPolicies
    patrol: PatrolPolicies
    major: MajorPolicy | None
    service_grade: int
    service: ServicePolicies
    preset: list[str]


class External(Shape):
    """Someone outside who is called last. `contacts` is empty below supervisor."""

    id: str
    name: Words
    contacts: list[Contact]


class Register(Shape):
    """Everything that stands at one site, by id."""

    site_id: str
    name: Words
    time_zone: str
    version: int
    zones: dict[str, Zone]
    plans: dict[str, Plan]
    gateways: dict[str, Gateway]
    devices: dict[str, Device]
    checkpoints: dict[str, Checkpoint]
    posts: dict[str, Post]
    seats: dict[str, Seat]
    people: dict[str, Person]
    ladders: dict[str, Ladder]
    routes: list[Route]
    templates: dict[str, ShiftTemplate]
    rotas: list[Rota]
    externals: list[External]
    policies: Policies
    rotations: dict[str, Rotation]
    forms: dict[str, LogForm]
    categories: dict[str, FormChoice]
    checklists: dict[str, Checklist]
    pre_checks: dict[str, PreChecks]
    equipment_tests: dict[str, EquipmentTest]
    patrol_routes: dict[str, PatrolRoute]
    patrol_plans: dict[str, PatrolPlan]
