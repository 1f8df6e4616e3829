"""Every page, in both languages and both lights: sound for assistive technology, and fit for its screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, Visitor

pytestmark = pytest.mark.browser

PLACES = {
    "alerts": ".panel .ladder",
    "events": "tbody tr",
    "devices": ".device",
    "closed": ".page",
    "handover": ".block",
    "logbook": ".entry",
}


def faults(page: Page) -> list[str]:
    """What axe finds serious or worse, of a page that stands still: half faded in or out, any word is pale."""
    page.emulate_media(reduced_motion="reduce")
    try:
        found = Axe().run(page).response["violations"]
    finally:
        page.emulate_media(reduced_motion="null")
    return [
        f"{v['id']}: {[n['html'][:160] for n in v['nodes'][:3]]}"
        for v in found
        if v["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "light"), ("en", "dark")])
def test_every_page_is_sound(visit: Visitor, demo_server: Demo, language: str, theme: str) -> None:
    demo_server.say("fire.alarm", "B9-S01")
    demo_server.say("device.battery_low", "B9-M01")
    page = visit.page(language=language, theme=theme)
    page.goto(f"{demo_server.url}login")
    page.locator("[data-login]").first.wait_for()
    assert faults(page) == []
    page = visit.at("weiguohua", language=language, theme=theme)
    for place, sign in PLACES.items():
        page.locator(f"nav.rail a[href='/{place}']").click()
        page.locator(sign).first.wait_for()
        page.wait_for_timeout(300)
        assert faults(page) == [], place
    page.locator("nav.rail a[href='/events']").click()
    page.locator("tbody button.open").first.click()
    page.locator(".event pre").wait_for()
    page.wait_for_timeout(500)
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.locator(".event").wait_for(state="hidden")
    page.locator(".strip .seat").first.click()
    page.locator(".sign input[type='password']").wait_for()
    page.wait_for_timeout(500)
    assert faults(page) == []


@pytest.mark.parametrize("size", [(1366, 768), (390, 844), (3840, 2160)], ids=["desk", "phone", "4k"])
def test_no_page_scrolls_sideways(visit: Visitor, demo_server: Demo, size: tuple[int, int]) -> None:
    page = visit.at("weiguohua", language="en", width=size[0], height=size[1])
    for place in PLACES:
        page.locator(f"nav.rail a[href='/{place}']").click()
        page.wait_for_timeout(400)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, place


def test_the_phone_shows_one_thing_at_a_time_with_targets_to_hit(visit: Visitor, demo_server: Demo) -> None:
    demo_server.say("fire.alarm", "B8-S01")
    page = visit.at(demo_server.holder, width=390, height=844)
    first = page.locator(".row").first
    first.click()
    expect(page.locator(".list")).to_be_hidden()
    for button in page.locator(".acts .btn").all():
        box = button.bounding_box()
        assert box is not None and box["height"] >= 44
    page.locator(".back").click()
    expect(page.locator(".list")).to_be_visible()


def test_the_wall_shows_the_queue_and_who_is_on_and_nothing_to_press(visit: Visitor, demo_server: Demo) -> None:
    page = visit.at("weiguohua", "/alerts?wall=1", width=3840, height=2160, theme="dark")
    page.locator(".row").first.wait_for()
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.row *, .strip *')].filter(e => e.children.length === 0 && e.textContent.trim()"
        " && !e.closest('svg, .unseen')).map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 28
    expect(page.locator("nav.rail")).to_have_count(0)
    assert faults(page) == []
