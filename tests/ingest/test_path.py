"""The path on both databases: what each kind of delivery leaves behind (EVT-01, 04, 12-14; IOT-03; faults I1-I5, L17)."""

from datetime import timedelta

import msgspec
import pytest

from alerts.errors import AlreadyAnswered
from alerts.rules import Close, Disposition, State
from core import wire
from core.ids import fresh
from ingest.rules import HISTORY, LATE, RETAINED, SKEWED, TEST, UNKNOWN
from store.db import Store
from tests.conftest import HandClock
from tests.night import Night


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    made = Night(store, clock)
    with store.begin([made.site]) as tx:
        from ingest.acts import sign_on

        desk = made.desks.get(tx.conn, made.site)
        assert desk is not None
        sign_on(tx, desk, "centre", "wang", clock())
    return made


def flags(night: Night, message: object) -> int:
    return night.count("SELECT flags FROM event WHERE raw = ?", message.payload)  # type: ignore[attr-defined]


def test_an_alarm_becomes_one_alert_with_who_was_on_and_its_bytes_are_kept(night: Night) -> None:
    """EVT-12, EVT-13."""
    said = night.say("fire.alarm")
    alert = night.only()
    assert (alert.state, alert.kind, alert.priority, alert.latched) == (State.RAISED, "fire.alarm", 1, True)
    assert (alert.seat_id, alert.holder_id, alert.basis) == ("centre", "wang", "signed_on")
    assert alert.shift_id == "centre/2026-03-01/night"
    assert night.count("SELECT COUNT(*) FROM event WHERE raw = ? AND alert_id = ?", said.payload, alert.id) == 1
    assert night.fired(alert) == [(1, 0, "seat:centre", ["wang"], 0.0)]
    assert night.said_in_log(f"alert/{alert.id}") == ["alert.raise"]
    assert night.receipts[-1] == ("wr/v1/harbour/gw-a/receipt", wire.Receipt(night.boot, 1))


def test_repeats_of_an_active_condition_count_on_the_same_alert(night: Night) -> None:
    """A panel sends the same frame eight times in 1.4 s."""
    for _ in range(8):
        night.say("fire.alarm")
        night.clock.tick(0.2)
    alert = night.only()
    assert (alert.repeats, night.count("SELECT COUNT(*) FROM event")) == (7, 8)
    assert night.said_in_log(f"alert/{alert.id}") == ["alert.raise"]


def test_repeats_in_one_batch_with_the_raising_count_too(night: Night) -> None:
    night.flow.handle([night.message("fire.alarm") for _ in range(5)])
    assert night.only().repeats == 4


def test_the_same_delivery_again_changes_nothing_and_is_receipted_again(night: Night) -> None:
    """EVT-14, L1: a broker restored from a backup delivers what was handled long ago."""
    said = [night.message("water.leak", "L-1"), night.message("fire.alarm")]
    night.flow.handle(said)
    before = (night.open(), night.count("SELECT COUNT(*) FROM event"), night.log())
    night.flow.handle(said)
    night.flow.handle([*said, *said])
    assert (night.open(), night.count("SELECT COUNT(*) FROM event"), night.log()) == before
    assert night.receipts[-1][1].through == 2


def test_a_recurrence_after_closing_is_a_new_alert(night: Night) -> None:
    night.say("water.leak", "L-1")
    night.ack("wang")
    night.say("water.restore", "L-1")
    night.dispose("wang", Close(Disposition.CONFIRMED))
    night.clock.tick()
    night.say("water.leak", "L-1")
    assert (night.only().number, night.only().repeats, night.only().state) == (2, 0, State.RAISED)


def test_a_clear_before_the_answer_keeps_ringing(night: Night) -> None:
    night.say("water.leak", "L-1")
    night.clock.tick()
    night.say("water.restore", "L-1")
    assert night.only().state is State.CLEARED
    night.pass_(31)
    assert [rung for _, rung, *_ in night.fired(night.only())] == [0, 1]
    assert night.ack("wang") == ("custody", night.only())
    assert night.only().state is State.SETTLING


def test_a_leak_that_comes_back_while_settling_rings_again(night: Night) -> None:
    night.say("water.leak", "L-1")
    night.ack("wang")
    night.say("water.restore", "L-1")
    night.clock.tick(60)
    night.say("water.leak", "L-1")
    alert = night.only()
    assert (alert.state, alert.custody_by, alert.ring) == (State.RAISED, None, 2)
    assert night.fired(alert)[-1] == (2, 0, "seat:centre", ["wang"], 60.0)


