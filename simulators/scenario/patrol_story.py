"""Lines of the log about rounds, in the words of `Happening`. A round is told by its route: its id would be too long to read."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from patrol.tables import patrol_round
from simulators.scenario.model import Happening

ROUND: Final[Mapping[str, str]] = {
    "open": "opened",
    "urge": "urged",
    "excuse": "excused",
    "suspend": "suspended",
    "resume": "resumed",
    "explain": "explained",
    "drop": "dropped",
}
RESULTS: Final = ("complete", "partial", "missed", "excused")
ROUND_WORDS: Final = tuple(dict.fromkeys((*ROUND.values(), *RESULTS)))
SMALL: Final = frozenset({"opened", "dropped"})  # what plans do by themselves: `nothing else` does not ask
POINTS: Final = ("on_time", "late", "missed", "excused", "explained")


def routes(conn: Connection, site: str) -> dict[str, str]:
    """The route of each round."""
    query = select(patrol_round.c.id, patrol_round.c.route_id).where(patrol_round.c.site_id == site)
    return {f"round/{row.id}": f"round/{row.route_id}" for row in conn.execute(query)}


def told(said: Any, by: tuple[str, ...]) -> Happening | None:
    """The happening that a line is, None when it is about something else."""
    family, _, act = said.act.partition(".")
    if family != "patrol" or not said.subject.startswith("round/"):
        return None
    data: Mapping[str, Any] = said.data
    more: dict[str, Any] = {key: data[key] for key in ("reason",) if data.get(key)}
    named = data.get("points", ())
    if isinstance(named, Mapping):
        for word in POINTS:
            if found := [point for point in named if named[point] == word]:
                more[word] = ",".join(found)
    elif named:
        more["points"] = ",".join(named)
    if data.get("odd"):
        more["odd"] = ",".join(data["odd"])
    what = str(data["result"]) if act == "settle" else ROUND[act]
    return Happening(said.at, "round", (data["route"],), what, by, more)
