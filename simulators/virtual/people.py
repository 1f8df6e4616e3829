"""What people do, as the API lets them: may they, is it whole, then the same command in the same transaction."""

from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alerts import acts as alert_acts
from alerts.rules import Cause, Close, Disposition
from core.errors import Invalid, NotPermitted
from ingest import acts
from ingest.scene import Desk
from simulators.scenario.duty_acts import DutyAct
from simulators.scenario.model import (
    Acknowledges,
    Closes,
    Notes,
    Records,
    Releases,
    Reports,
    Resets,
    SignsOff,
    SignsOn,
)
from simulators.scenario.patrol_acts import PatrolAct
from simulators.scenario.story import find_alert
from simulators.virtual import duties, rounds
from simulators.virtual.server import Shores
from sites.register import Role
from store.db import Tx

Deed = Acknowledges | Releases | Resets | Notes | Records | Closes | SignsOn | SignsOff | Reports | DutyAct

_PERMITS: Final[dict[type, str]] = {
    Acknowledges: "alert.ack",
    Releases: "alert.release",
    Resets: "alert.reset",
    Notes: "alert.note",
    Records: "alert.record",
    Closes: "alert.dispose",
    SignsOn: "duty.sign",
    SignsOff: "duty.sign",
    Reports: "report.make",
}


def about(deed: Deed) -> str:
    """What a refusal of this is about: the alert as it was named, the seat, or the zone."""
    if isinstance(deed, DutyAct):
        return deed.about
    if isinstance(deed, SignsOn | SignsOff):
        return deed.seat
    if isinstance(deed, Reports):
        return f"zone/{deed.zone}"
    return deed.alert


def do(tx: Tx, desk: Desk, deed: Deed, at: datetime, shores: Shores, key: Ed25519PrivateKey) -> None:
    """Do it; `key` swears to the log where the API would. Raises the Refusal that the API would answer with."""
    person = desk.register.people.get(deed.person)
    roles = person.roles if person is not None else ()
    named = _permit(deed)
    names = [str(role) for role in roles]

    def may(action: str) -> bool:
        return shores.may(action, names)

    if person is None or not may(named):
        raise NotPermitted
    who, register = deed.person, desk.register
    match deed:
        case SignsOn():
            acts.sign_on(tx, desk, deed.seat, who, at, token=deed.token)
        case SignsOff():
            acts.sign_off(tx, desk, deed.seat, who, at)
        case PatrolAct():
            rounds.do(tx, desk, deed, roles, at)
        case DutyAct():
            duties.do(tx, desk, deed, roles, at, key, may)
        case Reports():
            acts.report(tx, desk, who, deed.kind, deed.zone, deed.note, deed.caller, at)
        case _:
            _with_alert(tx, desk, deed, _alert_id(tx, register.site_id, deed.alert), roles, at)


def _permit(deed: Deed) -> str:
    if isinstance(deed, PatrolAct):
        return rounds.permit(deed)
    return duties.permit(deed) if isinstance(deed, DutyAct) else _PERMITS[type(deed)]


def _with_alert(
    tx: Tx,
    desk: Desk,
    deed: Acknowledges | Releases | Resets | Notes | Records | Closes,
    alert_id: str,
    roles: tuple[Role, ...],
    at: datetime,
) -> None:
    who, register = deed.person, desk.register
    match deed:
        case Acknowledges():
            acts.acknowledge(
                tx, register, who, roles, alert_id, at, override=deed.override, reason=_stripped(deed.reason)
            )
        case Releases():
            acts.release(tx, desk, who, roles, alert_id, at, _words(deed.reason, "reason"))
        case Resets():
            alert_acts.reset(tx, register, alert_id, by=who, roles=roles, at=at)
        case Notes():
            alert_acts.note(tx, register, alert_id, by=who, at=at, text=_words(deed.text, "text"))
        case Records():
            alert_acts.record(tx, register, alert_id, deed.recorder, by=who, roles=roles, at=at)
        case Closes():
            acts.dispose(tx, register, who, roles, alert_id, _close(deed), at)


def _alert_id(tx: Tx, site: str, ref: str) -> str:
    return find_alert(tx.conn, site, ref).id


def _close(deed: Closes) -> Close:
    try:
        cause = None if deed.cause is None else Cause(deed.cause)
        return Close(Disposition(deed.disposition), cause, _stripped(deed.note), _stripped(deed.reason))
    except ValueError as wrong:
        raise Invalid(str(wrong)) from None


def _stripped(text: str | None) -> str | None:
    return None if text is None else text.strip()


def _words(text: str, field: str) -> str:
    if not text.strip():
        raise Invalid(field=field)
    return text.strip()
