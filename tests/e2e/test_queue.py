"""How the queue behaves while someone works on it: still, honest about the feed, loud."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_alarm import row

pytestmark = pytest.mark.browser


def top_of(found: Locator) -> float:
    box = found.bounding_box()
    assert box is not None
    return box["y"]


def test_nothing_moves_under_the_pointer(visit: Visitor, demo_server: Demo) -> None:
    """A more urgent alarm waits at the end of the list, announced, until the pointer has left it (design 8)."""
    page = visit.at(demo_server.holder)
    demo_server.say("device.battery_low", "A3-S01")
    low = page.locator(f"[data-alert='{row(page, '电池电量低', 'A座3层')}']")
    low.hover()
    before = top_of(low)
    demo_server.say("fire.alarm", "A12-S01")
    fire = page.locator(f"[data-alert='{row(page, '火灾报警', 'A座12层')}']")
    expect(page.locator(".pill")).to_contain_text("火灾报警")
    assert top_of(low) == before
    assert top_of(fire) > before
    page.locator("header.top").hover()
    expect(page.locator(".pill")).to_have_count(0)
    assert top_of(fire) < top_of(low)


def test_the_selection_stays_where_it_was_put(visit: Visitor, demo_server: Demo) -> None:
    page = visit.at(demo_server.holder)
    demo_server.say("device.battery_low", "A4-S01")
    low = row(page, "电池电量低", "A座4层")
    page.locator(f"[data-alert='{low}']").click()
    page.locator("header.top").hover()
    demo_server.say("fire.alarm", "A13-S01")
    row(page, "火灾报警", "A座13层")
    expect(page.locator(".row.selected")).to_have_attribute("data-alert", low)
    expect(page.locator(".panel h1")).to_contain_text("电池电量低")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".row.selected")).not_to_have_attribute("data-alert", low)


def test_a_console_that_cannot_ring_says_so_in_red(visit: Visitor, demo_server: Demo) -> None:
    page = visit.at(demo_server.holder, language="en")
    expect(page.locator(".banner")).to_contain_text("Cannot ring")
    with page.expect_request("**/console") as told:
        page.locator(".start").click()
    assert told.value.post_data_json == {"can_ring": True, "on_duty": True}
    expect(page.locator(".banner")).to_have_count(0)


def test_a_lost_feed_is_shown_and_resumes_without_a_gap(visit: Visitor, demo_server: Demo) -> None:
    page = visit.at(demo_server.holder, language="en")
    page.locator(".start").click()
    demo_server.say("device.battery_low", "A6-S01")
    row(page, "Battery low", "Tower A floor 6")
    page.context.set_offline(True)
    page.evaluate("() => undefined")
    page.route("**/api/v1/live**", lambda route: route.abort())
    demo_server.say("device.battery_low", "A5-S01")
    page.wait_for_timeout(500)
    page.context.set_offline(False)
    page.unroute("**/api/v1/live**")
    row(page, "Battery low", "Tower A floor 5")
    visit.complaints = [c for c in visit.complaints if "ERR_INTERNET_DISCONNECTED" not in c and "ERR_FAILED" not in c]


def test_an_ended_session_leads_to_the_sign_in_page(visit: Visitor, demo_server: Demo) -> None:
    page = visit.at(demo_server.wrong)
    other = page.context.new_page()
    other.goto(demo_server.url)
    other.locator(".who summary").click()
    other.get_by_role("button", name="退出登录").click()
    expect(page.locator("form input[name=login]")).to_be_visible()
    visit.complaints = [c for c in visit.complaints if "401" not in c]


def test_a_seat_is_taken_and_left_with_the_password_once_more(visit: Visitor, demo_server: Demo) -> None:
    """Signing on needs the password again; who is on changes on every console (LOG-03's signature)."""
    page = visit.at(demo_server.wrong, language="en")
    other = visit.at(demo_server.holder, language="en")
    seat = "[data-seat=engineer]"
    page.locator(seat).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input").fill("wrong")
    dialog.get_by_role("button", name="Sign on").click()
    expect(dialog.get_by_role("alert")).to_have_text("Wrong password")
    dialog.locator("input").fill("demo")
    dialog.get_by_role("button", name="Sign on").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(seat)).to_contain_text("(you)")
    expect(other.locator(seat)).to_contain_text("Signed on")
    page.locator(seat).click()
    dialog.locator("input").fill("demo")
    dialog.get_by_role("button", name="Sign off").click()
    expect(other.locator(seat)).not_to_contain_text("Signed on")
    visit.complaints = [c for c in visit.complaints if "403" not in c]


def test_what_a_person_was_told_joins_the_queue(visit: Visitor, demo_server: Demo) -> None:
    """A report by hand, with its place and words (EVT-09)."""
    page = visit.at(demo_server.holder, language="en")
    page.locator("[data-act=report]").click()
    page.locator("select[name=zone]").select_option("a-03")
    page.locator("textarea[name=note]").fill("smell of smoke on the stairs")
    page.get_by_role("dialog").get_by_role("button", name="Report").click()
    expect(page.locator(".panel h1")).to_contain_text("Manual report")
    expect(page.locator(".facts")).to_contain_text("smell of smoke on the stairs")
