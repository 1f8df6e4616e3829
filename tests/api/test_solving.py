"""A draft given to the solver over HTTP: begun, followed, called off; what comes of it stands in the draft (DUTY-05, DUTY-06)."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from httpx2 import AsyncClient

from api import solving as runner
from api.solving import Solving
from duty.solver.errors import CalledOff
from duty.solver.problem import Answer, Code, GaveUp, Outcome, Problem, Why
from sites.duty_policies import DutyPolicies
from sites.register import Policies, Role
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import shaped
from tests.night import Night, person

SITE = f"/api/v1/sites/{MINE}"


def crowd(house: House) -> None:
    """Eight operators, so that a month can be filled within the site's limits."""
    register = staffed(MINE)
    more = {f"op{n}": msgspec.structs.replace(person(f"op{n}", Role.OPERATOR), posts=("centre",)) for n in range(8)}
    policies = Policies(duty=DutyPolicies(max_week_h=60))
    register = msgspec.structs.replace(register, people={**register.people, **more}, policies=policies)
    house.night = Night(house.db, house.clock, register)


async def draft(chief: AsyncClient) -> str:
    made = shaped("make_roster", await chief.post(f"{SITE}/rosters", json={"month": "2026-04"}))
    return f"{SITE}/rosters/{made['id']}"


async def ended(browser: AsyncClient, one: str) -> Any:
    for _ in range(1200):
        told = shaped("roster_solve", await browser.get(f"{one}/solve"))
        if told["state"] != "running":
            return told
        await asyncio.sleep(0.05)
    raise AssertionError("still running")


async def test_a_month_is_solved_into_the_draft_and_taken_back_in_one_step(any_house: House) -> None:
    """DUTY-03: the answer is the author's step; what was painted by hand stays, and so do days that have begun."""
    any_house.clock.set(datetime(2026, 4, 25, 4, tzinfo=UTC))
    crowd(any_house)
    async with any_house.client("chen") as chief, any_house.client("the-guard") as guard:
        one = await draft(chief)
        never = await guard.get(f"{one}/solve")
        assert (never.status_code, never.json()["code"]) == (404, "solve_not_found")
        cells = {"centre": {"2026-04-28": {"night": "op7"}}}
        painted = shaped("edit_roster", await chief.post(f"{one}/cells", json={"revision": 0, "cells": cells}))
        begun = shaped("solve_roster", await chief.post(f"{one}/solve", json={"revision": 1, "seconds": 60}))
        assert (begun["state"], begun["by"], begun["revision"]) == ("running", "chen", 1)
        told = await ended(guard, one)
        assert (told["state"], told["made_revision"], told["why"]) == ("solved", 2, None)
        assert told["found"] >= 1
        assert told["costs"]["total"] >= told["bound"]
        filled = shaped("roster", await guard.get(one))
        assert {len(day) for day in filled["cells"]["centre"].values()} == {2}
        assert sorted(filled["cells"]["centre"]) == [f"2026-04-{day}" for day in range(26, 31)]
        assert filled["cells"]["centre"]["2026-04-28"]["night"] == "op7"
        found = shaped("roster_findings", await chief.get(f"{one}/findings"))["items"]
        assert [f for f in found if str(f["person"]).startswith("op") and f["day"] > "2026-04-25"] == []
        undone = shaped("undo_roster", await chief.post(f"{one}/undo", json={"revision": 2}))
        assert undone["cells"] == painted["cells"]
    assert any_house.night.said_in_log(f"roster/{one.rpartition(chr(47))[2]}")[-1] == "roster.solve"


async def test_rules_that_cannot_all_hold_are_named(house: House) -> None:
    """DUTY-05: two people cannot hold a seat round the clock within 44 hours a week."""
    async with house.client("chen") as chief:
        one = await draft(chief)
        assert (await chief.post(f"{one}/solve", json={"revision": 0, "seconds": 60})).status_code == 200
        told = await ended(chief, one)
        assert told["state"] == "clash"
        assert {rule["code"] for rule in told["rules"]} >= {Code.COVERAGE.value}
        assert shaped("roster", await chief.get(one))["cells"] == {}


