"""What a pack's `policies` and `kinds` look like: the site's own numbers and rules, each within what is allowed."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

import msgspec

from core.kinds import KINDS, Effect, Ends, Kind, Klass
from sites import major_shapes, patrol_shapes, presets
from sites.duty_policies import (
    BlockMode,
    CheckAnswer,
    CheckMode,
    DutyPolicies,
    HandoverBlock,
    LateGrade,
    LeaveNeeds,
    LoneWorker,
    PostToken,
    PresenceCheck,
    PreShift,
    Reach,
    Review,
)
from sites.fields import Spot, quoted
from sites.parameters import limits
from sites.people import Contact, Role
from sites.register import Policies
from sites.service_words import ServicePolicies
from sites.shapes import Names, contacts, role

_KIND: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_SERVICE: Final = ServicePolicies.__struct_fields__
_JURISDICTION: Final = r"[A-Z]{2}(-[A-Z0-9]{1,3})?"


def policies(spot: Spot, own: Mapping[str, Kind], names: Names) -> Policies:
    """The site's numbers, each within what the regulations or the design allow (SITE-02), and those of its service grade
    where it says none itself (SITE-05).
    """
    f, usual = spot.fields(), Policies()
    grade = f.may("service_grade").whole(*limits("service_grade"))

    def whole(name: str) -> int:
        return f.may(name).whole(*limits(name), default=getattr(usual, name))

    made = Policies(
        handle_by_s=_handle_by(f.may("handle_by_s"), usual.handle_by_s),
        clock_skew_s=whole("clock_skew_s"),
        gateway_gap_s=whole("gateway_gap_s"),
        key_zone_raises_priority=f.may("key_zone_raises_priority").flag(default=usual.key_zone_raises_priority),
        log_retention_days=whole("log_retention_days"),
        checkpoint_every_s=whole("checkpoint_every_s"),
        roster_horizon_days=whole("roster_horizon_days"),
        kinds=dict(own),
        duty=duty(f.may("duty"), names),
        patrol=patrol_shapes.policies(f.may("patrol"), names, presets.usual(usual.patrol, grade, "patrol")),
        major=major_shapes.major(f.may("major"), names),
        service_grade=grade,
        service=_service(f.may("service"), presets.usual(usual.service, grade, "service")),
        preset=presets.given(grade, spot),
    )
    f.close()
    return made


def _handle_by(spot: Spot, usual: Mapping[int, int]) -> dict[int, int]:
    f = spot.fields()
    made = {n: f.may(str(n)).whole(*limits(f"handle_by_s.{n}"), default=usual[n]) for n in (1, 2, 3, 4)}
    f.close()
    return made


def _service(spot: Spot, usual: ServicePolicies) -> ServicePolicies:
    f = spot.fields()
    made = ServicePolicies(
        **{name: f.may(name).whole(*limits(f"service.{name}"), default=getattr(usual, name)) for name in _SERVICE}
    )
    f.close()
    return made


def duty(spot: Spot, names: Names) -> DutyPolicies:
    """The site's duty rules; what is left out is as usual."""
    f, usual = spot.fields(), DutyPolicies()

    def whole(name: str) -> int:
        return f.may(name).whole(*limits(f"duty.{name}"), default=getattr(usual, name))

    def flag(name: str) -> bool:
        return f.may(name).flag(default=getattr(usual, name))

    def roles(name: str) -> tuple[Role, ...]:
        found = f.may(name)
        kept: tuple[Role, ...] = getattr(usual, name)
        return tuple(role(item) for item in found.items(least=1, most=7)) if found.node is not None else kept

    needs, country = f.may("leave_needs"), f.may("jurisdiction")
    made = DutyPolicies(
        roster_due_day=whole("roster_due_day"),
        roster_authors=roles("roster_authors"),
        roster_approvers=roles("roster_approvers"),
        swap_approvers=roles("swap_approvers"),
        mode_callers=roles("mode_callers"),
        swap_notice_h=whole("swap_notice_h"),
        swap_own_arrangement=flag("swap_own_arrangement"),
        rest_min_h=whole("rest_min_h"),
        max_consecutive_days=whole("max_consecutive_days"),
        max_week_h=whole("max_week_h"),
        jurisdiction=country.name(_JURISDICTION, "CN, or US-IL") if country.node is not None else usual.jurisdiction,
        sign_on_required=flag("sign_on_required"),
        incoming_lead_min=whole("incoming_lead_min"),
        outgoing_prep_min=whole("outgoing_prep_min"),
        late_grace_s=whole("late_grace_s"),
        late_grades=_late_grades(f.may("late_grades")),
        absent_after_min=whole("absent_after_min"),
        leave_max_min=whole("leave_max_min"),
        leave_needs=LeaveNeeds(needs.one_of([n.value for n in LeaveNeeds], "need", default=usual.leave_needs.value)),
        presence_check=_presence_check(f.may("presence_check"), names),
        lone_worker=_lone_worker(f.may("lone_worker"), names),
        handover_block=_handover_block(f.may("handover_block")),
        handover_overriders=roles("handover_overriders"),
        handover_required=flag("handover_required"),
        relief_late_grace_min=whole("relief_late_grace_min"),
        contact_after_h=whole("contact_after_h"),
        coverage_lead_h=_coverage_lead(f.may("coverage_lead_h"), usual.coverage_lead_h),
        status_every_min=_status_every(f.may("status_every_min")),
        review=_review(f.may("review")),
        offsite=_offsite(f.may("offsite")),
        opening_entry_required=flag("opening_entry_required"),
        reach=_reach(f.may("reach")),
        pre_shift=PreShift(
            f.may("pre_shift").one_of([p.value for p in PreShift], "way", default=usual.pre_shift.value)
        ),
        post_token=PostToken(
            f.may("post_token").one_of([p.value for p in PostToken], "way", default=usual.post_token.value)
        ),
    )
    if made.absent_after_min * 60 <= made.late_grace_s:
        f.may("absent_after_min").wrong(
            f"absence begins after lateness: more than late_grace_s ({made.late_grace_s} s)"
        )
    f.close()
    return made


