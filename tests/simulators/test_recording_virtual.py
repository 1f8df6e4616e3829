"""Playing a recording into a server in memory: the same head twice, known ids change nothing, order does not matter (EVT-14,
IOT-05).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules import State
from app.scenario_worlds import shores
from simulators.recording.lines import Message
from simulators.recording.reader import Recording
from simulators.recording.retold import Fresh, Telling, retold, surveyed
from simulators.recording.virtually import Came, Room, _Signs, unwatched
from simulators.scenario.load import site_of
from sites.register import Register
from tests.night import HARBOUR
from tests.simulators.tapes import STARTED, Voices, taped, told


@pytest.fixture(scope="module")
def garden() -> Register:
    return site_of("harbour-garden", Path())


@pytest.fixture(scope="module")
def hour(garden: Register, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of the demo."""
    return taped(tmp_path_factory.mktemp("tapes") / "hour.jsonl.gz", garden, told(garden, 3600))


def played(
    register: Register, *parts: Any, heard: Mapping[tuple[str, str], int] = {}
) -> tuple[Came, dict[str, list[Any]]]:
    """What came of playing these one after the other, and the rows."""
    room = Room(register, STARTED, shores(), heard)
    try:
        for messages in parts:
            room.play(messages)
        with room.store.read() as conn:
            rows = {
                name: conn.exec_driver_sql(f"SELECT {what} FROM {name} ORDER BY 1, 2").fetchall()
                for name, what in {
                    "event": "id, raw, heard_at, said_at, flags, alert_id",
                    "condition": "subject, name, active",
                    "device_state": "device_id, heard_at, kind, silent",
                    "gateway_state": "gateway_id, heard_at, state, silent",
                    "alert": "subject, kind, state, repeats",
                    "gateway_boot": "gateway_id, boot, ahead",
                }.items()
            }
        return room.came(), {name: [tuple(row) for row in found] for name, found in rows.items()}
    finally:
        room.close()


def messages(path: Path) -> Iterator[Message]:
    return retold(Recording(path), Telling())


def test_a_recorded_demo_hour_replays_to_the_same_logbook_head_twice(garden: Register, hour: Path) -> None:
    one, rows = played(garden, messages(hour))
    two, rows_again = played(garden, messages(hour))
    assert one.log_head == two.log_head
    assert rows == rows_again
    assert one.verifies
    assert {(a.subject, a.kind) for a in one.alerts} >= {("B2-07", "fire.alarm"), ("B5-L01", "device.offline")}
    assert one.messages > 3000
    assert one.rejects == one.duplicates == 0
    assert one.simulated_s > 3500
    assert one.took_s < 30, "an hour in seconds"


