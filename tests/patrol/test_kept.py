"""A tap that waited in its gateway (PAT-11): when it was done, and what it is worth. Pure."""

from datetime import UTC, datetime, timedelta

import pytest

from core.wire import Event
from patrol.rules import ON_ITS_WAY, read_tap
from patrol.verdicts import Point, Proved, Window, judge_point
from tests.ingest.test_rounds import HOURLY, TAGS, site

TEN = datetime(2026, 3, 1, 22, tzinfo=UTC)
HOUR = Window(TEN, TEN + timedelta(hours=1), timedelta(minutes=5))
REGISTER = site(HOURLY)


def m(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("taken", "heard", "worth"),
    [
        (30, 58, Point.ON_TIME),  # it waited, and came in time
        (0, 30, Point.ON_TIME),
        (59, 64, Point.LATE),
        (30, 65, Point.LATE),  # the last moment is within
        (30, 65.01, Point.EXPLAINED),
        (65, 110, Point.EXPLAINED),
        (65.01, 110, Point.MISSED),  # taken too late, however it came
        (-0.01, 30, Point.MISSED),  # taken before the round opened
    ],
)
@pytest.mark.parametrize("said", [-60.0 * 24 * 365 * 9, 30.0, 60.0 * 24], ids=["years ago", "right", "tomorrow"])
def test_it_is_judged_by_when_its_gateway_took_it(taken: float, heard: float, worth: Point, said: float) -> None:
    """Whatever the reader's own clock says."""
    one = Proved("C1", m(said), m(heard), synced=True, kept_at=m(taken))
    assert judge_point(HOUR, [one], m(120)) is worth


@pytest.mark.parametrize(
    ("waited_s", "synced"), [(-5, False), (0, False), (ON_ITS_WAY.seconds, False), (ON_ITS_WAY.seconds + 0.001, True)]
)
def test_only_what_took_long_was_kept(waited_s: float, synced: bool) -> None:
    heard = m(30)
    event = Event("1" * 8 + "-1111-7111-8111-" + "1" * 12, "b", 1, "H-1", "patrol.tap", heard, {"tag": TAGS["C1"]})
    tap = read_tap(event, REGISTER, heard, heard - timedelta(seconds=waited_s))
    assert tap.synced is synced
    assert (tap.kept_at is not None) is synced
    assert tap.at == (heard - timedelta(seconds=waited_s) if synced else heard)


def test_what_a_reader_kept_itself_is_told_by_the_reader() -> None:
    """It had no line to its gateway either: only its own clock knows."""
    data = {"tag": TAGS["C1"], "synced": True}
    event = Event("1" * 8 + "-1111-7111-8111-" + "1" * 12, "b", 1, "H-1", "patrol.tap", m(10), data)
    tap = read_tap(event, REGISTER, m(90), m(60))
    assert (tap.synced, tap.kept_at, tap.at) == (True, None, m(10))
