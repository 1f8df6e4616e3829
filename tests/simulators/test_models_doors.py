"""Doors, guards on foot, and people who press buttons (IOT-04)."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import devices, doors, guards, residents
from simulators.doors import Flip
from simulators.guards import Gait, Stop
from simulators.sayings import Saying, at, clocked, dice
from sites.pack import read

seeds = st.integers(0, 10_000)
ROOT = Path(__file__).parents[2]


def kinds(told: list[Saying]) -> list[str]:
    return [s.kind for s in told]


@given(seeds, st.lists(st.floats(1, 60), min_size=1, max_size=12))
def test_a_settled_contact_hears_each_movement_once(seed: int, gaps: list[float]) -> None:
    moves, t = [], 0.0
    for n, gap in enumerate(gaps):
        t += gap
        moves.append(Flip(t, n % 2 == 0))
    raw = list(doors.bouncing(moves, dice(seed)))
    assert len(raw) > len(moves)
    assert list(doors.debounced(raw)) == moves


def test_a_controller_that_believes_every_flip_says_too_much() -> None:
    told = list(doors.chattering("D", dice(1), 5, 3))
    assert len(told) > 6
    assert kinds(told) == ["access.forced", "access.closed"] * (len(told) // 2)


@given(seeds, st.floats(6, 500))
def test_a_door_opened_without_a_card_is_forced_once_however_it_bounces(seed: int, lasts: float) -> None:
    told = list(doors.forced_door("D", 5, 5 + lasts, dice(seed)))
    assert kinds(told) == ["access.forced", "access.closed"]


@pytest.mark.parametrize(
    ("opens", "shuts", "cards", "wanted"),
    [
        (6, 10, [5], []),
        (6, 35, [5], []),
        (6, 37, [5], ["access.held_open", "access.closed"]),
        (6, None, [5], ["access.held_open"]),
        (11, 12, [5], ["access.forced", "access.closed"]),  # the lock had fallen in again
        (4, 6, [5], ["access.forced", "access.closed"]),  # the card came after
    ],
)
def test_what_a_door_says_of_an_opening(
    opens: float, shuts: float | None, cards: list[float], wanted: list[str]
) -> None:
    moves = [Flip(opens, True)] + ([Flip(shuts, False)] if shuts is not None else [])
    told = list(doors.door("D", moves, cards))
    assert kinds(told) == wanted
    for saying in told:
        if saying.kind == "access.held_open":
            assert saying.t == opens + doors.HELD_S


def test_a_tail_gate_is_one_card_inwards_twice_within_seconds() -> None:
    first, second = doors.tail_gate("R", 10, "C-1", dice(1))
    assert first.kind == second.kind == "access.granted"
    assert first.data["card"] == second.data["card"]
    assert 1.5 <= second.t - first.t <= 4.0


@given(seeds, st.integers(1, 40))
def test_a_fire_opens_every_door_within_three_seconds_and_forces_none(seed: int, many: int) -> None:
    names = [f"D{n}" for n in range(many)]
    told = list(doors.opened_by_fire(names, dice(seed), 10, 100))
    opened = [s for s in told if s.kind == "access.egress"]
    assert sorted(s.device for s in opened) == sorted(names)
    assert all(10 < s.t <= 13.2 for s in opened)
    assert {s.kind for s in told} == {"access.egress", "access.closed"}


STOPS = [Stop(f"0{n}", 300.0 * n, 0.0) for n in range(10)]


def on_foot(seed: int, missed: tuple[int, ...] = ()) -> list[Saying]:
    return list(guards.round_on_foot("HH", "li", STOPS, dice(seed), 5, missed=missed))


@given(seeds, st.floats(0.8, 2.0), st.floats(0, 60))
def test_nobody_walks_faster_than_his_gait(seed: int, speed: float, floor_s: float) -> None:
    gait = Gait(speed_mps=speed, floor_s=floor_s)
    stops = [Stop("a"), Stop("b", 500, 0), Stop("c", 500, 0, 7), Stop("d", 0, 0)]
    told = list(guards.round_on_foot("HH", "li", stops, dice(seed), 5, gait))
    for (a, b), (x, y) in zip(pairwise(stops), pairwise(told), strict=True):
        assert y.t - x.t >= 0.9 * guards.way_s(a, b, gait)


@given(seeds, st.sets(st.integers(0, 9)))
def test_missed_points_are_walked_past(seed: int, missed: set[int]) -> None:
    tags = [s.data["tag"] for s in on_foot(seed, tuple(missed))]
    assert tags == [s.tag for n, s in enumerate(STOPS) if n not in missed]


@given(seeds, st.integers(0, 600), st.integers(1, 600))
def test_an_offline_phone_says_everything_later_with_its_own_time(seed: int, since: int, lasts: int) -> None:
    """No tap is lost, none is early, their own times are those of the walk."""
    walked = on_foot(seed)
    told = list(guards.offline(iter(walked), since, since + lasts))
    assert [a.t for a in told] == sorted(a.t for a in told)
    assert not [s for s in told if since <= s.t < since + lasts]
    assert sorted((s.data["tag"], at(s.t + s.skew_s)) for s in told) == sorted((s.data["tag"], s.t) for s in walked)
    assert all(s.skew_s <= 0 for s in told)
    assert all((s.skew_s < 0) <= (s.data.get("synced") is True) for s in told)


def test_a_burst_after_the_outage_keeps_the_order_of_the_walk() -> None:
    told = list(guards.offline(iter(on_foot(3)), 50, 330))
    assert [s.data["tag"] for s in told] == [s.tag for s in STOPS]
    burst = [s for s in told if s.skew_s]
    assert len(burst) >= 3
    assert burst[-1].t - burst[0].t < 2


@given(seeds, st.integers(0, 9))
def test_a_cloned_tag_is_read_at_two_places_too_soon(seed: int, n: int) -> None:
    told = list(guards.cloned(iter(on_foot(seed)), STOPS[n].tag, "HH-2", "wang", 10))
    twice = [s for s in told if s.data["tag"] == STOPS[n].tag]
    assert [(s.device, s.data["guard"]) for s in twice] == [("HH", "li"), ("HH-2", "wang")]
    assert twice[1].t - twice[0].t == pytest.approx(10)


@given(seeds, st.integers(0, 9))
def test_a_shown_picture_says_a_count_again(seed: int, n: int) -> None:
    """PAT-11."""
    told = list(guards.replayed(guards.counted([*on_foot(seed), *on_foot(seed)]), STOPS[n].tag, 1200))
    said = [s.data["counter"] for s in told if s.data["tag"] == STOPS[n].tag]
    assert sorted(said) == [1, 1, 2, 2]
    assert {s.data["counter"] for s in told} == {1, 2}


@given(seeds, st.floats(0, 1))
def test_a_double_read_adds_no_tag_and_loses_none(seed: int, share: float) -> None:
    told = list(guards.read_twice(iter(on_foot(seed)), dice(seed, "twice"), share))
    assert [s.t for s in told] == sorted(s.t for s in told)
    assert len(STOPS) <= len(told) <= 2 * len(STOPS)
    assert {s.data["tag"] for s in told} == {s.tag for s in STOPS}


def test_the_wrong_guard_and_the_wrong_clock_change_nothing_else() -> None:
    told = list(clocked(guards.taken_by(iter(on_foot(1)), "wang"), 540))
    assert {(s.data["guard"], s.skew_s) for s in told} == {("wang", 540)}
    assert [s.t for s in told] == [s.t for s in on_foot(1)]


def test_the_sample_estate_has_a_route_with_floors() -> None:
    stops = guards.route_of(read(ROOT / "packs" / "harbour-garden"))
    assert len(stops) == 40
    assert max(s.floor for s in stops) >= 20
    assert all(guards.way_s(a, b) < 1200 for a, b in pairwise(stops))


@given(st.lists(st.floats(0, 10), max_size=20))
def test_a_panic_button_counts_only_presses_that_last(presses: list[float]) -> None:
    told = list(residents.panic("P", [(20.0 * n, lasts) for n, lasts in enumerate(presses)]))
    assert len(told) == sum(lasts >= residents.PANIC_HOLD_S for lasts in presses)
    assert {s.kind for s in told} <= {"manual.panic"}


def test_a_lift_alarm_is_held_for_three_seconds_and_says_where() -> None:
    (said,) = residents.lift_alarm("E", [(5, 1), (10, 4)])
    assert (said.t, said.kind, said.data["place"]) == (13, "manual.resident_call", "lift")


@given(seeds, st.integers(1, 9))
def test_an_impatient_resident_presses_again(seed: int, presses: int) -> None:
    told = list(residents.resident_call("C", 5, dice(seed), presses))
    assert [s.data["press"] for s in told] == list(range(1, presses + 1))
    assert all(3 <= b.t - a.t <= 15.001 for a, b in pairwise(told))


@given(seeds, st.floats(1, 60))
def test_a_battery_says_low_once_before_it_is_dead(seed: int, per_day: float) -> None:
    told = list(devices.battery("B", dice(seed), 5, per_day))
    assert kinds(told).count("device.battery_low") == 1
    levels = [s.data["battery"] for s in told]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == 100