def test_life_signs_taken_together_leave_what_they_leave_one_by_one(
    garden: Register, hour: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = list(retold(Recording(hour), Telling(until=240_000_000)))
    together, rows = played(garden, part)
    monkeypatch.setattr(_Signs, "sign", lambda *_: None)
    alone, rows_alone = played(garden, part)
    assert together.log_head == alone.log_head
    assert rows == rows_alone


def test_the_same_recording_twice_on_end_gives_no_event_and_no_alert_more(garden: Register, hour: Path) -> None:
    """EVT-14."""
    part = list(retold(Recording(hour), Telling(until=120_000_000)))
    once, rows = played(garden, part)
    twice, rows_twice = played(garden, part, [m for m in part if m.topic.endswith("/events")])
    assert twice.duplicates == once.events
    assert [row[0] for row in rows_twice["event"]] == [row[0] for row in rows["event"]]
    assert len(twice.alerts) == len(once.alerts)
    assert {(a.subject, a.kind) for a in twice.alerts} == {(a.subject, a.kind) for a in once.alerts}


def test_told_afresh_it_is_news_again_and_as_history_nothing_rings(garden: Register, hour: Path) -> None:
    until = 120_000_000
    fresh = Fresh("again", STARTED, 0.0, surveyed(Recording(hour), 0, until).lowest)
    part = list(retold(Recording(hour), Telling(until=until)))
    once, _ = played(garden, part)
    again, _ = played(garden, part, retold(Recording(hour), Telling(until=until, fresh=fresh)))
    assert again.events == 2 * once.events
    assert again.duplicates == 0
    old, rows = played(garden, retold(Recording(hour), Telling(until=until, history=True)))
    assert old.events == once.events
    assert {a.kind for a in old.alerts} <= {"device.offline"}, "only silence, which is of today"
    assert ("B2-07", "fire.alarm", 1) in rows["condition"], "what is old still tells the state"


def test_a_recording_that_begins_in_the_middle_of_a_boot_has_no_gap_before_it(garden: Register, hour: Path) -> None:
    begin, until = 60_000_000, 300_000_000
    lowest = surveyed(Recording(hour), begin, until).lowest
    assert min(lowest.values()) > 1
    part = list(retold(Recording(hour), Telling(begin=begin, until=until)))
    _, told_so = played(garden, part, heard=lowest)
    _, not_told = played(garden, part)
    assert {row[2] for row in told_so["gateway_boot"]} == {"[]"}
    assert "[]" not in {row[2] for row in not_told["gateway_boot"]}


# -- order

WORDS = {
    "B2-07": ("fire.alarm", "fire.restore", "fire.fault", "fire.restore", "fire.alarm"),
    "L-1": ("water.leak", "water.restore", "water.leak"),
    "D-1": ("access.forced", "access.closed", "access.denied"),
    "X-1": ("fire.prealarm", "fire.alarm", "fire.restore"),
}


@settings(max_examples=12, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 4))
def test_another_order_of_arrival_ends_in_the_same_state(by: Any, doubled: int) -> None:
    """EVT-14: whatever the words did to each other on the way, one device's own included, and however often they came."""
    voices = Voices(HARBOUR)
    said = [voices.event(1.0, device, kind) for device, kinds in WORDS.items() for kind in kinds]
    shuffled = list(said)
    by.shuffle(shuffled)
    for _ in range(doubled):
        shuffled.insert(by.randint(0, len(shuffled)), by.choice(shuffled))
    assert _ended(said) == _ended(shuffled)


def _ended(order: list[Message]) -> Any:
    still = unwatched(HARBOUR)
    timed = [Message(n * 1_000_000, m.topic, m.payload) for n, m in enumerate(order)]
    came, rows = played(still, timed)
    return (
        [row[0] for row in rows["event"]],
        rows["condition"],
        {row[:2] for row in rows["alert"]},
        came.rejects,
    )


def test_without_any_life_sign_nobodys_silence_is_judged() -> None:
    voices = Voices(HARBOUR)
    came, _ = played(
        unwatched(HARBOUR), [voices.event(10, "B2-07", "fire.alarm"), voices.event(7200, "L-1", "water.leak")]
    )
    assert [(a.kind, a.state) for a in came.alerts] == [("fire.alarm", State.RAISED), ("water.leak", State.RAISED)]


def test_garbage_strangers_and_other_sites_are_kept_aside_as_they_would_be() -> None:
    voices = Voices(HARBOUR)
    said = [
        Message(0, "wr/v1/harbour/gw-a/events", b"{not json"),
        Message(1, "wr/v1/harbour/gw-a/telemetry", b"?"),
        Message(2, "wr/v1/harbour/gw-a/status", b"[]"),
        Message(3, "wr/v1/nowhere/gw-a/events", b"{}"),
        Message(4, "garbage", b""),
        voices.event(1, "ZZ-9", "fire.alarm", gateway="gw-a"),
    ]
    came, _ = played(HARBOUR, said)
    assert came.rejects == 5
    assert [(a.subject, a.kind) for a in came.alerts] == [("gateway/gw-a", "device.unknown")]
