"""A guard calls for help, is asked whether they are there, and answers alarms from their phone (EMG-10, ATT-10, ESC-03)."""

import io
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.api.test_tap_photos import GPS, MAKE
from tests.e2e.conftest import Visitor
from tests.e2e.phones import GuardDemo, asked, kept, listen, phone, sign_in, tags, walk
from tests.e2e.test_pages import faults

pytestmark = pytest.mark.browser


def picture(width: int = 2400, height: int = 1800) -> bytes:
    """A photo as a phone's camera makes it: with where it was taken, and lying on its side."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[MAKE], exif[0x0112] = "Spyphone", 6
    exif.get_ifd(GPS)[1] = "N"
    Image.effect_noise((width, height), 40).convert("RGB").save(out, "JPEG", quality=80, exif=exif)
    return out.getvalue()


def panics(page: Page) -> list[dict[str, Any]]:
    return [a for a in asked(page, "snapshot")["alerts"] if a["kind"] == "manual.panic"]


def asked_by(page: Page, guard_demo: GuardDemo, path: str) -> Any:
    return page.request.get(f"{guard_demo.url}api/v1/sites/{guard_demo.site}/{path}").json()


def press(page: Page) -> None:
    """A thumb goes down on the call for help."""
    box = page.locator("[data-act='sos']").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()


def test_a_call_for_help_is_held_for_two_seconds_and_says_where(phones: Visitor, guard_demo: GuardDemo) -> None:
    """EMG-10: let go early nobody is called; held, it is `manual.panic` in the zone of the last point, with that point's name."""
    page = phone(phones)
    sign_in(page, guard_demo.walker)
    listen(page)
    walk(page, tags(page)["CP-05"])
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0")
    before = panics(page)
    press(page)
    expect(page.locator("[data-part='sos']")).to_contain_text("东围墙")
    page.wait_for_timeout(1200)
    page.mouse.up()
    expect(page.locator("[data-part='sos']")).to_have_count(0)
    page.wait_for_timeout(1500)
    assert (panics(page), kept(page)) == (before, [])
    page.locator(".van-toast").wait_for(state="hidden")
    press(page)
    expect(page.locator(".van-toast")).to_contain_text("求助已发出", timeout=10_000)
    page.mouse.up()
    (alert,) = panics(page)
    point = asked(page, "register")["checkpoints"]["CP-05"]
    assert alert["zone_id"] == point["zone"]
    story = asked(page, f"alerts/{alert['id']}")
    assert "东围墙" in str(story), "the last point stands in what is told of it"
    assert "he-ping" in str(story)


def test_a_call_for_help_without_a_line_says_so_and_goes_first(phones: Visitor, guard_demo: GuardDemo) -> None:
    page = phone(phones)
    sign_in(page, guard_demo.walker)
    before = len(panics(page))
    quiet = len(phones.complaints)
    page.context.set_offline(True)
    press(page)
    expect(page.locator(".van-toast")).to_contain_text("没有信号", timeout=20_000)
    page.mouse.up()
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "1")
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0", timeout=20_000)
    # The same condition, said once more: an alert that is open already tells how often.
    again = panics(page)
    assert len(again) > before or again[0]["repeats"] >= 1, again
    phones.complaints[quiet:] = [c for c in phones.complaints[quiet:] if "net::ERR_" not in c]


def test_a_check_is_answered_at_the_round(phones: Visitor, guard_demo: GuardDemo) -> None:
    """ATT-10: over whatever is open, with one press."""
    page = phone(phones, language="en", theme="dark")
    sign_in(page, guard_demo.walker)
    lead = phones.at("chumin", "/alerts")
    lead.locator(".strip [data-seat='patrol']").click()
    lead.locator("[data-act='check']").click()
    call = page.locator("[data-part='check']")
    call.wait_for()
    assert faults(page) == []
    call.locator("[data-act='here']").click()
    expect(page.locator(".van-toast")).to_contain_text("Answered")
    expect(call).to_have_count(0)
    (check,) = [c for c in asked(page, "presence/checks")["items"] if c["seat_id"] == "patrol"]
    assert (check["state"], check["person_id"]) == ("answered", "he-ping")


def test_an_alarm_is_answered_shown_and_closed_as_false(phones: Visitor, guard_demo: GuardDemo) -> None:
    """ESC-03: acknowledged, on the way, a note and a photo; then a false alarm with its cause."""
    page = phone(phones)
    page.locator(f"[data-login='{guard_demo.keeper}']").click()
    page.locator("nav a[href='/guard/alerts']").click()
    guard_demo.say("access.forced", "GH-D01")
    card = page.locator("[data-alert]").filter(has_text="强行开门").first
    number = card.get_attribute("data-alert")
    card.locator("[data-act='ack']").click()
    expect(card).to_have_attribute("data-state", "acked")
    expect(card.locator("ol.steps li")).to_have_count(4)
    assert faults(page) == []
    card.locator("[data-act='way']").click()
    expect(card.locator("[data-act='way']")).to_be_disabled()
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0")
    page.locator(".van-toast").wait_for(state="hidden")
    card.locator("[data-act='note']").click()
    card.locator("textarea").fill("门锁被撬")
    card.get_by_role("button", name="提交").click()
    with page.expect_response(lambda answer: answer.url.endswith("/logbook/entries")) as entry:
        card.locator("input[type='file']").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
        )
    assert entry.value.ok
    (attached,) = entry.value.json()["entry"]["data"]["attachments"]
    guard_demo.say("access.closed", "GH-D01")
    close = card.locator("[data-act='close']")
    expect(close).to_be_enabled()
    close.click()
    card.locator("select").select_option("cooking")
    card.locator("textarea").fill("装修工人误触")
    assert faults(page) == []
    card.locator("form button[type='submit']").click()
    expect(card).to_have_count(0)
    lead = phones.at("chumin", "/alerts")
    shown = lead.request.get(
        f"{guard_demo.url}api/v1/sites/{guard_demo.site}/logbook/attachments/{attached['sha256']}"
    ).body()
    image = Image.open(io.BytesIO(shown))
    assert (dict(image.getexif()), image.size, b"Spyphone" in shown) == ({}, (1200, 1600), False), (
        "small, upright, mute"
    )
    story = asked_by(lead, guard_demo, f"alerts/{number}")
    alert, told = story["alert"], str(story)
    assert (alert["state"], alert["disposition"], alert["closed_by"]) == ("closed", "false_alarm", "lv-fei")
    assert all(word in told for word in ("'alert.go'", "门锁被撬", "装修工人误触"))
