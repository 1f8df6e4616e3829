"""Seats: who is on for the scene, and what follows when a seat changes hands or falls empty."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from alerts import store as alert_store
from alerts.rules import Act
from core.clock import rfc3339
from core.ids import derived
from duty import mandate_acts, presence_store
from duty import store as duty_store
from duty.rules import Attended, Basis, Holding, next_change, who_holds
from ingest import relief
from ingest.commit import commit_seats
from ingest.rules import GAP, Judgement, Origin
from ingest.scene import Scene
from sites.duty_policies import BlockMode
from sites.register import Dated, Register
from store.db import Tx

LOOK_AGAIN = timedelta(hours=1)


def held_now(
    conn: Connection, register: Register, at: datetime
) -> tuple[dict[str, Holding], list[Dated], list[Attended]]:
    """Who holds each seat at `at`, with the shifts and stays that say so."""
    shifts, stays = duty_store.on_duty(conn, register.site_id, at)
    keeps = _keepers(conn, register)
    return {seat: who_holds(seat, at, shifts, stays, keeps.get(seat)) for seat in register.seats}, shifts, stays


def _keepers(conn: Connection, register: Register) -> dict[str, str]:
    """Who keeps which seat until it is handed over: who signed on to it and held it when it was last settled."""
    policy = register.policies.duty
    if not policy.handover_required and policy.handover_block.mode is not BlockMode.JOINT:
        return {}
    states = duty_store.states(conn, register.site_id).values()
    were = [h.principal for h in states]  # who is away for a while keeps it
    return {h.seat: h.person for h in were if h.person is not None and h.basis is Basis.SIGNED_ON}


def seat_states(conn: Connection, register: Register, at: datetime) -> list[dict[str, Any]]:
    """Every seat as the pages show it: holder, basis, since when, and who comes next."""
    held, shifts, _ = held_now(conn, register, at)
    return _shown(register, held, shifts, at)


def _shown(register: Register, held: dict[str, Holding], shifts: list[Dated], at: datetime) -> list[dict[str, Any]]:
    made = []
    for seat in register.seats:
        holding = held[seat]
        coming = min(
            (s for s in shifts if s.seat == seat and not s.on_call and s.starts_at > at),
            key=lambda s: s.starts_at,
            default=None,
        )
        made.append(
            {
                "seat_id": seat,
                "holder_id": holding.person,
                "basis": holding.basis,
                "shift_id": holding.shift,
                "since": None if holding.since is None else rfc3339(holding.since),
                "stands_for": holding.stands_for,
                "next_person_id": coming.person if coming else None,
                "next_at": rfc3339(coming.starts_at) if coming else None,
            }
        )
    return made


def settle(tx: Tx, scene: Scene, shifts: list[Dated], judgement: Judgement) -> None:
    """Compare who holds each seat with who held it: hand custody back, raise or end a gap, note when to look again."""
    register, at = scene.desk.register, scene.at
    were = duty_store.states(tx.conn, register.site_id)
    present = {h.person for h in scene.held.values()}
    for seat_id, holding in scene.held.items():
        was = were.get(seat_id)
        if was is not None and was.person is not None and was.person != holding.person:
            gone = was.person not in present
            for alert in alert_store.held_by(tx.conn, register.site_id, was.person):
                if (gone or alert.seat_id == seat_id) and alert.id not in judgement.changes.stepped:
                    judgement.drop(alert, Act.RELEASE, reason="left_the_seat")
        if holding.person is not None:
            judgement.over(f"seat/{seat_id}", "duty.covered", Origin(derived(at, "covered", seat_id), at))
        elif register.seats[seat_id].required:
            judgement.gap(seat_id)
    # with no shift in sight the next look is by the clock: a roster published meanwhile must be noticed
    held = [(h, next_change(seat, at, shifts) or at + LOOK_AGAIN) for seat, h in scene.held.items()]
    relief.look(tx, scene.desk, judgement, at)
    presence_store.look_soon(tx, register, at)
    mandate_acts.settle(tx, register, scene.held, shifts, at)
    commit_seats(tx, scene, held, _shown(register, dict(scene.held), shifts, at))


def own_conditions(register: Register) -> list[tuple[str, str]]:
    """The conditions that we watch ourselves and may end without a device's word."""
    return [
        *((f"seat/{seat}", GAP) for seat in register.seats),
        *((f"gateway/{gateway}", "gateway.offline") for gateway in register.gateways),
        *(relief.own_conditions(register) if register.policies.duty.handover_required else ()),
    ]
