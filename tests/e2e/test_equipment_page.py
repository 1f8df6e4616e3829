"""Tests of equipment on the devices page (EQP-02): what is overdue is listed, and a result is recorded."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_pages import faults
from tests.e2e.test_patrol_page import narrow_enough

pytestmark = pytest.mark.browser


def test_a_result_is_recorded_and_a_failure_needs_words(visit: Visitor, demo_server: Demo) -> None:
    """At the desk a failure, in the hand the list in English; whoever may not record sees no form."""
    desk = visit.at(demo_server.login("operator"), "/devices")
    desk.locator("[data-equipment] summary").click()
    line = desk.locator("[data-test='ups']")
    line.locator("[data-act='record']").click()
    expect(line.locator("[data-act='failed']")).to_be_disabled()
    line.locator("textarea").fill("放电十分钟后掉电")
    line.locator("[data-act='failed']").click()
    expect(line.locator(".failed")).to_contain_text("放电十分钟后掉电")
    expect(line.locator("form")).to_have_count(0)
    assert faults(desk) == []
    hand = visit.at(demo_server.login("guard"), "/devices", language="en", width=390, height=844)
    hand.locator("[data-equipment] summary").click()
    expect(hand.locator("[data-test='ups'] .failed")).to_contain_text("Failed")
    expect(hand.locator("[data-test] [data-act='record']")).to_have_count(0)
    narrow_enough(hand)
    assert faults(hand) == []
