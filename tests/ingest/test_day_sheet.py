"""The reviewer's sheet of a day (QA-01): late sign-ons, gaps, slow answers, alerts left open."""

from datetime import UTC, date, datetime, timedelta

import pytest

from duty.rules import Attended
from ingest.day_sheet import Gap, day_sheet, gaps, late
from sites.register import Dated
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night

START = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
END = START + timedelta(hours=24)


def h(hours: float) -> datetime:
    return START + timedelta(hours=hours)


SHIFT = Dated("s1", "centre", "wang", "day", h(8), h(20))


@pytest.mark.parametrize(
    ("stays", "grace_s", "came"),
    [
        ([(7.9, None)], 0, "in time"),
        ([(8, 20)], 0, "in time"),
        ([(8.1, 20)], 600, "in time"),
        ([(8.1, 20)], 0, h(8.1)),
        ([(9, 10), (8.5, 8.6)], 0, h(8.5)),
        ([(6, 7.5)], 0, None),
        ([], 0, None),
    ],
)
def test_who_was_late(stays: list[tuple[float, float | None]], grace_s: int, came: datetime | str | None) -> None:
    rows = [
        Attended(str(i), "centre", "wang", h(on), None if off is None else h(off)) for i, (on, off) in enumerate(stays)
    ]
    found = late([SHIFT], rows, START, END, grace_s)
    assert (found[0].on_at if found else "in time") == came


def test_a_shift_that_has_only_begun_is_not_late_before_its_grace_is_over() -> None:
    assert late([SHIFT], [], START, h(8), 0) == []
    assert late([SHIFT], [], START, h(8.1), 3600) == []
    assert late([SHIFT], [], h(9), END, 0) == []  # began on another day


def test_an_empty_seat_is_a_gap_from_edge_to_edge() -> None:
    stays = [Attended("a", "centre", "wang", h(7.5), h(12)), Attended("b", "centre", "li", h(21), None)]
    assert gaps(["centre"], [SHIFT], stays, START, END) == [Gap("centre", h(0), h(7.5)), Gap("centre", h(12), h(21))]
    assert gaps(["centre"], [], [], START, START) == []


def test_a_night_makes_its_sheet(store: Store, clock: HandClock) -> None:
    """22:00 in Shanghai: an alarm answered late, one not at all, and one in time."""
    night = Night(store, clock, HARBOUR)
    night.say("fire.alarm")
    clock.tick(45)
    night.ack("wang")
    night.say("water.leak", "L-1")
    with store.read() as conn:
        early = day_sheet(conn, HARBOUR, date(2026, 3, 1), clock())
        clock.tick(4 * 3600)
        sheet = day_sheet(conn, HARBOUR, date(2026, 3, 1), clock())
        empty = day_sheet(conn, HARBOUR, date(2027, 3, 1), clock())
    assert [(s.kind, s.answered_at is not None, s.by) for s in early.slow] == [("fire.alarm", True, "wang")]
    assert [(s.kind, s.by) for s in sheet.slow] == [("fire.alarm", "wang"), ("water.leak", None)]
    assert [u.kind for u in sheet.unclosed] == ["fire.alarm", "water.leak"]
    assert sheet.ends_at == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert early.ends_at < sheet.ends_at
    assert "wang" in sheet.on_duty
    assert (empty.slow, empty.late, empty.gaps) == ([], [], [])
