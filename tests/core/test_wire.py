"""The codec never raises and never invents (IOT-03, EVT-12; faults 7.5: 20,000 mutated payloads)."""

import random
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import wire
from core.ids import derived, fresh
from core.wire import Channel, Event, Garbled, Receipt, Said, Why

AT = datetime(2026, 3, 1, 14, tzinfo=UTC)


def an_event(**more: object) -> bytes:
    fields = {
        "id": derived(AT, "e"),
        "boot": derived(AT, "b"),
        "seq": 7,
        "device": "B2-07",
        "kind": "fire.alarm",
        "said_at": "2026-03-01T22:00:00+08:00",
        "data": {"loop": 2, "text": "B座7层", "nested": [1, {"a": None}]},
    }
    return msgspec.json.encode(fields | more)


def only(payload: bytes) -> Said | Garbled:
    (found,) = wire.decode_events(payload)
    return found


def test_an_event_comes_back_as_it_was_said_with_its_bytes() -> None:
    said = only(an_event())
    assert isinstance(said, Said)
    assert said.raw == an_event()
    assert (said.event.device, said.event.seq, said.event.said_at) == ("B2-07", 7, AT)
    assert only(wire.encode(said.event)) == Said(said.event, wire.encode(said.event))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"id": "1"}, Why.WRONG_SHAPE),
        ({"id": 7}, Why.WRONG_SHAPE),
        ({"seq": 0}, Why.WRONG_SHAPE),
        ({"seq": 2**53}, Why.WRONG_SHAPE),
        ({"seq": "7"}, Why.WRONG_SHAPE),
        ({"device": ""}, Why.WRONG_SHAPE),
        ({"device": "a/b"}, Why.WRONG_SHAPE),
        ({"device": "a\nb"}, Why.WRONG_SHAPE),
        ({"device": "x" * 65}, Why.WRONG_SHAPE),
        ({"device": "B2-07\n"}, Why.WRONG_SHAPE),
        ({"boot": derived(AT, "b") + "\n"}, Why.WRONG_SHAPE),
        ({"kind": "fire"}, Why.WRONG_SHAPE),
        ({"kind": "Fire.Alarm"}, Why.WRONG_SHAPE),
        ({"kind": "fire.alarm\n"}, Why.WRONG_SHAPE),
        ({"kind": "a." + "b" * 63}, Why.WRONG_SHAPE),
        ({"said_at": "2026-03-01T22:00:00"}, Why.WRONG_SHAPE),
        ({"said_at": 0}, Why.WRONG_SHAPE),
        ({"said_at": "yesterday"}, Why.WRONG_SHAPE),
        ({"data": []}, Why.WRONG_SHAPE),
        ({"test": "yes"}, Why.WRONG_SHAPE),
        ({"data": {"x" * 17_000: 1}}, Why.TOO_LARGE),
    ],
)
def test_a_wrong_field_is_named(more: dict[str, object], why: Why) -> None:
    found = only(an_event(**more))
    assert isinstance(found, Garbled)
    assert found.why is why
    if why is Why.WRONG_SHAPE:
        assert f"$.{next(iter(more))}" in found.detail


def test_data_may_nest_sixteen_deep_and_no_deeper() -> None:
    def nested(depth: int) -> object:
        return {"d": nested(depth - 1)} if depth else 1

    assert isinstance(only(an_event(data=nested(16))), Said)
    found = only(an_event(data=nested(17)))
    assert isinstance(found, Garbled)
    assert (found.why, found.seq) == (Why.TOO_DEEP, 7)


