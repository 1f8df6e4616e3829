"""Somebody goes where an alert is: a press of theirs says that they have set out, a tap near it that they are there (EMG-10).

Neither moves the alert: who is responsible for it stays responsible. Both stand in its history, and are pushed.
"""

from collections.abc import Sequence
from typing import Any

from alerts import store as alert_store
from alerts import way_store
from alerts.rules import Act, State
from ingest.rules import Judgement
from ingest.urgent import near
from patrol.rules import Tap
from store.db import Tx


def arrived(tx: Tx, judgement: Judgement, taps: Sequence[Tap]) -> None:
    """Let taps that count show who has arrived. Of an alert that was closed meanwhile nothing more is said."""
    register, at = judgement.scene.desk.register, judgement.at
    good = [tap for tap in taps if tap.counts and tap.checkpoint_id is not None and tap.person_id is not None]
    ways = way_store.going(tx.conn, register.site_id) if good else []
    found = alert_store.some(tx.conn, register.site_id, {way.alert_id for way in ways})
    for way in ways:
        alert = found.get(way.alert_id)
        if alert is None or alert.state is State.CLOSED:
            way_store.end(tx, way, at)
            continue
        points = near(register, alert.zone_id, register.checkpoints)
        mine = [t for t in good if t.person_id == way.person_id and t.checkpoint_id in points and t.at >= way.since]
        if mine:
            first = min(mine, key=lambda t: t.at)
            told: dict[str, Any] = {"checkpoint": first.checkpoint_id, "tap": first.event_id, "proof": first.proof}
            told |= {"said_at": first.said_at, "after_s": int((first.at - way.since).total_seconds())}
            judgement.remark(alert, Act.ARRIVE, way.person_id, **told)
            way_store.end(tx, way, at)