def _late_grades(spot: Spot) -> tuple[LateGrade, ...]:
    made: list[LateGrade] = []
    for item in [] if spot.off() else spot.items(most=8):
        f = item.fields()
        least = f.need("min_s")
        grade = LateGrade(least.whole(*limits("duty.late_grades"), default=1), f.need("name").words())
        f.close()
        if made and grade.min_s <= made[-1].min_s:
            least.wrong(f"{grade.min_s} s is not later than the grade above it ({made[-1].min_s} s)")
        made.append(grade)
    return tuple(made)


def _presence_check(spot: Spot, names: Names) -> PresenceCheck:
    usual = PresenceCheck()
    if spot.node is None or spot.off():
        return usual
    f = spot.fields()
    mode = f.need("mode").one_of([m.value for m in CheckMode], "mode", default=usual.mode.value)
    window, answer = f.may("window_s"), f.may("answer")
    made = PresenceCheck(
        mode=CheckMode(mode),
        every_min=f.may("every_min").whole(*limits("duty.presence_check.every_min"), default=usual.every_min),
        window_s=window.whole(*limits("duty.presence_check.window_s"), default=usual.window_s),
        seats=tuple(names.ref(item, "seats", "seat") for item in f.may("seats").items(least=1, most=64)),
        answer=CheckAnswer(answer.one_of([a.value for a in CheckAnswer], "answer", default=usual.answer.value)),
    )
    if made.window_s >= made.every_min * 60:
        window.wrong(f"the next check comes after {made.every_min} min, before this one is over")
    f.close()
    return made


def _lone_worker(spot: Spot, names: Names) -> LoneWorker:
    usual = LoneWorker()
    if spot.node is None or spot.off():
        return usual
    f = spot.fields()
    grace = f.may("grace_s")
    made = LoneWorker(
        every_min=f.need("every_min").whole(*limits("duty.lone_worker.every_min"), default=30),
        grace_s=grace.whole(*limits("duty.lone_worker.grace_s"), default=usual.grace_s),
        seats=tuple(names.ref(item, "seats", "seat") for item in f.may("seats").items(least=1, most=64)),
    )
    if made.grace_s >= made.every_min * 60:
        grace.wrong(f"the next call comes after {made.every_min} min, before this one is over")
    f.close()
    return made


