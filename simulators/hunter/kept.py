"""What the product kept of a night, read back once as plain rows: no slice's own reader stands between."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from store.db import Store

_ROWS: Final = {
    "events": "SELECT rowid AS place, id, gateway_id, boot, seq, device_id, kind, klass, flags, heard_at, alert_id, raw "
    "FROM event WHERE site_id = ? ORDER BY rowid",
    "rejects": "SELECT topic, why, raw FROM reject WHERE site_id = ? ORDER BY rowid",
    "alerts": "SELECT * FROM alert WHERE site_id = ? ORDER BY number",
    "rungs": "SELECT * FROM rung_fired WHERE site_id = ? ORDER BY alert_id, ring, rung",
    "notices": "SELECT * FROM notice WHERE site_id = ? ORDER BY made_at, id",
    "conditions": "SELECT * FROM condition WHERE site_id = ? ORDER BY subject, name",
    "boots": "SELECT * FROM gateway_boot WHERE site_id = ?",
    "seats": "SELECT * FROM seat_state WHERE site_id = ?",
    "entries": "SELECT n, at, act, actor, subject, body, chain FROM log_entry WHERE site_id = ? ORDER BY n",
}


class Entry(msgspec.Struct, frozen=True):
    """One line of the logbook, read from its sealed bytes."""

    n: int
    us: int
    act: str
    actor: str
    about: str
    data: dict[str, Any]
    body: bytes
    chain: bytes


class Kept(msgspec.Struct):
    """Every row of one site. Times are microseconds; JSON is decoded."""

    events: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    alerts: dict[str, dict[str, Any]]
    rungs: dict[str, list[dict[str, Any]]]
    notices: list[dict[str, Any]]
    conditions: list[dict[str, Any]]
    boots: list[dict[str, Any]]
    seats: list[dict[str, Any]]
    entries: list[Entry]
    told: dict[str, list[Entry]]  # the entries of each alert, in order

    def by_id(self) -> dict[str, dict[str, Any]]:
        """Events by id (the last one, should there be two)."""
        return {e["id"]: e for e in self.events}


def read(db: Store, site: str) -> Kept:
    """Load everything that a night left in the store."""
    with db.read() as conn:
        found = {name: _rows(conn, sql, site) for name, sql in _ROWS.items()}
    for alert in found["alerts"]:
        alert["ladder"] = msgspec.json.decode(alert["ladder"])
    for rung in found["rungs"]:
        rung["people"] = msgspec.json.decode(rung["people"])
    entries = [_entry(row) for row in found["entries"]]
    return Kept(
        events=found["events"],
        rejects=found["rejects"],
        alerts={a["id"]: a for a in found["alerts"]},
        rungs=_grouped(found["rungs"], "alert_id"),
        notices=found["notices"],
        conditions=found["conditions"],
        boots=found["boots"],
        seats=found["seats"],
        entries=entries,
        told=_told(entries),
    )


def _rows(conn: Connection, sql: str, site: str) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.exec_driver_sql(sql, (site,)).mappings()]


def _entry(row: dict[str, Any]) -> Entry:
    body = bytes(row["body"])
    data = msgspec.json.decode(body).get("data", {})
    return Entry(row["n"], row["at"], row["act"], row["actor"], row["subject"], data, body, bytes(row["chain"]))


def _grouped(rows: Iterable[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    made: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        made.setdefault(row[key], []).append(row)
    return made


def _told(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    made: dict[str, list[Entry]] = {}
    for entry in entries:
        family, _, name = entry.about.partition("/")
        if family == "alert" and entry.act.startswith("alert."):
            made.setdefault(name, []).append(entry)
    return made
