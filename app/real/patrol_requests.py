"""What people do about rounds, as requests to the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from simulators.scenario.patrol_acts import PatrolAct, Rounds
from simulators.virtual.rounds import meant
from sites.register import Register

_STEPS = {"suspends": "suspend", "resumes": "resume", "excuses": "excuse"}


def request(deed: PatrolAct, conn: Connection, register: Register, at: datetime) -> tuple[str, str, Mapping[str, Any]]:
    """What is asked: method, path under the site, body. Raises the refusal that there is no such round."""
    if not isinstance(deed, Rounds):
        raise TypeError(f"no act about patrol: {deed!r}")
    place = f"rounds/{meant(conn, register, deed, at).id}/{_STEPS[deed.what]}"
    if deed.what == "resumes":
        return "POST", place, {}
    body: dict[str, Any] = {"reason": deed.reason}
    return "POST", place, body | ({"points": list(deed.points)} if deed.what == "excuses" else {})
