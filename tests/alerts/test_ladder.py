"""Ladders and climbing (ESC-01; faults I7)."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.climb import climb, waits_on
from alerts.ladder import Frozen, called, next_due
from sites.register import Rung
from tests.alerts.test_rules import AT, an_alert
from tests.night import HARBOUR, RUNGS

LADDER = Frozen("main", RUNGS, 60, 30, 900)
EVERYBODY = {"centre": "wang", "leader": "chen"}


def test_the_first_rung_calls_the_seat_and_the_next_is_due_after_its_delay() -> None:
    made = climb(an_alert(ladder=LADDER), HARBOUR, EVERYBODY, AT)
    assert [(f.rung, f.people) for f in made.fired] == [(0, ["wang"])]
    assert (made.alert.rung, made.alert.due_at) == (0, AT + timedelta(seconds=30))
    assert made.notices == []


def test_an_empty_seat_costs_no_delay_the_next_rung_fires_at_once() -> None:
    """ESC-13, EVT-13: a gap is escalated immediately."""
    made = climb(an_alert(ladder=LADDER), HARBOUR, {"centre": None, "leader": "chen"}, AT)
    assert [(f.rung, f.people) for f in made.fired] == [(0, []), (1, ["chen"])]
    assert made.alert.due_at == AT + timedelta(seconds=30)
    assert [(n.person_id, n.channel) for n in made.notices] == [("chen", "email")]


def test_who_sits_where_no_page_is_connected_is_called_and_not_waited_for() -> None:
    """ESC-13: unreachable on duty, immediately the next level; the line says who."""
    made = climb(an_alert(ladder=LADDER), HARBOUR, EVERYBODY, AT, {"centre", "leader"})
    assert [(f.rung, f.people) for f in made.fired] == [(0, ["wang"]), (1, ["chen"])]
    assert made.alert.due_at == AT + timedelta(seconds=30)
    assert [line.data["unreached"] for line in made.lines] == ["wang"]


def test_only_a_call_at_the_console_needs_one_except_the_first() -> None:
    """ESC-13: a later rung that also writes is waited for; the last one has nowhere to go on to."""
    silent = Frozen("s", (Rung(0, "seat:centre"), Rung(30, "seat:leader"), Rung(60, "role:manager")), 60, 30, 900)
    made = climb(an_alert(ladder=silent), HARBOUR, EVERYBODY, AT, {"centre", "leader"})
    assert [f.people for f in made.fired] == [["wang"], ["chen"], ["zhao"]]
    assert [line.data["unreached"] for line in made.lines] == ["wang", "chen"]
    alone = Frozen("a", (Rung(0, "seat:centre"),), 60, 30, 900)
    assert climb(an_alert(ladder=alone), HARBOUR, EVERYBODY, AT, {"centre"}).alert.due_at == AT + timedelta(seconds=60)


@pytest.mark.parametrize(("ring", "rung", "waits"), [(1, 0, True), (1, 1, False), (2, 0, False)])
def test_a_notice_that_failed_matters_on_the_rung_that_rings(ring: int, rung: int, waits: bool) -> None:
    alert = climb(an_alert(ladder=LADDER), HARBOUR, EVERYBODY, AT).alert
    assert waits_on(alert, ring, rung) is waits


def test_a_ladder_on_which_nobody_stands_still_ends_and_comes_back() -> None:
    nobody = Frozen("n", (Rung(0, "seat:centre"), Rung(30, "seat:leader")), 60, 30, 900)
    made = climb(an_alert(ladder=nobody), HARBOUR, {}, AT)
    assert [(f.rung, f.people) for f in made.fired] == [(0, []), (1, [])]
    assert made.alert.due_at == AT + timedelta(seconds=60)


def test_the_last_rung_repeats_under_a_number_of_its_own() -> None:
    alert, at = an_alert(ladder=LADDER), AT
    rungs = []
    for _ in range(6):
        made = climb(alert, HARBOUR, EVERYBODY, at)
        rungs += [(f.rung, f.who, (f.at - AT).total_seconds()) for f in made.fired]
        alert, at = made.alert, made.alert.due_at or AT
    assert rungs == [
        (0, "seat:centre", 0),
        (1, "seat:leader", 30),
        (2, "role:manager", 60),
        (3, "external", 120),
        (4, "external", 180),
        (5, "external", 240),
    ]


@given(
    st.lists(st.integers(0, 600), min_size=1, max_size=6), st.integers(1, 600), st.integers(0, 20), st.integers(0, 7200)
)
def test_a_rung_is_never_due_before_its_time_and_a_late_sweep_does_not_add_up(
    delays: list[int], repeat: int, n: int, late: int
) -> None:
    ladder = Frozen("h", tuple(Rung(d, "external") for d in sorted(delays)), repeat, 30, 900)
    due, fired_at = AT, AT + timedelta(seconds=late)
    following = next_due(ladder, n, due, fired_at)
    assert following >= due
    if n < len(delays) - 1:
        assert following == due + timedelta(seconds=sorted(delays)[n + 1] - sorted(delays)[n])
    else:
        assert following > fired_at


def test_a_role_calls_everybody_who_has_it_and_a_post_everybody_in_its_seats() -> None:
    assert called(Rung(0, "role:operator"), HARBOUR, {}).ids == ["wang", "li"]
    assert called(Rung(0, "post:centre"), HARBOUR, EVERYBODY).ids == ["wang"]
    assert called(Rung(0, "person:zhao"), HARBOUR, {}).ids == ["zhao"]
    assert called(Rung(0, "external"), HARBOUR, {}).ids == ["external/fire"]
    assert not called(Rung(0, "person:nobody"), HARBOUR, {}).ids


def test_the_ladder_of_a_ringing_alert_is_its_own() -> None:
    """A ladder is frozen when the alert is raised."""
    text = msgspec.json.encode(an_alert(ladder=LADDER).ladder)
    assert msgspec.json.decode(text, type=Frozen) == LADDER
