"""Routes and plans edited at the console: kept in one transaction, told in the log, and the rounds to come made anew (PAT-01).

A round that has opened keeps the route that it was made with; only rounds that wait follow the change.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from core.errors import Stale
from ingest import rounds as path
from logbook import entries
from logbook.rules import Line
from patrol import round_store
from patrol.errors import ReasonOwed
from patrol.rounds import PatrolRound, Stand
from sites import patrol_edits, store, versions
from sites.changes import Change, diff, summary
from sites.patrol_edits import Plain
from sites.register import Register
from sites.versions import Terms
from store import outbox
from store.db import Tx

AHEAD: Final = timedelta(hours=24)
MAX_NAMED: Final = 100


class RoundToCome(msgspec.Struct, frozen=True):
    """A round that plans would make. `how`: `new`, `changed` or `same` beside what stands; `gone`: it would be taken back."""

    plan: str
    route: str
    seat: str
    opens_at: datetime
    closes_at: datetime
    ends_at: datetime
    points: int
    how: str


class Preview(msgspec.Struct, frozen=True):
    """What an edit would come to: what differs from now, and the rounds that would open before `until`."""

    at: datetime
    until: datetime
    changes: tuple[Change, ...]
    rounds: tuple[RoundToCome, ...]


def preview(
    conn: Connection, register: Register, routes: Sequence[Plain], plans: Sequence[Plain], at: datetime
) -> Preview:
    """Raises `EditUnfit`. Writes nothing."""
    made = patrol_edits.edited(register, routes, plans)
    until = at + AHEAD
    stood = {
        found.id: found
        for found in round_store.waiting(conn, register.site_id, at)
        if found.opens_at < until and found.stand is Stand.WAITING
    }
    wanted = {found.id: found for found in path.wanted(conn, made, at, until)}
    told = [_told(found, _how(stood.get(id_), found)) for id_, found in wanted.items()]
    told += [_told(found, "gone") for id_, found in stood.items() if id_ not in wanted]
    told.sort(key=lambda one: (one.opens_at, one.plan, one.how))
    return Preview(at, until, tuple(diff(register, made)), tuple(told))


def _how(stood: PatrolRound | None, wanted: PatrolRound) -> str:
    if stood is None:
        return "new"
    return "changed" if path.other(stood, wanted) else "same"


def _told(found: PatrolRound, how: str) -> RoundToCome:
    window = found.window
    points = len(found.route.stops)
    return RoundToCome(
        found.plan, found.route.id, found.seat, window.opens_at, window.closes_at, window.ends_at, points, how
    )


def edit(
    tx: Tx,
    register: Register,
    version: int,
    routes: Sequence[Plain],
    plans: Sequence[Plain],
    by: str,
    reason: str,
    at: datetime,
) -> Register:
    """Make them the site's own. Raises `Stale` when the register is not the one that was looked at, `EditUnfit`,
    `ReasonOwed`, `VersionPending` when a version that knows nothing of it is to come. What says the same as what stands changes nothing.
    """
    if register.version != version:
        raise Stale(field="version", version=register.version)
    if not reason.strip():
        raise ReasonOwed(field="reason")
    site = register.site_id
    number = versions.following(tx.conn, site)
    new = msgspec.structs.replace(patrol_edits.edited(register, routes, plans), version=number)
    changes = diff(register, new)
    if not changes:
        return register
    terms = Terms(reason=reason.strip())
    begins = versions.starts(tx.conn, site, terms, by, at)
    patrol_edits.keep(tx, register, new, by, reason.strip(), at)
    store.replace(tx.conn, new, begins)
    versions.keep(tx.conn, new, store.pack_hash(tx.conn, site) or "", begins, at, by, terms)
    named = list(dict.fromkeys(f"{c.section}/{c.id} {c.how}" for c in changes))
    told = {
        "reason": reason.strip(),
        "version": new.version,
        "summary": summary(changes),
        "changes": named[:MAX_NAMED],
        "more": max(0, len(named) - MAX_NAMED),
    }
    entries.append(tx, site, [Line(at, "patrol.edit", by, "site", told)])
    outbox.append(tx, site, at, [("register", {"version": new.version})])
    path.begin(tx, new, at)
    return new
