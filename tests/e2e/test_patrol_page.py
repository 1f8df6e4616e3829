"""Patrol at the console: rounds by route, one round suspended and resumed live, taps on the map and in the list, the report."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from core.ids import fresh
from tests.api.test_tap_photos import photo
from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_pages import faults

pytestmark = pytest.mark.browser

GATE = "04DE3803B3D66B"  # the tag of CP-01, the gatehouse
POND = "04A79B39512A0B"  # of CP-03
WALKER = "zhou-qiang"
HEADERS = {"x-watchroom": "1"}


def tomorrow(page: Page) -> None:
    """The rounds of tomorrow are made whatever the hour of the test."""
    page.locator("[data-act='after']").click()
    page.locator("[data-route='grounds'] [data-point]").first.wait_for()


def narrow_enough(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


def test_a_round_is_suspended_with_a_reason_and_everybody_sees_it(visit: Visitor, demo_server: Demo) -> None:
    """PAT-01: known before it starts; PAT-12: not walked only with a reason, by whom the site says; by keyboard alone."""
    lead = visit.at("chumin", "/patrol")
    tomorrow(lead)
    assert faults(lead) == []
    expect(lead.locator("[data-route='grounds'] [data-point]")).to_have_count(10)
    guard = visit.at(demo_server.login("guard", seat="Gate guard"), "/patrol", language="en", width=390, height=844)
    tomorrow(guard)
    narrow_enough(guard)
    assert faults(guard) == []
    lead.locator("[data-route='grounds'] [data-act='open']").press("Enter")
    expect(lead.locator("[data-point]")).to_have_count(10)
    lead.locator("[data-act='suspend']").press("Enter")
    expect(lead.locator("textarea[name='reason']")).to_be_focused()
    lead.keyboard.type("台风红色预警")
    lead.locator("[data-act='reason']").press("Enter")
    expect(lead.locator("header [data-stand='suspended']")).to_be_visible()
    expect(lead.get_by_text("台风红色预警")).to_be_visible()
    expect(guard.locator("[data-route='grounds'] header [data-stand='suspended']")).to_be_visible()
    guard.locator("[data-route='grounds'] [data-act='open']").click()
    expect(guard.get_by_text("台风红色预警")).to_be_visible()
    expect(guard.locator("[data-act='resume']")).to_have_count(0)
    narrow_enough(guard)
    assert faults(lead) == []
    assert faults(guard) == []
    lead.locator("[data-act='resume']").press("Enter")
    expect(guard.locator("header [data-stand='suspended']")).to_have_count(0)


def test_a_tap_moves_the_guard_on_the_map_and_stands_in_the_list(visit: Visitor, demo_server: Demo) -> None:
    """PAT-11: where somebody last proved to be; an unknown tag is shown, flagged, and moves nobody."""
    page = visit.at("weiguohua", "/patrol/map", language="en", theme="dark")
    page.locator(".leaflet-marker-icon").first.wait_for()
    demo_server.say("patrol.tap", "HH-01", tag=GATE, guard=WALKER, proof="uid")
    expect(page.locator(f"[data-guard='{WALKER}']")).to_contain_text("Gatehouse")
    expect(page.locator(".spot.guard")).to_have_count(1)
    assert faults(page) == []
    demo_server.say("patrol.tap", "HH-01", tag="04FFFFFFFFFFFF", guard=WALKER, proof="uid")
    page.locator("a[href='/patrol/taps']").click()
    expect(page.locator("[data-flag='unknown_tag']").first).to_be_visible()  # other tests read tags, too
    expect(page.locator("tbody tr").filter(has_text="Gatehouse").first).to_be_visible()
    page.locator("select[name='point']").select_option("CP-01")
    expect(page.locator("[data-flag='unknown_tag']")).to_have_count(0)
    assert faults(page) == []
    phone = visit.at("weiguohua", "/patrol/map", width=390, height=844)
    expect(phone.locator(f"[data-guard='{WALKER}']")).to_be_visible()
    narrow_enough(phone)


def test_the_report_is_read_and_taken_away(visit: Visitor, demo_server: Demo) -> None:
    """PAT-07: planned, actual, late and missed; a guard is not offered it."""
    page = visit.at("weiguohua", "/patrol/report")
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    page.locator("input[name='first']").fill(f"{today}")  # the week to come: its rounds are made at any hour
    expect(page.locator("[data-table='routes'] [data-row='grounds']")).to_be_visible()
    assert faults(page) == []
    with page.expect_download() as got:
        page.locator("[data-act='xlsx']").click()
    with zipfile.ZipFile(BytesIO(Path(got.value.path()).read_bytes())) as book:
        assert "设施设备巡查记录表" in book.read("xl/sharedStrings.xml").decode()
    guard = visit.at(demo_server.login("guard"), "/patrol", language="en")
    expect(guard.locator("a[href='/patrol/map']")).to_be_visible()
    expect(guard.locator("a[href='/patrol/report']")).to_have_count(0)


def test_the_alert_of_a_finding_shows_the_guard_s_photo(visit: Visitor, demo_server: Demo) -> None:
    """PAT-03, PAT-05: whoever must act on it sees what the guard saw; its history says that there is a picture."""
    lead = visit.at("chumin", "/events", language="en", width=390, height=844)
    walker = visit.page()
    walker.goto(f"{demo_server.url}login")
    walker.locator("[data-login='heping']").click()
    walker.locator("main#main").wait_for()
    api, ask = f"{demo_server.url}api/v1/sites/{demo_server.site}", walker.request
    sent = ask.post(f"{api}/patrol/photos", data=photo(size=(640, 480)), headers=HEADERS).json()["sent"]
    phone = f"phone-{sent[:8]}"
    made = {"id": fresh(datetime.now(UTC)), "n": 1, "prev": "", "said_at": datetime.now(UTC).isoformat(), "kept": False}
    made |= {"read": {"by": "uid", "uid": POND}, "answers": {"railing": False}, "note": "护栏松动", "photos": [sent]}
    told = ask.post(f"{api}/taps", data={"client": phone, "taps": [made]}, headers=HEADERS).json()["items"]
    assert told[0]["findings"] == ["railing"]
    alerts = ask.get(f"{api}/alerts").json()["items"]
    (alert,) = [a for a in alerts if (a["kind"], a["subject"]) == ("patrol.finding", "checkpoint/CP-03")]
    lead.goto(f"{demo_server.url}alerts/{alert['id']}")
    small = lead.locator(f"[data-photos] [data-tap='{made['id']}'] [data-photo] img")
    lead.wait_for_function("(img) => img.complete && img.naturalWidth > 0", arg=small.element_handle())
    expect(lead.locator(".history [data-act='alert.raise']")).to_contain_text("photos 1")
    narrow_enough(lead)
    assert faults(lead) == []
    small.click()
    expect(lead.locator("img.whole")).to_have_js_property("naturalHeight", 480)
    path = f"{api}/alerts/{alert['id']}"  # and it is nobody else's any more
    taken = lead.request.post(f"{path}/ack", data={"override": True, "reason": "现场已处理"}, headers=HEADERS)
    closed = lead.request.post(f"{path}/dispose", data={"disposition": "confirmed", "note": "已加固"}, headers=HEADERS)
    assert (taken.status, closed.status) == (200, 200), closed.text()