@pytest.mark.parametrize("text", [b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e999}', b'{"a":"\\ud800"}', b'{"a":"\xff"}'])
def test_what_json_does_not_have_is_refused(text: bytes) -> None:
    assert isinstance(only(an_event().replace(b'"data":{', b'"data":' + text + b',"x":{')), Garbled)


def test_the_last_of_two_equal_keys_counts_as_in_every_parser_we_know() -> None:
    said = only(an_event()[:-1] + b',"device":"other"}')
    assert isinstance(said, Said)
    assert said.event.device == "other"


def test_a_batch_is_taken_item_by_item() -> None:
    found = wire.decode_events(b"[" + b",".join([an_event(), b"{}", b"7", an_event(seq=8)]) + b"]")
    assert [type(f) for f in found] == [Said, Garbled, Garbled, Said]
    assert wire.decode_events(b"[]") == []
    full = b"[" + b",".join([b"1"] * 256) + b"]"
    assert len(wire.decode_events(full)) == 256


def test_twenty_thousand_mutated_payloads_neither_crash_nor_come_back_changed() -> None:
    """Whatever is still understood says exactly the bytes that were sent."""
    chance = random.Random(20260301)
    seeds = [an_event(), b"[" + an_event() + b"," + an_event(seq=8) + b"]", wire.encode(Receipt(derived(AT, "b"), 9))]
    understood, plain = 0, msgspec.json.Decoder(Event)
    for _ in range(20_000):
        raw = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(raw))
            how = chance.randrange(5)
            if how == 0:
                raw[at] ^= 1 << chance.randrange(8)
            elif how == 1:
                del raw[at : at + chance.randint(1, 20)]
            elif how == 2:
                raw[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
            elif how == 3:
                raw += raw[: chance.randint(1, len(raw))]
            else:
                raw[at:at] = chance.choice([b"{", b"[", b'"', b"\\u0000", b"null", b"1e400", b"\xef\xbb\xbf"])
            if not raw:
                break
        payload = bytes(raw)
        for found in wire.decode_events(payload):
            assert isinstance(found, Said | Garbled)
            assert isinstance(found, Garbled) or found.event == plain.decode(found.raw)
            if isinstance(found, Said):
                understood += 1
                assert found.raw in payload
        wire.decode_samples(payload)
        wire.decode_status(payload)
        wire.decode_receipt(payload)
        wire.decode_command(payload)
    assert understood > 100  # the mutations are near enough to real payloads to mean something


@given(st.binary(max_size=400))
def test_any_bytes_are_an_answer(payload: bytes) -> None:
    assert all(isinstance(f, Said | Garbled) for f in wire.decode_events(payload))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_any_json_value_is_an_answer(value: object) -> None:
    assert all(isinstance(f, Said | Garbled) for f in wire.decode_events(msgspec.json.encode(value)))


@pytest.mark.parametrize(
    "name",
    [
        "wr/v1/s/g",
        "wr/v1/s/g/events/x",
        "wr/v1/s/g/nothing",
        "wr/v2/s/g/events",
        "/wr/v1/s/g/events",
        "wr/v1/S/g/events",
        "wr/v1/a.b/g/events",
        "wr/v1//g/events",
        "wr/v1/+/g/events",
        "wr/v1/s/#",
        "wr/v1/s/g/events\n",
        "",
    ],
)
def test_a_topic_that_is_not_ours_is_nobody_s(name: str) -> None:
    assert wire.parse_topic(name) is None


@pytest.mark.parametrize("channel", Channel)
def test_a_topic_says_where_it_is_from(channel: Channel) -> None:
    place = wire.parse_topic(wire.topic("harbour-garden", "gw-a", channel))
    assert place is not None
    assert (place.site, place.gateway, place.channel) == ("harbour-garden", "gw-a", channel)


def test_ids_sort_by_time_and_what_is_derived_is_derived_again() -> None:
    later = datetime(2026, 3, 1, 14, 0, 1, tzinfo=UTC)
    assert fresh(AT) < fresh(later)
    assert len({fresh(AT) for _ in range(1000)}) == 1000
    assert derived(AT, "a", "b") == derived(AT, "a", "b") != derived(AT, "ab")
    assert isinstance(only(an_event(id=fresh(AT))), Said)


def test_every_event_that_we_encode_is_within_the_limit_we_set() -> None:
    event = Event(fresh(AT), fresh(AT), 1, "d" * 64, "a." + "b" * 62, AT, {"text": "中" * 2000})
    assert len(wire.encode(event)) <= wire.MAX_BYTES
