"""Times as people write them: the wall clock of the site, nights that cross midnight, nights that have 23 or 25 hours (EVT-14)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulators.scenario.errors import Wrong
from simulators.scenario.times import Clock, duration, prefix, wall

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
NIGHT = Clock(SHANGHAI, wall("2026-03-01T22:00", SHANGHAI), wall("2026-03-02T08:00", SHANGHAI))
LONG_NIGHT = Clock(NEW_YORK, wall("2026-10-31T22:00", NEW_YORK))  # the clocks go back at 02:00 on 1 November
SHORT_NIGHT = Clock(NEW_YORK, wall("2026-03-07T22:00", NEW_YORK))  # and forward at 02:00 on 8 March


def told(clock: Clock, text: str, before: str | None = None) -> str:
    moment = clock.read(text, None if before is None else clock.read(before).at)
    return moment.at.astimezone(clock.zone).isoformat(timespec="milliseconds" if moment.precision_s < 1 else "seconds")


@pytest.mark.parametrize(
    ("text", "before", "read"),
    [
        ("22:04", None, "2026-03-01T22:04:00+08:00"),
        ("22:04:05", None, "2026-03-01T22:04:05+08:00"),
        ("22:04:05.250", None, "2026-03-01T22:04:05.250+08:00"),
        ("22:04", "22:04", "2026-03-01T22:04:00+08:00"),
        ("00:10", "23:50", "2026-03-02T00:10:00+08:00"),
        ("00:10", None, "2026-03-02T00:10:00+08:00"),
        ("09:59", None, "2026-03-02T09:59:00+08:00"),
        ("10:00", None, "2026-03-02T10:00:00+08:00"),
        ("+1d 06:00", "23:50", "2026-03-02T06:00:00+08:00"),
        ("+2d 22:00", None, "2026-03-03T22:00:00+08:00"),
        ("+30s", "23:50", "2026-03-01T22:00:30+08:00"),
        ("+2h10m", None, "2026-03-02T00:10:00+08:00"),
        ("+1d", None, "2026-03-02T22:00:00+08:00"),
        ("+1.5s", None, "2026-03-01T22:00:01.500+08:00"),
        ("2026-03-05T12:00", None, "2026-03-05T12:00:00+08:00"),
        ("2026-03-05T12:00:00+00:00", None, "2026-03-05T20:00:00+08:00"),
        ("2026-03-05T12:00Z", None, "2026-03-05T20:00:00+08:00"),
        ("22:04+08:00", None, "2026-03-01T22:04:00+08:00"),
        ("start", "23:50", "2026-03-01T22:00:00+08:00"),
        ("end", None, "2026-03-02T08:00:00+08:00"),
    ],
)
def test_a_time_is_read_from_the_line_above_it(text: str, before: str | None, read: str) -> None:
    assert told(NIGHT, text, before) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("01:30-04:00", "2026-11-01T01:30:00-04:00"),
        ("01:30-05:00", "2026-11-01T01:30:00-05:00"),
        ("00:59", "2026-11-01T00:59:00-04:00"),
        ("02:00", "2026-11-01T02:00:00-05:00"),
    ],
)
def test_an_hour_that_comes_twice_says_which(text: str, read: str) -> None:
    assert told(LONG_NIGHT, text) == read


def test_the_second_of_two_equal_hours_follows_the_first() -> None:
    first = LONG_NIGHT.read("01:50-04:00").at
    assert LONG_NIGHT.read("01:10-05:00", first).at - first == timedelta(minutes=20)


@pytest.mark.parametrize(
    ("clock", "text", "before", "why"),
    [
        (NIGHT, "25:00", None, "25:00 is not a time of day (00:00 to 23:59:59)"),
        (NIGHT, "22:60", None, "22:60 is not a time of day (00:00 to 23:59:59)"),
        (NIGHT, "22:04:61", None, "22:04:61 is not a time of day (00:00 to 23:59:59)"),
        (
            NIGHT,
            "10:01",
            None,
            "10:01 comes before 22:00, the line above it; lines stand in order of time, and the next day is written +1d 10:01",
        ),
        (NIGHT, "24:00", None, "24:00 is not a time of day; the end of a day is the next day's 00:00"),
        (NIGHT, "8:05", None, '"8:05" is not a time; did you mean "08:05"?'),
        (NIGHT, "22:4", None, '"22:4" is not a time'),
        (NIGHT, "２２：０４", None, '"２２：０４" is not a time; did you mean "22:04"?'),
        (NIGHT, "2026-02-30T10:00", None, "2026-02-30 is not a day of the calendar"),
        (NIGHT, "0001-01-01T00:00", None, "0001-01-01 is out of range (1970 to 2999)"),
        (NIGHT, "22:04+25:00", None, "+25:00 is not an offset from UTC"),
        (NIGHT, "22:04-05:00", None, "22:04-05:00: on 2026-03-01 the clock of Asia/Shanghai has +08:00"),
        (
            NIGHT,
            "21:00",
            "22:04",
            (
                "21:00 comes before 22:04, the line above it; "
                "lines stand in order of time, and the next day is written +1d 21:00"
            ),
        ),
        (
            LONG_NIGHT,
            "01:30",
            None,
            "01:30 comes twice on 2026-11-01 in America/New_York: the clocks go back; write 01:30-04:00 or 01:30-05:00",
        ),
        (
            SHORT_NIGHT,
            "02:30",
            None,
            "02:30 is left out on 2026-03-08 in America/New_York: the clocks go forward",
        ),
        (LONG_NIGHT, "end", None, "`end` has no meaning here"),
    ],
)
def test_an_impossible_time_says_why(clock: Clock, text: str, before: str | None, why: str) -> None:
    with pytest.raises(Wrong) as said:
        clock.read(text, None if before is None else clock.read(before).at)
    assert str(said.value) == why


@pytest.mark.parametrize(
    ("text", "at", "read"),
    [
        ("22:01", "22:31", "2026-03-01T22:01:00+08:00"),
        ("23:58", "00:10", "2026-03-01T23:58:00+08:00"),
        ("00:05", "23:58", "2026-03-02T00:05:00+08:00"),
        ("-10m", "22:31", "2026-03-01T22:21:00+08:00"),
        ("+1h", "22:31", "2026-03-01T23:31:00+08:00"),
        ("2017-03-01T22:05", "22:31", "2017-03-01T22:05:00+08:00"),
        ("2017-03-01T22:05:00+00:00", "22:31", "2017-03-02T06:05:00+08:00"),
    ],
)
def test_a_device_clock_reads_the_nearest_such_time(text: str, at: str, read: str) -> None:
    assert NIGHT.near(text, NIGHT.read(at).at).astimezone(SHANGHAI).isoformat() == read


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.4s", 1.4), ("500ms", 0.5), ("2d", 172800)],
)
def test_a_span_of_time_has_units(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "90", "1x", "s", "-5s", "1h 30m", "400d", "9" * 50 + "s", "1.s"])
def test_anything_else_is_no_span(text: str) -> None:
    assert duration(text) is None


@pytest.mark.parametrize(
    ("line", "at", "until", "tolerance", "rest"),
    [
        ("22:04 alert", "22:04", None, 0, "alert"),
        ("22:06:30±2s alert", "22:06:30", None, 2, "alert"),
        ("22:06:30+-2s alert", "22:06:30", None, 2, "alert"),
        ("22:06:30~500ms alert", "22:06:30", None, 0.5, "alert"),
        ("22:00..22:30 no alert", "22:00", "22:30", 0, "no alert"),
        ("+1d 00:10..+1d 00:30 no alert", "+1d 00:10", "+1d 00:30", 0, "no alert"),
        ("22:00:00.250..end no alert", "22:00:00.250", "end", 0, "no alert"),
        ("2026-03-01T22:00..2026-03-02T22:00 no alert", "2026-03-01T22:00", "2026-03-02T22:00", 0, "no alert"),
        ("01:30-05:00..02:30 no alert", "01:30-05:00", "02:30", 0, "no alert"),
        ("+2h10m±1m x", "+2h10m", None, 60, "x"),
        ("end", "end", None, 0, ""),
    ],
)
def test_a_line_begins_with_its_time(line: str, at: str, until: str | None, tolerance: float, rest: str) -> None:
    found = prefix(line)
    assert found is not None
    assert (found.at, found.until, found.tolerance, found.rest) == (at, until, timedelta(seconds=tolerance), rest)


@pytest.mark.parametrize("line", ["later alert", "no alert", "endless", "nothing else", ""])
def test_a_line_without_a_time_is_told_apart_from_a_bad_time(line: str) -> None:
    assert prefix(line) is None


@pytest.mark.parametrize("line", ["22.04 x", "22:04x x", "9 x", "+5 x", "22:04±2 x", "½ x"])
def test_what_looks_like_a_time_must_be_one(line: str) -> None:
    with pytest.raises(Wrong):
        prefix(line)


CLOCKS = st.sampled_from([NIGHT, LONG_NIGHT, SHORT_NIGHT])


@settings(deadline=None)  # a busy machine is no fault
@given(CLOCKS, st.integers(-86_400_000, 40 * 86_400_000), st.booleans())
@example(LONG_NIGHT, 3 * 3_600_000, True)
@example(LONG_NIGHT, 4 * 3_600_000, False)
def test_every_instant_is_told_so_that_it_reads_back(clock: Clock, millis: int, long: bool) -> None:
    at = clock.start + timedelta(milliseconds=millis)
    assert clock.read(clock.tell(at, precise=True)).at == at
    assert clock.read(clock.tell(at, long=long)).at == at.replace(microsecond=0)


@settings(deadline=None)  # a busy machine is no fault
@given(CLOCKS, st.text(max_size=30) | st.from_regex(r"\+?[0-9:.TZ +-]{0,24}", fullmatch=True))
def test_any_text_is_a_time_or_says_why(clock: Clock, text: str) -> None:
    for read in (lambda: clock.read(text), lambda: clock.near(text, clock.start), lambda: prefix(text)):
        try:
            read()
        except Wrong as wrong:
            assert str(wrong)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.integers(0, 43_199), min_size=1, max_size=20))
def test_bare_clock_times_never_go_back(steps: list[int]) -> None:
    at = NIGHT.start
    for step in steps:
        wanted = at + timedelta(seconds=step)
        read = NIGHT.read(wanted.astimezone(SHANGHAI).strftime("%H:%M:%S"), at).at
        assert read == wanted
        at = read


def test_a_start_is_a_date_and_a_time() -> None:
    assert wall("2026-03-01 22:00", SHANGHAI) == datetime(2026, 3, 1, 14, tzinfo=UTC)
    with pytest.raises(Wrong, match="is not a date and time"):
        wall("22:00", SHANGHAI)
