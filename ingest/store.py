"""Events, rejects, device and gateway states: in and out of their rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, and_, or_, select, update

from alerts.rules import Alert
from core.clock import instant, micros
from core.ids import fresh
from ingest.rules import UNKNOWN
from ingest.scene import Boot
from ingest.tables import event, gateway_boot, gateway_state, reject
from sites.register import Register
from sites.tables import device_state
from store import bulk
from store.bulk import marked
from store.db import Tx
from store.metadata import json_text

EVENT_COLUMNS: Final = (
    "site_id",
    "id",
    "gateway_id",
    "boot",
    "seq",
    "device_id",
    "kind",
    "klass",
    "flags",
    "said_at",
    "heard_at",
    "shift_id",
    "holder_id",
    "alert_id",
    "raw",
)
MAX_REJECT_BYTES: Final = 64 * 1024


class Brief(msgspec.Struct, frozen=True, gc=False):
    """An event as lists and the live feed show it."""

    id: str
    device_id: str
    gateway_id: str
    kind: str
    klass: str
    flags: int
    said_at: datetime
    heard_at: datetime
    alert_id: str | None


def known(conn: Connection, site_id: str, ids: Iterable[str]) -> dict[str, tuple[str, int, str, str]]:
    """Which of `ids` are stored already, with the (boot, seq, device, kind) they stand for."""
    wanted = list(ids)
    if conn.dialect.name == "postgresql":
        # one look-up a row, whatever the statistics say: a planner that knows nothing yet would read the whole site
        sql = (
            "SELECT e.id, e.boot, e.seq, e.device_id, e.kind FROM UNNEST(%s::text[]) AS w(id), LATERAL "
            "(SELECT id, boot, seq, device_id, kind FROM event WHERE site_id = %s AND id = w.id LIMIT 1) e"
        )
        rows = conn.exec_driver_sql(sql, (bulk.text_array(wanted), site_id))
    else:
        sql = (
            "SELECT id, boot, seq, device_id, kind FROM event "
            "WHERE site_id = ? AND id IN (SELECT value FROM json_each(?))"
        )
        rows = conn.exec_driver_sql(sql, (site_id, json_text(wanted)))
    return {r[0]: (r[1], r[2], r[3], r[4]) for r in rows}


def insert_events(tx: Tx, site_id: str, rows: Sequence[tuple[Any, ...]], *, more: bool = False) -> None:
    """Store new events. The caller has left out what is known; a clash is a fault of ours, and an error. `more`: the next
    statement brings more of them.
    """
    if tx.dialect == "sqlite":  # its driver takes a detour for bytes that may not change
        told = [(site_id, *row[:-1], bytearray(row[-1])) for row in rows]
    else:
        told = [(site_id, *row) for row in rows]
    bulk.insert_tuples(tx.conn, tx.dialect, event, EVENT_COLUMNS, told, more=more, clean=True)


def brief(row: tuple[Any, ...]) -> Brief:
    """A row made by judging, as the live feed shows it."""
    return Brief(row[0], row[4], row[1], row[5], row[6], row[7], instant(row[8]), instant(row[9]), row[12])


_BRIEF = [event.c[name] for name in Brief.__struct_fields__]


def _briefs(rows: Iterable[Any]) -> list[Brief]:
    return [Brief(r[0], r[1], r[2], r[3], r[4], r[5], instant(r[6]), instant(r[7]), r[8]) for r in rows]


Before = tuple[datetime, str]  # where a page ended: events of one batch share their heard_at


def events(
    conn: Connection,
    site_id: str,
    *,
    before: Before | None = None,
    device: str | None = None,
    kind: str | None = None,
    limit: int = 50,
) -> list[Brief]:
    """Events newest first; `kind` may be a family such as `fire`."""
    query = select(*_BRIEF).where(event.c.site_id == site_id)
    if before is not None:
        at = micros(before[0])
        query = query.where(or_(event.c.heard_at < at, and_(event.c.heard_at == at, event.c.id < before[1])))
    if device is not None:
        query = query.where(event.c.device_id == device)
    if kind is not None:
        query = query.where((event.c.kind == kind) | event.c.kind.startswith(kind + ".", autoescape=True))
    return _briefs(conn.execute(query.order_by(event.c.heard_at.desc(), event.c.id.desc()).limit(limit)))


def events_of(conn: Connection, alert: Alert, limit: int = 100) -> list[Brief]:
    """The events of one alert, newest first. Found through its device: an index by alert would cost every event."""
    query = select(*_BRIEF).where(event.c.site_id == alert.site_id, event.c.alert_id == alert.id)
    if alert.subject.startswith("report/"):
        query = query.where(event.c.id == alert.event_id)
    else:
        query = query.where(event.c.heard_at >= micros(alert.heard_at))
        if alert.subject.startswith("gateway/"):
            query = query.where(event.c.flags.op("&")(UNKNOWN) != 0)
        else:
            query = query.where(event.c.device_id == alert.subject)
    return _briefs(conn.execute(query.order_by(event.c.heard_at.desc(), event.c.id.desc()).limit(limit)))


def one_event(conn: Connection, site_id: str, event_id: str) -> dict[str, Any] | None:
    """An event with everything that is kept of it."""
    row = conn.execute(select(event).where(event.c.site_id == site_id, event.c.id == event_id)).mappings().first()
    if row is None:
        return None
    return {**row, "said_at": instant(row["said_at"]), "heard_at": instant(row["heard_at"])}


def keep_reject(tx: Tx, site_id: str, topic: str, at: datetime, why: str, detail: str, raw: bytes) -> None:
    """Keep what could not be understood: its bytes (the first 64 KiB) and the named reason (IOT-03)."""
    if len(raw) > MAX_REJECT_BYTES:
        detail = f"{detail}; {len(raw)} bytes in all"
    bulk.insert(
        tx.conn,
        tx.dialect,
        reject,
        [
            {
                "id": fresh(at),
                "site_id": site_id,
                "topic": topic[:512].replace("\0", "\ufffd"),
                "heard_at": micros(at),
                "why": why,
                "detail": detail[:500].replace("\0", "\ufffd"),
                "raw": raw[:MAX_REJECT_BYTES],
            }
        ],
    )


def rejects(conn: Connection, site_id: str, *, before: Before | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Rejects newest first."""
    query = select(reject).where(reject.c.site_id == site_id)
    if before is not None:
        at, tie = before
        query = query.where(or_(reject.c.heard_at < at, and_(reject.c.heard_at == at, reject.c.id < tie)))
    rows = conn.execute(query.order_by(reject.c.heard_at.desc(), reject.c.id.desc()).limit(limit)).mappings()
    return [dict(r) for r in rows]


