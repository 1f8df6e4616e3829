"""The coverage watch: what the shifts of the next weeks leave open is found at every change and once a day, and told in time.

The supervisor is called at the site's lead times before a hole begins, and whoever answered it is called again at the next;
the call ends by itself when the hole is filled, or when it begins: an empty seat rings by itself then (DUTY-01, DUTY-02).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from alerts.rules import HELD, Act
from core.clock import rfc3339
from core.ids import derived
from duty import coverage_reading, coverage_store
from duty.coverage import Lack
from duty.coverage_calls import POST_SHORT, SEAT_OPEN, Call, calls_of, left, placed, to_tell
from duty.coverage_store import DUE_ROWS, next_due, sites_due
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from store.db import Tx

__all__ = ["DUE_ROWS", "conditions", "look", "next_due", "sites_due"]

ENDED_BY: Final = MappingProxyType({SEAT_OPEN: "duty.coverage_met", POST_SHORT: "duty.short_met"})
AHEAD_DAYS: Final = 35
AGAIN: Final = timedelta(days=1)
BEHIND: Final = timedelta(days=2)  # a post that is short now is seen whole: when it began says what was told of it


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """What was told, and what is to be told."""
    site = desk.register.site_id
    if not any(coverage_store.due(conn, site, at)):
        return []
    return [(call.subject, call.kind) for call in coverage_store.calls(conn, site)]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Tell what is due, end what is over, and look the shifts through when that is due."""
    site, lead_h = desk.register.site_id, desk.register.policies.duty.coverage_lead_h
    anew, owed = coverage_store.due(tx.conn, site, at)
    if not anew and not owed:
        return
    were = coverage_store.calls(tx.conn, site)
    stand = _found(tx.conn, desk, were, at) if anew else [c for c in (left(w, at) for w in were) if c is not None]
    known = {(call.subject, call.kind) for call in were}
    stand = [
        placed(_told(judgement, call, lead_h, at) if (call.subject, call.kind) in known else call, at, lead_h)
        for call in stand
    ]
    _end(judgement, were, stand, at)
    coverage_store.put(tx, site, stand)
    if anew:
        coverage_store.look_at(tx, site, at + AGAIN)


def _found(conn: Connection, desk: Desk, were: Iterable[Call], at: datetime) -> list[Call]:
    """The calls for what is open now, as far ahead as shifts are published. New ones are told in the next pass, which is at
    once: this one has not loaded their conditions.
    """
    policies = desk.register.policies
    until = at + timedelta(days=min(AHEAD_DAYS, policies.roster_horizon_days))
    found = coverage_reading.missing(conn, desk.register, at - BEHIND, until)
    return calls_of(found, at, policies.duty.coverage_lead_h, were)


def _told(judgement: Judgement, call: Call, lead_h: Sequence[int], at: datetime) -> Call:
    """Call somebody, if it is time; whoever answered the last call and filled nothing is called again."""
    if not to_tell(call, at, lead_h):
        return call
    key = (call.subject, call.kind)
    if judgement.stands(*key):
        cond = judgement.changes.conditions.get(key) or judgement.scene.conditions[key]
        alert = judgement.scene.alerts.get(str(cond.alert_id))
        if alert is not None and alert.state in HELD and alert.id not in judgement.changes.stepped:
            judgement.drop(alert, Act.TIMEOUT, reason="still_open")
    else:
        judgement.occur(*key, Origin(derived(at, *key), at), _data(call))
    return msgspec.structs.replace(call, told_at=at)


def _data(call: Call) -> dict[str, Any]:
    gap = min(call.gaps, key=lambda g: g.starts_at)
    told: dict[str, Any] = {"code": gap.code, "post": gap.post, "seat": gap.seat}
    told |= {"starts_at": rfc3339(gap.starts_at), "ends_at": rfc3339(gap.ends_at), "gaps": len(call.gaps)}
    if gap.code is not Lack.UNCOVERED:
        told |= {"have": gap.have, "need": gap.need, "certificate": gap.certificate}
    return told


def _end(judgement: Judgement, were: Iterable[Call], stand: Iterable[Call], at: datetime) -> None:
    """What was told and is no more: filled, or begun."""
    still = {(call.subject, call.kind) for call in stand}
    for call in were:
        if call.told_at is not None and (call.subject, call.kind) not in still:
            kind = ENDED_BY[call.kind]
            judgement.over(call.subject, kind, Origin(derived(at, kind, call.subject), at))
