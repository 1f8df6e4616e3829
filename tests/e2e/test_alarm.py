"""One alarm from the device to the signed-off log, with the people who meet it (EVT-03…05, ESC-14, LOG-03)."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, Visitor

pytestmark = pytest.mark.browser

WORDS = {
    "zh-CN": {"smoke": "火灾报警", "witness": "计时与升级继续", "custody": "升级已停止", "verified": "校验通过"},
    "en": {
        "smoke": "Fire alarm",
        "witness": "The clock keeps running",
        "custody": "The escalation has stopped",
        "verified": "Verified",
    },
}


def row(page: Page, kind: str, place: str) -> str:
    """The id of the alert that stands in the queue for that kind at that place."""
    found = page.locator(".row", has_text=kind).filter(has_text=place).first
    found.wait_for()
    return str(found.get_attribute("data-alert"))


@pytest.mark.parametrize(("language", "floor", "place"), [("zh-CN", "A9", "A座9层"), ("en", "A10", "Tower A floor 10")])
def test_the_wrong_person_is_a_witness_and_the_holder_takes_custody(
    visit: Visitor, demo_server: Demo, language: str, floor: str, place: str
) -> None:
    """Login, ring, acknowledge as the wrong person, take custody as the holder, reset, dispose; the logbook verifies."""
    words = WORDS[language]
    holder = visit.at(demo_server.holder, language=language)
    wrong = visit.at(demo_server.wrong, language=language)
    holder.locator(".start").click()
    expect(holder.locator(".banner")).to_have_count(0)

    demo_server.say("fire.alarm", f"{floor}-S01")
    alert = row(holder, words["smoke"], place)
    expect(holder.locator(".on")).to_be_visible()  # the bell

    wrong.locator(f"[data-alert='{alert}']").click()
    wrong.locator("[data-act=primary]").click()
    expect(wrong.locator("[data-outcome=witness]")).to_contain_text(words["witness"])
    expect(wrong.locator(f"[data-alert='{alert}']")).to_have_attribute("data-state", "raised")

    holder.locator(f"[data-alert='{alert}']").click()
    expect(holder.locator(".panel [data-act=primary]")).to_be_enabled()
    holder.keyboard.press("a")
    expect(holder.locator("[data-outcome=custody]")).to_contain_text(words["custody"])
    expect(wrong.locator(f"[data-alert='{alert}']")).to_have_attribute("data-state", "acked")

    demo_server.say("fire.restore", f"{floor}-S01")
    expect(holder.locator(".panel [data-act=primary]")).to_contain_text("R")
    holder.keyboard.press("r")
    expect(holder.locator(f"[data-alert='{alert}']")).to_have_attribute("data-state", "settling")

    holder.keyboard.press("d")
    holder.locator("input[value=false_alarm]").check()
    expect(holder.locator("[data-act=close]")).to_be_disabled()
    holder.locator("select[name=cause]").select_option("steam")
    holder.locator("textarea[name=note]").fill("bathroom steam 浴室水汽")
    holder.locator("[data-act=close]").click()
    expect(holder.locator(".panel [data-state=closed]")).to_be_visible()
    expect(wrong.locator(f".list [data-alert='{alert}']")).to_have_count(0)

    acts = [e.get_attribute("data-act") for e in holder.locator(".history [data-act]").all()]
    assert acts[0] == "alert.raise"
    for act in ("alert.witness", "alert.ack", "alert.clear_said", "alert.reset", "alert.dispose"):
        assert act in acts, acts

    holder.locator("nav.rail a[href='/logbook']").click()
    holder.locator("[data-act=verify]").click()
    expect(holder.locator("[data-verified=true]")).to_contain_text(words["verified"])


def test_a_refusal_says_who_may(visit: Visitor, demo_server: Demo) -> None:
    """An alert in somebody's hands cannot be closed by a colleague; the page says why before they try."""
    holder, wrong = visit.at(demo_server.holder), visit.at(demo_server.wrong)
    demo_server.say("access.forced", "A1-D01")
    alert = row(holder, "强行开门", "A座1层大堂")
    holder.locator(f"[data-alert='{alert}']").click()
    holder.locator("[data-act=primary]").click()
    expect(holder.locator("[data-outcome=custody]")).to_be_visible()
    wrong.locator(f"[data-alert='{alert}']").click()
    expect(wrong.locator(".consequence")).to_contain_text("只有受理人或值班长以上可以继续操作")
    expect(wrong.locator("[data-act=primary]")).to_have_count(0)
    holder.locator("[data-act=early]").click()
    expect(holder.locator(".acts")).to_contain_text("只有值班长及以上可以结案")
