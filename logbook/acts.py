"""People write into the log: an entry, and the correction of one. Nothing is ever edited or taken out (LOG-03)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from core.clock import micros
from core.errors import Invalid
from logbook import entries, status
from logbook.errors import IsCorrection, NoSuchEntry, NotAttached, NotWritten, NotYours, TextGone
from logbook.files import ENDINGS, Kept
from logbook.forms import CORRECTED, WRITTEN, Draft, written
from logbook.rules import Line
from logbook.tables import log_attached, log_file
from sites.register import Register, Role
from store import bulk
from store.db import Tx

LEADS: Final = frozenset({Role.SUPERVISOR, Role.MANAGER})


def write(tx: Tx, register: Register, draft: Draft, by: str, at: datetime) -> int:
    """Append an entry (LOG-02, LOG-14). Whether the alert it names is there, the caller has seen to. Returns its number."""
    data = {**written(register, draft, by, at), "attachments": _attachments(tx, register, draft)}
    subject = f"alert/{draft.alert}" if draft.alert else f"zone/{draft.zone}" if draft.zone else "site"
    entries.append(tx, register.site_id, [Line(at, WRITTEN, by, subject, data)])
    _noted(tx, register.site_id, data)
    status.told(tx, register.site_id, register.version, draft.form, at)
    return tx.heads[register.site_id].log_size


def correct(
    tx: Tx, register: Register, n: int, draft: Draft, reason: str, by: str, roles: Collection[Role], at: datetime
) -> int:
    """Append what entry `n` should have said, and why; `n` itself stays as it is (LOG-03). Returns the new number.

    By who wrote it or a supervisor; on the same form. A second correction is again of the first entry.
    """
    first = entries.one(tx.conn, register.site_id, n)
    if first is None:
        raise NoSuchEntry(field="n")
    if first.act == entries.GONE:
        raise TextGone(field="n")
    if first.act == CORRECTED:
        raise IsCorrection(field="n", first=first.data["corrects"])
    if first.act != WRITTEN:
        raise NotWritten(field="n")
    if first.actor != by and LEADS.isdisjoint(roles):
        raise NotYours
    if not reason.strip():
        raise Invalid("A correction gives its reason.", field="reason")
    if draft.form != first.data["form"]["id"]:
        raise Invalid("A correction is written on the form of what it corrects.", field="form")
    data = {
        **written(register, draft, by, at),
        "attachments": _attachments(tx, register, draft),
        "corrects": n,
        "reason": reason.strip(),
    }
    entries.append(tx, register.site_id, [Line(at, CORRECTED, by, about(n), data)])
    _noted(tx, register.site_id, data)
    return tx.heads[register.site_id].log_size


def upload(tx: Tx, site_id: str, kept: Kept, by: str, at: datetime) -> None:
    """Note a file that lies in the folder now, so that entries of this site may attach it and its people read it."""
    row = {
        "site_id": site_id,
        "sha256": kept.sha256,
        "size": kept.size,
        "type": kept.type,
        "author": by,
        "at": micros(at),
    }
    bulk.insert_ignoring(tx.conn, tx.dialect, log_file, [row])


def uploaded(conn: Connection, site_id: str, names: Iterable[str]) -> dict[str, Kept]:
    """Those of the files that this site has, by hash."""
    query = select(log_file.c.sha256, log_file.c.size, log_file.c.type).where(log_file.c.site_id == site_id)
    return {row.sha256: Kept(*row) for row in conn.execute(query.where(log_file.c.sha256.in_(list(names))))}


def _noted(tx: Tx, site_id: str, data: dict[str, Any]) -> None:
    """Note which files the entry just written attaches."""
    n = tx.heads[site_id].log_size
    rows = [{"site_id": site_id, "sha256": file["sha256"], "n": n} for file in data["attachments"]]
    bulk.insert_ignoring(tx.conn, tx.dialect, log_attached, rows)


def _attachments(tx: Tx, register: Register, draft: Draft) -> list[dict[str, Any]]:
    there = uploaded(tx.conn, register.site_id, (a.sha256 for a in draft.attachments))
    said = []
    for attached in draft.attachments:
        kept = there.get(attached.sha256)
        if kept is None:
            raise NotAttached(field="attachments", sha256=attached.sha256)
        name = attached.name or f"{kept.sha256[:12]}.{ENDINGS[kept.type]}"
        said.append({"sha256": kept.sha256, "name": name, "size": kept.size, "type": kept.type})
    return said


def about(n: int) -> str:
    """The subject of whatever is said about entry `n`."""
    return f"log/{n}"
