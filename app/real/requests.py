"""What people do, as requests to the API: the path under the site, and the body."""

from collections.abc import Callable
from typing import Any

from app.real.people import PASSWORD
from simulators.scenario.model import (
    Acknowledges,
    Act,
    Closes,
    Notes,
    Records,
    Releases,
    Reports,
    Resets,
    SignsOff,
    SignsOn,
)

AlertDeed = Acknowledges | Releases | Resets | Notes | Records | Closes
AlertId = Callable[[str], str]  # of the alert that an act names; may raise the refusal that there is none


def request(deed: AlertDeed | SignsOn | SignsOff | Reports, alert_id: AlertId) -> tuple[str, dict[str, Any]]:
    """What is posted where."""
    match deed:
        case SignsOn():
            return "duty/sign-on", {"seat": deed.seat, "password": PASSWORD, "token": deed.token}
        case SignsOff():
            return "duty/sign-off", {"seat": deed.seat, "password": PASSWORD}
        case Reports():
            return "reports", {"kind": deed.kind, "zone": deed.zone, "note": deed.note, "caller": deed.caller}
    verb, body = _to_alert(deed)
    return f"alerts/{alert_id(deed.alert)}/{verb}", body


def _to_alert(act: Act) -> tuple[str, dict[str, Any]]:
    match act:
        case Acknowledges():
            return "ack", {"override": act.override, "reason": act.reason}
        case Releases():
            return "release", {"reason": act.reason}
        case Resets():
            return "reset", {}
        case Notes():
            return "note", {"text": act.text}
        case Records():
            return "recorder", {"person": act.recorder}
        case Closes():
            told = {"disposition": act.disposition, "cause": act.cause, "note": act.note, "reason": act.reason}
            return "dispose", told
    raise TypeError(f"no act of a person on an alert: {act!r}")
