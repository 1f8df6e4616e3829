"""What people do about rounds, as requests to the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from simulators.scenario import phone
from simulators.scenario.patrol_acts import PatrolAct, Rounds, Tags, Taps, Violates
from simulators.virtual.rounds import meant, open_violation
from sites.register import Register

_STEPS = {"suspends": "suspend", "resumes": "resume", "excuses": "excuse"}


def request(deed: PatrolAct, conn: Connection, register: Register, at: datetime) -> tuple[str, str, Mapping[str, Any]]:
    """What is asked: method, path under the site, body. Raises the refusal that there is no such round."""
    match deed:
        case Taps():
            return "POST", "taps", {"client": deed.phone, "taps": [phone.tap(conn, register, deed, at)]}
        case Tags(what="hangs"):
            return "POST", "tags", {"checkpoint": deed.to, "uid": deed.uid, "proof": deed.proof}
        case Tags(what="moves"):
            return "POST", f"tags/{deed.uid}/move", {"checkpoint": deed.to, "reason": deed.reason}
        case Tags(what="replaces"):
            return "POST", f"tags/{deed.uid}/replace", {"by": deed.to, "reason": deed.reason}
        case Tags():
            return "POST", f"tags/{deed.uid}/{deed.what.removesuffix('s')}", {"reason": deed.reason}
        case Violates(what="reports"):
            return "POST", "violations", {"checkpoint": deed.checkpoint, "note": deed.note}
        case Violates():
            step = "next" if deed.what == "takes" else "resolve"
            return "POST", f"violations/{open_violation(conn, register, deed)}/{step}", {"note": deed.note}
        case Rounds():
            return _round(deed, conn, register, at)
    raise TypeError(f"no act about patrol: {deed!r}")


def _round(deed: Rounds, conn: Connection, register: Register, at: datetime) -> tuple[str, str, Mapping[str, Any]]:
    place = f"rounds/{meant(conn, register, deed, at).id}/{_STEPS[deed.what]}"
    if deed.what == "resumes":
        return "POST", place, {}
    body: dict[str, Any] = {"reason": deed.reason}
    return "POST", place, body | ({"points": list(deed.points)} if deed.what == "excuses" else {})
