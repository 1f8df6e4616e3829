"""Shifts as an iCalendar feed (RFC 5545), read back by a parser and looked at byte by byte."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from duty.feeds import chosen, feed
from duty.store import Standing
from sites.people import Words
from sites.register import Dated, Post
from tests.night import HARBOUR

AT = datetime(2026, 2, 20, 3, 4, 5, tzinfo=UTC)
NAME = Words("王", "Wang")
NIGHT = Dated(
    "centre/2026-03-05/night", "centre", "wang", "night",
    datetime(2026, 3, 5, 12, tzinfo=UTC), datetime(2026, 3, 6, 0, tzinfo=UTC),
)  # fmt: skip


def events(text: bytes) -> list[Any]:
    return list(Calendar.from_ical(text).walk("VEVENT"))


def test_a_night_shift_is_one_event_in_the_sites_own_time() -> None:
    text = feed(HARBOUR, NAME, [Standing(NIGHT, 0, AT)], "zh-CN", people=False)
    (event,) = events(text)
    assert event["uid"] == "centre/2026-03-05/night@harbour.watchroom"
    assert event["dtstart"].dt == datetime(2026, 3, 5, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert event["dtend"].dt == datetime(2026, 3, 6, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert (event["sequence"], event["status"], event["dtstamp"].dt) == (0, "CONFIRMED", AT)
    assert b"DTSTART;TZID=Asia/Shanghai:20260305T200000\r\n" in text
    assert b"DTSTAMP:20260220T030405Z\r\n" in text
    assert b"BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\n" in text
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text
    assert b"X-PUBLISHED-TTL:PT1H\r\n" in text
    assert b"METHOD:PUBLISH\r\n" in text


def test_what_was_taken_away_is_cancelled_with_a_higher_sequence() -> None:
    text = feed(HARBOUR, NAME, [Standing(NIGHT, 3, AT, withdrawn=True)], "en", people=False)
    (event,) = events(text)
    assert (event["status"], event["sequence"], event["transp"]) == ("CANCELLED", 3, "TRANSPARENT")


def test_a_shift_that_came_back_is_there_once_and_stands() -> None:
    back = Standing(NIGHT, 4, AT)
    gone = [Standing(NIGHT, 1, AT, withdrawn=True), Standing(NIGHT, 3, AT, withdrawn=True)]
    for order in ([back, *gone], [*gone, back], [gone[0], back, gone[1]]):
        assert chosen(order) == [back]
    assert chosen(gone) == chosen(gone[::-1]) == [gone[1]]


def test_who_is_on_call_stays_free_and_a_post_says_who_comes_and_where() -> None:
    call = msgspec.structs.replace(NIGHT, on_call=True)
    (event,) = events(feed(HARBOUR, NAME, [Standing(call, 0, AT)], "en", people=False))
    assert event["transp"] == "TRANSPARENT"
    posts = {**HARBOUR.posts, "centre": Post("centre", Words("中心", "Centre"), Words("一层", "Ground floor"))}
    register = msgspec.structs.replace(HARBOUR, posts=posts)
    (event,) = events(feed(register, Words("监控", "Centre"), [Standing(NIGHT, 0, AT)], "zh-CN", people=True))
    assert str(event["summary"]).endswith("· wang")
    assert event["location"] == "一层"


def test_what_the_register_no_longer_knows_is_still_told() -> None:
    odd = msgspec.structs.replace(NIGHT, seat="gone", template="old", person="left")
    (event,) = events(feed(HARBOUR, NAME, [Standing(odd, 0, AT)], "en", people=True))
    assert event["summary"] == "old · gone · left"


def test_daylight_saving_keeps_the_wall_clock() -> None:
    """8 March 2026 in Chicago: a night of eleven hours."""
    register = msgspec.structs.replace(HARBOUR, time_zone="America/Chicago")
    starts, ends = datetime(2026, 3, 8, 1, tzinfo=UTC), datetime(2026, 3, 8, 12, tzinfo=UTC)
    night = msgspec.structs.replace(NIGHT, starts_at=starts, ends_at=ends)
    text = feed(register, NAME, [Standing(night, 0, AT)], "en", people=False)
    (event,) = events(text)
    assert b"DTSTART;TZID=America/Chicago:20260307T190000" in text
    assert b"DTEND;TZID=America/Chicago:20260308T070000" in text
    assert event["dtend"].dt.astimezone(UTC) - event["dtstart"].dt.astimezone(UTC) == timedelta(hours=11)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200))
def test_no_name_breaks_the_lines_or_the_feed(name: str) -> None:
    """Faults: an event smuggled in by a name; lines beyond 75 octets."""
    person = msgspec.structs.replace(HARBOUR.people["wang"], name=Words(name, name))
    register = msgspec.structs.replace(HARBOUR, people={**HARBOUR.people, "wang": person})
    text = feed(register, Words(name, name), [Standing(NIGHT, 0, AT)], "zh-CN", people=True)
    lines = text.split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    (event,) = events(text)
    assert str(event["summary"]).endswith(name)


def test_a_name_with_a_line_break_cannot_smuggle_an_event_in() -> None:
    person = msgspec.structs.replace(HARBOUR.people["wang"], name=Words("a\r\nEND:VEVENT\nBEGIN:VEVENT", "x"))
    register = msgspec.structs.replace(HARBOUR, people={**HARBOUR.people, "wang": person})
    assert len(events(feed(register, NAME, [Standing(NIGHT, 0, AT)], "zh-CN", people=True))) == 1
