"""A night driven by hand from Python, line by line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.scenario_worlds import virtual
from simulators.scenario.errors import ScenarioRefused, Wrong
from simulators.scenario.night import Night, register_of

HERE = Path(__file__).parent


@pytest.fixture
def night() -> Iterator[Night]:
    made = Night(virtual, register_of(None, HERE), "2026-03-01T22:00")
    yield made
    made.close()


def test_time_goes_by_only_when_it_is_told_to(night: Night) -> None:
    began = night.clock()
    night.passes("1h30m")
    assert (night.clock() - began).total_seconds() == 5400
    night.until("+1d 06:00")
    assert (night.clock() - began).total_seconds() == 8 * 3600


def test_what_is_done_and_what_came_of_it_are_said_in_the_words_of_a_scenario(night: Night) -> None:
    night.until("22:04")
    night.says("B2-07", "fire.alarm", loop=2)
    night.passes("40s")
    night.does("chen acks B2-07 override reason='nobody at the desk'")
    night.expect(
        "22:04 alert B2-07 raised to wang",
        "22:04:30 alert B2-07 escalated to chen",
        "later alert B2-07 acked by chen",
        "alert B2-07 is acked by chen",
        "no notice to zhao",
    )
    assert [a.custody_by for a in night.alerts] == ["chen"]
    assert night.told("alert", "escalated")[0].who == ("chen",)
    assert "22:04:40 alert B2-07 fire.alarm acked by chen" in night.timeline()


def test_the_whole_life_of_an_alert(night: Night) -> None:
    night.says("B2-07", "fire.alarm")
    assert night.acks("wang", "B2-07") is None
    night.notes("wang", "B2-07", "smoke from the kitchen")
    night.says("B2-07", "fire.restore")
    night.resets("wang", "B2-07")
    night.closes("wang", "B2-07", "false_alarm", cause="cooking", note="toast")
    night.expect("22:00 alert B2-07 closed false_alarm by wang", "end no open alerts", "end logbook verifies")


def test_seats_and_taps(night: Night) -> None:
    night.signs_on("li", "centre")
    assert night.seats["centre"] == "li"
    night.signs_off("li", "centre")
    assert night.seats["centre"] == "wang"
    night.scans("guard", "C1")
    night.expect("22:00 duty centre signed_on by li", "22:00 tap C1 off_duty by guard", "seat centre is held by wang")


def test_a_refusal_is_returned_and_becomes_part_of_the_story(night: Night) -> None:
    night.says("B2-07", "fire.alarm")
    night.acks("wang", "B2-07")
    refused = night.releases("li", "B2-07", "let me")
    assert refused is not None
    assert refused.what == "not_holder"
    night.expect("22:00 refused B2-07 not_holder by li")
    assert night.releases("wang", "B2-07", "called away") is None


def test_an_expectation_that_fails_says_both_sides(night: Night) -> None:
    night.says("B2-07", "fire.alarm")
    with pytest.raises(AssertionError, match=r"22:00 alert B2-07 raised to li(.|\n)*raised to wang"):
        night.expect("22:00 alert B2-07 raised to li")


def test_how_things_stood_earlier_cannot_be_asked(night: Night) -> None:
    night.passes("10m")
    with pytest.raises(Wrong, match="it is 22:10"):
        night.expect("22:05 seat centre is held by wang")


def test_a_word_that_nobody_knows_is_told_with_the_nearest_one(night: Night) -> None:
    with pytest.raises(Wrong, match="acks"):
        night.does("wang aks B2-07")
    with pytest.raises(ValueError, match="span of time"):
        night.passes("soon")
    with pytest.raises(ScenarioRefused, match="harbour-garden"):
        register_of("harbour-gardn", HERE)
    assert "A4-S01" in register_of("harbour-garden", HERE).devices
