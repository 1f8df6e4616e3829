"""The life of an alert, rule by rule (EVT-04, EVT-05, ESC-14; faults I5)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import NotAllowed, ReasonNeeded, StillActive, SupervisorNeeded
from alerts.ladder import Frozen
from alerts.rules import (
    HELD,
    NEXT,
    RINGING,
    Act,
    Alert,
    Cause,
    Close,
    Disposition,
    State,
    dispose,
    open_clock,
    reset,
    step,
)
from sites.register import Rung

AT = datetime(2026, 3, 1, 14, tzinfo=UTC)
LADDER = Frozen("main", (Rung(0, "seat:centre"), Rung(30, "role:manager")), 60, 30, 900)


def an_alert(state: State = State.RAISED, **more: object) -> Alert:
    made = Alert(
        site_id="s",
        id="a",
        number=1,
        subject="B2-07",
        kind="fire.alarm",
        klass="alarm",
        priority=1,
        zone_id=None,
        state=State.RAISED,
        ends="both",
        clear_said=False,
        event_id="e",
        said_at=AT,
        heard_at=AT,
        repeats=0,
        last_at=AT,
        seat_id="centre",
        shift_id=None,
        holder_id="wang",
        basis="signed_on",
        ladder=LADDER,
        version=3,
        **open_clock(LADDER, AT),
    )
    return msgspec.structs.replace(made, state=state, **more)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", Act)
def test_every_state_and_act_is_in_the_table_or_refused_and_nothing_happens(state: State, act: Act) -> None:
    alert = an_alert(state)
    if (state, act) in NEXT:
        after, line = step(alert, act, at=AT, by="wang")
        assert after.state is NEXT[state, act]
        assert after.version == alert.version + 1
        assert (line.act, line.actor, line.data["from"], line.data["to"]) == (
            f"alert.{act}",
            "wang",
            state,
            after.state,
        )
    else:
        with pytest.raises(NotAllowed):
            step(alert, act, at=AT)
        assert alert == an_alert(state)


def test_closed_is_the_end_and_only_a_disposition_leads_there() -> None:
    assert not [act for state, act in NEXT if state is State.CLOSED]
    assert {act for (_, act), after in NEXT.items() if after is State.CLOSED} == {Act.DISPOSE}


def test_nothing_closes_before_it_was_answered() -> None:
    assert {state for (state, _), after in NEXT.items() if after is State.CLOSED} <= HELD


@given(st.lists(st.sampled_from(list(Act)), max_size=40))
def test_custody_is_held_exactly_while_the_state_says_so(acts: list[Act]) -> None:
    alert, at = an_alert(), AT
    for act in acts:
        at += timedelta(seconds=1)
        if (alert.state, act) not in NEXT:
            continue
        before = alert
        alert, _ = step(alert, act, at=at, by="wang")
        if alert.state is State.CLOSED:
            return
        assert (alert.custody_by is not None) == (alert.state in HELD)
        rings_again = before.state in HELD and alert.state in RINGING
        assert alert.ring == before.ring + rings_again
        if rings_again:
            assert (alert.rung, alert.due_at, alert.ack_by) == (-1, at, at + timedelta(seconds=30))


def test_acknowledging_stops_the_ladder_and_starts_the_handling_time() -> None:
    after, _ = step(an_alert(), Act.ACK, at=AT, by="wang")
    assert (after.custody_by, after.custody_at, after.due_at) == ("wang", AT, AT + timedelta(seconds=900))


@pytest.mark.parametrize("state", sorted(HELD))
def test_custody_that_is_handed_over_neither_rings_nor_starts_the_handling_time_anew(state: State) -> None:
    """HND-03."""
    held = an_alert(state, custody_by="wang", due_at=AT + timedelta(seconds=60))
    after, line = step(held, Act.HAND_OVER, at=AT, by="li", taken_from="wang")
    assert (after.state, after.custody_by, after.due_at, after.ring) == (state, "li", held.due_at, held.ring)
    assert (line.act, line.actor, line.data["taken_from"]) == ("alert.hand_over", "li", "wang")


@pytest.mark.parametrize(
    ("close", "field"),
    [
        (Close(Disposition.FALSE_ALARM, None, "note"), "cause"),
        (Close(Disposition.FALSE_ALARM, Cause.COOKING, None), "note"),
        (Close(Disposition.FALSE_ALARM, Cause.COOKING, "  "), "note"),
    ],
)
def test_a_false_alarm_needs_its_cause_and_a_note(close: Close, field: str) -> None:
    """EVT-05."""
    with pytest.raises(ReasonNeeded) as refused:
        dispose(an_alert(State.SETTLING), close, at=AT, by="wang", supervisor=True)
    assert refused.value.field == field


def test_an_active_alert_is_closed_only_by_a_supervisor_with_a_reason() -> None:
    close = Close(Disposition.CONFIRMED)
    with pytest.raises(SupervisorNeeded):
        dispose(an_alert(State.ACKED), close, at=AT, by="wang", supervisor=False)
    with pytest.raises(ReasonNeeded):
        dispose(an_alert(State.ACKED), close, at=AT, by="chen", supervisor=True)
    after, line = dispose(
        an_alert(State.ACKED), Close(Disposition.CONFIRMED, reason="works on"), at=AT, by="chen", supervisor=True
    )
    assert (after.state, after.closed_by, after.closed_at, after.due_at) == (State.CLOSED, "chen", AT, None)
    assert line.data["reason"] == "works on"


def test_a_reset_is_refused_while_the_device_still_reports_it() -> None:
    with pytest.raises(StillActive):
        reset(an_alert(State.ACKED), at=AT, by="wang")
    assert reset(an_alert(State.ACKED, clear_said=True), at=AT, by="wang")[0].state is State.SETTLING


def test_what_no_device_ever_ends_a_person_resets_alone() -> None:
    assert reset(an_alert(State.ACKED, ends="person"), at=AT, by="wang")[0].state is State.SETTLING


def test_what_is_not_latched_is_not_reset() -> None:
    with pytest.raises(NotAllowed):
        reset(an_alert(State.ACKED, ends="device"), at=AT, by="wang")
