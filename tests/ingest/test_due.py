"""Absence is an event: rungs, handling times, empty seats, silent devices and gateways (ESC-01, EVT-10, EVT-13; I7, I12)."""

from datetime import timedelta

import msgspec
import pytest

from alerts.rules import Close, Disposition, State
from ingest.acts import sign_off, sign_on
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock)


def on(night: Night, who: str, seat: str = "centre") -> None:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        sign_on(tx, desk, seat, who, night.clock())


def off(night: Night, who: str, seat: str = "centre") -> None:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        sign_off(tx, desk, seat, who, night.clock())


def rungs(night: Night) -> list[tuple[int, float]]:
    return [(rung, after) for _, rung, _, _, after in night.fired(night.alert("fire.alarm"))]


def test_an_unanswered_alert_climbs_to_the_end_and_goes_on(night: Night) -> None:
    """I7: never early, once per rung, at most two seconds late."""
    night.say("fire.alarm")
    night.pass_(245, step=0.5)
    assert rungs(night) == [(0, 0.0), (1, 30.0), (2, 60.0), (3, 120.0), (4, 180.0), (5, 240.0)]


@pytest.mark.parametrize("restart_at", range(5, 130, 10))
def test_a_restart_between_any_two_rungs_neither_loses_nor_repeats_one(
    sqlite_url: str, clock: HandClock, restart_at: int
) -> None:
    """I7, L12, L17."""
    db = Store(sqlite_url)
    night = Night(db, clock)
    night.say("fire.alarm")
    night.pass_(restart_at)
    night.restart()
    night.pass_(125 - restart_at if restart_at < 125 else 1)
    assert [r for r in rungs(night) if r[0] < 4] == [(0, 0.0), (1, 30.0), (2, 60.0), (3, 120.0)]
    db.close()


def test_an_outage_over_many_rungs_fires_each_once_and_does_not_ring_the_repeats_all_at_once(night: Night) -> None:
    night.say("fire.alarm")
    night.clock.tick(3600)
    for _ in range(10):
        night.sweeper.run()
    assert rungs(night) == [(0, 0.0), (1, 3600.0), (2, 3600.0), (3, 3600.0)]
    night.pass_(61)
    assert rungs(night)[-1] == (4, 3660.0)


def test_an_acknowledgement_stops_the_ladder_and_takes_the_notices_back(night: Night) -> None:
    """L11."""
    night.say("fire.alarm")
    night.pass_(31)
    assert night.count("SELECT COUNT(*) FROM notice WHERE state = 'queued'") == 1
    night.ack("wang", night.alert("fire.alarm"))
    assert night.count("SELECT COUNT(*) FROM notice WHERE state = 'queued'") == 0
    night.pass_(300)
    assert len(rungs(night)) == 2


def test_an_acknowledged_alert_that_is_not_closed_in_time_rings_again(night: Night) -> None:
    """peers: acked and forgotten."""
    night.say("fire.alarm")
    night.ack("wang", night.alert("fire.alarm"))
    night.pass_(899)
    assert night.alert("fire.alarm").state is State.ACKED
    night.pass_(2)
    alert = night.alert("fire.alarm")
    assert (alert.state, alert.ring, alert.custody_by) == (State.RAISED, 2, None)
    assert night.fired(alert)[-1][:2] == (2, 0)


def test_nobody_in_the_seat_starts_the_ladder_at_the_next_rung_and_raises_a_gap(store: Store, clock: HandClock) -> None:
    """EVT-13: gap -> unassigned and immediate escalation."""
    night = Night(store, clock, msgspec.structs.replace(HARBOUR, rotas=HARBOUR.rotas[1:]))
    gap = night.only()
    assert (gap.kind, gap.subject) == ("duty.gap", "seat/centre")
    night.say("fire.alarm")
    alert = night.alert("fire.alarm")
    assert (alert.basis, alert.holder_id) == ("nobody", None)
    assert rungs(night) == [(0, 0.0), (1, 0.0)]
    assert night.count("SELECT COUNT(*) FROM alert WHERE kind = 'duty.gap'") == 1
    on(night, "wang")
    assert night.alert("duty.gap").state is State.CLEARED


def test_a_gap_opens_by_itself_when_the_last_shift_ends(store: Store, clock: HandClock) -> None:
    day_only = msgspec.structs.replace(HARBOUR.rotas[0], days=({"night": "wang"},))
    night = Night(store, clock, msgspec.structs.replace(HARBOUR, rotas=(day_only,)))
    assert night.open() == []
    clock.set(night.local(2, 7, 59, 59))
    night.sweeper.run()
    assert "duty.gap" not in {a.kind for a in night.open()}
    clock.tick(1)
    night.sweeper.run()
    assert night.alert("duty.gap").state is State.RAISED
    clock.set(night.local(2, 20))
    night.sweeper.run()
    assert night.alert("duty.gap").state is State.CLEARED


