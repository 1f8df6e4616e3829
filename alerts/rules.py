"""The life of an alert: one state field, one table, one function.

Everything that moves an alert from one state to another stands in `NEXT`; a missing key is the refusal. `step` returns the
alert after an act together with the line that the logbook will hold, so that no transition can forget it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from alerts.errors import NotAllowed, ReasonNeeded, StillActive, SupervisorNeeded
from alerts.ladder import Frozen
from core.clock import seconds
from core.kinds import Ends
from logbook.rules import Line


class State(StrEnum):
    """Condition x acknowledgement (ISA-18.2), and the end."""

    RAISED = "raised"  # active, unanswered: rings
    ACKED = "acked"  # active, in someone's custody
    CLEARED = "cleared"  # over, but nobody answered: still rings
    SETTLING = "settling"  # over and answered; a disposition is owed
    CLOSED = "closed"


class Act(StrEnum):
    """What can happen to an alert."""

    REPEAT = "repeat"
    CLEAR_SAID = "clear_said"  # the device says it is over, but the kind is latched
    CLEAR = "clear"
    RECUR = "recur"
    RESET = "reset"  # a person ends a latched condition
    ESCALATE = "escalate"
    WITNESS = "witness"  # an acknowledgement by someone who is not responsible
    ACK = "ack"
    TAKE = "take"  # custody moves to a supervisor
    HAND_OVER = "hand_over"  # custody moves to whoever takes the seat over
    RELEASE = "release"  # custody goes back to the seat
    TIMEOUT = "timeout"  # acknowledged, but not closed in time
    NOTE = "note"
    GO = "go"  # somebody is on the way
    ARRIVE = "arrive"  # and there: a tap of theirs says so
    DISPOSE = "dispose"


class Disposition(StrEnum):
    """How an alert ended (EVT-05)."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    TEST = "test"
    DRILL = "drill"
    MAINTENANCE = "maintenance"
    DUPLICATE = "duplicate"
    HANDED_TO_AUTHORITY = "handed_to_authority"


class Cause(StrEnum):
    """Why an alarm was false (requirements EVT-05: recorded with justification)."""

    COOKING = "cooking"
    STEAM = "steam"
    DUST = "dust"
    INSECT = "insect"
    DEVICE_FAULT = "device_fault"
    WORKS = "works"
    HUMAN = "human"
    UNKNOWN = "unknown"


S, A = State, Act
NEXT: Final[Mapping[tuple[State, Act], State]] = {
    (S.RAISED, A.REPEAT): S.RAISED,
    (S.RAISED, A.CLEAR_SAID): S.RAISED,
    (S.RAISED, A.ESCALATE): S.RAISED,
    (S.RAISED, A.WITNESS): S.RAISED,
    (S.RAISED, A.NOTE): S.RAISED,
    (S.RAISED, A.GO): S.RAISED,
    (S.RAISED, A.ARRIVE): S.RAISED,
    (S.RAISED, A.ACK): S.ACKED,
    (S.RAISED, A.CLEAR): S.CLEARED,
    (S.RAISED, A.RESET): S.CLEARED,
    (S.ACKED, A.REPEAT): S.ACKED,
    (S.ACKED, A.CLEAR_SAID): S.ACKED,
    (S.ACKED, A.TAKE): S.ACKED,
    (S.ACKED, A.HAND_OVER): S.ACKED,
    (S.ACKED, A.NOTE): S.ACKED,
    (S.ACKED, A.GO): S.ACKED,
    (S.ACKED, A.ARRIVE): S.ACKED,
    (S.ACKED, A.CLEAR): S.SETTLING,
    (S.ACKED, A.RESET): S.SETTLING,
    (S.ACKED, A.RELEASE): S.RAISED,
    (S.ACKED, A.TIMEOUT): S.RAISED,
    (S.ACKED, A.DISPOSE): S.CLOSED,  # still active: a supervisor, with a reason
    (S.CLEARED, A.REPEAT): S.CLEARED,  # a pulse: over before the next one comes
    (S.CLEARED, A.ESCALATE): S.CLEARED,
    (S.CLEARED, A.WITNESS): S.CLEARED,
    (S.CLEARED, A.NOTE): S.CLEARED,
    (S.CLEARED, A.GO): S.CLEARED,
    (S.CLEARED, A.ARRIVE): S.CLEARED,
    (S.CLEARED, A.ACK): S.SETTLING,
    (S.CLEARED, A.RECUR): S.RAISED,
    (S.SETTLING, A.TAKE): S.SETTLING,
    (S.SETTLING, A.HAND_OVER): S.SETTLING,
    (S.SETTLING, A.NOTE): S.SETTLING,
    (S.SETTLING, A.GO): S.SETTLING,
    (S.SETTLING, A.ARRIVE): S.SETTLING,
    (S.SETTLING, A.RECUR): S.RAISED,
    (S.SETTLING, A.RELEASE): S.CLEARED,
    (S.SETTLING, A.TIMEOUT): S.CLEARED,
    (S.SETTLING, A.DISPOSE): S.CLOSED,
}

