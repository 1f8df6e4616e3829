"""What people do about rounds: suspend one, walk it after all, excuse a point (PAT-12). In an open transaction of the site."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from ingest import rounds as path
from ingest.commit import commit
from ingest.loading import load_scene
from ingest.rules import Judgement
from ingest.scene import Desk
from logbook import entries
from patrol import round_store, rounds
from patrol.errors import RoundNotAllowed
from patrol.rounds import PatrolRound, Stepped
from sites.register import Register, Role
from store.db import Tx


def suspend(
    tx: Tx, desk: Desk, round_id: str, reason: str, by: str, roles: Collection[Role], at: datetime
) -> PatrolRound:
    """Nobody is to walk it. Raises `NoSuchRound`, `RoundNotThere`, `ReasonOwed`."""
    _may_excuse(desk.register, roles)
    return _done(tx, desk, round_id, at, lambda found: rounds.suspend(found, by, reason, at))


def resume(tx: Tx, desk: Desk, round_id: str, by: str, roles: Collection[Role], at: datetime) -> PatrolRound:
    """It is to be walked after all."""
    _may_excuse(desk.register, roles)
    return _done(tx, desk, round_id, at, lambda found: rounds.resume(found, by, at))


def excuse(
    tx: Tx,
    desk: Desk,
    round_id: str,
    points: Sequence[str],
    reason: str,
    by: str,
    roles: Collection[Role],
    at: datetime,
) -> PatrolRound:
    """Say why points were missed; none named: all that were. It stays seen that they were."""
    _may_excuse(desk.register, roles)
    return _done(tx, desk, round_id, at, lambda found: rounds.excuse(found, points, by, reason, at))


def _may_excuse(register: Register, roles: Collection[Role]) -> None:
    if not set(roles) & set(register.policies.patrol.excuse_roles):
        raise RoundNotAllowed(who=[r.value for r in register.policies.patrol.excuse_roles])


def _done(tx: Tx, desk: Desk, round_id: str, at: datetime, act: Callable[[PatrolRound], Stepped]) -> PatrolRound:
    site = desk.register.site_id
    found = round_store.get(tx.conn, site, round_id)
    scene = load_scene(tx, desk, at, also=path.asked([found]))
    judgement = Judgement(scene)
    after, lines = act(found)
    path.excused(judgement, after, at)
    round_store.save(tx, [after], at)
    entries.append(tx, site, lines)
    commit(tx, scene, judgement.changes)
    return after
