"""What is odd about a tap beside the others (PAT-11). Pure: the tap, what is known of its tag, and what came before it in;
the same tap with flags out. An odd tap is kept and shown; only what cannot be proof at all stops counting.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import hypot
from typing import Final

import msgspec

from patrol.rules import Proof, Tap
from sites.patrol_words import PatrolPolicies
from sites.register import Register

Spot = tuple[str, float, float]  # a plan, and where on it


class Flag(StrEnum):
    """What may be odd."""

    UNKNOWN_TAG = "unknown_tag"
    UNKNOWN_GUARD = "unknown_guard"
    UNKNOWN_PROOF = "unknown_proof"
    FOREIGN_TAG = "foreign_tag"  # another site's
    BLOCKED_TAG = "blocked_tag"
    REPLACED_TAG = "replaced_tag"
    NOT_PROVED = "not_proved"  # the tag can prove itself, and this read does not
    REPLAYED = "replayed"  # a counter that was seen before
    HOARDED = "hoarded"  # an address read earlier than it is told of, or out of its tag's order
    DOUBLE_READ = "double_read"
    COUNTER_JUMP = "counter_jump"
    CLONE = "clone"  # one tag, two places at once
    TOO_QUICK = "too_quick"  # one guard, two places, no time between them
    OFF_DUTY = "off_duty"
    PROXY = "proxy"  # one phone, two guards
    OUTBOX_EDITED = "outbox_edited"  # the phone's chain of taps does not fit
    MANUAL_DENIED = "manual_denied"  # vouched for by somebody who may not, or without a reason
    CLOCK_SKEW = "clock_skew"
    FUTURE = "future"


# These prove nothing, whatever else is right.
VOID: Final = frozenset(
    {
        Flag.UNKNOWN_TAG,
        Flag.UNKNOWN_GUARD,
        Flag.UNKNOWN_PROOF,
        Flag.FOREIGN_TAG,
        Flag.BLOCKED_TAG,
        Flag.REPLACED_TAG,
        Flag.NOT_PROVED,
        Flag.REPLAYED,
        Flag.HOARDED,
        Flag.DOUBLE_READ,
        Flag.MANUAL_DENIED,
    }
)
COUNTER_START: Final = 1 << 24  # a tag's counter ends before this; it never begins again


class TagState(StrEnum):
    """Where a tag stands in the register."""

    ACTIVE = "active"
    BLOCKED = "blocked"  # lost, or torn off
    REPLACED = "replaced"  # another one hangs there now


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag of the site: what it stands for, how it proves itself, and the newest read we know."""

    uid: str
    checkpoint_id: str
    proof: Proof = Proof.UID
    state: TagState = TagState.ACTIVE
    key_version: int = 1
    counter: int = 0
    read_at: datetime | None = None


class Beside(msgspec.Struct, frozen=True):
    """What a tap is held against: its tag, the taps before it of the same tag, guard and phone, in the order heard, and who is
    on duty. `opened_at`: when its address was first opened here, if it came by one.
    """

    register: Register
    tag: Tag | None
    before: Sequence[Tap]
    on_duty: Collection[str]
    opened_at: datetime | None = None


def flagged(tap: Tap, beside: Beside) -> Tap:
    """The tap with every flag that it earns, in the order of `Flag`."""
    found = {
        *map(Flag, tap.flags),
        *_of_tag(tap, beside),
        *_of_counter(tap, beside),
        *_of_time(tap, beside),
        *_of_guard(tap, beside),
    }
    flags = tuple(flag.value for flag in Flag if flag in found)
    return msgspec.structs.replace(tap, flags=flags, counts=not found & VOID)


def _of_tag(tap: Tap, beside: Beside) -> Iterable[Flag]:
    tag, policy = beside.tag, beside.register.policies.patrol
    if tag is None:
        return
    if tag.state is TagState.BLOCKED:
        yield Flag.BLOCKED_TAG
    elif tag.state is TagState.REPLACED:
        yield Flag.REPLACED_TAG
    if tag.proof is Proof.SUN and tap.proof in {Proof.UID, Proof.QR}:
        yield Flag.NOT_PROVED
    for other in beside.before:
        if other.tag != tap.tag or not _near(tap, other, policy.clone_s):
            continue
        if other.person_id == tap.person_id and other.client == tap.client:
            if _near(tap, other, policy.debounce_s):
                yield Flag.DOUBLE_READ
        elif other.client != tap.client and other.person_id != tap.person_id:
            yield Flag.CLONE


