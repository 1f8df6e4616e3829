"""What a gateway says of itself, and what its silence means."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from core.clock import micros, seconds
from core.ids import derived
from core.wire import Status
from ingest import store
from ingest.rules import Judgement, Origin
from logbook.rules import Line
from store import outbox
from store.db import Tx

RESTART_S = 20
GRACE_S = 60  # what was said meanwhile needs a moment to come in before a device's silence means anything
SEQ_GAP = "gateway.seq_gap"
GIVE_UP_S = 900  # a gateway says again whatever no receipt covers at least every 60 s: fifteen times that


def hear_status(tx: Tx, judgement: Judgement, gateway: str, status: Status, *, retained: bool, at: datetime) -> None:
    """Note a status. A retained one is old: it tells the state, but not that the gateway is there now."""
    register = judgement.scene.desk.register
    known = register.gateways.get(gateway)
    if known is None:
        return
    stands = next((s for s in store.gateway_states(tx.conn, register.site_id) if s["gateway_id"] == gateway), None)
    was_away = stands is not None and _away(stands)
    values: dict[str, Any] = {"state": status.state, "boot": status.boot, "spooled": status.spooled}
    if not retained:
        values["heard_at"] = at
        if status.state == "online":
            stood = store.gateways_behind(tx.conn, register.site_id).get(gateway)
            values["behind_us"] = _behind(stood, status, at)
            values |= {"silent": False, "due_at": at + seconds(known.supervision_s)}
            judgement.over(f"gateway/{gateway}", "gateway.online", Origin(derived(at, status.boot, gateway), status.at))
        else:  # its last will: a restart takes seconds, so it gets a moment before that is a trouble
            values["due_at"] = _will_due(stands, at + seconds(min(RESTART_S, known.supervision_s)))
    store.save_gateway(tx, register.site_id, gateway, **values)
    if was_away and status.state == "online" and not retained:
        behind = [d.id for d in register.devices.values() if d.gateway == gateway and d.supervision_s]
        store.look_at(tx, register.site_id, behind, at + seconds(GRACE_S))
        store.postpone_giving_up(tx, register.site_id, gateway, at + seconds(GIVE_UP_S))
    show(tx, judgement, gateway)


def away(tx: Tx, site_id: str) -> set[str]:
    """Gateways that are not there: of what stands behind them nothing is known."""
    return {s["gateway_id"] for s in store.gateway_states(tx.conn, site_id) if _away(s)}


def _away(state: dict[str, Any]) -> bool:
    return bool(state["silent"]) or state["state"] == "offline"


def _will_due(stands: dict[str, Any] | None, due: datetime) -> datetime | None:
    """When a last will becomes a trouble. A broker that starts again may say it again: that gives no second moment, and
    what was told is not told anew.
    """
    if stands is None or stands["state"] != "offline":
        return due
    return None if stands["due_at"] is None else min(due, stands["due_at"])


def behind(conn: Connection, site_id: str, statuses: Iterable[tuple[str, Status, datetime]]) -> dict[str, timedelta]:
    """How far behind ours each gateway's clock is at most, of those that said what it shows. A status may wait on its way,
    so that it only ever gives a bound; the least since the gateway started counts. `statuses`: those that have just come,
    each with when it was heard.
    """
    known = store.gateways_behind(conn, site_id)
    for gateway, status, at in statuses:
        if status.state == "online":
            known[gateway] = (status.boot, _behind(known.get(gateway), status, at))
    return {gateway: timedelta(microseconds=us) for gateway, (_, us) in known.items()}


def _behind(stood: tuple[str, int] | None, status: Status, at: datetime) -> int:
    """How far a gateway's clock is behind ours at most, after this status; `stood`: before it, in which boot."""
    us = micros(at) - micros(status.at)
    return us if stood is None or stood[0] != status.boot else min(us, stood[1])


def show(tx: Tx, judgement: Judgement, gateway: str) -> None:
    """Put a gateway's state on the live feed."""
    site = judgement.scene.desk.register.site_id
    for state in store.gateway_states(tx.conn, site):
        if state["gateway_id"] == gateway:
            body = {k: v for k, v in state.items() if k != "due_at"}
            outbox.append(tx, site, judgement.at, [("gateway", body)])


def silent(tx: Tx, judgement: Judgement, at: datetime, since: datetime) -> None:
    """Gateways whose moment has come: look whether they really were silent, and call it once. `since`: when we began to
    listen; what fell due before that may be our own deafness.
    """
    register = judgement.scene.desk.register
    for state in store.gateway_states(tx.conn, register.site_id):
        if state["due_at"] is None or state["due_at"] > at:
            continue
        gateway = register.gateways.get(state["gateway_id"])
        if gateway is None:
            store.save_gateway(tx, register.site_id, state["gateway_id"], due_at=None)
            continue
        due = state["heard_at"] + seconds(gateway.supervision_s)
        listened = since + seconds(RESTART_S)
        if listened > at:
            store.save_gateway(tx, register.site_id, gateway.id, due_at=listened)
            continue
        if due > at and state["state"] != "offline":
            store.save_gateway(tx, register.site_id, gateway.id, due_at=due)
            continue
        store.save_gateway(tx, register.site_id, gateway.id, due_at=None, silent=True)
        judgement.occur(
            f"gateway/{gateway.id}", "gateway.offline", Origin(derived(at, "silent", gateway.id), state["heard_at"])
        )
        show(tx, judgement, gateway.id)


def gaps(tx: Tx, judgement: Judgement, gapped: list[tuple[str, str]], at: datetime, since: datetime) -> None:
    """Sequence numbers that do not come: told as a trouble, and given up much later, so that receipts can go on.

    Given up is forgotten: the next receipt covers the missing numbers, and the gateway drops what it may still hold of them.
    So only the time counts in which it was there and we (`since`) were, too.
    """
    if not gapped:
        return
    register = judgement.scene.desk.register
    gone = away(tx, register.site_id)
    for gateway, name in gapped:
        boot = store.boots(tx.conn, register.site_id, [(gateway, name)])[gateway, name]
        patience = GIVE_UP_S if boot.gap_told else register.policies.gateway_gap_s
        if boot.ahead and gateway not in gone and not (boot.gap_told and at < since + seconds(GIVE_UP_S)):
            first, last = boot.missing
            told = {"boot": name, "first": first, "last": last}
            if boot.gap_told:
                boot.skip()
                judgement.changes.lines.append(Line(at, "gateway.gap_given_up", "system", f"gateway/{gateway}", told))
                patience = register.policies.gateway_gap_s
            else:
                found = Origin(derived(at, "gap", gateway, name, str(first)), at)
                judgement.occur(f"gateway/{gateway}", SEQ_GAP, found, told)
                patience = GIVE_UP_S
            boot.gap_told = not boot.gap_told
        boot.due_at = micros(at) + patience * 1_000_000 if boot.ahead else None
        store.save_boots(tx, register.site_id, at, {(gateway, name): boot})
