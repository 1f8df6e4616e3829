"""What people do to an alert: one command each. Load, decide by the rules, save with its logbook line and its push."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from alerts import major_store, majors, rules, store, way_store
from alerts.errors import AlreadyAnswered, NoSuchRecorder, NotHolder, NotMajor, ReasonNeeded, SupervisorNeeded
from alerts.majors import Major
from alerts.rules import HELD, Act, Alert, Close, State, step
from alerts.way_store import Way
from core.kinds import Ends
from logbook import entries
from logbook.rules import Line
from sites.register import Register, Role
from store import outbox
from store.db import Tx

SUPERVISORS = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})


def _supervises(roles: Collection[Role]) -> bool:
    return not SUPERVISORS.isdisjoint(roles)


def acknowledge(
    tx: Tx,
    register: Register,
    holders: Mapping[str, str | None],
    alert_id: str,
    *,
    by: str,
    roles: Collection[Role],
    at: datetime,
    override: bool = False,
    reason: str | None = None,
) -> tuple[str, Alert]:
    """Answer an alert (ESC-14). Returns the outcome and the alert.

    `custody`: the responsible seat's holder, or somebody whom a rung of this ringing has called. `override`: a supervisor
    with a reason. `witness`: anybody else; it is written down, and the ladder goes on. Answering twice is harmless.
    """
    alert = store.get(tx.conn, register.site_id, alert_id)
    if alert.state in HELD:
        return _take_over(tx, alert, by=by, roles=roles, at=at, override=override, reason=reason)
    entitled = holders.get(alert.seat_id) == by or by in _called(tx, alert)
    if entitled:
        return "custody", _one(tx, alert, Act.ACK, at=at, by=by)
    if override:
        return "override", _one(tx, alert, Act.ACK, at=at, by=by, override=True, reason=_owed(roles, reason))
    return "witness", _one(tx, alert, Act.WITNESS, at=at, by=by)


def _take_over(
    tx: Tx, alert: Alert, *, by: str, roles: Collection[Role], at: datetime, override: bool, reason: str | None
) -> tuple[str, Alert]:
    if alert.custody_by == by:
        return "custody", alert
    if not override:
        raise AlreadyAnswered(custody_by=alert.custody_by, number=alert.number)
    return "override", _one(tx, alert, Act.TAKE, at=at, by=by, reason=_owed(roles, reason), taken_from=alert.custody_by)


def _owed(roles: Collection[Role], reason: str | None) -> str:
    """A supervisor's reason, or the refusal."""
    if not _supervises(roles):
        raise SupervisorNeeded
    if not (reason or "").strip():
        raise ReasonNeeded("An override needs a reason.", field="reason")
    return str(reason).strip()


def _called(tx: Tx, alert: Alert) -> set[str]:
    """Whom the rungs of this ringing have called: the ladder itself made them delegates, and its rows say so."""
    fired = store.rungs(tx.conn, alert.site_id, alert.id)
    return {person for f in fired if f["ring"] == alert.ring and f["rung"] > 0 for person in f["people"]}


def reset(tx: Tx, register: Register, alert_id: str, *, by: str, roles: Collection[Role], at: datetime) -> Alert:
    """End a latched condition. Fire: only after the device said it is over; panic and duress: by a person alone."""
    alert = store.get(tx.conn, register.site_id, alert_id)
    if alert.state in HELD:
        _may(alert, by, roles)
    after, line = rules.reset(alert, at=at, by=by)
    store.end_condition(tx, after, over=True)
    return _save(tx, alert, after, [line])


def release(
    tx: Tx, register: Register, alert_id: str, *, by: str, roles: Collection[Role], at: datetime, reason: str
) -> Alert:
    """Give custody back to the seat: it rings again."""
    alert = store.get(tx.conn, register.site_id, alert_id)
    _may(alert, by, roles)
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    return _one(tx, alert, Act.RELEASE, at=at, by=by, reason=reason.strip())


def note(tx: Tx, register: Register, alert_id: str, *, by: str, at: datetime, text: str) -> Alert:
    """Add a note; it is its own entry, and no repeat can wipe it."""
    if not text.strip():
        raise ReasonNeeded("A note needs words.", field="text")
    return _one(tx, store.get(tx.conn, register.site_id, alert_id), Act.NOTE, at=at, by=by, text=text.strip())


def record(
    tx: Tx, register: Register, alert_id: str, recorder: str, *, by: str, roles: Collection[Role], at: datetime
) -> tuple[Alert, Major]:
    """Name who writes down what happens in a major incident (LOG-13): whoever has it in custody says, or a supervisor."""
    alert = store.get(tx.conn, register.site_id, alert_id)
    before = major_store.get(tx.conn, register.site_id, alert_id)
    if before is None:
        raise NotMajor(number=alert.number)
    _may(alert, by, roles)
    if recorder not in register.people:
        raise NoSuchRecorder(field="person")
    if before.recorder == recorder:
        return alert, before
    after, line = majors.named(before, alert, recorder, by=by, at=at)
    major_store.save(tx, after)
    entries.append(tx, register.site_id, [line])
    return alert, after


def go(tx: Tx, register: Register, alert_id: str, *, by: str, at: datetime, said_at: datetime | None = None) -> Alert:
    """Somebody sets out for it. Said twice it is said once. `said_at`: by the clock of a phone that had no line then."""
    alert = store.get(tx.conn, register.site_id, alert_id)
    way = Way(
        site_id=register.site_id, alert_id=alert_id, person_id=by, since=at if said_at is None else min(at, said_at)
    )
    if (alert.state, Act.GO) in rules.NEXT and not way_store.begin(tx, way):
        return alert
    return _one(tx, alert, Act.GO, at=at, by=by, said_at=said_at)


def hand_over(tx: Tx, alerts: Sequence[Alert], *, by: str, at: datetime, handover: str) -> None:
    """Give what somebody holds to whoever takes the seat over, without a ring."""
    for alert in alerts:
        _one(tx, alert, Act.HAND_OVER, at=at, by=by, taken_from=alert.custody_by, handover=handover)


def dispose(
    tx: Tx, register: Register, alert_id: str, close: Close, *, by: str, roles: Collection[Role], at: datetime
) -> Alert:
    """Close an answered alert with its disposition (EVT-05)."""
    alert = store.get(tx.conn, register.site_id, alert_id)
    if alert.state in HELD:
        _may(alert, by, roles)
    after, line = rules.dispose(alert, close, at=at, by=by, supervisor=_supervises(roles))
    store.end_condition(tx, after, over=alert.ends in {Ends.PERSON, Ends.AT_ONCE})
    return _save(tx, alert, after, [line])


def _may(alert: Alert, by: str, roles: Collection[Role]) -> None:
    if alert.custody_by != by and not _supervises(roles):
        raise NotHolder(custody_by=alert.custody_by, number=alert.number)


def _one(tx: Tx, alert: Alert, act: Act, *, at: datetime, by: str, **data: object) -> Alert:
    after, line = step(alert, act, at=at, by=by, **{k: v for k, v in data.items() if v is not None})
    return _save(tx, alert, after, [line])


def _save(tx: Tx, before: Alert, after: Alert, lines: Sequence[Line]) -> Alert:
    store.save(tx, [(before, after)])
    if (before.ringing and not after.ringing) or after.state is State.CLOSED:
        store.cancel_notices(tx, after.site_id, after.id, lines[-1].at)
    entries.append(tx, after.site_id, lines)
    outbox.append(tx, after.site_id, lines[-1].at, [("alert", after)])
    return after
