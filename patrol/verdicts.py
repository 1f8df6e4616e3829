"""The verdict on a point and on a round. Pure: a function of (window, taps, now), so arrival order never matters.

A tap's place in its window is judged by when we heard it. One that was done in time and told too late explains a missed
point; it never undoes that the point was missed when it was due.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from itertools import pairwise
from statistics import median

import msgspec

from patrol.rules import done_at
from sites.patrol_words import Order, PatrolRoute


class Point(IntEnum):
    """How a point stands, from worst to best: at one moment, more proof only ever moves it up."""

    MISSED = 0
    EXCUSED = 1  # missed, and a supervisor gave a reason (PAT-12)
    EXPLAINED = 2  # missed, and later told to have been done in time
    UPCOMING = 3
    OPEN = 4
    LATE = 5
    ON_TIME = 6

    @property
    def word(self) -> str:
        """As it is stored and worded."""
        return self.name.lower()


PROVED = frozenset({Point.LATE, Point.ON_TIME})


class RoundState(StrEnum):
    """How a round stands."""

    UPCOMING = "upcoming"
    OPEN = "open"
    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSED = "missed"
    EXCUSED = "excused"


class Odd(StrEnum):
    """What may be odd about a round though its points are there (PAT-11)."""

    OUT_OF_ORDER = "out_of_order"
    TOO_FAST = "too_fast"
    TOO_SLOW = "too_slow"
    TASK_UNANSWERED = "task_unanswered"  # somebody was there, and did not say what was asked (PAT-03)


class Window(msgspec.Struct, frozen=True):
    """When a round's points count: on time until `closes_at`, late until `grace` after it; both ends within."""

    opens_at: datetime
    closes_at: datetime
    grace: timedelta = timedelta()

    @property
    def ends_at(self) -> datetime:
        """The instant after which a point without proof is missed."""
        return self.closes_at + self.grace


class Proved(msgspec.Struct, frozen=True):
    """A tap as a verdict sees it. `synced`: it was kept while there was no line, so that `said_at` tells when it was done;
    of any other, when we heard it does.
    """

    checkpoint: str
    said_at: datetime
    heard_at: datetime
    synced: bool = False
    kept_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """When the guard was there, as far as we know."""
        return done_at(self.said_at, self.heard_at, self.kept_at, synced=self.synced)


class Leg(msgspec.Struct, frozen=True):
    """The way from one proved point to the next. `band`: how many seconds it may take, if anybody knows."""

    begins: str
    ends: str
    seconds: float
    band: tuple[float, float] | None = None

    @property
    def odd(self) -> Odd | None:
        """Whether it was walked faster or slower than can be."""
        if self.band is None or self.band[0] <= self.seconds <= self.band[1]:
            return None
        return Odd.TOO_FAST if self.seconds < self.band[0] else Odd.TOO_SLOW


class Verdict(msgspec.Struct, frozen=True):
    """A round judged: its state, its points in the route's order, the legs that were walked, and what is odd."""

    state: RoundState
    points: Mapping[str, Point]
    legs: tuple[Leg, ...] = ()
    odd: tuple[Odd, ...] = ()


Bands = Mapping[tuple[str, str], tuple[float, float]]


def judge_point(window: Window, taps: Iterable[Proved], now: datetime, *, excused: bool = False) -> Point:
    """One point of one round. `taps`: what was tapped at this point, ever; what counts for other rounds may be among them."""
    counted = [point for tap in taps if (point := _counts(window, tap, now)) is not None]
    if counted:
        return max(counted)
    if now <= window.ends_at:
        return Point.UPCOMING if now < window.opens_at else Point.OPEN
    return Point.EXCUSED if excused else Point.MISSED


def _counts(window: Window, tap: Proved, now: datetime) -> Point | None:
    if tap.heard_at > now or not window.opens_at <= tap.at <= window.ends_at:
        return None
    if tap.heard_at <= window.closes_at:
        return Point.ON_TIME
    return Point.LATE if tap.heard_at <= window.ends_at else Point.EXPLAINED


def judge_round(
    route: PatrolRoute,
    window: Window,
    taps: Iterable[Proved],
    now: datetime,
    *,
    bands: Bands | None = None,
    excused: frozenset[str] = frozenset(),
) -> Verdict:
    """A whole round. `excused`: points that a supervisor gave a reason for; `bands`: what each leg may take, in seconds."""
    at: dict[str, list[Proved]] = {name: [] for name in route.checkpoints}
    for tap in taps:
        if tap.checkpoint in at:
            at[tap.checkpoint].append(tap)
    points = {name: judge_point(window, at[name], now, excused=name in excused) for name in at}
    done = {
        name: sorted(tap.at for tap in at[name] if _counts(window, tap, now) is not None)
        for name in at
        if points[name] in PROVED or points[name] is Point.EXPLAINED
    }
    walked, in_order = _walk(route, done)
    legs = tuple(
        Leg(a, b, (then - here).total_seconds(), (bands or {}).get((a, b))) for (a, here), (b, then) in pairwise(walked)
    )
    odd = {leg.odd for leg in legs if leg.odd is not None} | (set() if in_order else {Odd.OUT_OF_ORDER})
    return Verdict(_state(points.values(), window, now), points, legs, tuple(sorted(odd)))


def _walk(route: PatrolRoute, done: Mapping[str, Sequence[datetime]]) -> tuple[list[tuple[str, datetime]], bool]:
    """The proved points as they were walked, and whether in the route's order. A point that was tapped twice is taken where
    it fits: another tap must not make a round look worse.
    """
    walked: list[tuple[str, datetime]] = []
    if route.order is Order.ORDERED:
        for name in route.checkpoints:
            if name in done:
                after = [at for at in done[name] if not walked or at >= walked[-1][1]]
                if not after:
                    break
                walked.append((name, after[0]))
        else:
            return walked, True
    return sorted(((name, times[0]) for name, times in done.items()), key=lambda p: p[1]), route.order is Order.FREE


def _state(points: Iterable[Point], window: Window, now: datetime) -> RoundState:
    found = set(points)
    if found <= PROVED:
        return RoundState.COMPLETE
    if now <= window.ends_at:
        return RoundState.UPCOMING if now < window.opens_at else RoundState.OPEN
    if found <= {Point.MISSED}:
        return RoundState.MISSED
    if Point.MISSED not in found and Point.EXPLAINED not in found and Point.EXCUSED in found and not found & PROVED:
        return RoundState.EXCUSED
    return RoundState.PARTIAL


def learn(
    walks: Iterable[Verdict], least: int, low_pct: int, high_pct: int
) -> dict[tuple[str, str], tuple[float, float]]:
    """The band of each leg from rounds that were walked before: `low_pct` to `high_pct` of the median, once `least` clean
    rounds have it. A round that was odd or not complete teaches nothing.
    """
    seen: dict[tuple[str, str], list[float]] = {}
    for walk in walks:
        if walk.state is RoundState.COMPLETE and Odd.OUT_OF_ORDER not in walk.odd:
            for leg in walk.legs:
                seen.setdefault((leg.begins, leg.ends), []).append(leg.seconds)
    return {
        way: (usual * low_pct / 100, usual * high_pct / 100)
        for way, times in seen.items()
        if len(times) >= least
        for usual in [median(times)]
    }
