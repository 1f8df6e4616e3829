"""Steps that a tap must prove: in and out of their rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from core.clock import instant, micros
from patrol.steps import Step, StepKind, StepState
from patrol.tables import alert_step
from store import bulk, outbox
from store.bulk import marked
from store.db import Tx
from store.metadata import json_text

_LIVE = (StepState.OWED.value, StepState.MISSED.value)
_OF_LIVE = (  # asked with every batch that holds a tap: put together once
    select(alert_step)
    .where(alert_step.c.site_id == bindparam("site"), alert_step.c.state.in_(_LIVE))
    .order_by(alert_step.c.until, alert_step.c.alert_id)
)


def save(tx: Tx, site_id: str, steps: Sequence[Step], at: datetime) -> None:
    """Store steps as they are now, and show them."""
    bulk.upsert(tx.conn, tx.dialect, alert_step, [_row(step) for step in steps])
    outbox.append(tx, site_id, at, [("step", shown(step)) for step in steps])


def shown(step: Step) -> dict[str, Any]:
    """A step as the pages show it."""
    return {
        "alert_id": step.alert_id,
        "kind": step.kind.value,
        "people": list(step.people),
        "seat": step.seat or None,
        "checkpoints": list(step.checkpoints),
        "since": step.since,
        "until": step.until,
        "state": step.state.value,
        "by": step.by,
        "tap": step.tap,
        "ended_at": step.ended_at,
    }


def live(conn: Connection, site_id: str) -> list[Step]:
    """Steps that a tap may still close, the oldest first."""
    return _steps(conn, _OF_LIVE, site=site_id)


def due(conn: Connection, site_id: str, at: datetime) -> list[Step]:
    """Steps whose time is over."""
    return _steps(conn, select(alert_step).where(alert_step.c.site_id == site_id, alert_step.c.due_at <= at))


def of(conn: Connection, site_id: str, alert_ids: Collection[str]) -> list[Step]:
    """The steps of some alerts."""
    return _steps(
        conn, select(alert_step).where(alert_step.c.site_id == site_id, alert_step.c.alert_id.in_(list(alert_ids)))
    )


DUE_ROWS: Final = "SELECT site_id FROM alert_step WHERE due_at <= ?"


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites with a step whose time is over."""
    return {row[0] for row in conn.exec_driver_sql(marked(conn, DUE_ROWS), (micros(at),))}


def next_due(conn: Connection) -> datetime | None:
    """When the next step's time is over."""
    found: int | None = conn.exec_driver_sql("SELECT min(due_at) FROM alert_step").scalar()
    return None if found is None else instant(found)


def _row(step: Step) -> dict[str, Any]:
    return {
        "site_id": step.site_id,
        "alert_id": step.alert_id,
        "kind": step.kind.value,
        "people": json_text(step.people),
        "seat_id": step.seat,
        "checkpoints": json_text(step.checkpoints),
        "since": micros(step.since),
        "until": micros(step.until),
        "state": step.state.value,
        "tap": step.tap,
        "person_id": step.by,
        "ended_at": None if step.ended_at is None else micros(step.ended_at),
        "due_at": None if step.due_at is None else micros(step.due_at),
    }


def _steps(conn: Connection, query: Any, **given: Any) -> list[Step]:
    return [
        Step(
            site_id=row["site_id"],
            alert_id=row["alert_id"],
            kind=StepKind(row["kind"]),
            people=tuple(row["people"]),
            seat=row["seat_id"],
            checkpoints=tuple(row["checkpoints"]),
            since=row["since"],
            until=row["until"],
            state=StepState(row["state"]),
            tap=row["tap"],
            by=row["person_id"],
            ended_at=row["ended_at"],
        )
        for row in conn.execute(query, given).mappings()
    ]