RINGING: Final = frozenset({S.RAISED, S.CLEARED})
HELD: Final = frozenset({S.ACKED, S.SETTLING})


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One occurrence of a condition that a person must answer. Times are UTC."""

    site_id: str
    id: str
    number: int
    subject: str
    kind: str
    klass: str
    priority: int
    zone_id: str | None
    state: State
    ends: str  # who may say that it is over (`core.kinds.Ends`), frozen when it was raised
    clear_said: bool
    event_id: str
    said_at: datetime
    heard_at: datetime
    repeats: int
    last_at: datetime
    seat_id: str
    shift_id: str | None
    holder_id: str | None
    basis: str
    custody_by: str | None = None
    custody_at: datetime | None = None
    ladder: Frozen
    ring: int
    rang_at: datetime
    rung: int
    ack_by: datetime
    due_at: datetime | None
    disposition: Disposition | None = None
    cause: Cause | None = None
    note: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    version: int

    @property
    def latched(self) -> bool:
        """It stays until a person resets it."""
        return self.ends in {Ends.PERSON, Ends.BOTH}

    @property
    def ringing(self) -> bool:
        """Nobody has answered it."""
        return self.state in RINGING


class Cond(msgspec.Struct, gc=False):
    """A condition as the path needs it: its place in the gateway's order, and its open alert at a glance."""

    active: bool
    since: int
    boot: str
    seq: int
    alert_id: str | None = None
    state: str | None = None
    clear_said: bool = False
    repeats: int = 0
    last_at: int = 0


class Close(msgspec.Struct, frozen=True):
    """What a disposition says. `reason` is owed when the condition is still active."""

    disposition: Disposition
    cause: Cause | None = None
    note: str | None = None
    reason: str | None = None


def step(alert: Alert, act: Act, *, at: datetime, by: str = "system", **data: Any) -> tuple[Alert, Line]:
    """The alert after `act`, and the line that records it. Raises `NotAllowed` when the table has no such edge."""
    try:
        state = NEXT[alert.state, act]
    except KeyError:
        raise NotAllowed(state=alert.state, act=act, number=alert.number, custody_by=alert.custody_by) from None
    change: dict[str, Any] = {"state": state, "version": alert.version + 1}
    if act in {A.ACK, A.TAKE}:
        change |= {"custody_by": by, "custody_at": at, "due_at": at + seconds(alert.ladder.handle_s)}
    elif act is A.HAND_OVER:  # the handling time goes on: a relief is no reason to start it anew
        change |= {"custody_by": by, "custody_at": at}
    elif act in {A.REPEAT, A.RECUR}:
        change |= {"repeats": alert.repeats + data.get("times", 1), "last_at": at, "clear_said": False}
    elif act in {A.CLEAR_SAID, A.CLEAR, A.RESET}:
        change["clear_said"] = True
    if alert.state in HELD and state in RINGING:
        change |= {"custody_by": None, "custody_at": None, **_ring(alert.ladder, alert.ring + 1, at)}
    after = msgspec.structs.replace(alert, **change)
    told = {"number": alert.number, "from": alert.state, "to": state, **data}
    return after, Line(at, f"alert.{act}", by, f"alert/{alert.id}", told)


def _ring(ladder: Frozen, ring: int, at: datetime) -> dict[str, Any]:
    """The clock starts (again): rung 0 is due at once, the acknowledgement target counts from now."""
    return {"ring": ring, "rang_at": at, "rung": -1, "ack_by": at + seconds(ladder.ack_s), "due_at": at}


def open_clock(ladder: Frozen, at: datetime) -> dict[str, Any]:
    """The ring fields of a new alert."""
    return _ring(ladder, 1, at)


def reset(alert: Alert, *, at: datetime, by: str) -> tuple[Alert, Line]:
    """A person ends a latched condition. Refused while the device still reports it, or when the kind is not latched."""
    if not alert.latched:
        raise NotAllowed(state=alert.state, act=A.RESET, number=alert.number, custody_by=alert.custody_by)
    if alert.ends == Ends.BOTH and not alert.clear_said:
        raise StillActive(number=alert.number)
    return step(alert, A.RESET, at=at, by=by)


def dispose(alert: Alert, close: Close, *, at: datetime, by: str, supervisor: bool) -> tuple[Alert, Line]:
    """Close an answered alert. A false alarm needs its cause and a note; an active one needs a supervisor and a reason."""
    if (alert.state, A.DISPOSE) not in NEXT:
        raise NotAllowed(state=alert.state, act=A.DISPOSE, number=alert.number, custody_by=alert.custody_by)
    if close.disposition is Disposition.FALSE_ALARM:
        if close.cause is None:
            raise ReasonNeeded("A false alarm needs its cause.", field="cause")
        if not (close.note or "").strip():
            raise ReasonNeeded("A false alarm needs a note.", field="note")
    if alert.state is S.ACKED:
        if not supervisor:
            raise SupervisorNeeded(number=alert.number)
        if not (close.reason or "").strip():
            raise ReasonNeeded("Closing an alert whose condition is still active needs a reason.", field="reason")
    told = {k: v for k, v in msgspec.structs.asdict(close).items() if v}
    after, line = step(alert, A.DISPOSE, at=at, by=by, **told)
    return (
        msgspec.structs.replace(
            after,
            disposition=close.disposition,
            cause=close.cause,
            note=close.note,
            closed_by=by,
            closed_at=at,
            due_at=None,
        ),
        line,
    )
