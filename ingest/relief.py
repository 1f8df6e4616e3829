"""Relief as it falls due: the hand-over is opened before the planned end, and whoever does not come is called late.

Only where the site says that its seats are left by handing them over; what is owed rests in rows (HND-02, HND-04, ATT-06).
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection

from core.ids import derived
from duty import handover_store, relief
from duty import store as duty_store
from duty.handover_errors import HandoverOpen
from duty.handover_store import next_due, sites_due
from duty.relief import Relief
from duty.rules import Holding
from ingest import packet
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from sites.register import Register
from store.db import Tx

__all__ = ["DUE_ROWS", "conditions", "look", "next_due", "own_conditions", "sites_due"]

LATE: Final = "duty.late_relief"
DUE_ROWS: Final = None  # who has come, and by what shifts, is seen in every pass


def own_conditions(register: Register) -> list[tuple[str, str]]:
    """What may be raised and ended for the seats of a site."""
    return [(f"seat/{seat}", LATE) for seat in register.seats]


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:  # noqa: ARG001 - a watch's question
    """What may be raised and ended for the seats of a site."""
    return own_conditions(desk.register)


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """See what is owed for each seat now: asked when something is due, and whenever a seat is settled."""
    register, policy = desk.register, desk.register.policies.duty
    stood = handover_store.reliefs(tx.conn, register.site_id)
    if not policy.handover_required and not stood:
        return
    planned = duty_store.shifts(tx.conn, register.site_id, at - duty_store.BEHIND, at + duty_store.AHEAD)
    stays = duty_store.attended(tx.conn, register.site_id, at - duty_store.BEHIND)
    stand = []
    held = {seat: holding.principal for seat, holding in judgement.scene.held.items()}  # being away relieves nobody
    for seat, holding in held.items():
        owed = None
        if policy.handover_required and register.seats[seat].required:
            owed = relief.due(holding, planned, stays, policy, at)
        _late(judgement, seat, owed, at)
        if owed is not None:
            stand.append(_told(_prepared(tx, register, held, owed, stood.get(seat), at), at))
    handover_store.save_reliefs(tx, register.site_id, stand)


def _late(judgement: Judgement, seat: str, owed: Relief | None, at: datetime) -> None:
    key = (f"seat/{seat}", LATE)
    cond = judgement.changes.conditions.get(key) or judgement.scene.conditions.get(key)
    active = cond is not None and cond.active
    late = owed is not None and owed.late_at is not None and owed.late_at <= at
    if late and owed is not None and not active:
        data = {"outgoing": owed.person, "planned_end": owed.end_at}
        judgement.occur(key[0], LATE, Origin(derived(at, "late", seat), at), data)
    elif active and not late:
        judgement.over(key[0], "duty.relieved", Origin(derived(at, "relieved", seat), at))


def _prepared(
    tx: Tx, register: Register, held: Mapping[str, Holding], owed: Relief, was: Relief | None, at: datetime
) -> Relief:
    """Open the hand-over when its time has come: once for each planned end."""
    same = was is not None and (was.person, was.end_at) == (owed.person, owed.end_at)
    if same and was is not None and was.prepare_at is None:
        return msgspec.structs.replace(owed, prepare_at=None)
    if owed.prepare_at is None or owed.prepare_at > at:
        return owed
    with suppress(HandoverOpen):  # they began by themselves
        packet.begin(tx, register, held, owed.seat, owed.person, "system", at)
    return msgspec.structs.replace(owed, prepare_at=None)


def _told(owed: Relief, at: datetime) -> Relief:
    """What was called late is not called again."""
    return msgspec.structs.replace(owed, late_at=None) if owed.late_at is not None and owed.late_at <= at else owed