def _of_counter(tap: Tap, beside: Beside) -> Iterable[Flag]:
    """A tag that counts only ever counts up, and time goes the same way."""
    tag, policy = beside.tag, beside.register.policies.patrol
    if tap.counter is None or tag is None:
        return
    if tap.proof == Proof.SUN:
        known = {other.counter for other in beside.before if other.tag == tap.tag}
        if (
            tap.counter in known
            or not 0 < tap.counter < COUNTER_START
            or (tap.counter <= tag.counter and not tap.synced)
        ):
            yield Flag.REPLAYED
        elif tap.counter > tag.counter + policy.counter_jump and tag.counter:
            yield Flag.COUNTER_JUMP
        if any(_disordered(tap, other) for other in beside.before):
            yield Flag.HOARDED
    if beside.opened_at is not None and not tap.synced and tap.heard_at - beside.opened_at > _s(policy.hoard_s):
        yield Flag.HOARDED


def _disordered(tap: Tap, other: Tap) -> bool:
    """Another read of the tag is newer by its count and older by the clock: this one was kept back."""
    if other.tag != tap.tag or other.counter is None or tap.counter is None or Flag.HOARDED in other.flags:
        return False
    return other.counter > tap.counter and other.at < tap.at


def _of_time(tap: Tap, beside: Beside) -> Iterable[Flag]:
    slack, taken = _s(beside.register.policies.patrol.clock_skew_s), tap.kept_at or tap.heard_at
    if tap.said_at - taken > slack:
        yield Flag.FUTURE
    elif (tap.kept_at is not None or not tap.synced) and taken - tap.said_at > slack:
        yield Flag.CLOCK_SKEW


def _of_guard(tap: Tap, beside: Beside) -> Iterable[Flag]:
    register, policy = beside.register, beside.register.policies.patrol
    if tap.person_id is None:
        return
    if tap.person_id not in beside.on_duty:
        yield Flag.OFF_DUTY
    here, spots = _spot(register, tap.checkpoint_id), dict[str | None, Spot | None]()  # a guard's points come again
    for other in beside.before:
        lent = tap.client and other.client == tap.client and other.person_id not in {None, tap.person_id}
        if lent and tap.proof != Proof.MANUAL and _near(tap, other, policy.clone_s * 10):
            yield Flag.PROXY
        moved = other.person_id == tap.person_id and other.checkpoint_id != tap.checkpoint_id
        if not moved or here is None:
            continue
        if other.checkpoint_id not in spots:
            spots[other.checkpoint_id] = _spot(register, other.checkpoint_id)
        there = spots[other.checkpoint_id]
        if there is not None and _too_quick(policy, here, there, tap, other):
            yield Flag.TOO_QUICK


def _too_quick(policy: PatrolPolicies, here: Spot, there: Spot, tap: Tap, other: Tap) -> bool:
    """Two points of one plan with less time between them than anybody needs."""
    if here[0] != there[0]:
        return False
    metres = hypot(here[1] - there[1], here[2] - there[2]) * policy.unit_m
    return metres > policy.walk_m_s * abs((tap.at - other.at).total_seconds())


def _spot(register: Register, checkpoint_id: str | None) -> Spot | None:
    """Where a point lies, if its plan and place are known; a policy without a scale knows no way."""
    point = register.checkpoints.get(checkpoint_id or "")
    if point is None or point.x is None or point.y is None or not register.policies.patrol.unit_m:
        return None
    plan = next((p for z in register.zone_path(point.zone) if (p := register.zones[z].plan)), None)
    return None if plan is None else (plan, point.x, point.y)


def _near(tap: Tap, other: Tap, seconds: float) -> bool:
    return abs(tap.at - other.at) <= _s(seconds)


def _s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
