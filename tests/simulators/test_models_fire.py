"""Fire loops, ropes and tanks: the physics decides, words come in the right order, and hysteresis is kept (IOT-04)."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kinds import KINDS, Effect
from simulators import fire, water
from simulators.fire import Point, Smoke
from simulators.sayings import Saying, dice, event
from simulators.water import Flood, Rope

seeds = st.integers(0, 10_000)


def kinds(told: list[Saying]) -> list[str]:
    return [s.kind for s in told]


def in_order(told: list[Saying]) -> bool:
    return all(a.t <= b.t for a, b in pairwise(told))


@given(seeds, st.floats(20, 80), st.floats(20, 120), st.floats(240, 600))
def test_rising_smoke_is_a_pre_alarm_then_an_alarm_then_over(
    seed: int, peak: float, growth: float, vents: float
) -> None:
    """EVT-14: alarm before restore, each once, however noisy the polls are."""
    smoke = Smoke(5, 5 + vents, peak=peak, growth_s=growth)
    told = list(fire.detector(Point("S"), dice(seed), [smoke]))
    assert in_order(told)
    assert kinds(told)[-2:] == ["fire.alarm", "fire.restore"]
    assert kinds(told)[:-2] in ([], ["fire.prealarm"])
    assert told[-1].t > smoke.vents
    assert smoke.density(told[-2].t) > fire.ALARM - 6 * fire.NOISE


@given(seeds, st.floats(7.5, 10))
def test_smoke_that_stays_thin_never_becomes_an_alarm(seed: int, peak: float) -> None:
    told = list(fire.detector(Point("S"), dice(seed), [Smoke(5, 400, peak=peak)]))
    assert kinds(told) == ["fire.prealarm", "fire.restore"]


@given(seeds, st.floats(0, 4))
def test_clean_air_says_nothing(seed: int, peak: float) -> None:
    assert list(fire.detector(Point("S"), dice(seed), [Smoke(5, 400, peak=peak)])) == []


def test_a_second_fire_is_a_second_alarm() -> None:
    told = fire.detector(Point("S"), dice(1), [Smoke(5, 200), Smoke(500, 700)])
    assert kinds(list(told)) == ["fire.prealarm", "fire.alarm", "fire.restore"] * 2


@given(st.integers(1, 20), st.floats(0.1, 10))
def test_a_panel_repeats_one_frame_word_for_word(times: int, within: float) -> None:
    """8 times in 1.4 s by default: the same device, the same words, nothing else multiplied."""
    once = list(fire.fire_loop("S", 5, 60, 2))
    told = list(fire.repeated(iter(once), times=times, within_s=within))
    alarms = [s for s in told if s.kind == "fire.alarm"]
    assert in_order(told)
    assert len(alarms) == times
    assert len(told) == times + 2
    assert {str(s.data) for s in alarms} == {str(once[1].data)}
    assert alarms[-1].t - alarms[0].t == pytest.approx(within if times > 1 else 0, abs=0.002)


def test_the_default_burst_is_eight_in_one_and_a_half_seconds() -> None:
    told = [s.t for s in fire.repeated([event(5, "S", "fire.alarm")])]
    assert told == [5.0, 5.2, 5.4, 5.6, 5.8, 6.0, 6.2, 6.4]


@given(seeds, st.integers(1, 6))
def test_all_points_of_a_panel_go_by_its_one_clock(seed: int, points: int) -> None:
    loops = [fire.fire_loop(f"S{n}", 10 + n, 100 + n) for n in range(points)]
    told = list(fire.panel(loops, clock_off_s=-7 * fire.MONTH_S))
    assert in_order(told)
    assert {s.skew_s for s in told} == {-7 * fire.MONTH_S}


def test_a_drifting_clock_is_worse_the_next_day() -> None:
    told = fire.panel([iter([event(0, "S", "fire.fault"), event(86_400, "S", "fire.restore")])], 60, drift_s_a_day=-10)
    assert [s.skew_s for s in told] == [60, 50]


@given(seeds, st.integers(2, 6))
def test_a_fire_goes_from_point_to_point_then_people_then_water(seed: int, many: int) -> None:
    points = [Point(f"S{n}", 1, n) for n in range(many)]
    told = list(fire.spreading(points, dice(seed), 5, call_point="M", sprinkler="W"))
    assert in_order(told)
    first = {s.device: s.t for s in reversed(told) if KINDS[s.kind].effect is Effect.RAISE}
    assert set(first) == {p.device for p in points} | {"M", "W"}
    alarms = [s.device for s in told if s.kind == "fire.alarm"]
    assert sorted(alarms) == [p.device for p in points]
    assert first["S0"] < first["M"] < first["W"]
    for device in first:
        mine = [s.kind for s in told if s.device == device]
        assert device == "M" or mine[-1] == "fire.restore"  # a broken glass stays broken


@given(seeds, st.integers(1, 8))
def test_maintenance_begins_and_ends_in_the_open_and_its_alarms_are_tests(seed: int, tests: int) -> None:
    told = list(fire.maintenance("S", 5, dice(seed), tests))
    assert in_order(told)
    assert kinds(told) == ["fire.disabled", *["fire.test", "fire.alarm", "fire.restore"] * tests, "fire.restore"]
    assert all(s.test for s in told if s.kind == "fire.alarm")
    assert not told[0].test
    assert not told[-1].test


@given(seeds, st.integers(1, 30), st.floats(2, 60))
def test_a_bad_contact_is_fault_and_restore_in_turn(seed: int, times: int, every: float) -> None:
    told = list(fire.bad_contact("S", dice(seed), 5, times, every))
    assert in_order(told)
    assert kinds(told) == ["fire.fault", "fire.restore"] * times


@given(seeds, st.floats(10, 300), st.floats(2, 60))
def test_a_rope_with_hysteresis_never_chatters(seed: int, lasts: float, dries: float) -> None:
    """One leak and one restore for each flood, with noise of a tenth of the hysteresis on every sample."""
    rope = Rope(dries_s=dries)
    second = 10 + lasts + 10 * dries
    floods = [Flood(10, 10 + lasts), Flood(second, second + lasts)]
    told = list(water.leak_rope("L", dice(seed), floods, rope))
    assert kinds(told) == ["water.leak", "water.restore"] * 2
    assert in_order(told)
    assert told[1].t >= 10 + lasts


@given(seeds)
def test_a_rope_without_hysteresis_flaps_at_its_threshold(seed: int) -> None:
    """Three transitions within a minute are chattering (ISA-18.2)."""
    flood, rope = water.at_the_threshold(5, 120)
    told = list(water.leak_rope("L", dice(seed), [flood], rope))
    assert kinds(told) == ["water.leak", "water.restore"] * (len(told) // 2)
    assert any(c.t - a.t <= 60 for a, c in zip(told, told[2:], strict=False))


@given(seeds, st.floats(20, 100), st.floats(1, 100))
def test_a_cut_rope_knows_nothing_of_water_until_it_is_mended(seed: int, cut: float, lasts: float) -> None:
    told = list(water.leak_rope("L", dice(seed), [Flood(5, 400)], cut=(cut, cut + lasts)))
    assert kinds(told) == ["water.leak", "water.fault", "water.restore", "water.leak", "water.restore"]
    assert told[1].t >= cut
    assert told[2].t >= cut + lasts


@given(seeds, st.floats(0.001, 0.01))
def test_a_tank_says_low_once_and_takes_it_back_once(seed: int, falls: float) -> None:
    assert kinds(list(water.tank("T", dice(seed), 5, falls))) == ["water.level_low", "water.restore"]


def test_a_storm_is_everybody_once_within_its_second() -> None:
    names = [f"S{n}" for n in range(1000)]
    told: list[Any] = list(fire.storm(names, dice(1), 10, 1))
    assert sorted(s.device for s in told) == sorted(names)
    assert in_order(told)
    assert told[-1].t <= 11