def test_custody_goes_back_to_the_seat_when_its_holder_leaves(night: Night) -> None:
    """Peers 2.2: never to a person who went home."""
    on(night, "wang")
    night.say("fire.alarm")
    night.ack("wang")
    night.clock.tick(60)
    off(night, "wang")
    alert = night.alert("fire.alarm")
    assert (alert.state, alert.custody_by, alert.ring) == (State.RAISED, None, 2)


def test_relief_by_roster_hands_custody_back_at_the_shift_change(night: Night) -> None:
    night.say("fire.alarm")
    night.clock.set(night.local(2, 7, 50))
    assert night.ack("wang", night.alert("fire.alarm"))[0] == "custody"
    night.clock.set(night.local(2, 8))
    night.sweeper.run()
    assert night.alert("fire.alarm").state is State.RAISED
    assert night.ack("wang", night.alert("fire.alarm"))[0] == "witness"
    assert night.ack("li", night.alert("fire.alarm"))[0] == "custody"


def test_a_silent_device_is_told_once_and_its_next_word_ends_it(night: Night) -> None:
    """EVT-10."""
    night.say("device.heartbeat")
    with_its_gateway(night, 599)
    assert "device.offline" not in {a.kind for a in night.open()}
    with_its_gateway(night, 31)
    with_its_gateway(night, 600)
    silence = night.alert("device.offline")
    assert (silence.subject, silence.repeats) == ("B2-07", 0)
    night.say("device.heartbeat")
    assert night.alert("device.offline").state is State.CLEARED
    assert night.count("SELECT COUNT(*) FROM device_state WHERE silent") == 0
    with_its_gateway(night, 660)
    assert night.alert("device.offline").state is State.RAISED


def test_a_device_that_never_spoke_is_silent_too(night: Night) -> None:
    with_its_gateway(night, 601)
    assert "device.offline" in {a.kind for a in night.open()}


def test_a_cut_line_does_not_ring_for_every_device_behind_it(night: Night) -> None:
    """EVT-10: of what stands behind a gateway that is away nothing is known; when it is back, silence counts again."""
    with_its_gateway(night, 300)
    night.pass_(3600, step=10)
    assert {a.kind for a in night.open()} == {"gateway.offline"}
    with_its_gateway(night, 50)
    assert "device.offline" not in {a.kind for a in night.open()}
    with_its_gateway(night, 30)
    assert night.alert("device.offline").subject == "B2-07"


def test_a_device_never_heard_keeps_its_time_when_its_gateway_comes_back(night: Night) -> None:
    """EVT-10, I12: a short absence of the gateway is no reason to call a new device silent before its time."""
    with_its_gateway(night, 60)
    status(night, "offline")
    night.pass_(30)
    with_its_gateway(night, 400)
    assert "device.offline" not in {a.kind for a in night.open()}
    with_its_gateway(night, 120)
    assert night.alert("device.offline").subject == "B2-07"


def test_what_fell_silent_while_the_server_was_down_is_given_a_moment(night: Night) -> None:
    """I12: our own deafness is not theirs. What is really silent is called all the same, a minute later."""
    with_its_gateway(night, 300)
    night.clock.tick(3600)
    night.restart()
    night.pass_(10)
    assert gateway_alerts(night) == []
    with_its_gateway(night, 49)
    assert [a.kind for a in night.open() if a.subject in {"B2-07", "gateway/gw-a"}] == []
    with_its_gateway(night, 30)
    assert night.alert("device.offline").subject == "B2-07"


def with_its_gateway(night: Night, seconds: float) -> None:
    """Let time go by while both gateways say that they are there."""
    until = night.clock() + timedelta(seconds=seconds)
    while night.clock() < until:
        for gateway in ("gw-a", "gw-b"):
            status(night, "online", gateway=gateway)
        night.pass_(min(30.0, (until - night.clock()).total_seconds()), step=5)


def status(night: Night, state: str, *, retained: bool = False, gateway: str = "gw-a") -> None:
    from ingest.batches import Message

    payload = b'{"state":"%s","boot":"%s","at":"2026-03-01T14:00:00Z","spooled":3}' % (
        state.encode(),
        night.boot.encode(),
    )
    night.flow.handle([Message(f"wr/v1/harbour/{gateway}/status", payload, retained, 1, 0, False)])


def gateway_alerts(night: Night) -> list[tuple[str, str]]:
    return [(a.subject, a.state) for a in night.open() if a.kind == "gateway.offline"]


def test_a_gateways_last_will_gets_a_moment_and_then_is_a_trouble(night: Night) -> None:
    """I12: told within its reporting time, exactly once an outage."""
    status(night, "online")
    status(night, "offline")
    night.pass_(19)
    assert gateway_alerts(night) == []
    night.pass_(2)
    assert gateway_alerts(night) == [("gateway/gw-a", "raised")]
    status(night, "online")
    assert gateway_alerts(night) == [("gateway/gw-a", "cleared")]


