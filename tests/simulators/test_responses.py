"""How long each person took to answer (TRN-06: response time is acknowledgement minus raising)."""

from datetime import UTC, datetime, timedelta

from simulators.scenario.model import Happening
from simulators.scenario.responses import responses

START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)


def told(*lines: tuple[float, str, str]) -> list[tuple[str, str, float | None, float | None]]:
    """(person, alert, seconds, own seconds) from lines of (second, what, people)."""
    happenings = [
        Happening(START + timedelta(seconds=second), "alert", ("B2-07", "fire.alarm"), what, tuple(who.split()))
        for second, what, who in lines
    ]
    return [(r.person, r.alert, r.seconds, r.own_seconds) for r in responses(happenings)]


SMOKE = "B2-07 fire.alarm"


def test_the_first_called_answers() -> None:
    assert told((0, "raised", "wang"), (21, "acked", "wang")) == [("wang", SMOKE, 21, 21)]


def test_who_is_called_later_is_measured_from_the_alarm_and_from_their_own_call() -> None:
    made = told((0, "raised", "wang"), (30, "escalated", "chen"), (42, "taken", "chen"), (90, "closed", "chen"))
    assert made == [("wang", SMOKE, None, None), ("chen", SMOKE, 42, 12)]


def test_a_witness_has_not_answered_and_an_uncalled_helper_has() -> None:
    made = told((0, "raised", "wang"), (5, "witnessed", "li"), (9, "acked", "zhao"))
    assert made == [("wang", SMOKE, None, None), ("zhao", SMOKE, 9, None)]


def test_an_alert_that_rings_again_is_measured_again() -> None:
    made = told(
        (0, "raised", "wang"),
        (10, "acked", "wang"),
        (910, "timed_out", ""),
        (910, "escalated", "wang"),
        (915, "acked", "wang"),
        (916, "acked", "wang"),
    )
    assert made == [("wang", SMOKE, 10, 10), ("wang", SMOKE, 5, 5)]


def test_coming_back_before_an_answer_is_the_same_ring() -> None:
    made = told((0, "raised", "wang"), (4, "cleared", ""), (6, "recurred", ""), (10, "acked", "wang"))
    assert made == [("wang", SMOKE, 10, 10)]


def test_other_topics_are_no_answers() -> None:
    assert responses([Happening(START, "duty", ("centre",), "signed_on", ("wang",))]) == []