def test_fire_is_latched_until_the_device_is_clear_and_a_person_resets(night: Night) -> None:
    night.say("fire.alarm")
    night.ack("wang")
    assert night.only().state is State.ACKED
    night.say("fire.restore")
    assert (night.only().state, night.only().clear_said) == (State.ACKED, True)
    night.say("fire.alarm")
    assert (night.only().state, night.only().clear_said) == (State.ACKED, False)


def test_a_pulse_that_comes_again_is_told_in_the_logbook(night: Night) -> None:
    """EVT-04: nothing was active meanwhile, so the first repeat is a step of the alert (cleared, repeat)."""
    for _ in range(2):
        night.say("access.denied", "R-1")
    alert = night.only()
    assert (alert.state, alert.repeats) == (State.CLEARED, 1)
    assert night.said_in_log(f"alert/{alert.id}") == ["alert.raise", "alert.repeat"]


def test_a_pulse_is_over_at_once_and_still_owes_an_answer(night: Night) -> None:
    """EVT-08: an expired card is an alert."""
    night.say("access.denied", "R-1", data={"reason": "expired", "card": "0042"})
    assert night.only().state is State.CLEARED
    night.clock.tick()
    night.say("access.denied", "R-1", data={"reason": "expired", "card": "0042"})
    assert (night.only().state, night.only().repeats, night.only().ring) == (State.CLEARED, 1, 1)
    night.ack("wang")
    night.say("access.denied", "R-1", data={"reason": "expired", "card": "0042"})
    assert (night.only().state, night.only().ring) == (State.CLEARED, 2)


def test_one_clear_ends_every_condition_of_its_family_or_just_the_one_it_names(night: Night) -> None:
    for kind in ("fire.fault", "fire.prealarm", "fire.disabled"):
        night.say(kind)
    night.say("fire.restore", data={"of": "fire.disabled"})
    assert {a.kind: a.state for a in night.open()} == {
        "fire.fault": State.RAISED,
        "fire.prealarm": State.RAISED,
        "fire.disabled": State.CLEARED,
    }
    night.say("fire.restore")
    assert {a.state for a in night.open()} == {State.CLEARED}


def test_a_key_device_is_one_priority_louder(night: Night) -> None:
    """EVT-07."""
    night.say("access.held_open", "D-1")
    night.say("access.held_open", "D-key")
    assert {a.subject: a.priority for a in night.open()} == {"D-1": 3, "D-key": 2}


@pytest.mark.parametrize(("more", "flag"), [({"retained": True}, RETAINED), ({"history": True}, HISTORY)])
def test_old_news_is_state_and_never_rings(night: Night, more: dict[str, bool], flag: int) -> None:
    """Faults finding 5: a retained alarm at start-up."""
    said = night.say("water.leak", "L-1", **more)
    assert (night.open(), flags(night, said)) == ([], flag)
    assert night.count("SELECT COUNT(*) FROM condition WHERE active AND subject = 'L-1'") == 1
    assert night.log()[-1].act != "alert.raise"
    night.clock.tick()
    night.say("water.leak", "L-1")
    assert night.only().state is State.RAISED


def test_old_news_may_end_a_condition(night: Night) -> None:
    night.say("water.leak", "L-1")
    night.say("water.restore", "L-1", history=True)
    assert night.only().state is State.CLEARED


def test_old_news_does_not_ring_an_answered_alert_again(night: Night) -> None:
    night.say("water.leak", "L-1")
    night.ack("wang")
    night.say("water.restore", "L-1")
    night.say("water.leak", "L-1", retained=True)
    assert (night.only().state, night.only().ring) == (State.SETTLING, 1)


def test_a_test_event_is_kept_and_raises_nothing(night: Night) -> None:
    """EVT-10."""
    said = night.say("fire.alarm", test=True)
    assert (night.open(), flags(night, said)) == ([], TEST)


def test_a_clock_nine_years_off_is_kept_and_flagged_and_orders_nothing(night: Night) -> None:
    """EVT-12; faults finding 4."""
    night.say("fire.alarm", said_at=night.clock() - timedelta(days=9 * 365))
    late = night.say("fire.alarm", "X-1", gateway="gw-b", said_at=night.clock() + timedelta(days=9 * 365))
    assert flags(night, late) == SKEWED
    assert {a.heard_at for a in night.open()} == {night.clock()}
    assert {a.ack_by for a in night.open()} == {night.clock() + timedelta(seconds=30)}


def test_a_kind_nobody_has_heard_of_is_activity_kept_and_shown(night: Night) -> None:
    night.say("lift.entrapment")
    assert night.open() == []
    assert night.count("SELECT COUNT(*) FROM event WHERE kind = 'lift.entrapment' AND klass = 'activity'") == 1