# -- devices -----------------------------------------------------------------------------------------------------------


def watch(tx: Tx, register: Register, at: datetime) -> None:
    """Give every device and gateway of a register its row, with silence counted from `at`; what is there stays. Until a
    device is first heard, its `said_at` is the moment since when we listen for it.
    """
    site = register.site_id
    bulk.insert_ignoring(
        tx.conn,
        tx.dialect,
        device_state,
        [
            {
                "site_id": site,
                "device_id": d.id,
                "heard_at": 0,
                "said_at": micros(at),
                "kind": "",
                "silent": False,
                "due_at": micros(at) + d.supervision_s * 1_000_000 if d.supervision_s else None,
            }
            for d in register.devices.values()
        ],
    )
    bulk.insert_ignoring(
        tx.conn,
        tx.dialect,
        gateway_state,
        [
            {
                "site_id": site,
                "gateway_id": g.id,
                "state": "unknown",
                "boot": "",
                "heard_at": micros(at),
                "spooled": 0,
                "silent": False,
                "due_at": micros(at) + g.supervision_s * 1_000_000,
            }
            for g in register.gateways.values()
        ],
    )


def save_heard(tx: Tx, site_id: str, heard: Mapping[str, tuple[int, int, str]]) -> None:
    """Note when devices were last heard. Their due moment is left alone: the sweep moves it when it comes."""
    rows = [(at, said, kind, site_id, d) for d, (at, said, kind) in heard.items()]
    sets, keys = ("heard_at", "said_at", "kind"), ("site_id", "device_id")
    bulk.update_tuples(tx.conn, tx.dialect, device_state, sets, keys, rows, clean=True)


