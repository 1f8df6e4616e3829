"""The solver in its own process: its limits, its refusals, and what is believed of it."""

import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from core.errors import Invalid
from duty.solver import run
from duty.solver.errors import NoSolver
from duty.solver.problem import Answer, Clash, Code, Fixed, GaveUp, Limits, Load, Problem, Rule, Wish, Worker
from tests.duty.solver.small import FIRST, demand, problem, worked

WEEK = [demand(day, template) for day in range(7) for template in ("early", "late", "night")]
CREW = [Worker(name) for name in ("ann", "bo", "cy", "di", "ed")]


def test_a_week_is_solved_and_each_better_roster_is_told() -> None:
    told = list[Answer]()
    outcome = run.solve(problem(CREW, WEEK), 6, told.append)
    assert isinstance(outcome, Answer)
    assert len(outcome.cells) == 21
    assert [a.costs.total for a in told] == sorted((a.costs.total for a in told), reverse=True)
    assert told[-1] == outcome


def test_the_same_seed_gives_the_same_answer() -> None:
    asked = problem(CREW[:4], WEEK[:9], limits=Limits(max_week_h=0))
    first, second = (run.solve(asked, 20) for _ in range(2))
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert first.proven
    assert first.cells == second.cells


def test_a_person_on_leave_who_alone_could_do_it_is_named() -> None:
    away = FIRST + timedelta(days=1)
    crew = [Worker("ann", leave=(away,)), Worker("bo", posts=("desk",))]
    outcome = run.solve(problem(crew, [demand(0), demand(1)]), 20)
    assert isinstance(outcome, Clash)
    assert outcome.minimal
    assert set(outcome.rules) == {
        Rule(Code.LEAVE, "ann", day=away),
        Rule(Code.ELIGIBLE, seat="gate"),
        Rule(Code.COVERAGE, seat="gate", day=away, template="early"),
    }


def test_the_last_days_of_the_month_before_count() -> None:
    tired = Worker("ann", before=(worked(1, "night"),))
    outcome = run.solve(problem([tired], [demand(0)]), 20)
    assert isinstance(outcome, Clash)
    assert {rule.code for rule in outcome.rules} == {Code.REST, Code.COVERAGE}


def test_earlier_months_are_made_good() -> None:
    crew = [Worker("ann", load=Load(nights=4, minutes=1920)), Worker("bo", load=Load())]
    nights = [demand(day, "night") for day in (0, 2, 4, 6)]
    outcome = run.solve(problem(crew, nights), 20)
    assert isinstance(outcome, Answer)
    assert {cell.person for cell in outcome.cells} == {"bo"}


def test_a_painted_cell_stays_and_a_wish_is_heard() -> None:
    crew = [Worker("ann", avoids=(Wish(FIRST),)), Worker("bo"), Worker("cy")]
    outcome = run.solve(problem(crew, [demand(0), demand(0, "late")], fixed=(Fixed("bo", FIRST, "late"),)), 20)
    assert isinstance(outcome, Answer)
    assert {(c.person, c.template) for c in outcome.cells} == {("cy", "early"), ("bo", "late")}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Problem("Mars/Olympus", (), ()), "zone"),
        (problem([Worker("ann"), Worker("ann")], []), "people"),
        (problem([], [demand(0), demand(0)]), "demands"),
        (problem([], [msgspec.structs.replace(demand(0), ends_at=demand(0).starts_at)]), "demands[0].ends_at"),
        (problem([], [msgspec.structs.replace(demand(0), day=demand(1).day)]), "demands[0].day"),
        (problem([], [demand(0)], fixed=(Fixed("zoe", FIRST, "early"),)), "fixed[0].person"),
        (problem(CREW, [demand(0)], fixed=(Fixed("ann", FIRST, "night"),)), "fixed[0].template"),
        (problem([Worker("ann", before=(worked(-1),))], [demand(0)]), "people.before"),
    ],
)
def test_a_problem_that_makes_no_sense_is_refused_at_once(asked: Problem, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        run.solve(asked, 20)
    assert refused.value.field == field


def test_without_ortools_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "find_spec", lambda _name: None)
    with pytest.raises(NoSolver, match="roster"):
        run.solve(problem(CREW, WEEK), 20)


def test_too_little_memory_is_an_answer_not_a_crash() -> None:
    outcome = run.solve(problem(CREW, WEEK), 20, megabytes=150)
    assert isinstance(outcome, GaveUp)
    assert outcome.why in {"memory", "crashed"}


def test_a_child_that_does_not_end_is_ended_and_its_best_roster_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = problem(CREW, WEEK)
    good = run.solve(asked, 3)
    slow = tmp_path / "slow.py"
    slow.write_text(f"import time\nprint({msgspec.json.encode(good).decode()!r}, flush=True)\ntime.sleep(600)\n")
    monkeypatch.setattr(run, "PATIENCE", 1.0)
    monkeypatch.setattr(run, "_command", lambda *_: [sys.executable, str(slow)])
    assert run.solve(asked, 0.5) == good


def test_an_answer_that_breaks_a_rule_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = problem(CREW, WEEK)
    good = run.solve(asked, 3)
    assert isinstance(good, Answer)
    liar = tmp_path / "liar.py"
    short = msgspec.structs.replace(good, cells=good.cells[1:])
    liar.write_text(f"print({msgspec.json.encode(short).decode()!r})\n")
    monkeypatch.setattr(run, "_command", lambda *_: [sys.executable, str(liar)])
    with pytest.raises(run.UnsoundAnswer, match="coverage"):
        run.solve(asked, 3)


def test_whoever_is_told_may_call_it_off() -> None:
    def enough(_: Answer) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run.solve(problem(CREW, WEEK), 30, enough)


def test_only_the_model_knows_ortools() -> None:
    top = Path(run.__file__).parents[2]
    found = [
        str(path.relative_to(top))
        for room in ("core", "store", "sites", "logbook", "duty", "ingest", "api", "app", "bench", "simulators")
        for path in (top / room).rglob("*.py")
        if "from ortools" in path.read_text("utf-8") or "import ortools" in path.read_text("utf-8")
    ]
    assert found == ["duty/solver/model.py"]
