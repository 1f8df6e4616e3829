"""Jobs of the solver: in and out of their rows."""

from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from duty.solver.problem import Costs, Rule
from duty.tables import roster_solve
from store.db import Tx

KEPT = 10  # jobs of one roster that stay readable


class SolveState(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    SOLVED = "solved"
    CLASH = "clash"
    GAVE_UP = "gave_up"
    CALLED_OFF = "called_off"
    FAILED = "failed"


class Solve(msgspec.Struct, frozen=True, kw_only=True):
    """One job. `revision` is the draft's that was given to the solver, `made_revision` the one that its answer became.
    `found` counts the rosters so far, each better than the one before; `costs` are the last one's. `why` is the code of what
    stood in the way.
    """

    site_id: str
    id: str
    roster_id: str
    month: str
    state: SolveState
    by: str
    made_at: datetime
    until: datetime
    seconds: int
    revision: int
    ended_at: datetime | None = None
    found: int = 0
    costs: Costs | None = None
    bound: int | None = None
    proven: bool | None = None
    rules: tuple[Rule, ...] = ()
    minimal: bool | None = None
    why: str | None = None
    made_revision: int | None = None


def add(tx: Tx, made: Solve) -> None:
    """Write a new job; of older ones of the same roster only the last few stay."""
    tx.conn.execute(insert(roster_solve).values(**_row(made)))
    c = roster_solve.c
    mine = (c.site_id == made.site_id, c.roster_id == made.roster_id)
    old = tx.conn.scalars(select(c.id).where(*mine).order_by(c.made_at.desc(), c.id.desc()).offset(KEPT)).all()
    tx.conn.execute(delete(roster_solve).where(c.site_id == made.site_id, c.id.in_(old)))


def save(tx: Tx, made: Solve) -> None:
    """Write where a job stands."""
    which = (roster_solve.c.site_id == made.site_id, roster_solve.c.id == made.id)
    tx.conn.execute(update(roster_solve).where(*which).values(**_row(made)))


def get(conn: Connection, site_id: str, job_id: str) -> Solve | None:
    """One job."""
    c = roster_solve.c
    row = conn.execute(select(c.body).where(c.site_id == site_id, c.id == job_id)).one_or_none()
    return None if row is None else msgspec.convert(row.body, Solve)


def newest(conn: Connection, site_id: str, roster_id: str) -> Solve | None:
    """The last job of a roster."""
    c = roster_solve.c
    mine = select(c.body).where(c.site_id == site_id, c.roster_id == roster_id)
    row = conn.execute(mine.order_by(c.made_at.desc(), c.id.desc()).limit(1)).one_or_none()
    return None if row is None else msgspec.convert(row.body, Solve)


def running(conn: Connection, site_id: str, at: datetime) -> Solve | None:
    """The job that runs at a site. One whose time is over has died with its process."""
    c = roster_solve.c
    query = select(c.body).where(c.site_id == site_id, c.state == str(SolveState.RUNNING), c.until > at)
    row = conn.execute(query.limit(1)).one_or_none()
    return None if row is None else msgspec.convert(row.body, Solve)


def _row(made: Solve) -> dict[str, object]:
    keys = {"site_id": made.site_id, "id": made.id, "roster_id": made.roster_id, "state": str(made.state)}
    return {**keys, "made_at": made.made_at, "until": made.until, "body": msgspec.to_builtins(made)}
