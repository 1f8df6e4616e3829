"""Alerts, conditions, rungs and notices: in and out of their rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, RowMapping, and_, bindparam, or_, select, update

from alerts.climb import Fired, Notice
from alerts.errors import NoSuchAlert
from alerts.ladder import Frozen
from alerts.rules import Alert, Cause, Cond, Disposition, State
from alerts.tables import alert, condition, notice, rung_fired
from core.clock import instant, micros
from core.errors import Stale
from store import bulk
from store.db import Tx
from store.metadata import Instant, json_text

_TIMES: Final = frozenset({"said_at", "heard_at", "last_at", "custody_at", "rang_at", "ack_by", "due_at", "closed_at"})
_FIELDS: Final = Alert.__struct_fields__
_TIME_PLACES: Final = tuple(i for i, name in enumerate(_FIELDS) if name in _TIMES)
_STATE_PLACE: Final = _FIELDS.index("state")
_CLEAR_PLACE: Final = _FIELDS.index("clear_said")
_LADDER_PLACE: Final = _FIELDS.index("ladder")
_ladder_text = lru_cache(maxsize=512)(json_text)


def _row(a: Alert) -> tuple[Any, ...]:
    """An alert as it rests, in the order of its fields. Plain text for enums: SQLite's driver takes a detour for every
    subclass of str.
    """
    row = list(msgspec.structs.astuple(a))
    for at in _TIME_PLACES:
        if row[at] is not None:
            row[at] = micros(row[at])
    row[_STATE_PLACE] = str(a.state)
    row[_LADDER_PLACE] = _ladder_text(a.ladder)
    return tuple(row)


# An alert with what its open condition has counted since; a closed one carries its own count.
_ALERTS = select(
    alert, condition.c.repeats.label("live_repeats"), condition.c.last_at.label("live_last_at")
).select_from(
    alert.outerjoin(
        condition,
        and_(
            condition.c.site_id == alert.c.site_id,
            condition.c.subject == alert.c.subject,
            condition.c.name == alert.c.kind,
            condition.c.alert_id == alert.c.id,
        ),
    )
)


def _alert(row: RowMapping) -> Alert:
    """An alert from a Core row, whose times and JSON the column types have already decoded."""
    values: dict[str, Any] = {str(k): v for k, v in row.items()}
    live_repeats, live_last_at = values.pop("live_repeats"), values.pop("live_last_at")
    if live_repeats is not None:
        values["repeats"], values["last_at"] = live_repeats, live_last_at
    values["state"] = State(values["state"])
    values["disposition"] = None if values["disposition"] is None else Disposition(values["disposition"])
    values["cause"] = None if values["cause"] is None else Cause(values["cause"])
    values["ladder"] = msgspec.convert(values["ladder"], Frozen)
    return Alert(**values)


def get(conn: Connection, site_id: str, alert_id: str) -> Alert:
    """One alert. Raises `NoSuchAlert`."""
    row = conn.execute(_ALERTS.where(alert.c.site_id == site_id, alert.c.id == alert_id)).mappings().first()
    if row is None:
        raise NoSuchAlert(alert_id=alert_id)
    return _alert(row)


def some(conn: Connection, site_id: str, ids: Iterable[str]) -> dict[str, Alert]:
    """Alerts by id."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = conn.execute(_ALERTS.where(alert.c.site_id == site_id, alert.c.id.in_(wanted))).mappings()
    return {row["id"]: _alert(row) for row in rows}


def open_alerts(conn: Connection, site_id: str) -> list[Alert]:
    """Every alert that is not closed, most urgent and oldest first."""
    rows = conn.execute(
        _ALERTS.where(alert.c.site_id == site_id, alert.c.state != State.CLOSED).order_by(
            alert.c.priority, alert.c.heard_at
        )
    ).mappings()
    return [_alert(row) for row in rows]


def page(
    conn: Connection, site_id: str, state: str = "open", before: tuple[datetime, int] | None = None, limit: int = 50
) -> list[Alert]:
    """Alerts newest first, those before a (heard_at, number). `state`: open, closed, all or one state's name."""
    query = _ALERTS.where(alert.c.site_id == site_id)
    if state == "open":
        query = query.where(alert.c.state != State.CLOSED)
    elif state != "all":
        query = query.where(alert.c.state == state)
    if before is not None:
        at, number = before
        query = query.where(or_(alert.c.heard_at < at, and_(alert.c.heard_at == at, alert.c.number < number)))
    rows = conn.execute(query.order_by(alert.c.heard_at.desc(), alert.c.number.desc()).limit(limit)).mappings()
    return [_alert(row) for row in rows]


def last_closed_at(conn: Connection, site_id: str) -> datetime | None:
    """When the newest disposition was given."""
    query = select(alert.c.closed_at).where(alert.c.site_id == site_id, alert.c.closed_at.is_not(None))
    found: datetime | None = conn.execute(query.order_by(alert.c.closed_at.desc()).limit(1)).scalar()
    return found