class Held:
    """A solver that waits until it is told what to say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.says: Callable[[Problem], Outcome] = lambda _: GaveUp(Why.TIME)
        self.go = threading.Event()
        monkeypatch.setattr(runner, "solve", self.solve)

    def solve(self, problem: Problem, _seconds: float, _progress: object, *, off: threading.Event) -> Outcome:
        while not self.go.wait(0.01):
            if off.is_set():
                raise CalledOff
        return self.says(problem)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(monkeypatch)


async def test_one_job_at_a_time_and_it_can_be_called_off(house: House, held: Held) -> None:
    async with house.client("chen") as chief:
        one = await draft(chief)
        await chief.post(f"{one}/solve", json={"revision": 0})
        twice = await chief.post(f"{one}/solve", json={"revision": 0})
        assert (twice.status_code, twice.json()["code"]) == (503, "solver_busy")
        off = shaped("call_off_solve", await chief.delete(f"{one}/solve"))
        assert (off["state"], off["why"]) == ("called_off", "called_off")
        assert off["ended_at"] is not None
        house.clock.tick(1)
        for _ in range(200):
            again = await chief.post(f"{one}/solve", json={"revision": 0})
            if again.status_code == 200:
                break
            await asyncio.sleep(0.01)
        held.go.set()
        assert ((await ended(chief, one))["state"], again.status_code) == ("gave_up", 200)
        assert shaped("call_off_solve", await chief.delete(f"{one}/solve"))["state"] == "gave_up"


async def test_a_job_of_another_process_holds_the_site_until_its_time_is_over(house: House, held: Held) -> None:
    async with house.client("chen") as chief:
        one = await draft(chief)
        await chief.post(f"{one}/solve", json={"revision": 0, "seconds": 10})
        other = Solving(house.db, house.night.desks, house.clock)
        object.__setattr__(house.room, "solving", other)
        answer = await chief.post(f"{one}/solve", json={"revision": 0})
        assert (answer.status_code, answer.json()["code"]) == (409, "solve_running")
        house.clock.tick(71)  # it died with its process
        held.go.set()
        assert (await chief.post(f"{one}/solve", json={"revision": 0})).status_code == 200
        await ended(chief, one)
        other.close()


async def test_a_draft_that_moved_meanwhile_stays_as_it_is(house: House, held: Held) -> None:
    def answer(problem: Problem) -> Outcome:
        return Answer((), costs=None, bound=0, proven=True, seconds=0.1)  # type: ignore[arg-type]

    held.says = answer
    async with house.client("chen") as chief:
        one = await draft(chief)
        await chief.post(f"{one}/solve", json={"revision": 0})
        cells = {"centre": {"2026-04-02": {"night": "wang"}}}
        mine = shaped("edit_roster", await chief.post(f"{one}/cells", json={"revision": 0, "cells": cells}))
        held.go.set()
        told = await ended(chief, one)
        assert (told["state"], told["why"]) == ("failed", "stale")
        assert shaped("roster", await chief.get(one))["cells"] == mine["cells"]


async def test_what_cannot_be_solved_is_refused_at_once(house: House, held: Held) -> None:
    async with house.client("chen") as chief, house.client("wang") as other, house.client("the-auditor") as auditor:
        one = await draft(chief)
        for browser, code in ((other, "roster_role_needed"), (auditor, "not_permitted")):
            answer = await browser.post(f"{one}/solve", json={"revision": 0})
            assert (answer.status_code, answer.json()["code"]) == (403, code)
        stale = await chief.post(f"{one}/solve", json={"revision": 7})
        assert (stale.status_code, stale.json()["code"]) == (409, "stale")
        wrong = await chief.post(f"{one}/solve", json={"revision": 0, "seats": ["nowhere"]})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "seats")
        for body in ({"seconds": 61}, {"seconds": 0}, {"wishes": [{"person": "wang", "why": "x"}]}):
            assert (await chief.post(f"{one}/solve", json={"revision": 0, **body})).status_code == 422
        assert (await chief.get(f"{one}/solve")).json()["code"] == "solve_not_found"


async def test_without_the_solver_nothing_is_promised(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra `watchroom[roster]` is not everywhere."""
    from api.routes import solving

    monkeypatch.setattr(solving, "find_spec", lambda _: None)
    async with house.client("chen") as chief:
        one = await draft(chief)
        answer = await chief.post(f"{one}/solve", json={"revision": 0})
        assert (answer.status_code, answer.json()["code"]) == (501, "solver_missing")


async def test_closing_ends_what_runs(house: House, held: Held) -> None:
    async with house.client("chen") as chief:
        one = await draft(chief)
        await chief.post(f"{one}/solve", json={"revision": 0})
        await asyncio.to_thread(house.room.solving.close)
        assert (await ended(chief, one))["state"] == "called_off"
        answer = await chief.post(f"{one}/solve", json={"revision": 0})
        assert (answer.status_code, answer.json()["code"]) == (503, "solver_busy")
        house.room.solving.open()
        house.clock.tick(1)
        assert (await chief.post(f"{one}/solve", json={"revision": 0})).status_code == 200
        held.go.set()
        await ended(chief, one)
