"""Violations take their steps (PAT-13): pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrol.errors import ReasonOwed, ViolationOver
from patrol.violations import KINDS, NEXT, Act, Step, Violation, begun, climbed, resolved, seen
from sites.patrol_words import ViolationPolicy

AT = datetime(2026, 3, 1, 14, tzinfo=UTC)
POLICY = ViolationPolicy(dissuade_min=20, stop_min=40, report_min=60)
LADDER = (Step.DISSUADE, Step.STOP, Step.REPORT, Step.ASSIST)


def fresh(policy: ViolationPolicy = POLICY) -> Violation:
    return begun("s", "C1", "building", "a shed", "wang", AT, policy)[0]


@pytest.mark.parametrize(
    ("step", "minutes"), [(Step.DISSUADE, 20), (Step.STOP, 40), (Step.REPORT, 60), (Step.ASSIST, None)]
)
def test_each_step_has_the_time_that_the_site_gives_it(step: Step, minutes: int | None) -> None:
    found, at = fresh(), AT
    while found.step is not step:
        at = at + timedelta(minutes=5)
        found, _ = climbed(found, "in vain", "chen", at, POLICY)
    assert found.until == (None if minutes is None else at + timedelta(minutes=minutes))
    assert found.due_at == (None if found.until is None else found.until + timedelta(microseconds=1))


def test_the_whole_ladder_and_what_was_done_at_each_step() -> None:
    found = fresh()
    lines = []
    for n, by in enumerate(["system", "chen", "system"], start=1):
        found, line = climbed(found, "" if by == "system" else "they went on", by, AT + timedelta(hours=n), POLICY)
        lines.append((line.act, line.actor, line.data["was"], line.data["step"]))
    found, line = resolved(found, " torn down ", "chen", AT + timedelta(hours=4))
    assert lines == [
        ("violation.climb", by, was, step)
        for by, was, step in zip(["system", "chen", "system"], LADDER, LADDER[1:], strict=False)
    ]
    assert (found.step, found.ended_at, found.until) == (Step.OVER, AT + timedelta(hours=4), None)
    assert [(d.step, d.by, d.note) for d in found.done] == [
        (Step.DISSUADE, "system", ""),
        (Step.STOP, "chen", "they went on"),
        (Step.REPORT, "system", ""),
        (Step.ASSIST, "chen", "torn down"),
    ]


@pytest.mark.parametrize("step", LADDER)
def test_whoever_says_something_of_it_says_what(step: Step) -> None:
    found = fresh()
    while found.step is not step:
        found, _ = climbed(found, "x", "chen", AT, POLICY)
    for act in (lambda: resolved(found, "  ", "chen", AT), lambda: climbed(found, "", "chen", AT, POLICY)):
        with pytest.raises(ReasonOwed):
            act()


def test_what_is_over_stays_over() -> None:
    over, _ = resolved(fresh(), "gone", "chen", AT)
    for act in (
        lambda: resolved(over, "again", "chen", AT),
        lambda: climbed(over, "again", "chen", AT, POLICY),
        lambda: seen(over, "again", "chen", AT),
    ):
        with pytest.raises(ViolationOver):
            act()


def test_after_the_authority_there_is_no_further_step() -> None:
    found = fresh()
    for _ in range(3):
        found, _ = climbed(found, "x", "chen", AT, POLICY)
    with pytest.raises(ViolationOver):
        climbed(found, "x", "chen", AT, POLICY)


def test_every_step_is_somebodys_alert_and_leaves_by_a_person() -> None:
    assert set(KINDS) == set(LADDER)
    assert {step for step, act in NEXT if act is Act.RESOLVE} == set(LADDER)


@given(st.lists(st.sampled_from(list(Act)), max_size=12))
def test_it_never_goes_back(acts: list[Act]) -> None:
    found = fresh()
    for n, act in enumerate(acts, start=1):
        at = AT + timedelta(minutes=n)
        before = found
        try:
            if act is Act.CLIMB:
                found, _ = climbed(found, "x", "chen", at, POLICY)
            else:
                found, _ = (resolved if act is Act.RESOLVE else seen)(found, "x", "chen", at)
        except ViolationOver:
            assert before.step in {Step.ASSIST, Step.OVER}
        order = [*LADDER, Step.OVER]
        assert order.index(found.step) >= order.index(before.step)
        assert len(found.done) >= len(before.done)
