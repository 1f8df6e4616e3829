"""A night in a virtual house: who is called when, to the second, and what people may do (IOT-05, EMG-11)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from simulators.scenario.model import (
    Acknowledges,
    Act,
    Channel,
    Closes,
    Device,
    Notes,
    Releases,
    Reports,
    Resets,
    Says,
    Scans,
    SignsOff,
    SignsOn,
)
from tests.simulators.nights import SITE, after, night, told

FIRE = Says("B2-07", "fire.alarm", {"loop": 2, "point": 7})


def test_a_whole_night_by_hand() -> None:
    """The wrong person answers, the ladder goes on, the holder takes custody, and it is closed with its cause."""
    story = night(
        (after(4), FIRE),
        (after(4, 40), Acknowledges("li", "B2-07")),
        (after(4, 50), Acknowledges("wang", "B2-07")),
        (after(6), Says("B2-07", "fire.restore")),
        (after(7), Resets("wang", "B2-07/fire.alarm")),
        (after(8), Notes("wang", "#1", "窗户开着")),
        (after(9), Closes("wang", "B2-07", "false_alarm", cause="cooking", note="soup")),
    )
    assert told(story) == [
        "22:04:00 alert B2-07 fire.alarm raised wang",
        "22:04:30 alert B2-07 fire.alarm escalated chen rung=1",
        "22:04:30 notice B2-07 fire.alarm email chen",
        "22:04:30 notice B2-07 fire.alarm sent chen",
        "22:04:40 alert B2-07 fire.alarm witnessed li",
        "22:04:50 alert B2-07 fire.alarm acked wang",
        "22:06:00 alert B2-07 fire.alarm clear_said",
        "22:07:00 alert B2-07 fire.alarm reset wang",
        "22:08:00 alert B2-07 fire.alarm noted wang",
        "22:09:00 alert B2-07 fire.alarm closed wang",
    ]
    closed = story.happenings[-1]
    assert closed.more == {"number": 1, "disposition": "false_alarm", "cause": "cooking", "note": "soup"}


def test_what_is_due_comes_before_what_people_do_at_the_same_instant() -> None:
    story = night((after(4), FIRE), (after(4, 30), Acknowledges("wang", "B2-07")), until=6)
    assert told(story, "alert") == [
        "22:04:00 alert B2-07 fire.alarm raised wang",
        "22:04:30 alert B2-07 fire.alarm escalated chen rung=1",
        "22:04:30 alert B2-07 fire.alarm acked wang",
    ]


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (Closes("wang", "B2-07", "confirmed"), "B2-07 alert_not_allowed wang"),
        (Resets("wang", "B2-07"), "B2-07 condition_active wang"),
        (Releases("li", "B2-07", "no"), "B2-07 not_holder li"),
        (Releases("li", "B2-07", " "), "B2-07 invalid li"),
        (Acknowledges("wu", "B2-07"), "B2-07 not_permitted wu"),
        (Acknowledges("li", "B2-07", override=True, reason="me"), "B2-07 supervisor_needed li"),
        (Acknowledges("wang", "L-1"), "L-1 alert_not_found wang"),
        (Acknowledges("wang", "#9"), "#9 alert_not_found wang"),
        (Notes("wang", "B2-07", ""), "B2-07 invalid wang"),
        (Closes("wang", "B2-07", "perhaps"), "B2-07 invalid wang"),
        (SignsOn("wang", "roof"), "roof seat_not_found wang"),
        (SignsOff("wang", "centre"), "centre not_signed_on wang"),
        (Reports("wang", "manual.report", "b9"), "zone/b9 invalid wang"),
    ],
)
def test_a_refusal_is_a_happening_with_the_code_that_http_gives(act: Act, refusal: str) -> None:
    story = night((after(1), FIRE), (after(1, 10), act), until=1.4)
    assert told(story, "refused") == [f"22:01:10 refused {refusal}"]


def test_a_report_is_known_by_its_place() -> None:
    """No id of one run is ever told."""
    story = night(
        (after(1), Reports("li", "manual.panic", "b7", "help")), (after(1, 5), Acknowledges("wang", "b7")), until=2
    )
    assert told(story, "alert") == [
        "22:01:00 alert zone/b7 manual.panic raised wang",
        "22:01:05 alert zone/b7 manual.panic acked wang",
    ]


def test_a_tap_is_told_by_its_checkpoint_and_an_odd_one_by_what_is_odd() -> None:
    story = night(
        (after(1), Scans("guard", "C1")),
        (after(2), Scans("guard", "C1", tag="04FF")),
        (after(3), Scans("ghost", "C1", said_at=after(2))),
        until=4,
    )
    assert told(story, "tap") == [
        "22:01:00 tap C1 off_duty guard",
        "22:02:00 tap 04FF unknown_tag guard",
        "22:03:00 tap C1 unknown_guard",
    ]


def test_a_channel_that_fails_is_tried_again_until_it_is_given_up() -> None:
    """After 5, 15, 45, 135 and 300 s more, as the notify role does; what works again in between takes the next try."""
    story = night(
        (after(0), Channel("email", "fails")),
        (after(1), FIRE),
        (after(1, 40), Acknowledges("chen", "B2-07")),
        until=12,
    )
    assert told(story, "notice") == [
        "22:01:30 notice B2-07 fire.alarm email chen",
        "22:01:40 notice B2-07 fire.alarm cancelled chen",
    ]
    given_up = night((after(0), Channel("email", "fails")), (after(1), FIRE), until=10.4)
    assert told(given_up, "notice").count("22:09:50 notice B2-07 fire.alarm failed chen") == 1
    works = night(
        (after(0), Channel("email", "fails")), (after(1), FIRE), (after(1, 33), Channel("email", "works")), until=1.7
    )
    assert told(works, "notice") == [
        "22:01:30 notice B2-07 fire.alarm email chen",
        "22:01:35 notice B2-07 fire.alarm sent chen",
    ]


def test_who_signed_on_before_the_start_holds_the_seat_and_nothing_is_told_of_it() -> None:
    empty = msgspec.structs.replace(SITE, rotas=())
    assert "alert seat/centre duty.gap raised" in told(night(until=1, register=empty))[0]
    story = night((after(1), FIRE), until=1.1, register=empty, signed_on={"centre": "li"})
    assert told(story) == ["22:01:00 alert B2-07 fire.alarm raised li"]


def test_a_seat_that_is_left_is_a_gap_until_somebody_comes() -> None:
    story = night(
        (after(1), SignsOn("wang", "centre")),
        (after(2), SignsOff("wang", "centre")),
        (after(2, 20), SignsOn("li", "centre")),
        until=2.4,
    )
    assert told(story) == [
        "22:01:00 duty centre signed_on wang",
        "22:02:00 duty centre signed_off wang",
        "22:02:00 alert seat/centre duty.gap raised",
        "22:02:00 alert seat/centre duty.gap escalated chen rung=1",
        "22:02:00 notice seat/centre duty.gap email chen",
        "22:02:00 notice seat/centre duty.gap sent chen",
        "22:02:20 duty centre signed_on li",
        "22:02:20 alert seat/centre duty.gap cleared",
    ]


def test_a_device_that_falls_silent_is_missed_after_its_last_word_and_its_supervision() -> None:
    """EVT-10, IOT-05: beats each 5 min, the last at 22:10; 10 min later it is missed, and its first word ends that."""
    story = night(
        (after(12), Device("B2-07", "falls_silent")),
        (after(20, 10), Acknowledges("wang", "B2-07")),
        (after(31), Device("B2-07", "speaks")),
        until=60,
    )
    assert told(story, "alert") == [
        "22:20:00 alert B2-07 device.offline raised wang",
        "22:20:10 alert B2-07 device.offline acked wang",
        "22:31:00 alert B2-07 device.offline cleared",
    ]


def test_a_burst_comes_at_its_own_moments() -> None:
    """The same frame eight times in 1.4 s is one alert, and each is heard when it was said."""
    story = night((after(4), Says("B2-07", "fire.alarm", times=8, within_s=1.4)), until=4.1)
    assert told(story, "alert") == ["22:04:00 alert B2-07 fire.alarm raised wang"]
    assert story.events == 8


@pytest.mark.parametrize(("seconds", "holder"), [(-1, "wang"), (0, "li"), (1, "li")])
@pytest.mark.parametrize("day", [datetime(2026, 3, 8, 13, tzinfo=UTC), datetime(2026, 11, 1, 14, tzinfo=UTC)])
def test_the_shift_changes_by_the_wall_on_both_dst_nights(day: datetime, seconds: int, holder: str) -> None:
    """Chicago: 08:00 is 13:00 UTC once the clocks went forward, 14:00 UTC once they went back; the night has 11 or 13 h."""
    chicago = msgspec.structs.replace(SITE, time_zone="America/Chicago")
    at = day + timedelta(seconds=seconds)
    story = night((at, FIRE), register=chicago, start=day - timedelta(hours=14), until=at + timedelta(seconds=5))
    clock = (datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%H:%M:%S")
    assert told(story, "alert", zone="America/Chicago")[-1] == f"{clock} alert B2-07 fire.alarm raised {holder}"
