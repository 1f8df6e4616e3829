"""The solver against every roster that a small month could have (DUTY-01, DUTY-05, DUTY-09)."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duty.solver import model
from duty.solver.check import broken, costs
from duty.solver.clash import clash
from duty.solver.draft import draft
from duty.solver.problem import Answer, Clash, Code, Problem, Rule
from duty.solver.rules import checked, rules_of
from tests.duty.solver.small import problems, what_they_break

SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def _solved(asked: Problem) -> Answer | Clash:
    checked(asked)
    found = model.best(asked, 20, lambda _: None)
    if found is None:
        return clash(asked, 20, model.core, model.possible)
    assert isinstance(found, Answer)
    return found


@given(asked=problems())
@SOME
def test_an_answer_breaks_no_rule_and_none_is_cheaper(asked: Problem) -> None:
    good = [cells for cells, wrong in what_they_break(asked) if not wrong]
    found = _solved(asked)
    assert isinstance(found, Answer) == bool(good)
    if isinstance(found, Answer):
        assert broken(asked, found.cells) == []
        assert found.costs == costs(asked, found.cells)
        assert found.proven
        assert found.costs.total == found.bound == min(costs(asked, cells).total for cells in good)


@given(asked=problems())
@SOME
def test_rules_that_clash_are_few_and_really_clash(asked: Problem) -> None:
    rosters = [wrong for _, wrong in what_they_break(asked)]
    found = _solved(asked)
    if isinstance(found, Clash):
        named = set(found.rules)
        assert found.minimal
        assert named <= set(rules_of(asked))
        assert all(wrong & named for wrong in rosters), "some roster keeps them all"
        for spared in named:
            assert any(not wrong & (named - {spared}) for wrong in rosters), f"{spared} is not needed"


@given(asked=problems())
@SOME
def test_a_draft_leaves_shifts_short_but_breaks_nothing_else(asked: Problem) -> None:
    spared = {Code.COVERAGE, Code.CERTIFICATE, Code.FIXED}
    assert [r for r in broken(asked, draft(asked)) if not (isinstance(r, Rule) and r.code in spared)] == []


@given(asked=problems(), rules=st.data())
@SOME
def test_any_part_of_the_rules_is_possible_when_some_roster_keeps_it(asked: Problem, rules: st.DataObject) -> None:
    kept = rules.draw(st.sets(st.sampled_from(rules_of(asked)))) if rules_of(asked) else set()
    possible = any(not wrong & kept for _, wrong in what_they_break(asked))
    assert model.possible(asked, list(kept), 20) is possible
    core = model.core(asked, list(kept), 20)
    assert possible or not any(not wrong & set(core) for _, wrong in what_they_break(asked))
