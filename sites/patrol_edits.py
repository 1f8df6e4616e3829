"""The patrol part of a register, its routes and plans, as it is edited at the console and kept beside the pack.

An edit is written in the pack's own words and read by the pack's own shapes, so that nothing goes in here that a pack may not
say. It stands until the pack says the same, or says something else than it did when the edit was made.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import yaml
from sqlalchemy import Connection, delete, select

from core.clock import micros
from sites import patrol_shapes, shapes
from sites.errors import EditNotInPack, EditUnfit, Fault
from sites.fields import Spot
from sites.pack import declared
from sites.register import Register, plain
from sites.tables import patrol_edit
from sites.tree import grown
from store import bulk
from store.db import Tx
from store.metadata import json_text

ROUTES: Final = "patrol_routes"
PLANS: Final = "patrol_plans"
MOST: Final = 100  # routes, and plans
_USUAL: Final[Mapping[str, Any]] = {
    "order": "ordered",
    "night": False,
    "tasks": [],
    "leg_s": None,
    "kind": "yes_no",
    "required": True,
    "violation": False,
    "unit": "",
    "least": None,
    "most": None,
    "choices": [],
    "bad": [],
    "every_min": 0,
    "per_shift": 0,
    "rrule": "",
    "window_min": 0,
    "grace_min": 5,
    "day_types": [],
}

Plain = Mapping[str, Any]


class Edit(msgspec.Struct, frozen=True):
    """That a site's routes and plans are not its pack's. `base`: what the pack said of them when they were first edited."""

    base: str
    version: int
    by: str
    reason: str
    at: datetime


def edited(register: Register, routes: Sequence[Plain], plans: Sequence[Plain]) -> Register:
    """The register with these routes and plans instead of its own. Raises `EditUnfit` with every fault."""
    faults: list[Fault] = []
    said = sections(routes, plans)
    spots = {name: Spot(grown(rows), "", name, faults) for name, rows in said.items()}
    for name, rows in said.items():
        if len(rows) > MOST:
            spots[name].wrong(f"{len(rows)} entries, at most {MOST}")
    known = {name: frozenset(declared(spot)) for name, spot in spots.items()}
    names = shapes.Names({"checkpoints": frozenset(register.checkpoints), "seats": frozenset(register.seats)} | known)
    made = msgspec.structs.replace(
        register,
        patrol_routes={r.id: r for r in (patrol_shapes.route(s, names) for s in spots[ROUTES].items(most=MOST))},
        patrol_plans={p.id: p for p in (patrol_shapes.plan(s, names) for s in spots[PLANS].items(most=MOST))},
    )
    patrol_shapes.cross_check(made, spots.__getitem__)
    if faults:
        raise EditUnfit(sorted(set(faults), key=lambda fault: (fault.field, fault.why)))
    return made


def sections(routes: Iterable[Plain], plans: Iterable[Plain]) -> dict[str, list[dict[str, Any]]]:
    """Routes and plans as a pack writes them: what is as usual is left out."""
    return {ROUTES: [_bare(row) for row in routes], PLANS: [_bare(_timed(row)) for row in plans]}


def _bare(row: Plain) -> dict[str, Any]:
    said = {key: _worded(key, value) for key, value in row.items()}
    return {key: value for key, value in said.items() if key not in _USUAL or value != _USUAL[key]}


def _worded(key: str, value: Any) -> Any:
    if key in {"from", "to"}:
        return str(value)[:5]
    if key in {"stops", "tasks"}:
        return [_bare(part) for part in value]
    return list(value) if isinstance(value, tuple) else value


def _timed(row: Plain) -> Plain:
    """Only a plan by the clock goes from one time to another; one by the shift has no time at all."""
    not_asked = {"from", "to"} if row["per_shift"] else {"to"} if row["rrule"] else set()
    return {key: value for key, value in row.items() if key not in not_asked}


def rows_of(register: Register) -> tuple[list[Plain], list[Plain]]:
    """A register's routes and plans as plain values."""
    made = plain(register)
    return [*made[ROUTES].values()], [*made[PLANS].values()]


def written(register: Register) -> str:
    """A register's routes and plans as a file of a pack."""
    return yaml.safe_dump(sections(*rows_of(register)), allow_unicode=True, sort_keys=False, width=120)


def digest(register: Register) -> str:
    """The hash of what is said of routes and plans."""
    made = plain(register)
    return hashlib.sha256(json_text([made[ROUTES], made[PLANS]]).encode()).hexdigest()


def merged(tx: Tx, old: Register | None, new: Register, *, over: bool) -> Register:
    """What an import comes to: a pack that says the same of routes and plans as when they were edited keeps the edit; one that
    has followed it, or goes `over` it, ends it. Raises `EditNotInPack` when both were changed, `EditUnfit` when the edit names
    what the pack has no more.
    """
    edit = found(tx.conn, new.site_id) if old is not None else None
    if old is None or edit is None:
        return new
    if over or digest(new) == digest(old):
        tx.conn.execute(delete(patrol_edit).where(patrol_edit.c.site_id == new.site_id))
        return new
    if digest(new) != edit.base:
        raise EditNotInPack(site=new.site_id, by=edit.by, at=edit.at.isoformat(), reason=edit.reason)
    return edited(new, *rows_of(old))


def found(conn: Connection, site_id: str) -> Edit | None:
    """The edit that stands at a site."""
    c = patrol_edit.c
    row: Any = conn.execute(select(c.base, c.version, c.by, c.reason, c.at).where(c.site_id == site_id)).first()
    return None if row is None else Edit(*row)


def keep(tx: Tx, old: Register, new: Register, by: str, reason: str, at: datetime) -> None:
    """Remember that routes and plans are no longer the pack's; an edit of an edit still stands on what the pack said."""
    before = found(tx.conn, new.site_id)
    base = before.base if before is not None else digest(old)
    if digest(new) == base:
        tx.conn.execute(delete(patrol_edit).where(patrol_edit.c.site_id == new.site_id))
        return
    row = {"site_id": new.site_id, "base": base, "version": new.version, "by": by, "reason": reason}
    bulk.upsert(tx.conn, tx.dialect, patrol_edit, [row | {"at": micros(at)}])