def save_silence(tx: Tx, site_id: str, rows: Mapping[str, tuple[bool, int | None]]) -> None:
    """Store {device: (silent, due_at)}."""
    bulk.update(
        tx.conn,
        tx.dialect,
        device_state,
        ("site_id", "device_id"),
        [{"site_id": site_id, "device_id": d, "silent": silent, "due_at": due} for d, (silent, due) in rows.items()],
    )


def look_at(tx: Tx, site_id: str, devices: Collection[str], due_at: datetime) -> None:
    """Have these devices looked at then, unless their silence is known already."""
    tx.conn.execute(
        update(device_state)
        .where(
            device_state.c.site_id == site_id,
            device_state.c.device_id.in_(list(devices)),
            device_state.c.silent.is_(False),
        )
        .values(due_at=micros(due_at))
    )


def devices_due(conn: Connection, site_id: str, at: datetime, limit: int = 500) -> list[tuple[str, int, bool]]:
    """(device, since when it says nothing in microseconds, silent) of devices whose due moment has come."""
    sql = (
        "SELECT device_id, CASE WHEN heard_at = 0 THEN said_at ELSE heard_at END, silent FROM device_state "
        "WHERE site_id = ? AND due_at <= ? ORDER BY due_at LIMIT ?"
    )
    rows = conn.exec_driver_sql(marked(conn, sql), (site_id, micros(at), limit))
    return [(r[0], r[1], bool(r[2])) for r in rows]


