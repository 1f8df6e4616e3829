"""Whether people are there: a check is answered by one key, a post is left for a while and taken up again (ATT-07, ATT-10)."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_pages import faults

pytestmark = pytest.mark.browser


def test_a_check_counts_down_and_one_key_answers_it(visit: Visitor, demo_server: Demo) -> None:
    """It takes no focus and opens no dialog, is there after a reload, and nobody else is asked."""
    holder = visit.at(demo_server.holder, "/logbook/write")
    holder.locator("[data-field='text'] textarea").fill("p stays a letter while one types: ")
    lead = visit.at("chumin", "/alerts", language="en", theme="dark")
    lead.locator(".strip [data-seat='centre']").click()
    lead.locator("[data-act='check']").click()
    expect(holder.locator("[data-check='asked'] [role='timer']")).to_be_visible()
    expect(holder.locator("[data-field='text'] textarea")).to_be_focused()
    holder.keyboard.press("p")
    expect(holder.locator("[data-check='asked']")).to_be_visible()
    assert faults(holder) == []
    expect(lead.locator("[data-check]")).to_have_count(0)
    holder.reload()
    expect(holder.locator("[data-check='asked']")).to_be_visible()
    holder.locator("h1").click()
    holder.keyboard.press("p")
    expect(holder.locator("[data-outcome='answered']")).to_be_visible()
    expect(holder.locator("[data-check]")).to_have_count(0)


def test_somebody_stands_in_and_hands_back(visit: Visitor, demo_server: Demo) -> None:
    """Until the stand-in accepts, nobody has left; a wrong password changes nothing."""
    name = next(p["name"]["zh"] for p in demo_server.people if p["login"] == demo_server.wrong)
    holder = visit.at(demo_server.holder, "/alerts")
    stand_in = visit.at(demo_server.wrong, "/alerts", language="en", width=390, height=844)
    holder.locator(".strip [data-seat='centre']").click()
    holder.locator("[data-act='leave']").click()
    form = holder.locator("[data-form='leave']")
    form.locator("[name='reason']").fill("用餐")
    form.locator("[name='stand_in']").select_option(label=name)
    form.locator("input[type='password']").fill("demo")
    form.locator("button[type='submit']").click()
    expect(holder.locator("[data-away='asked']")).to_be_visible()
    asked = stand_in.locator("[data-away='asked-me']")
    asked.locator("input").fill("nope")
    with visit.refused(403):
        asked.locator("input").press("Enter")
        expect(stand_in.locator("[data-problem='wrong_own_password']")).to_be_visible()
    assert faults(stand_in) == []
    asked.locator("input").fill("demo")
    asked.locator("input").press("Enter")
    expect(holder.locator("[data-away='away']")).to_be_visible()
    expect(stand_in.locator("[data-away='standing']")).to_be_visible()
    expect(holder.locator(".strip [data-seat='centre'] .who")).to_have_text(name)
    assert faults(holder) == []
    holder.locator("[data-away='away'] input").fill("demo")
    holder.locator("[data-away='away'] input").press("Enter")
    expect(holder.locator("[data-away]")).to_have_count(0)
    expect(stand_in.locator("[data-away]")).to_have_count(0)
