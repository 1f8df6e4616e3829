"""Telling a recording again: as it was, as history, elsewhere, or as news (EVT-14, IOT-05)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import wire
from core.ids import derived
from core.wire import Channel
from simulators.recording.lines import Gap, Message
from simulators.recording.retold import Fresh, Survey, Telling, retold, surveyed

THEN = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SHIFT = NOW - THEN
BOOT = derived(THEN, "a boot")
EVENTS, STATUS, TELEMETRY = (wire.topic("harbour", "gw-a", c) for c in ("events", "status", "telemetry"))  # type: ignore[arg-type]


def event(seq: int, at: float = 0.0, **more: Any) -> dict[str, Any]:
    at_ = THEN + timedelta(seconds=at)
    base = {"id": derived(at_, str(seq)), "boot": BOOT, "seq": seq, "device": "B2-07", "kind": "fire.alarm"}
    return base | {"said_at": at_.isoformat()} | more


def message(body: Any, at: float = 0.0, topic: str = EVENTS, *, retain: bool = False) -> Message:
    return Message(
        round(at * 1e6), topic, body if isinstance(body, bytes) else msgspec.json.encode(body), 1, retain, False
    )


def afresh(messages: list[Message], salt: str = "run", **more: Any) -> list[Message]:
    lowest = surveyed(messages).lowest
    fresh = Fresh(salt, NOW, SHIFT.total_seconds(), lowest)
    return list(retold(messages, Telling(fresh=fresh, **more)))


def bodies(messages: list[Message]) -> list[Any]:
    return [msgspec.json.decode(m.payload) for m in messages]


def test_told_as_it_was_not_a_byte_is_touched() -> None:
    said = [message(b'{ "id" : 1 }'), message(b"\xff\x00"), message([event(1), event(2)], 1), message(b"", topic="x/y")]
    assert list(retold(said, Telling())) == said


def test_told_afresh_it_is_news_and_every_reference_still_fits() -> None:
    said = [message(event(41, 0), 1), message([event(42, 1), event(44, 2)], 2), message(event(41, 0), 3)]
    one, (two, three), again = bodies(afresh(said))
    assert again == one, "a duplicate stays one"
    assert [one["seq"], two["seq"], three["seq"]] == [1, 2, 4], "numbers begin at one, and a gap stays a gap"
    assert one["boot"] == two["boot"] == three["boot"] != BOOT
    assert len({one["id"], two["id"], three["id"]} & {event(n, n - 41)["id"] for n in (41, 42, 44)}) == 0
    assert datetime.fromisoformat(two["said_at"]) == THEN + SHIFT + timedelta(seconds=1)
    assert one["id"][:8] == derived(NOW, "x")[:8], "a new id lies as far from the new start as the old from the old"
    assert one["device"] == "B2-07"
    assert all(isinstance(wire.decode_events(m.payload)[0], wire.Said) for m in afresh(said))


def test_the_same_salt_makes_the_same_ids_and_another_makes_others() -> None:
    said = [message(event(n)) for n in range(1, 9)]
    assert afresh(said) == afresh(said)
    ours, theirs = ({b["id"] for b in bodies(afresh(said, salt))} for salt in ("one", "two"))
    assert not ours & theirs


def test_a_status_told_afresh_names_the_new_boot() -> None:
    status = {"state": "online", "boot": BOOT, "at": THEN.isoformat(), "spooled": 3}
    told_status, told_event = bodies(afresh([message(status, topic=STATUS, retain=True), message(event(7))]))
    assert told_status["boot"] == told_event["boot"]
    assert datetime.fromisoformat(told_status["at"]) == NOW
    assert told_status["spooled"] == 3


def test_a_sample_told_afresh_is_measured_now() -> None:
    samples = [{"device": "T-1", "metric": "temperature", "value": 21.5, "said_at": THEN.isoformat(), "unit": "Cel"}]
    (told,) = bodies(afresh([message(samples, topic=TELEMETRY)]))
    assert datetime.fromisoformat(told[0]["said_at"]) == NOW
    assert told[0]["value"] == 21.5


def test_as_history_every_event_is_marked_and_nothing_else_is() -> None:
    status = message({"state": "online", "boot": BOOT, "at": THEN.isoformat()}, topic=STATUS)
    said = [message(event(1)), message([event(2), event(3)]), status]
    one, many, untouched = list(retold(said, Telling(history=True)))
    marked = [*wire.decode_events(one.payload), *wire.decode_events(many.payload)]
    assert all(isinstance(m, wire.Said) and m.event.history for m in marked)
    assert [m.event.id for m in marked if isinstance(m, wire.Said)] == [event(n)["id"] for n in (1, 2, 3)]
    assert untouched == status


def test_a_message_that_grew_too_large_for_the_wire_becomes_two() -> None:
    many = [event(n, data={"n": n}) for n in range(1, 90)]
    payload = msgspec.json.encode(many)
    while len(payload) + len(b',"history":true') * len(many) <= wire.MAX_BYTES:
        many.append(event(len(many) + 1))
        payload = msgspec.json.encode(many)
    told = list(retold([message(payload)], Telling(history=True)))
    assert len(told) == 2
    assert all(len(m.payload) <= wire.MAX_BYTES for m in told)
    assert [i.event.seq for m in told for i in wire.decode_events(m.payload) if isinstance(i, wire.Said)] == list(
        range(1, len(many) + 1)
    )


def test_at_another_site_only_the_topic_changes() -> None:
    told = list(retold([message(event(1)), Message(0, "elsewhere", b"x")], Telling(site="tower")))
    assert [m.topic for m in told] == ["wr/v1/tower/gw-a/events", "elsewhere"]
    assert told[0].payload == message(event(1)).payload


def test_a_span_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    said = [message(event(n), n) for n in range(10)]
    told = list(retold(said, Telling(begin=3_000_000, until=6_000_000)))
    assert [m.t for m in told] == [0, 1_000_000, 2_000_000]
    assert [b["seq"] for b in bodies(told)] == [3, 4, 5]


def test_through_a_broker_what_was_retained_goes_as_history_and_a_status_only_afresh() -> None:
    """MQTT shows a publication to those who are connected as if it were new; an id is all that tells them."""
    status = message({"state": "offline", "boot": BOOT, "at": THEN.isoformat()}, topic=STATUS, retain=True)
    said = [status, message(event(1), retain=True), message(event(2))]
    first, second = bodies(list(retold(said, Telling(live=True))))
    assert first["history"] is True
    assert "history" not in second
    assert len(afresh(said, live=True)) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[1,2",
        b"[" * 100_000,
        b'{"id":5,"boot":null,"seq":"x","said_at":"yesterday"}',
        b'[3,"x",null,{"seq":1}]',
        b'{"id":"00000000-0000-7000-8000-000000000000"}',
        b'{"id":"ffffffff-ffff-7fff-bfff-ffffffffffff","said_at":"9999-12-31T23:59:59Z"}',
        b'{"id":"ffffffff-ffff-4fff-bfff-ffffffffffff","said_at":"0001-01-01T00:00:00+14:00"}',
        b'{"seq":1e400,"seq":2}',
    ],
)
def test_what_nobody_can_understand_is_told_all_the_same(body: bytes) -> None:
    assert len(afresh([message(body), message(event(3))], history=True)) == 2


@given(st.binary(max_size=200), st.sampled_from(["events", "status", "telemetry", "receipt", "other"]))
def test_no_payload_stops_the_telling(body: bytes, channel: str) -> None:
    assert len(afresh([message(body, topic=f"wr/v1/harbour/gw-a/{channel}")], history=True)) == 1


def test_a_survey_says_what_is_in_a_span() -> None:
    said = [message(event(5), 1), Gap(2_000_000, 500_000, "away"), message([event(4), event(9)], 3), message(b"?", 4)]
    found = surveyed([*said, message(event(1), 60)], 0, 10_000_000)
    assert found == Survey(3, {str(Channel.EVENTS): 3}, ("gw-a",), {("gw-a", BOOT): 4}, (said[1],), 4_000_000)  # type: ignore[arg-type]
