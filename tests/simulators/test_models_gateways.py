"""What a gateway and its line do to messages: nothing invented, nothing lost but gaps, order kept where it is promised."""

from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import gateways
from simulators.gateways import Message, Troubles, troubled
from simulators.sayings import Saying, dice, event, text

seeds = st.integers(0, 10_000)
lives = st.lists(st.tuples(st.floats(0, 10_000).map(lambda t: round(t, 3)), st.sampled_from("abc")), max_size=60).map(
    lambda said: [event(t, device, "device.heartbeat") for t, device in sorted(said)]
)
spans = st.tuples(st.integers(0, 9000), st.integers(1, 9000)).map(lambda x: (float(x[0]), float(x[0] + x[1])))
lines = st.builds(
    Troubles,
    outages=st.lists(spans, max_size=1).map(tuple),
    duplicate=st.floats(0, 1),
    reorder=st.integers(0, 20),
    delay_s=st.floats(0, 30),
    gap=st.floats(0, 1),
    restarts=st.lists(st.floats(0, 10_000), max_size=3).map(tuple),
)


def places(messages: list[Message]) -> list[tuple[int, int]]:
    return [(m.boot, m.seq) for m in messages]


@given(lives, lines, seeds)
def test_any_bad_line_gives_messages_in_order_of_time_and_invents_nothing(
    life: list[Saying], line: Troubles, seed: int
) -> None:
    """F9: every message is one that was said, never early; the same seed gives the same bytes (IOT-04)."""
    told = list(troubled(life, line, dice(seed)))
    assert [m.t for m in told] == sorted(m.t for m in told)
    assert all(m.t >= m.saying.t and m.saying in life for m in told)
    whole = places(list(gateways.numbered(life, line.restarts)))
    assert len(set(whole)) == len(life)
    assert set(places(told)) <= set(whole)
    if not line.gap:
        assert set(places(told)) == set(whole)
    if not line.duplicate:
        assert len(set(places(told))) == len(told)
    assert list(text(told)) == list(text(troubled(life, line, dice(seed))))


@given(lives, st.lists(spans, max_size=2))
def test_an_outage_keeps_the_order_of_each_device(life: list[Saying], outages: list[tuple[float, float]]) -> None:
    """I10: new words overtake the backlog, but never that of their own device."""
    told = list(troubled(life, Troubles(tuple(outages)), dice(1)))
    assert not [m for m in told for since, until in outages if since <= m.t < until]
    by_device = defaultdict(list)
    for message in told:
        by_device[message.saying.device].append(message.seq)
    assert all(seqs == sorted(seqs) for seqs in by_device.values())
    assert sorted(m.seq for m in told) == list(range(1, len(life) + 1))


@given(lives, spans)
def test_a_long_backlog_is_history_but_for_each_device_s_last_word(
    life: list[Saying], span: tuple[float, float]
) -> None:
    told = list(gateways.outage(gateways.numbered(life), *span))
    held = [m for m in told if span[0] <= m.saying.t < span[1]]
    last = {m.saying.device: m.seq for m in held}
    for message in held:
        old = span[1] - message.saying.t > gateways.HISTORY_AFTER_S
        assert message.history == (old and last[message.saying.device] != message.seq)
    assert not any(m.history for m in told if m not in held)


@given(st.integers(1, 200), st.integers(1, 30), seeds)
def test_nobody_is_overtaken_by_more_than_the_bound(count: int, within: int, seed: int) -> None:
    life = [event(n, "a", "device.heartbeat") for n in range(count)]
    seqs = [m.seq for m in gateways.reordered(gateways.numbered(life), dice(seed), within)]
    assert sorted(seqs) == list(range(1, count + 1))
    for n, seq in enumerate(seqs):
        assert sum(other > seq for other in seqs[:n]) <= within


@given(lives, seeds, st.floats(0, 30))
def test_a_delay_is_bounded_and_a_duplicate_is_the_same_message(life: list[Saying], seed: int, up_to: float) -> None:
    late = list(gateways.delayed(gateways.numbered(life), dice(seed), up_to))
    assert all(0 <= m.t - m.saying.t <= up_to + 0.001 for m in late)
    twice = list(gateways.duplicated(gateways.numbered(life), dice(seed), 1.0, up_to))
    assert sorted(places(twice)) == sorted(2 * places(list(gateways.numbered(life))))


def test_a_restart_counts_anew_in_a_new_boot() -> None:
    life = [event(n, "a", "device.heartbeat") for n in range(6)]
    assert places(list(gateways.numbered(life, [2, 4.5]))) == [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 1)]


def test_a_backlog_drains_at_its_rate_while_new_words_overtake() -> None:
    life = [event(n, "a", "device.heartbeat") for n in range(10)] + [event(10.5, "b", "fire.alarm")]
    told = list(gateways.outage(gateways.numbered(life), 0, 10, drain_per_s=10))
    assert [round(b.t - a.t, 3) for a, b in pairwise(m for m in told if m.saying.device == "a")] == [0.1] * 9
    assert told.index(next(m for m in told if m.saying.device == "b")) == 6  # after those of 10.0 … 10.5


@pytest.mark.parametrize("seed", range(5))
def test_a_gap_is_a_share(seed: int) -> None:
    life = [event(n, "a", "device.heartbeat") for n in range(2000)]
    assert 0.03 < 1 - len(list(gateways.gaps(gateways.numbered(life), dice(seed), 0.05))) / 2000 < 0.07


def test_late_words_still_carry_the_time_at_which_they_were_said() -> None:
    (late,) = gateways.outage(gateways.numbered([event(5, "a", "fire.alarm")]), 0, 100)
    heard = gateways.heard(late)
    assert (heard.t, heard.skew_s) == (100, -95)