def test_an_unknown_device_is_kept_aside_and_told_once(night: Night) -> None:
    """IOT-02."""
    first = night.say("fire.alarm", "B9-99")
    night.say("fire.alarm", "B9-98")
    assert flags(night, first) == UNKNOWN
    alert = night.only()
    assert (alert.kind, alert.subject, alert.repeats) == ("device.unknown", "gateway/gw-a", 1)


def test_what_a_gateway_says_of_itself_is_its_own_trouble(night: Night) -> None:
    night.say("device.storage_fault", "gw-a", data={"why": "damaged"})
    assert (night.only().kind, night.only().subject) == ("device.storage_fault", "gateway/gw-a")


def test_a_device_behind_another_gateway_is_not_believed(night: Night) -> None:
    said = night.say("fire.alarm", "X-1", gateway="gw-a")
    assert flags(night, said) == UNKNOWN
    assert night.only().kind == "device.unknown"


def test_the_site_in_the_payload_counts_for_nothing(night: Night) -> None:
    """The wire gives no place for it; an extra field is not a way in."""
    night.say("fire.alarm", site="elsewhere", gateway_id="gw-b")
    assert night.only().site_id == "harbour"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "empty"),
        (b"{", "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"null", "wrong_shape"),
        (b'{"id": 7}', "wrong_shape"),
        (b"[" * 5000, "too_deep"),
        (b'{"a":' * 3000, "too_deep"),
        (b"x" * 1_000_000, "too_large"),
        (b"[" + b",".join([b"{}"] * 257) + b"]", "batch_too_long"),
        (b'{"id":"\\ud800"}', "not_json"),
        (b"NaN", "not_json"),
    ],
)
def test_poison_is_kept_with_its_bytes_and_reason_and_the_next_good_message_is_heard(
    night: Night, payload: bytes, why: str
) -> None:
    """IOT-03; faults I15."""
    night.raw(payload)
    kept = payload[: 64 * 1024]
    assert night.count("SELECT COUNT(*) FROM reject WHERE why = ? AND raw = ?", why, kept) == 1
    night.say("fire.alarm")
    assert night.only().kind == "fire.alarm"


def test_one_bad_item_does_not_take_its_neighbours_along(night: Night) -> None:
    good = [night.message("water.leak", "L-1").payload, night.message("fire.alarm").payload]
    night.raw(b"[" + good[0] + b',{"id":1},' + good[1] + b"]")
    assert {a.kind for a in night.open()} == {"water.leak", "fire.alarm"}
    assert night.count("SELECT COUNT(*) FROM reject") == 1


def test_a_reject_whose_place_can_be_read_is_receipted_so_that_the_gateway_can_go_on(night: Night) -> None:
    night.raw(b'{"boot":"%s","seq":1,"id":"nonsense"}' % night.boot.encode())
    assert night.receipts[-1][1] == wire.Receipt(night.boot, 1)


def test_a_topic_or_site_that_is_not_ours_is_kept_apart(night: Night) -> None:
    night.raw(b"{}", "elsewhere/x")
    night.raw(night.message("fire.alarm").payload, "wr/v1/nowhere/gw-a/events")
    assert night.open() == []
    assert night.count("SELECT COUNT(*) FROM reject WHERE site_id = '' AND why = 'bad_topic'") == 1
    assert night.count("SELECT COUNT(*) FROM reject WHERE site_id = '' AND why = 'unknown_site'") == 1


def test_an_id_that_stands_for_another_event_is_refused(night: Night) -> None:
    event_id = fresh(night.clock())
    night.say("water.leak", "L-1", id=event_id)
    night.say("fire.alarm", id=event_id)
    assert night.only().kind == "water.leak"
    assert night.count("SELECT COUNT(*) FROM reject WHERE why = 'id_reused'") == 1


def test_such_an_id_takes_none_of_its_neighbours_along_and_is_counted_once(night: Night) -> None:
    """An id in a place that was empty is not looked for: the table refuses it, and the batch is done again with care."""
    told = night.say("water.leak", "L-1")
    again = msgspec.json.decode(told.payload)["id"]
    batch = [
        night.message("fire.alarm"),
        night.message("fire.alarm", id=again),
        *(night.message("device.heartbeat", "L-1") for _ in range(20)),
        told,
    ]
    night.flow.handle(batch)
    assert {a.kind for a in night.open()} == {"water.leak", "fire.alarm"}
    assert night.count("SELECT COUNT(*) FROM event") == 22
    assert night.count("SELECT COUNT(*) FROM reject WHERE why = 'id_reused'") == 1
    assert (night.flow.counts.events, night.flow.counts.duplicates) == (22, 1)
    assert night.flow.counts.rejects == {"id_reused": 1}
    assert night.receipts[-1][1].through == 23