_DUE = (  # built once: the sweep asks again and again
    _ALERTS.where(
        alert.c.site_id == bindparam("site"),
        alert.c.due_at.is_not(None),
        alert.c.due_at <= bindparam("now", type_=Instant),
    )
    .order_by(alert.c.due_at)
    .limit(bindparam("many"))
)


def due(conn: Connection, site_id: str, at: datetime, limit: int = 200) -> list[Alert]:
    """Alerts of a site whose next rung or handling time has come."""
    rows = conn.execute(_DUE, {"site": site_id, "now": at, "many": limit}).mappings()
    return [_alert(row) for row in rows]


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites with an alert that is due."""
    sql = "SELECT DISTINCT site_id FROM alert WHERE due_at IS NOT NULL AND due_at <= ?"
    return {r[0] for r in conn.exec_driver_sql(bulk.marked(conn, sql), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """The earliest rung or end of a handling time."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM alert WHERE due_at IS NOT NULL").scalar()
    return None if found is None else instant(found)


def next_notice(conn: Connection) -> datetime | None:
    """When the next notice is to be sent."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM notice WHERE due_at IS NOT NULL").scalar()
    return None if found is None else instant(found)


def held_by(conn: Connection, site_id: str, person_id: str) -> list[Alert]:
    """The alerts that a person has in custody."""
    rows = conn.execute(
        _ALERTS.where(
            alert.c.site_id == site_id,
            alert.c.custody_by == person_id,
            alert.c.state.in_([State.ACKED, State.SETTLING]),
        )
    ).mappings()
    return [_alert(row) for row in rows]


def rungs(conn: Connection, site_id: str, alert_id: str) -> list[dict[str, Any]]:
    """The rungs of an alert that fired, in order."""
    query = select(rung_fired).where(rung_fired.c.site_id == site_id, rung_fired.c.alert_id == alert_id)
    return [dict(r) for r in conn.execute(query.order_by(rung_fired.c.ring, rung_fired.c.rung)).mappings()]


def notices(conn: Connection, site_id: str, alert_id: str) -> list[dict[str, Any]]:
    """The notices of an alert, in the order they were made."""
    query = select(notice).where(notice.c.site_id == site_id, notice.c.alert_id == alert_id)
    return [dict(r) for r in conn.execute(query.order_by(notice.c.made_at, notice.c.id)).mappings()]


def active_conditions(conn: Connection, site_id: str) -> list[dict[str, Any]]:
    """What is wrong right now, as {subject, name, active, since}."""
    sql = "SELECT subject, name, since FROM condition WHERE site_id = ? AND active"
    rows = conn.exec_driver_sql(bulk.marked(conn, sql), (site_id,))
    return [{"subject": r[0], "name": r[1], "active": True, "since": instant(r[2])} for r in rows]


_COND = (
    "SELECT c.subject, c.name, c.active, c.since, c.boot, c.seq, c.alert_id, c.alert_state, c.clear_said, c.repeats, "
    "c.last_at FROM condition c "
)
_SILENT: Final = _COND + "WHERE c.site_id = ? AND c.name = 'device.offline' AND c.active"


def conditions(
    conn: Connection,
    site_id: str,
    pairs: Iterable[tuple[str, str]],
    subjects: Iterable[str] = (),
    *,
    silent: bool = True,
) -> dict[tuple[str, str], Cond]:
    """The conditions named in `pairs`, every one of `subjects`, and every silent device of the site (unless not `silent`)."""
    named, whole = sorted(pairs), sorted(subjects)  # one order: what is judged alike is written alike
    found: list[Sequence[Any]] = []
    if conn.dialect.name == "postgresql":
        if named:
            # one look-up a pair, whatever the statistics say: a planner that knows nothing yet would read the whole site
            sql = _COND.replace(
                "FROM condition c",
                "FROM UNNEST(%s::text[], %s::text[]) AS w(subject, name), LATERAL (SELECT * FROM condition "
                "WHERE site_id = %s AND subject = w.subject AND name = w.name LIMIT 1) c",
            )
            pairs_of = (bulk.text_array([p[0] for p in named]), bulk.text_array([p[1] for p in named]))
            found += conn.exec_driver_sql(sql, (*pairs_of, site_id)).all()
        if whole:
            found += conn.exec_driver_sql(
                _COND + "WHERE c.site_id = %s AND c.subject = ANY(%s)", (site_id, whole)
            ).all()
    else:
        if named:
            sql = _COND.replace(
                "FROM condition c",
                "FROM json_each(?) w CROSS JOIN condition c ON c.site_id = ? "
                "AND c.subject = w.value ->> 0 AND c.name = w.value ->> 1",
            )
            found += conn.exec_driver_sql(sql, (json_text(named), site_id)).all()
        if whole:
            sql = _COND + "WHERE c.site_id = ? AND c.subject IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
            found += conn.exec_driver_sql(sql, (site_id, json_text(whole))).all()
    if silent:
        found += conn.exec_driver_sql(bulk.marked(conn, _SILENT), (site_id,)).all()
    return {(r[0], r[1]): Cond(bool(r[2]), r[3], r[4], r[5], r[6], r[7], bool(r[8]), r[9], r[10]) for r in found}


_CONDITION: Final = (
    "site_id",
    "subject",
    "name",
    "active",
    "since",
    "boot",
    "seq",
    "alert_id",
    "alert_state",
    "clear_said",
    "repeats",
    "last_at",
)


def save_conditions(tx: Tx, site_id: str, changed: Mapping[tuple[str, str], Cond]) -> None:
    """Write conditions as they now stand."""
    rows = [
        (
            site_id,
            subject,
            name,
            int(c.active),  # plain numbers and text, see `_row`
            c.since,
            c.boot,
            c.seq,
            c.alert_id,
            None if c.state is None else c.state + "",
            int(c.clear_said),
            c.repeats,
            c.last_at,
        )
        for (subject, name), c in changed.items()
    ]
    bulk.upsert_tuples(tx.conn, tx.dialect, condition, _CONDITION, rows, clean=True)


def end_condition(tx: Tx, a: Alert, *, over: bool) -> None:
    """Part a closed (or reset) alert from its condition; `over` also says that the condition is no longer active."""
    values: dict[str, Any] = {"active": False} if over else {}
    if a.state is State.CLOSED:
        values |= {"alert_id": None, "alert_state": None, "clear_said": False}
    if values:
        tx.conn.execute(
            update(condition)
            .where(condition.c.site_id == a.site_id, condition.c.subject == a.subject, condition.c.name == a.kind)
            .values(**values)
        )


def insert(tx: Tx, alerts: Sequence[Alert]) -> None:
    """Store new alerts. What none of them has yet is left out: SQLite's driver takes its detour for nothing, too."""
    columns = list(zip(*map(_row, alerts), strict=True))
    columns[_CLEAR_PLACE] = tuple(map(int, columns[_CLEAR_PLACE]))  # and for booleans
    given = [i for i, values in enumerate(columns) if values.count(None) < len(values)]
    names, rows = tuple([_FIELDS[i] for i in given]), list(zip(*[columns[i] for i in given], strict=True))
    bulk.insert_tuples(tx.conn, tx.dialect, alert, names, rows, clean=True)


