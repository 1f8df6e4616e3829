"""Routes, plans and tags at the console: edited, tried out and kept; a tag assigned by tapping it; the report as pages."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_pages import faults
from tests.e2e.test_patrol_page import WALKER, narrow_enough

pytestmark = pytest.mark.browser

LEAD = "chumin"
NEW = "04D0D0CAFE0001"


def book(visit: Visitor, **more: object) -> Page:
    page = visit.at(LEAD, "/patrol/plan", **more)
    page.locator("[data-item='routes/night']").wait_for()
    return page


def test_a_plan_is_tried_out_and_kept_by_keyboard_alone(visit: Visitor) -> None:
    """PAT-01, PAT-02: what it would come to is seen before it counts; the reason stands on the page."""
    page = book(visit)
    assert faults(page) == []
    page.locator("[data-item='plans/by-night']").press("Enter")
    page.locator("input[name='grace']").fill("12")
    page.locator("[data-act='preview']").press("Enter")
    expect(page.locator("[data-preview] [data-change='by-night']")).to_contain_text("10 → 12")
    expect(page.locator("[data-preview] [data-how='changed']").first).to_be_visible()
    assert faults(page) == []
    page.locator("[data-act='keep']").press("Enter")
    expect(page.locator("textarea[name='reason']")).to_be_focused()
    page.keyboard.type("冬季路滑，多留两分钟")
    page.locator("[data-act='reason']").press("Enter")
    expect(page.locator("[data-told]")).to_be_visible()
    expect(page.locator("[data-edited]")).to_contain_text("冬季路滑")
    with page.expect_download() as file:
        page.locator("[data-act='export']").click()
    assert "grace_min: 12" in file.value.path().read_text()
    assert faults(page) == []


def test_a_route_is_made_on_the_plan_ordered_by_keys_and_refused_by_its_field(visit: Visitor) -> None:
    """PAT-01, PAT-03: points by a click on the drawing or from the list, their order by Alt and the arrows."""
    page = book(visit, language="en", theme="dark")
    page.locator("[data-act='add-routes']").press("Enter")
    expect(page.locator("[data-wrong]")).to_contain_text("at least one point")
    page.locator("input[name='route-zh']").fill("环线")
    page.locator("input[name='route-en']").fill("Loop")
    page.locator(".leaflet-marker-icon").first.click()
    expect(page.locator("[data-stop]")).to_have_count(1)
    for _ in range(2):
        page.locator("[data-pick][aria-pressed='false']").first.press("Enter")
    expect(page.locator("[data-wrong]")).to_have_count(0)
    stops = page.locator("[data-stop]")
    first = stops.first.get_attribute("data-stop")
    stops.first.locator("[data-grip]").press("Alt+ArrowDown")
    expect(stops.nth(1)).to_have_attribute("data-stop", str(first))
    expect(stops.nth(1).locator("[data-grip]")).to_be_focused()
    stops.nth(1).locator("[data-grip]").drag_to(stops.nth(2))
    expect(stops.nth(2)).to_have_attribute("data-stop", str(first))
    stops.nth(1).locator("[data-act='tasks']").press("Enter")
    stops.nth(1).locator("[data-act='add-task']").press("Enter")
    expect(page.locator("[data-wrong]")).to_contain_text("both names")
    assert faults(page) == []
    page.on("dialog", lambda asked: asked.accept())
    page.locator("[data-act='discard']").click()
    expect(page.locator("[data-item^='routes/route']")).to_have_count(0)


def test_on_a_phone_a_guard_looks_and_changes_nothing(visit: Visitor, demo_server: Demo) -> None:
    page = visit.at(demo_server.login("guard", seat="Gate guard"), "/patrol/plan", language="en", width=390, height=844)
    page.locator("[data-item='routes/night']").wait_for()
    expect(page.locator("[data-act='keep']")).to_have_count(0)
    expect(page.locator("a[href='/patrol/tags']")).to_have_count(0)
    narrow_enough(page)
    assert faults(page) == []


def test_a_tag_is_assigned_by_tapping_it_and_blocked_with_a_reason(visit: Visitor, demo_server: Demo) -> None:
    """PAT-08: whoever hangs a tag taps it; the page was waiting, takes it, and asks only where."""
    page = visit.at(LEAD, "/patrol/tags")
    page.locator("[data-tag]").first.wait_for()
    assert faults(page) == []
    page.locator("header [data-act='assign']").press("Enter")
    expect(page.locator("[data-form='assign']")).to_contain_text("等待刷卡")
    demo_server.say("patrol.tap", "HH-01", tag=NEW, guard=WALKER, proof="uid")
    expect(page.locator(f"[data-read='{NEW}'] input")).to_be_checked(timeout=20_000)
    assert faults(page) == []
    page.locator("select[name='checkpoint']").select_option("CP-02")
    page.locator("[data-form] [data-act='go']").press("Enter")
    hung = page.locator(f"tr[data-tag='{NEW}']")
    expect(hung).to_have_attribute("data-state", "active")
    page.locator("[data-form]").wait_for(state="hidden")
    hung.locator("[data-act='block']").press("Enter")
    page.locator("textarea[name='reason']").fill("脱落")
    page.locator("[data-form] [data-act='go']").press("Enter")
    expect(hung).to_have_attribute("data-state", "blocked")
    assert faults(page) == []


def test_the_report_comes_as_pages_too(visit: Visitor) -> None:
    """PAT-07."""
    page = visit.at(LEAD, "/patrol/report", language="en")
    with page.expect_download() as file:
        page.locator("[data-act='pdf']").click()
    assert file.value.path().read_bytes().startswith(b"%PDF-")
