"""Bad input at the local door is refused with a name and a field; nothing is spooled that the server would reject."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import wire
from core.ids import fresh
from gateway.fact import MAX_EVENT, Ask, Fact, Refused, as_history, understand, written
from tests.conftest import HandClock

AT = datetime(2026, 3, 1, 14, tzinfo=UTC)
GOOD = b'{"device":"B2-07","kind":"fire.alarm"}'


def test_the_least_that_can_be_said(clock: HandClock) -> None:
    said = understand(GOOD, clock())
    assert isinstance(said, Fact)
    assert (said.device, said.kind, said.said_at, said.test) == ("B2-07", "fire.alarm", clock(), False)


def test_the_device_keeps_its_own_clock_offset_and_id(clock: HandClock) -> None:
    own = fresh(clock())
    line = {"device": "d", "kind": "fire.alarm", "said_at": "2017-03-01T22:00:00+08:00", "id": own, "test": True}
    said = understand(json.dumps(line).encode(), clock())
    assert isinstance(said, Fact)
    (event,) = wire.decode_events(written(said, fresh(clock()), 1, clock()))
    assert isinstance(event, wire.Said)
    assert b'"said_at":"2017-03-01T22:00:00+08:00"' in event.raw
    assert (event.event.id, event.event.test) == (own, True)


def test_a_line_with_a_metric_is_a_sample_and_ask_a_question(clock: HandClock) -> None:
    sample = understand(b'{"device":"P1","metric":"level","value":1.5,"unit":"m"}', clock())
    assert isinstance(sample, wire.Sample)
    assert isinstance(understand(b'{"ask":"status"}', clock()), Ask)


@pytest.mark.parametrize(
    ("line", "why", "field"),
    [
        (b"", "empty", None),
        (b"   ", "empty", None),
        (b"hello", "not_json", None),
        (b"\x00\xff\xfe", "not_utf8", None),
        (b"[1,2]", "wrong_shape", None),
        (b"null", "wrong_shape", None),
        (b'{"device":"B2-07"}', "wrong_shape", "kind"),
        (b'{"kind":"fire.alarm"}', "wrong_shape", "device"),
        (b'{"device":7,"kind":"fire.alarm"}', "wrong_shape", "device"),
        (b'{"device":"a b","kind":"fire.alarm"}', "wrong_shape", "device"),
        (b'{"device":"B2\\nx","kind":"fire.alarm"}', "wrong_shape", "device"),
        (b'{"device":"B2-07","kind":"FIRE"}', "wrong_shape", "kind"),
        (b'{"device":"B2-07","kind":"fire.alarm","colour":"red"}', "wrong_shape", "colour"),
        (b'{"device":"B2-07","kind":"fire.alarm","site":"other"}', "wrong_shape", "site"),
        (b'{"device":"B2-07","kind":"fire.alarm","said_at":"yesterday"}', "wrong_shape", "said_at"),
        (b'{"device":"B2-07","kind":"fire.alarm","said_at":"2026-03-01T00:00:00"}', "wrong_shape", "said_at"),
        (b'{"device":"B2-07","kind":"fire.alarm","id":"7"}', "wrong_shape", "id"),
        (b'{"device":"B2-07","kind":"fire.alarm","data":[1]}', "wrong_shape", "data"),
        (b'{"device":"B2-07","kind":"fire.alarm","data":{"t":NaN}}', "not_json", None),
        (b'{"device":"B2-07","kind":"fire.alarm","data":{"t":1e999}}', "wrong_shape", None),
        (b'{"device":"B2-07","kind":"fire.alarm","data":{"t":"\\ud800"}}', "not_json", None),
        (b'{"device":"B2-07","kind":"fire.alarm","data":' + b'{"a":' * 20 + b"1" + b"}" * 21, "too_deep", "data"),
        (b'{"device":"B2-07","kind":"fire.alarm","data":' + b"[" * 20_000, "too_deep", None),
        (b'{"device":"B2-07","kind":"fire.alarm","data":{"t":"' + b"x" * 20_000 + b'"}}', "too_large", "data"),
        (b'{"device":"B2-07","kind":"fire.alarm","data":{"t":"' + b"x" * 100_000 + b'"}}', "too_large", None),
        (b'{"device":"P1","metric":"level","value":"high"}', "wrong_shape", "value"),
        (b'{"device":"P1","metric":"level","value":1e999}', "wrong_shape", "value"),
        (b'{"device":"P1","metric":"Level!","value":1}', "wrong_shape", "metric"),
        (b'{"ask":"everything"}', "wrong_shape", "ask"),
    ],
)
def test_bad_lines_are_refused_by_name(line: bytes, why: str, field: str | None, clock: HandClock) -> None:
    """IOT-03."""
    refused = understand(line, clock())
    assert isinstance(refused, Refused), refused
    assert refused.why == why
    if field is not None:
        assert refused.field == field


def test_the_largest_event_still_fits_the_wire_as_history(clock: HandClock) -> None:
    for size in range(MAX_EVENT - 400, MAX_EVENT + 1):
        said = understand(b'{"device":"d","kind":"fire.alarm","data":{"t":"' + b"x" * size + b'"}}', clock())
        if isinstance(said, Refused):
            assert said.why == "too_large"
            break
        assert isinstance(said, Fact)
        history = as_history(written(said, fresh(clock()), wire.MAX_SEQ, clock()))
        (event,) = wire.decode_events(history)
        assert isinstance(event, wire.Said)
        assert event.event.history
    else:
        pytest.fail("nothing was too large")


def mutated(line: bytes) -> st.SearchStrategy[bytes]:
    """Truncations, flips and insertions of a good line."""
    cut = st.integers(0, len(line)).map(lambda n: line[:n])
    flip = st.tuples(st.integers(0, len(line) - 1), st.integers(0, 255)).map(
        lambda t: line[: t[0]] + bytes([t[1]]) + line[t[0] + 1 :]
    )
    put = st.tuples(st.integers(0, len(line)), st.binary(max_size=8)).map(lambda t: line[: t[0]] + t[1] + line[t[0] :])
    return st.one_of(cut, flip, put, st.binary(max_size=60))


FULL = b'{"device":"B2-07","kind":"fire.alarm","said_at":"2026-03-01T22:00:00.5+08:00","data":{"a":[1,2.5,"\\u706b"]},"test":true}'


@given(mutated(FULL))
def test_no_line_breaks_the_door_and_what_passes_the_server_understands(line: bytes) -> None:
    said = understand(line, AT)
    if isinstance(said, Fact):
        (event,) = wire.decode_events(written(said, fresh(AT), 1, AT))
        assert isinstance(event, wire.Said)
        assert len(event.raw) <= MAX_EVENT
    else:
        assert isinstance(said, Refused | wire.Sample | Ask)


def test_when_it_was_taken_is_said_where_the_moment_is_evidence(clock: HandClock) -> None:
    """PAT-11: a tap that waits for its server stays as old as it is, whatever the reader's own clock says."""
    taken = clock()
    for kind, told in (("patrol.tap", taken), ("fire.alarm", None)):
        said = understand(
            json.dumps({"device": "d", "kind": kind, "said_at": "2017-03-01T22:00:00+08:00"}).encode(), taken
        )
        assert isinstance(said, Fact)
        (event,) = wire.decode_events(written(said, fresh(taken), 1, taken))
        assert isinstance(event, wire.Said)
        assert event.event.kept_at == told


def test_a_tap_that_just_fits_still_fits_when_the_gateway_has_dated_it(clock: HandClock) -> None:
    def line(size: int) -> bytes:
        return json.dumps({"device": "d", "kind": "patrol.tap", "data": {"note": "x" * size}}).encode()

    most = next(n for n in range(wire.MAX_BYTES, 0, -1) if isinstance(understand(line(n), clock()), Fact))
    said = understand(line(most), clock())
    assert isinstance(said, Fact)
    odd = clock().replace(microsecond=123456)
    assert isinstance(wire.decode_events(as_history(written(said, fresh(odd), wire.MAX_SEQ, odd)))[0], wire.Said)