def device_states(conn: Connection, site_id: str, ids: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """When each device was last heard, as {device_id, heard_at, kind, silent}; `heard_at` None: never."""
    query = select(device_state.c.device_id, device_state.c.heard_at, device_state.c.kind, device_state.c.silent).where(
        device_state.c.site_id == site_id
    )
    if ids is not None:
        query = query.where(device_state.c.device_id.in_(list(ids)))
    return [
        {**r, "heard_at": instant(r["heard_at"]) if r["heard_at"] else None} for r in conn.execute(query).mappings()
    ]


# -- gateways ----------------------------------------------------------------------------------------------------------


def boots(conn: Connection, site_id: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Boot]:
    """How far the given (gateway, boot) pairs are known; a new one starts at nothing."""
    found: dict[tuple[str, str], Boot] = {}
    for gateway, boot in wanted:
        sql = "SELECT through, ahead, due_at, gap_told FROM gateway_boot WHERE site_id = ? AND gateway_id = ? AND boot = ?"
        row = conn.exec_driver_sql(marked(conn, sql), (site_id, gateway, boot)).first()
        known = Boot(row[0], msgspec.json.decode(row[1]), row[2], bool(row[3])) if row else Boot(0, [])
        found[gateway, boot] = known
    return found


def save_boots(tx: Tx, site_id: str, at: datetime, changed: Mapping[tuple[str, str], Boot]) -> None:
    """Store how far boots are known."""
    bulk.upsert(
        tx.conn,
        tx.dialect,
        gateway_boot,
        [
            {
                "site_id": site_id,
                "gateway_id": gateway,
                "boot": boot,
                "through": b.through,
                "ahead": json_text(b.ahead),
                "moved_at": micros(at),
                "due_at": b.due_at,
                "gap_told": b.gap_told,
            }
            for (gateway, boot), b in changed.items()
        ],
    )


def postpone_giving_up(tx: Tx, site_id: str, gateway: str, due_at: datetime) -> None:
    """A gateway is back: it gets the whole span again to say what is missing."""
    tx.conn.execute(
        update(gateway_boot)
        .where(
            gateway_boot.c.site_id == site_id,
            gateway_boot.c.gateway_id == gateway,
            gateway_boot.c.gap_told,
            gateway_boot.c.due_at.is_not(None),
        )
        .values(due_at=due_at)
    )


def boots_due(conn: Connection, site_id: str, at: datetime) -> list[tuple[str, str]]:
    """(gateway, boot) whose gap was not filled in time."""
    sql = "SELECT gateway_id, boot FROM gateway_boot WHERE site_id = ? AND due_at <= ?"
    return [(r[0], r[1]) for r in conn.exec_driver_sql(marked(conn, sql), (site_id, micros(at)))]


def gateways_heard(tx: Tx, site_id: str, heard: Mapping[str, datetime]) -> None:
    """Events came from these gateways."""
    rows = [{"site_id": site_id, "gateway_id": g, "heard_at": micros(at)} for g, at in heard.items()]
    bulk.update(tx.conn, tx.dialect, gateway_state, ("site_id", "gateway_id"), rows)


def save_gateway(tx: Tx, site_id: str, gateway: str, **values: Any) -> None:
    """Change some columns of a gateway's state."""
    row = {k: micros(v) if isinstance(v, datetime) else v for k, v in values.items()}
    rows = [{"site_id": site_id, "gateway_id": gateway, **row}]
    bulk.update(tx.conn, tx.dialect, gateway_state, ("site_id", "gateway_id"), rows)


def gateway_states(conn: Connection, site_id: str) -> list[dict[str, Any]]:
    """Every gateway's state, as the live feed shows it."""
    sql = "SELECT gateway_id, state, boot, spooled, heard_at, silent, due_at FROM gateway_state WHERE site_id = ?"
    return [
        {
            "gateway_id": r[0],
            "state": r[1],
            "boot": r[2],
            "spooled": r[3],
            "heard_at": instant(r[4]),
            "silent": bool(r[5]),
            "due_at": None if r[6] is None else instant(r[6]),
        }
        for r in conn.exec_driver_sql(marked(conn, sql), (site_id,))
    ]


def gateways_behind(conn: Connection, site_id: str) -> dict[str, tuple[str, int]]:
    """(boot, microseconds) of each gateway that said what its clock shows: how far behind ours that is at most."""
    sql = "SELECT gateway_id, boot, behind_us FROM gateway_state WHERE site_id = ? AND behind_us IS NOT NULL"
    return {r[0]: (r[1], r[2]) for r in conn.exec_driver_sql(marked(conn, sql), (site_id,))}


_LEAST_GAP: Final = "SELECT min(due_at) FROM gateway_boot"
_LEAST: Final = ("SELECT min(due_at) FROM device_state", "SELECT min(due_at) FROM gateway_state", _LEAST_GAP)


def next_gap(conn: Connection) -> datetime | None:
    """When the next unfilled gap becomes a trouble."""
    return _least(conn, _LEAST_GAP)


def next_due(conn: Connection) -> datetime | None:
    """The earliest moment of any device, gateway or gap; who was heard meanwhile is then only looked at."""
    return min((at for at in (_least(conn, sql) for sql in _LEAST) if at is not None), default=None)


def _least(conn: Connection, sql: str) -> datetime | None:
    found: int | None = conn.exec_driver_sql(sql).scalar()
    return None if found is None else instant(found)


def supervised(conn: Connection, site_id: str) -> list[tuple[str, int, int]]:
    """(device, heard_at, due_at) of every device whose silence is awaited; microseconds."""
    sql = "SELECT device_id, heard_at, due_at FROM device_state WHERE site_id = ? AND due_at IS NOT NULL"
    return [(r[0], r[1], r[2]) for r in conn.exec_driver_sql(marked(conn, sql), (site_id,))]


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites with a device, gateway or gap whose moment has come."""
    due = micros(at)
    return {r[0] for r in conn.exec_driver_sql(marked(conn, _SITES_DUE), (due, due, due))}


_SITES_DUE: Final = (
    "SELECT site_id FROM device_state WHERE due_at <= ? UNION SELECT site_id FROM gateway_state WHERE due_at <= ? "
    "UNION SELECT site_id FROM gateway_boot WHERE due_at <= ?"
)
