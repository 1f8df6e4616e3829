"""People write into the log: an entry, and the correction of one. Nothing is ever edited or taken out (LOG-03)."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from core.errors import Invalid
from logbook import entries
from logbook.errors import IsCorrection, NoSuchEntry, NotWritten, NotYours
from logbook.forms import CORRECTED, WRITTEN, Draft, written
from logbook.rules import Line
from sites.register import Register, Role
from store.db import Tx

LEADS: Final = frozenset({Role.SUPERVISOR, Role.MANAGER})


def write(tx: Tx, register: Register, draft: Draft, by: str, at: datetime) -> int:
    """Append an entry (LOG-02, LOG-14). Whether the alert it names is there, the caller has seen to. Returns its number."""
    data = written(register, draft, by, at)
    subject = f"alert/{draft.alert}" if draft.alert else f"zone/{draft.zone}" if draft.zone else "site"
    entries.append(tx, register.site_id, [Line(at, WRITTEN, by, subject, data)])
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
    data = {**written(register, draft, by, at), "corrects": n, "reason": reason.strip()}
    entries.append(tx, register.site_id, [Line(at, CORRECTED, by, about(n), data)])
    return tx.heads[register.site_id].log_size


def about(n: int) -> str:
    """The subject of whatever is said about entry `n`."""
    return f"log/{n}"