def _handover_block(spot: Spot) -> HandoverBlock:
    usual = HandoverBlock()
    if spot.node is None:
        return usual
    if spot.off():
        return HandoverBlock(BlockMode.OFF)
    f = spot.fields()
    priorities = f.may("priorities")
    made = HandoverBlock(
        mode=BlockMode(f.need("mode").one_of([m.value for m in BlockMode], "mode", default=usual.mode.value)),
        priorities=tuple(
            item.whole(*limits("duty.handover_block.priorities"), default=1)
            for item in priorities.items(least=1, most=4)
        )
        if priorities.node is not None
        else usual.priorities,
    )
    f.close()
    return made


def _coverage_lead(spot: Spot, usual: tuple[int, ...]) -> tuple[int, ...]:
    if spot.node is None or spot.off():
        return usual if spot.node is None else ()
    made = tuple(item.whole(*limits("duty.coverage_lead_h"), default=1) for item in spot.items(least=1, most=4))
    if any(later >= sooner for sooner, later in pairwise(made)):
        spot.wrong("hours before the gap, the longest first")
    return made


def _status_every(spot: Spot) -> int:
    minutes = spot.whole(*limits("duty.status_every_min"))
    if 0 < minutes < 10:
        spot.wrong(f"{minutes} is out of range (0, or 10 to 1440)")
    return minutes


def _review(spot: Spot) -> Review | None:
    usual = Review()
    if spot.node is None or spot.off():
        return usual if spot.node is None else None
    f = spot.fields()
    made = Review(
        role(f.need("role")),
        f.may("due_h").whole(*limits("duty.review.due_h"), default=usual.due_h),
        f.may("alert").flag(default=usual.alert),
    )
    f.close()
    return made


def _reach(spot: Spot) -> Reach | None:
    usual = Reach()
    if spot.node is None or spot.off():
        return None
    f = spot.fields()
    made = Reach(
        f.may("consoles").flag(default=usual.consoles),
        f.may("after_s").whole(*limits("duty.reach.after_s"), default=usual.after_s),
    )
    f.close()
    return made


def _offsite(spot: Spot) -> tuple[Contact, ...]:
    made = contacts(spot)
    for item, contact in zip(spot.items(), made, strict=False):
        if contact.channel not in {"email", "webhook", ""}:
            item.wrong("a copy goes by email or webhook")
    return made


def kinds(spot: Spot) -> Iterator[tuple[str, Kind]]:
    """The site's own kinds, and its own numbers for ours. What a kind of ours means is not the site's to change."""
    for name, row in spot.entries():
        ours = KINDS.get(name)
        if ours is None and not _KIND.fullmatch(name):
            row.wrong(f"{quoted(name)} is not a kind (family.what)")
        yield name, _new_kind(name, row) if ours is None else _our_kind(ours, row)


def _our_kind(ours: Kind, row: Spot) -> Kind:
    f = row.fields()
    lowest, slowest = (1, 90) if ours.life else (4, 3600)
    made = msgspec.structs.replace(
        ours,
        priority=f.may("priority").whole(1, lowest, default=ours.priority),
        ack_s=f.may("ack_s").whole(5, slowest, default=ours.ack_s),
    )
    f.close()
    return made


def _new_kind(name: str, row: Spot) -> Kind:
    f = row.fields()
    klass = Klass(f.need("klass").one_of([k.value for k in Klass], "class", default=Klass.ACTIVITY))
    effect = Effect(f.need("effect").one_of([e.value for e in Effect], "effect", default=Effect.NOTE))
    ends = f.need("ends") if effect is Effect.RAISE else f.may("ends")
    made = Kind(
        name,
        klass,
        effect,
        f.may("priority").whole(1, 4, default=4),
        Ends(ends.one_of([e.value for e in Ends], "end", default=Ends.AT_ONCE)),
        f.may("ack_s").whole(5, 3600, default=180),
        tuple(item.text() for item in f.may("clears").items()),
    )
    if (made.effect is Effect.RAISE) == (made.ends is Ends.AT_ONCE) and row.node is not None:
        ends.wrong("a raised condition ends by device, person or both; anything else at_once")
    if (made.effect is Effect.CLEAR) != bool(made.clears):
        row.wrong("`clears` names what a kind with the effect `clear` ends, and only that")
    f.close()
    return made
