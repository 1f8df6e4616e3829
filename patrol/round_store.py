"""Rounds: in and out of their rows."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, select

from core.clock import instant, micros
from patrol.errors import NoSuchRound
from patrol.rounds import PatrolRound, Stand, verdict
from patrol.tables import patrol_horizon, patrol_round
from store import bulk, outbox
from store.bulk import marked
from store.db import Tx
from store.metadata import json_text

_NESTED: Final = ("route", "proofs", "urgent", "excused", "suspended", "odd", "bands")
_TIMES: Final = ("opens_at", "closes_at", "settled_at", "due_at")


class RoundBrief(msgspec.Struct, frozen=True):
    """A round as lists and the live feed show it. `points`: how each stood when this was told; a point that is open then is
    missed once the round ends, without a word.
    """

    id: str
    plan_id: str
    route_id: str
    seat_id: str
    opens_at: datetime
    closes_at: datetime
    ends_at: datetime
    stand: str
    result: str
    version: int
    proved: dict[str, datetime]
    points: dict[str, str]
    people: list[str]
    urgent: list[str]
    odd: list[str]


def save(tx: Tx, rounds: Sequence[PatrolRound], at: datetime, *, tell: bool = True) -> None:
    """Store rounds as they are now, and show them."""
    bulk.upsert(tx.conn, tx.dialect, patrol_round, [_row(r) for r in rounds])
    if tell:
        for site in sorted({r.site_id for r in rounds}):
            outbox.append(tx, site, at, [("round", brief(r, at)) for r in rounds if r.site_id == site])


def brief(found: PatrolRound, at: datetime) -> RoundBrief:
    """What the pages are shown of a round at this moment."""
    proved = {point: min(p.at for p in proofs) for point, proofs in found.proofs.items()}
    return RoundBrief(
        found.id,
        found.plan,
        found.route.id,
        found.seat,
        found.opens_at,
        found.closes_at,
        found.window.ends_at,
        found.stand.value,
        found.result.value,
        found.version,
        proved,
        {point: state.word for point, state in verdict(found, at).points.items()},
        list(dict.fromkeys(p.person for some in found.proofs.values() for p in some if p.person)),
        list(found.urgent),
        list(found.odd),
    )


def get(conn: Connection, site_id: str, round_id: str) -> PatrolRound:
    """One round. Raises `NoSuchRound`."""
    query = select(patrol_round).where(patrol_round.c.site_id == site_id, patrol_round.c.id == round_id)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise NoSuchRound
    return _round(row)


_BETWEEN = (
    select(patrol_round)
    .where(
        patrol_round.c.site_id == bindparam("site"),
        patrol_round.c.opens_at < bindparam("until"),
        patrol_round.c.ends_at >= bindparam("first"),
        patrol_round.c.stand != Stand.DROPPED.value,
    )
    .order_by(patrol_round.c.opens_at, patrol_round.c.id)
    .limit(bindparam("most"))
)


def between(conn: Connection, site_id: str, first: datetime, until: datetime, limit: int = 5000) -> list[PatrolRound]:
    """Rounds that are open at some moment from `first` to `until`, in the order in which they open; dropped ones are not."""
    given = {"site": site_id, "first": first, "until": until, "most": limit}
    return [_round(row) for row in conn.execute(_BETWEEN, given).mappings()]


def due(conn: Connection, site_id: str, at: datetime, limit: int = 500) -> list[PatrolRound]:
    """Rounds whose moment has come, the earliest first."""
    query = (
        select(patrol_round)
        .where(patrol_round.c.site_id == site_id, patrol_round.c.due_at <= at)
        .order_by(patrol_round.c.due_at, patrol_round.c.id)
        .limit(limit)
    )
    return [_round(row) for row in conn.execute(query).mappings()]


def waiting(conn: Connection, site_id: str, after: datetime) -> list[PatrolRound]:
    """Rounds made that open after that moment: what a change of plan may take back."""
    query = select(patrol_round).where(
        patrol_round.c.site_id == site_id,
        patrol_round.c.opens_at > after,
        patrol_round.c.stand.in_([Stand.WAITING.value, Stand.DROPPED.value]),
    )
    return [_round(row) for row in conn.execute(query.order_by(patrol_round.c.opens_at)).mappings()]


def touched(conn: Connection, site_id: str, times: Collection[datetime]) -> list[PatrolRound]:
    """Rounds that are open at some moment among these: those that a tap of then may count for."""
    if not times:
        return []
    return between(conn, site_id, min(times), max(times) + timedelta(microseconds=1))


def over(conn: Connection, site_id: str, seat_id: str, since: datetime) -> list[PatrolRound]:
    """The rounds of a seat that have been settled since then."""
    query = select(patrol_round).where(
        patrol_round.c.site_id == site_id,
        patrol_round.c.seat_id == seat_id,
        patrol_round.c.stand == Stand.OVER.value,
        patrol_round.c.ends_at >= since,
    )
    return [_round(row) for row in conn.execute(query.order_by(patrol_round.c.opens_at)).mappings()]


def settled(conn: Connection, site_id: str, route_id: str, before: datetime, limit: int) -> list[PatrolRound]:
    """The newest rounds of a route that are over, the newest first."""
    query = (
        select(patrol_round)
        .where(
            patrol_round.c.site_id == site_id,
            patrol_round.c.route_id == route_id,
            patrol_round.c.stand == Stand.OVER.value,
            patrol_round.c.opens_at < before,
        )
        .order_by(patrol_round.c.opens_at.desc())
        .limit(limit)
    )
    return [_round(row) for row in conn.execute(query).mappings()]


# -- due ---------------------------------------------------------------------------------------------------------------


def horizon(conn: Connection, site_id: str) -> tuple[datetime, datetime] | None:
    """(how far rounds are made, when to make more)."""
    row = conn.execute(
        select(patrol_horizon.c.until, patrol_horizon.c.due_at).where(patrol_horizon.c.site_id == site_id)
    ).one_or_none()
    return None if row is None else (row.until, row.due_at)


def set_horizon(tx: Tx, site_id: str, until: datetime, due_at: datetime) -> None:
    """Store how far rounds are made, and when to make more."""
    row = {"site_id": site_id, "until": micros(until), "due_at": micros(due_at)}
    bulk.upsert(tx.conn, tx.dialect, patrol_horizon, [row])


DUE_ROWS: Final = (
    "SELECT site_id FROM patrol_round WHERE due_at <= ? UNION SELECT site_id FROM patrol_horizon WHERE due_at <= ?"
)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites with a round, or the making of rounds, whose moment has come."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at), micros(at)))}


def next_due(conn: Connection) -> datetime | None:
    """The earliest moment of any round."""
    found = [conn.exec_driver_sql(sql).scalar() for sql in _DUE]
    return min((instant(us) for us in found if us is not None), default=None)


_DUE: Final = ("SELECT min(due_at) FROM patrol_round", "SELECT min(due_at) FROM patrol_horizon")


# -- rows --------------------------------------------------------------------------------------------------------------


def _row(found: PatrolRound) -> dict[str, Any]:
    times = {name: _us(getattr(found, name)) for name in _TIMES}
    nested = {
        name: json_text(value) if value is not None else None
        for name in _NESTED
        for value in [msgspec.to_builtins(getattr(found, name))]
    }
    return {
        "site_id": found.site_id,
        "id": found.id,
        "plan_id": found.plan,
        "route_id": found.route.id,
        "seat_id": found.seat,
        "grace_s": found.grace_s,
        "ends_at": micros(found.window.ends_at),
        "stand": found.stand.value,
        "version": found.version,
        "result": found.result.value,
        **times,
        **nested,
    }


def _us(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _round(row: Any) -> PatrolRound:
    plain = {k: row[k] for k in ("site_id", "id", "grace_s", "stand", "version", "result", *_NESTED)}
    times = {name: row[name] for name in _TIMES}
    named = {"plan": row["plan_id"], "seat": row["seat_id"]}
    return msgspec.convert({**plain, **times, **named}, PatrolRound)
