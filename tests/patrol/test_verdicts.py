"""Verdicts on points and rounds (PAT-01, 02, 11, 12): tables, and the laws that hold whatever is tapped when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrol.verdicts import Odd, Point, Proved, RoundState, Window, judge_point, judge_round, learn
from sites.patrol_words import Order, PatrolRoute, Stop
from sites.register import Words

MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)  # in Shanghai
FOUR_HOURS = Window(MIDNIGHT, MIDNIGHT + timedelta(hours=4))
HOUR = Window(MIDNIGHT, MIDNIGHT + timedelta(hours=1), timedelta(minutes=5))
NAMES = ("A", "B", "C")
ROUTE = PatrolRoute("r", Words("路线", "Route"), tuple(Stop(n) for n in NAMES))
FREE = PatrolRoute("f", Words("路线", "Route"), tuple(Stop(n) for n in NAMES), Order.FREE)


def _at(minute: float, second: float = 0) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute, seconds=second)


def live(name: str, minute: float) -> Proved:
    return Proved(name, _at(minute), _at(minute))


def kept(name: str, done: float, told: float) -> Proved:
    return Proved(name, _at(done), _at(told), synced=True)


@pytest.mark.parametrize(
    ("tapped", "now", "stands"),
    [
        (None, timedelta(seconds=-1), Point.UPCOMING),
        (None, timedelta(), Point.OPEN),
        (None, timedelta(hours=4), Point.OPEN),
        (None, timedelta(hours=4, seconds=1), Point.MISSED),
        (timedelta(hours=3, minutes=59, seconds=59), timedelta(hours=9), Point.ON_TIME),
        (timedelta(hours=4), timedelta(hours=9), Point.ON_TIME),
        (timedelta(hours=4, seconds=1), timedelta(hours=9), Point.MISSED),
    ],
)
def test_every_four_hours_to_the_second(tapped: timedelta | None, now: timedelta, stands: Point) -> None:
    """PAT-02: a tap at 3:59:59 is in time; a gap of 4:00:01 is a missed point."""
    taps = [] if tapped is None else [Proved("A", MIDNIGHT + tapped, MIDNIGHT + tapped)]
    assert judge_point(FOUR_HOURS, taps, MIDNIGHT + now) is stands


@pytest.mark.parametrize(
    ("tap", "now", "stands"),
    [
        (live("A", 60), 120, Point.ON_TIME),
        (live("A", 61), 120, Point.LATE),
        (live("A", 65), 120, Point.LATE),
        (live("A", 66), 120, Point.MISSED),
        (live("A", -1), 120, Point.MISSED),
        (kept("A", 30, 59), 120, Point.ON_TIME),
        (kept("A", 30, 64), 120, Point.LATE),
        (kept("A", 30, 90), 120, Point.EXPLAINED),
        (kept("A", 30, 90), 80, Point.MISSED),
        (kept("A", 70, 90), 120, Point.MISSED),
        (kept("A", -5, 90), 120, Point.MISSED),
        (kept("A", 200, 50), 120, Point.ON_TIME),  # a phone's clock from tomorrow: no later than we heard it
    ],
)
def test_grace_and_late_telling(tap: Proved, now: float, stands: Point) -> None:
    assert judge_point(HOUR, [tap], _at(now)) is stands


def test_a_reason_excuses_only_what_is_missed() -> None:
    """PAT-12: still seen as missed, with the reason beside it; a late proof says more than a reason."""
    assert judge_point(HOUR, [], _at(30), excused=True) is Point.OPEN
    assert judge_point(HOUR, [], _at(70), excused=True) is Point.EXCUSED
    assert judge_point(HOUR, [kept("A", 30, 90)], _at(100), excused=True) is Point.EXPLAINED


@pytest.mark.parametrize(
    ("taps", "now", "state", "odd"),
    [
        ([live("A", 1), live("B", 5), live("C", 9)], 10, RoundState.COMPLETE, ()),
        ([live("A", 1), live("C", 5), live("B", 9)], 10, RoundState.COMPLETE, (Odd.OUT_OF_ORDER,)),
        ([live("A", 1), live("C", 5), live("B", 9), live("C", 12)], 20, RoundState.COMPLETE, ()),
        ([live("A", 1), live("B", 62), live("C", 63)], 70, RoundState.COMPLETE, ()),
        ([live("A", 1)], 10, RoundState.OPEN, ()),
        ([live("A", 1)], 70, RoundState.PARTIAL, ()),
        ([], 70, RoundState.MISSED, ()),
        ([], -1, RoundState.UPCOMING, ()),
        ([kept("A", 1, 90), kept("B", 5, 90), kept("C", 9, 90)], 100, RoundState.PARTIAL, ()),
        ([live("X", 3)], 70, RoundState.MISSED, ()),
    ],
)
def test_rounds(taps: list[Proved], now: float, state: RoundState, odd: tuple[Odd, ...]) -> None:
    made = judge_round(ROUTE, HOUR, taps, _at(now))
    assert (made.state, made.odd) == (state, odd)


def test_a_free_route_has_no_order() -> None:
    made = judge_round(FREE, HOUR, [live("C", 1), live("A", 5), live("B", 9)], _at(10))
    assert made.odd == ()
    assert [(leg.begins, leg.ends, leg.seconds) for leg in made.legs] == [("C", "A", 240), ("A", "B", 240)]


def test_a_round_that_was_excused_as_a_whole_says_so() -> None:
    assert judge_round(ROUTE, HOUR, [], _at(70), excused=frozenset(NAMES)).state is RoundState.EXCUSED
    assert judge_round(ROUTE, HOUR, [], _at(70), excused=frozenset("A")).state is RoundState.PARTIAL


@pytest.mark.parametrize(("minutes", "odd"), [(1, (Odd.TOO_FAST,)), (2, ()), (8, ()), (9, (Odd.TOO_SLOW,))])
def test_a_leg_has_a_band(minutes: float, odd: tuple[Odd, ...]) -> None:
    taps = [live("A", 1), live("B", 1 + minutes)]
    assert judge_round(ROUTE, HOUR, taps, _at(20), bands={("A", "B"): (120, 480)}).odd == odd


def test_a_band_is_learned_from_clean_rounds_only() -> None:
    clean = [
        judge_round(ROUTE, HOUR, [live("A", 1), live("B", 1 + m), live("C", 20)], _at(30)) for m in (3, 4, 5, 4, 9)
    ]
    odd = judge_round(ROUTE, HOUR, [live("B", 1), live("A", 2), live("C", 3)], _at(30))
    partial = judge_round(ROUTE, HOUR, [live("A", 1), live("B", 2)], _at(70))
    assert learn([*clean, odd, partial], 5, 50, 200)["A", "B"] == (120, 480)
    assert learn([*clean[:4], odd, partial], 5, 50, 200) == {}


# -- laws --------------------------------------------------------------------------------------------------------------

minutes = st.floats(-30, 120, allow_nan=False).map(lambda m: round(m, 2))
taps = st.builds(
    lambda name, done, wait, synced: kept(name, done, done + wait) if synced else live(name, done),
    st.sampled_from([*NAMES, "X"]),
    minutes,
    st.floats(0, 100).map(lambda m: round(m, 2)),
    st.booleans(),
)
excuses = st.frozensets(st.sampled_from(NAMES))
routes = st.sampled_from([ROUTE, FREE])


@given(st.lists(taps, max_size=12), minutes, routes, excuses, st.randoms())
def test_the_order_of_arrival_never_matters(
    some: list[Proved], now: float, route: PatrolRoute, excused: frozenset[str], chance: object
) -> None:
    mixed = list(some)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert judge_round(route, HOUR, some, _at(now), excused=excused) == judge_round(
        route, HOUR, mixed, _at(now), excused=excused
    )


_BETTER = {state: n for n, state in enumerate(["missed", "excused", "partial", "upcoming", "open", "complete"])}


@given(st.lists(taps, max_size=8), taps, minutes, routes, excuses)
def test_another_tap_never_makes_it_worse(
    some: list[Proved], more: Proved, now: float, route: PatrolRoute, excused: frozenset[str]
) -> None:
    less = judge_round(route, HOUR, some, _at(now), excused=excused)
    both = judge_round(route, HOUR, [*some, more], _at(now), excused=excused)
    assert all(both.points[name] >= less.points[name] for name in NAMES)
    assert _BETTER[both.state] >= _BETTER[less.state]
    if route is FREE:
        assert both.odd == ()


@given(st.lists(taps, max_size=8), st.lists(minutes, min_size=2, max_size=2).map(sorted), routes)
def test_what_is_proved_stays_proved(some: list[Proved], nows: list[float], route: PatrolRoute) -> None:
    early, late = (judge_round(route, HOUR, some, _at(now)) for now in nows)
    for name in NAMES:
        if early.points[name] in {Point.ON_TIME, Point.LATE}:
            assert late.points[name] >= early.points[name]
        if early.points[name] is Point.MISSED:
            assert late.points[name] in {Point.MISSED, Point.EXPLAINED}