def test_what_was_stored_is_known_whatever_order_it_comes_again_in(night: Night) -> None:
    """A restarted server, a backlog that live events overtook, and everything a second time: one row each."""
    said = [night.message("device.heartbeat", "L-1") for _ in range(30)]
    night.flow.handle(said[20:])
    night.restart()
    night.flow.handle(said[25:] + said[:12])
    night.flow.handle(said[::-1])
    night.restart()
    night.flow.handle(said)
    assert night.count("SELECT COUNT(*) FROM event") == 30
    assert night.count("SELECT COUNT(*) FROM reject") == 0
    assert night.receipts[-1][1].through == 30


def test_live_events_overtake_a_backlog_and_the_receipt_waits_for_the_gap(night: Night) -> None:
    night.say("fire.alarm", seq=5)
    assert night.receipts[-1][1].through == 0
    for seq in (1, 2, 4):
        night.say("device.heartbeat", seq=seq)
    assert night.receipts[-1][1].through == 2
    night.say("device.heartbeat", seq=3)
    assert night.receipts[-1][1].through == 5


def test_a_late_restore_of_an_older_alarm_does_not_end_a_newer_one(night: Night) -> None:
    """I10: the gateway's order counts, not the order of arrival."""
    night.say("water.leak", "L-1", seq=9)
    said = night.say("water.restore", "L-1", seq=5)
    assert night.only().state is State.RAISED
    assert flags(night, said) == 0


def test_a_late_alarm_of_a_condition_that_is_over_still_owes_an_answer(night: Night) -> None:
    night.say("water.leak", "L-1", seq=1)
    night.say("water.restore", "L-1", seq=8)
    night.ack("wang")
    night.dispose("wang", Close(Disposition.CONFIRMED))
    said = night.say("water.leak", "L-1", seq=6)
    assert (night.only().state, night.only().number) == (State.CLEARED, 2)
    assert flags(night, said) == LATE


def test_someone_who_is_not_responsible_is_a_witness_and_the_ladder_goes_on(night: Night) -> None:
    """ESC-14."""
    night.say("fire.alarm")
    outcome, alert = night.ack("li")
    assert (outcome, alert.state, alert.custody_by) == ("witness", State.RAISED, None)
    night.pass_(31)
    assert [rung for _, rung, *_ in night.fired(night.only())] == [0, 1]
    assert "alert.witness" in night.said_in_log(f"alert/{alert.id}")
    assert night.ack("wang")[0] == "custody"
    assert night.ack("wang")[0] == "custody"
    with pytest.raises(AlreadyAnswered):
        night.ack("li")
    assert night.said_in_log(f"alert/{alert.id}").count("alert.ack") == 1


def test_whom_the_ladder_called_may_take_custody(night: Night) -> None:
    night.say("fire.alarm")
    assert night.ack("chen")[0] == "witness"
    night.pass_(31)
    assert night.ack("chen")[0] == "custody"


def test_a_supervisor_overrides_with_a_reason(night: Night) -> None:
    night.say("fire.alarm")
    outcome, alert = night.ack("zhao", override=True, reason="I am at the panel")
    assert (outcome, alert.custody_by) == ("override", "zhao")
    assert night.log()[-1].data["reason"] == "I am at the panel"


def test_every_push_is_in_order_and_tells_the_whole_story(night: Night) -> None:
    """IOT-06."""
    night.say("water.leak", "L-1")
    night.ack("wang")
    night.say("water.restore", "L-1")
    night.dispose("wang", Close(Disposition.CONFIRMED))
    pushes = night.pushes()
    assert [seq for seq, *_ in pushes] == list(range(1, len(pushes) + 1))
    assert [body["state"] for _, kind, body in pushes if kind == "alert"] == ["raised", "acked", "settling", "closed"]


def test_telemetry_goes_to_its_own_store_and_touches_nothing_else(night: Night) -> None:
    payload = b'[{"device":"L-1","metric":"level","value":1.5,"unit":"m","said_at":"2026-03-01T22:00:00+08:00"}]'
    night.raw(payload, "wr/v1/harbour/gw-a/telemetry")
    found = night.telemetry.read(
        "harbour", "L-1", "level", night.clock() - timedelta(hours=1), night.clock() + timedelta(hours=1), 10
    )
    assert [value for _, value in found] == [1.5]
    assert night.count("SELECT COUNT(*) FROM event") == 0
