"""The site's own rules for rosters, presence and hand-over: every number that the regulations leave to the site."""

from enum import StrEnum

import msgspec

from sites.people import Contact, Role, Words


class LeaveNeeds(StrEnum):
    """What somebody must give who leaves the post for a while."""

    STAND_IN = "stand_in"
    CONTACT = "contact"
    NONE = "none"


class CheckMode(StrEnum):
    """When presence checks (查岗) come."""

    OFF = "off"
    RANDOM = "random"
    SCHEDULE = "schedule"


class CheckAnswer(StrEnum):
    """How a presence check is answered: by a press in one's own session, or with one's own password once more."""

    PRESS = "press"
    PASSWORD = "password"  # noqa: S105 - the word, not a secret


class BlockMode(StrEnum):
    """How important unfinished work stands in the way of a hand-over (HND-08, HND-16): `strict` until it is closed,
    `lenient` until it is acknowledged, `joint` keeps both people responsible, `off` only lists it.
    """

    STRICT = "strict"
    LENIENT = "lenient"
    JOINT = "joint"
    OFF = "off"


class PreShift(StrEnum):
    """What a line of the pre-shift checks that is left open does (EQP-01): nothing is asked, it is flagged, or nobody begins."""

    OFF = "off"
    FLAG = "flag"
    BLOCK = "block"


class PostToken(StrEnum):
    """What becomes of a sign-on that does not show where it was made, or shows that it was made elsewhere (DUTY-13)."""

    OFF = "off"
    FLAG = "flag"
    REJECT = "reject"


class LateGrade(msgspec.Struct, frozen=True):
    """From `min_s` seconds after the start, being late is called `name`."""

    min_s: int
    name: Words


class PresenceCheck(msgspec.Struct, frozen=True):
    """Presence checks: on average (random) or exactly (schedule) every `every_min`, to be answered within `window_s`, by
    the holders of `seats`; no seats means every required one.
    """

    mode: CheckMode = CheckMode.OFF
    every_min: int = 120
    window_s: int = 120
    seats: tuple[str, ...] = ()
    answer: CheckAnswer = CheckAnswer.PRESS


class LoneWorker(msgspec.Struct, frozen=True):
    """Check calls to whoever walks a round alone: `every_min` after the last sign of life (a tap that counts, an answer), to be
    answered within `grace_s`. 0: none. No seats means every seat that walks rounds.
    """

    every_min: int = 0
    grace_s: int = 120
    seats: tuple[str, ...] = ()


class HandoverBlock(msgspec.Struct, frozen=True):
    """Which open alerts, by priority, stand in the way of a hand-over, and how."""

    mode: BlockMode = BlockMode.STRICT
    priorities: tuple[int, ...] = (1, 2)


class Reach(msgspec.Struct, frozen=True):
    """Whether who holds a seat can be reached (ESC-13): with `consoles`, somebody none of whose pages was connected for
    `after_s` seconds cannot. A notice to them that fails for good tells the same, in either case.
    """

    consoles: bool = True
    after_s: int = 60


class Review(msgspec.Struct, frozen=True):
    """Who signs each day of the logbook, and how many hours after the day's end that is due. `alert`: one that is not signed
    by then rings.
    """

    role: Role = Role.SUPERVISOR
    due_h: int = 24
    alert: bool = False


class DutyPolicies(msgspec.Struct, frozen=True):
    """The site's duty rules (SITE-02). Values are requirements 5.1's; where the sources name no number, standards §7's.

    - `roster_due_day`: day of the month by which next month must be published (DUTY-03); 0: never due.
    - `swap_notice_h`: how long before the shift a swap is asked for (DUTY-06); `swap_own_arrangement`: two people may
      agree between themselves and report it.
    - `mode_callers`: who calls reinforced duty and all hands, and lifts them (DUTY-08).
    - `rest_min_h`, `max_consecutive_days`, `max_week_h` (any seven days): warned about beyond these; 0: no limit (DUTY-05).
    - `jurisdiction`: ISO 3166 country, or country and region (`US-IL`), whose holidays and limits hold.
    - `incoming_lead_min` before the start the next one must be there (HND-01); `outgoing_prep_min` before the end the
      hand-over is prepared (HND-02).
    - `sign_on_required`: people sign on to their seats; who has not after `absent_after_min` is called absent.
    - `late_grace_s`: later than this is late; `late_grades`, rising, name how late; after `absent_after_min` it is absence.
    - `leave_max_min`, `leave_needs`: leaving the post for a while.
    - `handover_overriders`: who lets a hand-over pass in spite of unfinished work, has it done without a signature that is
      missing, or lets somebody leave a seat without one (ROLE-07).
    - `handover_required`: sign-off only by a hand-over; `relief_late_grace_min`: after the end, then late relief is called.
    - `contact_after_h`: how long whoever left a seat stays reachable for questions (HND-13); 0: not at all.
    - `coverage_lead_h`, falling: how long before a gap in the roster the supervisor is told.
    - `status_every_min`: a status entry in the logbook; 0: none (fire-control rooms: 120).
    - `review` None: nobody signs the day. `offsite`: where copies of checkpoints go.
    - `reach`: who holds a seat and cannot be reached does not keep an alert waiting; None: nobody looks.
    - `opening_entry_required`: a shift starts with an entry on weather, plan and cautions.
    - `post_token`: whoever signs on at a post that has a `checkpoint` shows a tag of it (DUTY-13).
    - `pre_shift`: whoever signs on to a seat that has `pre_checks` answers them first.
    """

    roster_due_day: int = 25
    roster_authors: tuple[Role, ...] = (Role.SUPERVISOR,)
    roster_approvers: tuple[Role, ...] = (Role.MANAGER,)
    swap_approvers: tuple[Role, ...] = (Role.SUPERVISOR,)
    mode_callers: tuple[Role, ...] = (Role.SUPERVISOR, Role.MANAGER)
    swap_notice_h: int = 24
    swap_own_arrangement: bool = False
    rest_min_h: int = 11
    max_consecutive_days: int = 6
    max_week_h: int = 44
    jurisdiction: str = "CN"
    sign_on_required: bool = False
    incoming_lead_min: int = 5
    outgoing_prep_min: int = 15
    late_grace_s: int = 0
    late_grades: tuple[LateGrade, ...] = ()
    absent_after_min: int = 30
    leave_max_min: int = 30
    leave_needs: LeaveNeeds = LeaveNeeds.STAND_IN
    presence_check: PresenceCheck = PresenceCheck()
    lone_worker: LoneWorker = LoneWorker()
    handover_block: HandoverBlock = HandoverBlock()
    handover_overriders: tuple[Role, ...] = (Role.MANAGER, Role.ADMIN)
    handover_required: bool = False
    relief_late_grace_min: int = 10
    contact_after_h: int = 24
    coverage_lead_h: tuple[int, ...] = (24, 2)
    status_every_min: int = 0
    review: Review | None = Review()
    offsite: tuple[Contact, ...] = ()
    opening_entry_required: bool = False
    reach: Reach | None = None
    pre_shift: PreShift = PreShift.OFF
    post_token: PostToken = PostToken.OFF