_SAVE: Final = (
    f"UPDATE alert SET {', '.join(f'{name} = ?' for name in _FIELDS)} WHERE site_id = ? AND id = ? AND version = ?"  # noqa: S608
)
_STANDS: Final = "UPDATE condition SET alert_state = ?, clear_said = ? WHERE site_id = ? AND subject = ? AND name = ? AND alert_id = ?"


def save(tx: Tx, steps: Iterable[tuple[Alert, Alert]]) -> None:
    """Store (before, after) pairs, and what their conditions tell of them. Raises `Stale` when one was changed by somebody
    else meanwhile.
    """
    sql, stands = bulk.marked(tx.conn, _SAVE), bulk.marked(tx.conn, _STANDS)
    for before, after in steps:
        row = [v.value if isinstance(v, Enum) else v for v in _row(after)]
        changed = tx.conn.exec_driver_sql(sql, (*row, after.site_id, after.id, before.version))
        if changed.rowcount != 1:
            raise Stale(alert_id=after.id)
        if (before.state, before.clear_said) != (after.state, after.clear_said):
            where = (after.site_id, after.subject, after.kind, after.id)
            tx.conn.exec_driver_sql(stands, (after.state.value, after.clear_said, *where))


_FIRED: Final = ("site_id", "alert_id", "ring", "rung", "due_at", "at", "who", "people")


def insert_fired(tx: Tx, site_id: str, fired: Sequence[Fired]) -> None:
    """Store rungs that fired; the key refuses one that has fired before."""
    rows = [
        (site_id, f.alert_id, f.ring, f.rung, micros(f.due_at), micros(f.at), f.who, json_text(f.people)) for f in fired
    ]
    bulk.insert_tuples(tx.conn, tx.dialect, rung_fired, _FIRED, rows, clean=True)


def insert_notices(tx: Tx, site_id: str, owed: Sequence[Notice]) -> None:
    """Queue notices, due at once."""
    bulk.insert(
        tx.conn,
        tx.dialect,
        notice,
        [
            {
                "site_id": site_id,
                "id": n.id,
                "alert_id": n.alert_id,
                "ring": n.ring,
                "rung": n.rung,
                "person_id": n.person_id,
                "channel": n.channel,
                "target": n.target,
                "state": "queued",
                "attempts": 0,
                "due_at": micros(n.made_at),
                "made_at": micros(n.made_at),
            }
            for n in owed
        ],
    )


def cancel_notices(tx: Tx, site_id: str, alert_id: str, at: datetime, *, before_ring: int | None = None) -> int:
    """Take back what is still queued for an alert that somebody answered. Returns how many."""
    sql = (
        "UPDATE notice SET state = 'cancelled', due_at = NULL, done_at = ? "
        "WHERE site_id = ? AND alert_id = ? AND state = 'queued'"
    )
    values: tuple[Any, ...] = (micros(at), site_id, alert_id)
    if before_ring is not None:
        sql, values = sql + " AND ring < ?", (*values, before_ring)
    return tx.conn.exec_driver_sql(bulk.marked(tx.conn, sql), values).rowcount
