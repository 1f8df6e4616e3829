"""A leak or a fire makes the points around it the next ones of whoever is walking."""

from collections.abc import Iterable
from typing import Final

from ingest.rules import Judgement
from logbook import entries
from logbook.rules import Line
from patrol import round_store, rounds
from patrol.rounds import PatrolRound, Stand
from sites.register import Register
from store.db import Tx

FAMILIES: Final = ("fire.", "water.")


def reroute(tx: Tx, judgement: Judgement) -> None:
    """Mark the points in the zones of the alerts that were raised now, in every round that is open."""
    register, at = judgement.scene.desk.register, judgement.at
    raised = [a for a in judgement.changes.raised.values() if a.kind.startswith(FAMILIES) and a.zone_id is not None]
    if not raised or not register.patrol_plans:
        return
    changed: dict[str, PatrolRound] = {}
    lines: list[Line] = []
    going = [r for r in round_store.between(tx.conn, register.site_id, at, at) if r.stand is Stand.OPEN]
    for found in going:
        for alert in raised:
            there = near(register, alert.zone_id, found.route.checkpoints)
            after, said = rounds.urge(changed.get(found.id, found), there, alert.id, at)
            if said:
                changed[found.id] = after
                lines += said
    if changed:
        round_store.save(tx, list(changed.values()), at)
        entries.append(tx, register.site_id, lines)


def near(register: Register, zone_id: str | None, points: Iterable[str]) -> list[str]:
    """Those of the points inside a zone; where there is none, those of the nearest zone around it that has some, but never a
    whole site's.
    """
    places = {
        point: register.zone_path(register.checkpoints[point].zone) for point in points if point in register.checkpoints
    }
    for zone in register.zone_path(zone_id):
        if register.zones[zone].kind == "site":
            break
        inside = [point for point, path in places.items() if zone in path]
        if inside:
            return inside
    return []
