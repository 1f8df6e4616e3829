"""Duty: who holds a seat, from a loaded scene; publishing a month's roster; looking five weeks through for gaps."""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app.imports import import_site
from duty import coverage_reading, roster_acts
from duty import store as duty_store
from duty.calendar import days_of
from duty.coverage import gaps, span
from duty.rosters import Edit, Roster
from duty.rules import by_weekday, who_holds
from ingest import rosters
from ingest.desks import Desks
from ingest.seats import held_now
from sites.duty_policies import DutyPolicies
from sites.duty_words import Post, Seat, ShiftTemplate, Staffing
from sites.pack import digest
from sites.people import Person, Role, Words
from sites.register import Ladder, Policies, Register, Route, Rung
from store import migrate
from store.db import Store, Tx

NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)
MONTH = "2026-05"
SHIFTS = (("early", 7), ("late", 15), ("night", 23))
PEOPLE, SEATS = 40, 9
ROLES = (Role.SUPERVISOR, Role.MANAGER, Role.GUARD)


def estate() -> Register:
    """Forty people, three posts of three seats, three shifts."""
    posts = {p: Post(p, _words(p), staffing=(_band(2),)) for p in ("centre", "gate", "patrol")}
    seats = {f"{p}-{n}": Seat(f"{p}-{n}", p, _words(p)) for p in posts for n in range(3)}
    people = {f"p{n:02}": Person(f"p{n:02}", _words("p"), f"p{n:02}", ROLES) for n in range(PEOPLE)}
    templates = {name: ShiftTemplate(name, _words(name), clock_time(h), clock_time((h + 8) % 24)) for name, h in SHIFTS}
    return Register(
        site_id="estate",
        name=_words("estate"),
        time_zone="Asia/Shanghai",
        version=0,
        zones={},
        plans={},
        gateways={},
        devices={},
        checkpoints={},
        posts=posts,
        seats=seats,
        people=people,
        ladders={"main": Ladder("main", (Rung(0, "seat:centre-0"),), 600)},
        routes=(Route("main", "centre-0"),),
        templates=templates,
        rotas=(),
        externals=(),
        policies=Policies(duty=DutyPolicies(rest_min_h=8)),
    )


def _words(text: str) -> Words:
    return Words(text, text)


def _band(least: int) -> Staffing:
    return Staffing(clock_time(0), clock_time(0), least)


def cells(days: list[date], turn: int = 0) -> list[Edit]:
    """Everybody in turn: 27 shifts a day for 40 people."""
    made, n = [], turn
    for day in days:
        for name, _ in SHIFTS:
            for seat in range(SEATS):
                post = ("centre", "gate", "patrol")[seat // 3]
                made.append(Edit(f"{post}-{seat % 3}", day, name, f"p{n % PEOPLE:02}"))
                n += 1
    return made


def run(*, quick: bool) -> None:
    """Print the table."""
    table = Table(title=f"duty: {PEOPLE} people, {SEATS} seats, {len(SHIFTS)} shifts (load {os.getloadavg()[0]:.1f})")
    for column in ("what", "took"):
        table.add_column(column)
    with tempfile.TemporaryDirectory() as folder:
        store, desks, register = Store(f"sqlite:///{Path(folder) / 'duty.db'}"), Desks(), estate()
        migrate.upgrade(store)
        import_site(store, desks, register, digest(register), NOW, "system")
        first = _approved(store, desks)
        table.add_row("publish a month", _ms(_publish(store, desks, first)))
        again = _approved(store, desks, turn=7)
        table.add_row("publish it again, every shift another's", _ms(_publish(store, desks, again)))
        _held(store, register, table, 2_000 if quick else 20_000)
        store.close()
    Console().print(table)


def _held(store: Store, register: Register, table: Table, times: int) -> None:
    days = days_of(MONTH)
    at = span(register, days)[0] + timedelta(days=10, hours=3)
    with store.read() as conn:
        shifts, stays = duty_store.on_duty(conn, register.site_id, at)
        rounds = [_timed(lambda: [who_holds("gate-1", at, shifts, stays) for _ in range(times)])[1] for _ in range(5)]
        table.add_row(f"who_holds, {len(shifts)} shifts loaded (best of 5)", f"{min(rounds) / times * 1e6:.1f} µs")
        _, took = _timed(lambda: held_now(conn, register, at))
        table.add_row("who holds every seat, with loading", _ms(took))
        _, took = _timed(lambda: coverage_reading.missing(conn, register, at, at + timedelta(days=35)))
        table.add_row("look 35 days through for gaps, with loading", _ms(took))
        month = duty_store.shifts(conn, register.site_id, *span(register, days))
    _, took = _timed(lambda: gaps(register, days, month, by_weekday))
    table.add_row(f"the same for a month in memory ({len(month)} shifts)", _ms(took))


def _approved(store: Store, desks: Desks, turn: int = 0) -> Roster:
    made: Roster = _do(store, desks, lambda tx, reg: roster_acts.make(tx, reg, MONTH, "p00", ROLES, NOW))
    edits = cells(days_of(MONTH), turn)
    _do(store, desks, lambda tx, reg: roster_acts.edit(tx, reg, made.id, edits, "p00", ROLES, NOW, revision=0))
    _do(store, desks, lambda tx, reg: roster_acts.submit(tx, reg, made.id, "p00", ROLES, NOW))
    _do(store, desks, lambda tx, reg: roster_acts.approve(tx, reg, made.id, "p01", ROLES, NOW))
    return made


def _publish(store: Store, desks: Desks, made: Roster) -> float:
    def publish() -> None:
        with store.begin(["estate"]) as tx:
            desk = desks.get(tx.conn, "estate")
            if desk is None:
                raise LookupError("no site")
            rosters.publish(tx, desk, made.id, "p00", ROLES, NOW)

    return _timed(publish)[1]


def _do(store: Store, desks: Desks, act: Callable[[Tx, Register], Any]) -> Any:
    with store.begin(["estate"]) as tx:
        register = desks.register(tx.conn, "estate")
        if register is None:
            raise LookupError("no site")
        return act(tx, register)


def _timed(what: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    made = what()
    return made, time.perf_counter() - began


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
