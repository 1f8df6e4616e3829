"""Notices in and out of their rows. Claiming moves `due_at` on: whoever dies while sending has it sent again, under the
same id, by the next one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, select, update

from alerts import store as alert_store
from alerts.climb import waits_on
from alerts.rules import RINGING
from alerts.tables import alert, notice
from core.clock import seconds
from logbook import entries
from logbook.rules import Line
from notify.delivery import Outcome
from store.db import Store, Tx
from store.metadata import Instant


class Owed(msgspec.Struct, frozen=True):
    """A notice to send. `attempts` counts this try."""

    site_id: str
    id: str
    alert_id: str
    ring: int
    rung: int
    person_id: str
    channel: str
    target: str
    attempts: int


_OF = and_(alert.c.site_id == notice.c.site_id, alert.c.id == notice.c.alert_id)
_FIELDS = [notice.c[name] for name in Owed.__struct_fields__]

# Built once: every notice is looked for, claimed and ended by these.
_NOW = bindparam("now", type_=Instant)
_THIS = and_(notice.c.site_id == bindparam("of_site"), notice.c.id == bindparam("of_id"))
_DUE = (
    select(*_FIELDS)
    .join(alert, _OF)
    .where(notice.c.state == "queued", notice.c.due_at <= _NOW)
    .order_by(alert.c.priority, notice.c.due_at, notice.c.id)
    .limit(bindparam("many"))
)
_CLAIMABLE = (
    select(*_FIELDS, alert.c.state.label("alert_state"), alert.c.ring.label("alert_ring"))
    .join(alert, _OF)
    .where(_THIS, notice.c.state == "queued", notice.c.due_at <= _NOW)
    .with_for_update(of=notice, skip_locked=True)
)
_CHANGE = update(notice).where(_THIS)
_CHANGE_QUEUED = _CHANGE.where(notice.c.state == "queued")
_CHANGE_UNSENT = _CHANGE.where(notice.c.state.in_(["queued", "cancelled"]))


def due(conn: Connection, at: datetime, limit: int = 5000) -> list[Owed]:
    """What is to be sent now, the most urgent and then the oldest first."""
    return [_owed(row) for row in conn.execute(_DUE, {"now": at, "many": limit})]


def claim(store: Store, wanted: Sequence[Owed], at: datetime, claim_s: float) -> list[Owed]:
    """Take those of `wanted` that are still due and still owed, each for `claim_s`; take back those whose alert was
    answered. Two notify processes never claim the same one.
    """
    with store.begin() as tx:
        taken: list[Owed] = []
        over: list[Owed] = []
        for owed in wanted:
            row = tx.conn.execute(_CLAIMABLE, {**_this(owed), "now": at}).one_or_none()
            if row is not None:
                (taken if _rings(row) else over).append(_owed(row, 1))
        for owed in taken:
            change = {"due_at": at + seconds(claim_s), "attempts": owed.attempts}
            tx.conn.execute(_CHANGE, {**_this(owed), **change})
        for owed in over:
            tx.conn.execute(_CHANGE, {**_this(owed), "state": "cancelled", "due_at": None, "done_at": at})
    return taken


def still_owed(store: Store, owed: Owed) -> bool:
    """Whether nobody has answered since: asked at the last moment before a message is out of our hands."""
    query = select(notice.c.ring, alert.c.state.label("alert_state"), alert.c.ring.label("alert_ring"))
    with store.read() as conn:
        row = conn.execute(query.join(alert, _OF).where(_THIS, notice.c.state == "queued"), _this(owed)).one_or_none()
    return row is not None and _rings(row)


def tried(
    store: Store, owed: Owed, outcome: Outcome, at: datetime, pauses_s: Sequence[float], *, hastens: bool = False
) -> None:
    """What a try means: it is out, or it is tried again after a pause, or it is given up. `hastens`: a notice to who
    holds a seat that is given up makes the next rung due at once (ESC-13).
    """
    if outcome.ok:
        sent(store, owed, outcome, at)
    elif outcome.again and owed.attempts <= len(pauses_s):
        later(store, owed, outcome, at + seconds(pauses_s[owed.attempts - 1]))
    else:
        failed(store, owed, outcome, at, hastens=hastens)


def sent(store: Store, owed: Owed, outcome: Outcome, at: datetime) -> None:
    """It is out. That somebody answered meanwhile does not unsend it: the row says what happened."""
    _end(store, owed, outcome, at, "sent")


def failed(store: Store, owed: Owed, outcome: Outcome, at: datetime, *, hastens: bool = False) -> None:
    """It will not be tried again."""
    _end(store, owed, outcome, at, "failed", hastens=hastens)


def later(store: Store, owed: Owed, outcome: Outcome, due_at: datetime) -> None:
    """Try again at `due_at`."""
    with store.begin() as tx:
        change = {"due_at": due_at, "code": outcome.code, "body": outcome.body}
        tx.conn.execute(_CHANGE_QUEUED, {**_this(owed), **change})


def cancelled(store: Store, owed: Owed, at: datetime) -> None:
    """Somebody answered before it went out."""
    with store.begin() as tx:
        change = {"state": "cancelled", "due_at": None, "done_at": at}
        tx.conn.execute(_CHANGE_QUEUED, {**_this(owed), **change})


def _end(store: Store, owed: Owed, outcome: Outcome, at: datetime, state: str, *, hastens: bool = False) -> None:
    """The row and its logbook line, once: a second sender of the same notice finds it ended."""
    ending = _CHANGE_UNSENT if state == "sent" else _CHANGE_QUEUED
    change = {"state": state, "due_at": None, "done_at": at, "code": outcome.code, "body": outcome.body}
    with store.begin([owed.site_id]) as tx:
        done = tx.conn.execute(ending, {**_this(owed), **change})
        if done.rowcount:
            soon = hastens and _hasten(tx, owed, at)
            entries.append(
                tx, owed.site_id, [_line(owed, outcome, at, state, {"unreached": owed.person_id} if soon else {})]
            )


def _hasten(tx: Tx, owed: Owed, at: datetime) -> bool:
    """Make the next rung due now if this notice was the last hope of its own, and if that rung is the one that rings."""
    n = notice.c
    same = (n.site_id == owed.site_id, n.alert_id == owed.alert_id, n.ring == owed.ring, n.rung == owed.rung)
    hopes = select(n.id).where(*same, n.person_id == owed.person_id, n.state.in_(["queued", "sent"])).limit(1)
    if tx.conn.execute(hopes).first() is not None:
        return False
    rings = alert_store.get(tx.conn, owed.site_id, owed.alert_id)
    if not waits_on(rings, owed.ring, owed.rung):
        return False
    here = (alert.c.site_id == owed.site_id, alert.c.id == owed.alert_id)
    return tx.conn.execute(update(alert).where(*here, alert.c.due_at > at).values(due_at=at)).rowcount > 0


def _line(owed: Owed, outcome: Outcome, at: datetime, state: str, more: dict[str, str]) -> Line:
    """Without the target: an address or a URL with its secret is nothing for a log that many may read."""
    told: dict[str, Any] = {
        "notice": owed.id,
        "person": owed.person_id,
        "channel": owed.channel,
        "ring": owed.ring,
        "rung": owed.rung,
        "attempts": owed.attempts,
        "code": outcome.code,
        **more,
    }
    return Line(at, f"notice.{state}", "system", f"alert/{owed.alert_id}", told)


def _this(owed: Owed) -> dict[str, Any]:
    return {"of_site": owed.site_id, "of_id": owed.id}


def _rings(row: Any) -> bool:
    return row.alert_state in RINGING and row.alert_ring == row.ring


def _owed(row: Any, more: int = 0) -> Owed:
    values = {name: getattr(row, name) for name in Owed.__struct_fields__}
    return Owed(**values | {"attempts": values["attempts"] + more})