def test_a_last_will_that_is_said_again_gives_no_second_moment_and_is_told_once(night: Night) -> None:
    """I12: a broker that starts again delivers what we had not acknowledged once more."""
    status(night, "online")
    status(night, "offline")
    night.pass_(15)
    status(night, "offline")
    status(night, "offline", retained=True)
    night.pass_(6)
    assert gateway_alerts(night) == [("gateway/gw-a", "raised")]
    status(night, "offline")
    night.pass_(30, step=5)
    assert night.alert("gateway.offline").repeats == 0
    status(night, "online")
    status(night, "offline")
    night.pass_(19)
    assert gateway_alerts(night) == [("gateway/gw-a", "cleared")]
    night.pass_(2)
    assert gateway_alerts(night) == [("gateway/gw-a", "raised")]


def test_a_retained_status_is_not_a_sign_of_life(night: Night) -> None:
    status(night, "online", retained=True)
    night.pass_(91, step=5)
    assert ("gateway/gw-a", "raised") in gateway_alerts(night)


def gaps_told(night: Night) -> list[int]:
    """The first missing number of each gap that was told, by the alert that counts them."""
    return [a.repeats for a in night.open() if a.kind == "gateway.seq_gap"]


def test_a_gap_in_the_sequence_is_told_and_much_later_given_up(night: Night) -> None:
    """Faults I1: giving up lets the gateway forget, so it must have had every chance to say again what it holds."""
    with_its_gateway(night, 1)
    night.say("device.heartbeat", seq=1)
    night.say("device.heartbeat", seq=4)
    with_its_gateway(night, 59)
    assert "gateway.seq_gap" not in {a.kind for a in night.open()}
    with_its_gateway(night, 2)
    assert night.alert("gateway.seq_gap").subject == "gateway/gw-a"
    assert night.log(f"alert/{night.alert('gateway.seq_gap').id}")[0].data["data"]["first"] == 2
    night.say("device.heartbeat", seq=5)
    assert night.receipts[-1][1].through == 1
    with_its_gateway(night, 895)
    night.say("device.heartbeat", seq=6)
    assert night.receipts[-1][1].through == 1
    with_its_gateway(night, 10)
    assert night.said_in_log("gateway/gw-a") == ["gateway.gap_given_up"]
    night.say("device.heartbeat", seq=7)
    assert night.receipts[-1][1].through == 7


def test_what_comes_in_above_a_gap_does_not_put_its_telling_off(night: Night) -> None:
    with_its_gateway(night, 1)
    night.say("device.heartbeat", seq=1)
    for seq in range(4, 12):
        night.say("device.heartbeat", seq=seq)
        with_its_gateway(night, 10)
    assert gaps_told(night) == [0]


def test_a_gap_that_is_filled_in_time_was_none(night: Night) -> None:
    with_its_gateway(night, 1)
    night.say("device.heartbeat", seq=1)
    night.say("device.heartbeat", seq=3)
    with_its_gateway(night, 50)
    night.say("device.heartbeat", seq=2)
    assert night.receipts[-1][1].through == 3
    with_its_gateway(night, 1000)
    assert gaps_told(night) == []


def test_a_gap_is_not_given_up_in_the_first_pass_after_a_long_stop(night: Night) -> None:
    with_its_gateway(night, 1)
    night.say("device.heartbeat", seq=1)
    night.say("device.heartbeat", seq=4)
    with_its_gateway(night, 70)
    night.clock.tick(7200)
    night.restart()
    with_its_gateway(night, 600)
    night.say("device.heartbeat", seq=2)
    night.say("device.heartbeat", seq=3)
    assert night.receipts[-1][1].through == 4


def test_a_gap_is_not_given_up_while_its_gateway_is_away(night: Night) -> None:
    with_its_gateway(night, 1)
    night.say("device.heartbeat", seq=1)
    night.say("device.heartbeat", seq=4)
    with_its_gateway(night, 70)
    with_its_gateway(night, 600)
    night.pass_(200, step=20)
    with_its_gateway(night, 800)
    night.say("device.heartbeat", seq=2)
    night.say("device.heartbeat", seq=3)
    assert night.receipts[-1][1].through == 4


def test_two_engines_at_once_fire_each_rung_once(store: Store, clock: HandClock) -> None:
    """Faults F16."""
    import threading

    night = Night(store, clock)
    night.say("fire.alarm")
    clock.tick(30)
    other = Night.__new__(Night)
    other.__dict__.update(night.__dict__)
    other.restart()
    threads = [threading.Thread(target=n.sweeper.run) for n in (night, other, night, other)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert rungs(night) == [(0, 0.0), (1, 30.0)]


def test_a_whole_story_ends_closed_and_logged(night: Night) -> None:
    """Issue: sensor to signed-off alert."""
    on(night, "wang")
    night.say("water.leak", "L-1")
    night.clock.tick(12)
    night.ack("wang")
    night.clock.tick(120)
    night.say("water.restore", "L-1")
    night.clock.tick(30)
    closed = night.dispose("wang", Close(Disposition.CONFIRMED, note="valve closed"))
    assert night.said_in_log(f"alert/{closed.id}") == ["alert.raise", "alert.ack", "alert.clear", "alert.dispose"]
    assert closed.closed_at == night.clock()
    assert closed.custody_at == closed.heard_at + timedelta(seconds=12)
