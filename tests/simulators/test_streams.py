"""Same seed, same bytes (IOT-04); each family says what it should; the demo's story tells what it promises."""

import json
from collections import Counter
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import pytest

from core.kinds import KINDS, kind_of
from gateway.fact import Fact, understand
from simulators import devices
from simulators.sayings import Saying, Stream, dice, disturbed, event, merged, spoken, text
from simulators.story import STORIES, cast, stream
from sites.pack import read
from sites.register import Register
from tests.conftest import HandClock

PACKS = Path(__file__).parents[2] / "packs"


@pytest.fixture(scope="module", params=["harbour-garden", "lakeside-office"])
def register(request: pytest.FixtureRequest) -> Register:
    return read(PACKS / request.param)


@pytest.fixture(scope="module")
def harbour() -> Register:
    return read(PACKS / "harbour-garden")


def first(seconds: float, told: Stream) -> list[Saying]:
    return list(takewhile(lambda s: s.t <= seconds, told))


@pytest.mark.parametrize("name", STORIES)
def test_the_same_seed_says_the_same_bytes(name: str, register: Register) -> None:
    """IOT-04."""

    def said(seed: int) -> list[bytes]:
        return list(islice(text(stream(STORIES[name], register, seed)), 3000))

    assert said(7) == said(7)
    assert said(7) != said(8)


@pytest.mark.parametrize("name", STORIES)
def test_every_line_of_a_story_is_taken_by_a_gateway(name: str, register: Register, clock: HandClock) -> None:
    told = list(islice(stream(STORIES[name], register, 1), 3000))
    assert [s.t for s in told] == sorted(s.t for s in told)
    for saying in told:
        assert saying.device in register.devices
        taken = understand(json.dumps(spoken(saying)).encode(), clock())
        if saying.kind:
            assert isinstance(taken, Fact), taken
            assert saying.kind in KINDS
        else:
            assert type(taken).__name__ == "Sample", taken


def kinds_at(told: list[Saying], device: str | None) -> list[tuple[float, str]]:
    return [(s.t, s.kind) for s in told if s.device == device and s.kind not in {"", "device.heartbeat"}]


def test_the_demo_tells_its_story_in_time(harbour: Register) -> None:
    parts = cast(harbour)
    told = first(240, stream(STORIES["demo"], harbour, 1))
    assert kinds_at(told, "B2-07") == [(15, "fire.alarm"), (165, "fire.restore")]
    leak = kinds_at(told, parts.leak)
    assert [k for _, k in leak] == ["water.leak", "water.restore"]
    assert 33 < leak[0][0] < 40
    assert 90 <= leak[1][0] < 100
    assert [k for _, k in kinds_at(told, parts.door)] == ["access.forced", "access.closed"]
    denied = [s for s in told if s.kind == "access.denied"]
    assert [d.data["reason"] for d in denied] == ["expired"]
    taps = [s for s in told if s.kind == "patrol.tap"]
    assert len(taps) == 8
    assert all(harbour.checkpoint_of(t.data["tag"]) and t.data["guard"] in harbour.people for t in taps)
    assert Counter(k for _, k in kinds_at(told, parts.flapping)) == {"fire.fault": 5, "fire.restore": 5}
    silent = [s.t for s in first(600, stream(STORIES["demo"], harbour, 1)) if s.device == parts.silent]
    assert silent
    assert max(silent) <= 60
    assert parts.silent is not None
    assert harbour.devices[parts.silent].supervision_s < 120  # soon enough to be seen


def test_after_the_story_an_hour_passes_without_an_alert(harbour: Register) -> None:
    told = first(3900, stream(STORIES["demo"], harbour, 1))
    late = [s for s in told if s.t > 250]
    assert not [s for s in late if s.kind and kind_of(s.kind).rings]
    kinds = Counter(s.kind or s.metric for s in late)
    assert kinds["patrol.tap"] >= 40
    assert kinds["access.granted"] > 100
    assert kinds["device.heartbeat"] > 1000
    assert {"temperature", "level"} <= set(kinds)


def test_no_supervised_device_but_one_is_silent_for_too_long(register: Register) -> None:
    silent = cast(register).silent
    heard: dict[str, float] = {}
    for saying in first(4000, stream(STORIES["demo"], register, 3)):
        limit = register.devices[saying.device].supervision_s
        if limit and saying.device != silent:
            assert saying.t - heard.get(saying.device, 0) < limit
        heard[saying.device] = saying.t
    quick = {d.id for d in register.devices.values() if 0 < d.supervision_s <= 3600}
    assert quick <= set(heard)


def test_a_bad_line_is_just_as_repeatable() -> None:
    """IOT-04: jitter, loss, clock skew."""

    def life() -> Stream:
        beats = [devices.heartbeats(f"d{n}", 5, dice(1, f"d{n}"), 300) for n in range(5)]
        return disturbed(merged(beats), dice(1, "line"), jitter_s=4, loss=0.2, skew_s=3600)

    once = list(life())
    assert list(text(life())) == list(text(once))
    assert [s.t for s in once] == sorted(s.t for s in once)
    assert 200 < len(once) < 280
    assert len({s.skew_s for s in once}) == 5


def test_what_one_device_does_never_changes_another() -> None:
    def alone(*others: Any) -> list[Saying]:
        told = merged([devices.heartbeats("a", 5, dice(1, "a"), 100), *others])
        return [s for s in told if s.device == "a"]

    assert alone() == alone(devices.heartbeats("b", 3, dice(1, "b"), 100), iter([event(1, "c", "fire.alarm")]))
