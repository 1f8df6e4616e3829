"""A draft is given to the solver, and what comes of it: the author's step upon the draft, or the rules that clash.

Each takes a transaction that holds the site's head. One job at a site at a time.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from core.errors import Invalid
from core.ids import fresh
from duty import roster_acts, solving_store
from duty import store as duty_store
from duty.calendar import days_of, first_of, month_of
from duty.coverage import span
from duty.coverage_reading import on_leave
from duty.roster_reading import calendar, standing_cells
from duty.rosters import Act, Roster, step
from duty.solver.errors import CalledOff, NothingToSolve, SolveRunning
from duty.solver.problem import Answer, Clash, Costs, Outcome, Problem
from duty.solver.rules import checked
from duty.solving import Asked, Known, edits_of, problem_of
from duty.solving_store import Solve, SolveState
from logbook import entries
from logbook.rules import Line
from sites.register import Register, Role
from store.db import Tx

EARLIER: Final = timedelta(days=92)  # so far back the load is evened out
SLACK: Final = timedelta(seconds=60)  # what a job may take beyond its time before it counts as dead


def begin(
    tx: Tx,
    register: Register,
    roster_id: str,
    asked: Asked,
    by: str,
    roles: Collection[Role],
    at: datetime,
    *,
    revision: int,
    seconds: int,
) -> tuple[Solve, Problem]:
    """Note that a draft is being solved, as its author asks. Returns the job, and what the solver is to be told."""
    roster_acts.author(register, roles)
    if solving_store.running(tx.conn, register.site_id, at) is not None:
        raise SolveRunning
    roster = roster_acts.at_revision(tx.conn, register, roster_id, revision)
    step(roster, Act.EDIT, by=by, at=at)  # refused before anything is solved that could not be put anywhere
    for seat in asked.seats:
        if seat not in register.seats:
            raise Invalid("No such seat at this site.", field="seats")
    problem = _problem(tx.conn, register, roster, asked, at)
    if not problem.demands:
        raise NothingToSolve(month=roster.month)
    checked(problem)
    job = Solve(
        site_id=register.site_id,
        id=fresh(at),
        roster_id=roster.id,
        month=roster.month,
        state=SolveState.RUNNING,
        by=by,
        made_at=at,
        until=at + timedelta(seconds=seconds) + SLACK,
        seconds=seconds,
        revision=revision,
    )
    solving_store.add(tx, job)
    return job, problem


def better(tx: Tx, job: Solve, answer: Answer, found: int) -> Solve:
    """A roster was found, better than those before. Raises `CalledOff` when nobody wants it any more."""
    _wanted(tx, job)
    return _saved(tx, job, found=found, costs=answer.costs, bound=answer.bound, proven=answer.proven)


def counted(job: Solve, found: int) -> Solve:
    """The job with the number of rosters that were found, the last ones not noted yet."""
    return msgspec.structs.replace(job, found=found)


def end(
    tx: Tx, register: Register, job: Solve, problem: Problem, outcome: Outcome, roles: Collection[Role], at: datetime
) -> Solve:
    """What came of it. An answer becomes one step of the draft, which can be undone like any other; a draft that somebody
    changed meanwhile is left as it is (`stale`). Raises `CalledOff` when nobody wants it any more.
    """
    _wanted(tx, job)
    told: dict[str, Any]
    if isinstance(outcome, Answer):
        before = roster_acts.at_revision(tx.conn, register, job.roster_id, job.revision)
        edits = edits_of(problem, outcome.cells, before.cells)
        after = roster_acts.edit(
            tx, register, job.roster_id, edits, job.by, roles, at, revision=job.revision, how="solved"
        )
        told = {"costs": told_costs(outcome.costs), "bound": outcome.bound, "proven": outcome.proven}
        change = {"state": SolveState.SOLVED, "made_revision": after.revision, **told, "costs": outcome.costs}
        told["revision"] = after.revision
    elif isinstance(outcome, Clash):
        told = {"rules": len(outcome.rules), "minimal": outcome.minimal}
        change = {"state": SolveState.CLASH, "rules": outcome.rules, "minimal": outcome.minimal}
    else:
        told = {"why": str(outcome.why)}
        change = {"state": SolveState.GAVE_UP, "why": str(outcome.why)}
    done = _saved(tx, job, ended_at=at, **change)
    data = {"month": job.month, "outcome": str(done.state), **told}
    entries.append(tx, job.site_id, [Line(at, "roster.solve", job.by, f"roster/{job.roster_id}", data)])
    return done


def give_up(tx: Tx, job: Solve, state: SolveState, why: str, at: datetime) -> Solve:
    """It was called off, or something stood in the way. A job that has ended stays as it did."""
    now = solving_store.get(tx.conn, job.site_id, job.id)
    if now is None or now.state is not SolveState.RUNNING:
        return now or job
    return _saved(tx, now, state=state, why=why, ended_at=at)


def _wanted(tx: Tx, job: Solve) -> None:
    now = solving_store.get(tx.conn, job.site_id, job.id)
    if now is None or now.state is not SolveState.RUNNING:
        raise CalledOff


def _saved(tx: Tx, job: Solve, **change: Any) -> Solve:
    after = msgspec.structs.replace(job, **change)
    solving_store.save(tx, after)
    return after


def told_costs(costs: Costs) -> dict[str, int]:
    """What an answer costs, with the sum."""
    return {**msgspec.structs.asdict(costs), "total": costs.total}


def _problem(conn: Connection, register: Register, roster: Roster, asked: Asked, at: datetime) -> Problem:
    days = days_of(roster.month)
    first = max(days[0], at.astimezone(register.zone_info).date() + timedelta(days=1))
    starts, ends = span(register, days)
    last: date = first_of(roster.month) - timedelta(days=1)
    known = Known(
        first=first,
        earlier=duty_store.shifts(conn, register.site_id, starts - EARLIER, span(register, [first])[0]),
        last_month=standing_cells(conn, register, month_of(last)),
        away=on_leave(conn, register, starts, ends),
    )
    whole = [last - timedelta(days=n) for n in range(EARLIER.days, -1, -1)] + days
    return problem_of(register, roster, asked, known, calendar(conn, register, whole))
