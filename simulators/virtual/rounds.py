"""What people do about rounds, as the API lets them: the same command in the same transaction."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from ingest import patrol_acts
from ingest.scene import Desk
from patrol import round_store
from patrol.errors import NoSuchRound
from patrol.rounds import PatrolRound, Stand
from simulators.scenario.patrol_acts import PatrolAct, Rounds
from sites.register import Register, Role
from store.db import Tx

_AROUND: Final = timedelta(days=8)
# Which rounds of a route a verb means, the likeliest first.
_MEANT: Final = {
    "suspends": (Stand.OPEN, Stand.WAITING, Stand.SUSPENDED, Stand.OVER),
    "resumes": (Stand.SUSPENDED, Stand.OPEN, Stand.WAITING, Stand.OVER),
    "excuses": (Stand.OPEN, Stand.OVER, Stand.SUSPENDED, Stand.WAITING),
}


def permit(_: PatrolAct) -> str:
    """The API's name for being allowed to do this."""
    return "patrol.excuse"


def do(tx: Tx, desk: Desk, deed: PatrolAct, roles: Collection[Role], at: datetime) -> None:
    """Do it. Raises the Refusal that the API would answer with."""
    if not isinstance(deed, Rounds):
        raise TypeError(f"no act about patrol: {deed!r}")
    found, who = meant(tx.conn, desk.register, deed, at).id, deed.person
    match deed.what:
        case "suspends":
            patrol_acts.suspend(tx, desk, found, deed.reason, who, roles, at)
        case "resumes":
            patrol_acts.resume(tx, desk, found, who, roles, at)
        case _:
            patrol_acts.excuse(tx, desk, found, deed.points, deed.reason, who, roles, at)


def meant(conn: Connection, register: Register, deed: Rounds, at: datetime) -> PatrolRound:
    """The round that a line means: of those to come the next, of those that are over the last. Raises NoSuchRound."""
    around = round_store.between(conn, register.site_id, at - _AROUND, at + _AROUND)
    mine = [found for found in around if found.route.id == deed.route]
    for stand in _MEANT[deed.what]:
        some = [found for found in mine if found.stand is stand]
        if some:
            return some[-1] if stand is Stand.OVER else some[0]
    raise NoSuchRound
