"""What people write into the log, held against what it points at: an alert must be there to be written about."""

from collections.abc import Collection
from datetime import datetime

from alerts import store as alert_store
from logbook import acts, openings
from logbook.forms import Draft
from sites.register import Register, Role
from store.db import Tx


def write(tx: Tx, register: Register, draft: Draft, by: str, at: datetime) -> int:
    """Append an entry (see `logbook.acts.write`)."""
    _alert_is_there(tx, register, draft)
    n = acts.write(tx, register, draft, by, at)
    if draft.form == openings.OPENING:
        openings.told(tx, register.site_id, by, at)
    return n


def correct(
    tx: Tx, register: Register, n: int, draft: Draft, reason: str, by: str, roles: Collection[Role], at: datetime
) -> int:
    """Append the correction of entry `n` (see `logbook.acts.correct`)."""
    _alert_is_there(tx, register, draft)
    return acts.correct(tx, register, n, draft, reason, by, roles, at)


def _alert_is_there(tx: Tx, register: Register, draft: Draft) -> None:
    if draft.alert is not None:
        alert_store.get(tx.conn, register.site_id, draft.alert)
