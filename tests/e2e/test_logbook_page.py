"""The logbook in use: written on the site's forms, corrected, found, reviewed, kept (LOG-01…LOG-08, LOG-14, RPT-07)."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_pages import faults

pytestmark = pytest.mark.browser


def write(page: Page, text: str) -> int:
    """A note, by the keyboard; its number."""
    page.locator("[data-tab='write']").click()
    page.locator("[data-field='text'] textarea").fill(text)
    page.locator("[data-field='text'] textarea").press("Control+Enter")
    return int(page.locator("[data-done]").get_attribute("data-n") or 0)


def test_an_entry_is_written_corrected_and_found(visit: Visitor, demo_server: Demo, tmp_path: Path) -> None:
    """With a file, in Chinese; the correction stands beside it, and either language finds it."""
    page = visit.at(demo_server.holder, "/logbook")
    page.locator(".entry").first.wait_for()
    page.locator("[data-tab='write']").click()
    expect(page.locator("[data-field='text'] textarea")).to_be_focused()
    expect(page.locator("[data-act='send']")).to_be_disabled()
    page.keyboard.type("消防水泵房巡查正常，压力0.6MPa")
    page.reload()
    expect(page.locator("[data-field='text'] textarea")).to_have_value("消防水泵房巡查正常，压力0.6MPa")
    note = tmp_path / "pump.txt"
    note.write_text("pump 0.6 MPa")
    page.locator("input[type='file']").set_input_files(note)
    page.locator("li[data-file]").wait_for()
    page.locator("[data-act='send']").click()
    page.locator("[data-done] a").first.click()
    expect(page.locator("[data-entry] .said")).to_have_text("消防水泵房巡查正常，压力0.6MPa")
    with page.expect_download() as fetched:
        page.locator("[data-file] a").click()
    assert Path(fetched.value.path()).read_text() == "pump 0.6 MPa"
    page.locator("[data-act='correct']").click()
    page.locator("[data-field='text'] textarea").fill("消防水泵房巡查正常，压力0.5MPa")
    expect(page.locator("[data-act='send']")).to_be_disabled()
    page.locator("[name='reason']").fill("抄错读数")
    page.locator("[data-act='send']").click()
    expect(page.locator("[data-correction]")).to_contain_text("0.5MPa")
    expect(page.locator("[data-entry] .said")).to_have_text("消防水泵房巡查正常，压力0.6MPa")
    assert faults(page) == []

    other = visit.at(demo_server.wrong, "/logbook", language="en", theme="dark")
    other.locator("[name='q']").fill("水泵房")
    expect(other.locator(".entry")).to_have_count(2)
    expect(other.locator(".entry .chip")).to_have_count(2)
    other.locator("[name='q']").fill("zzz nothing like it")
    expect(other.locator(".entry")).to_have_count(0)
    other.locator("[data-act='clear']").click()
    expect(other.locator(".entry").nth(3)).to_be_visible()
    assert faults(other) == []


def test_a_register_asks_for_what_it_requires(visit: Visitor, demo_server: Demo) -> None:
    """The visitors' register: required fields, numbers, choices; on a phone, in English (LOG-08)."""
    page = visit.at(demo_server.login("guard"), "/logbook/write?form=visitors", language="en", width=390, height=844)
    send = page.locator("[data-act='send']")
    page.locator("[data-field='visitor'] textarea").fill("Zhang San")
    expect(send).to_be_disabled()
    page.locator("[data-field='people'] input").fill("2")
    page.locator("[data-field='host'] textarea").fill("B-0702")
    page.locator("[data-field='purpose'] select").select_option("visit")
    page.locator("[data-field='came'] input").fill("13:20")
    expect(send).to_be_enabled()
    assert faults(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    send.click()
    number = page.locator("[data-done]").get_attribute("data-n")
    reader = visit.at(demo_server.holder, f"/logbook/entry/{number}", language="en")
    expect(reader.locator("[data-entry]")).to_contain_text("Zhang San")
    expect(reader.locator("[data-entry]")).to_contain_text("Visit")
    expect(reader.locator("[data-act='correct']")).to_have_count(0)


def test_an_entry_is_written_from_an_alarm_and_leads_back_to_it(visit: Visitor, demo_server: Demo) -> None:
    demo_server.say("water.leak", "B3-W01")
    page = visit.at(demo_server.holder, "/alerts")
    page.locator(".row").first.click()
    page.locator("[data-act='entry']").click()
    page.locator("[data-field='text'] textarea").fill("已通知工程部关阀")
    page.locator("[data-act='send']").click()
    page.locator("[data-done] a.primary").click()
    expect(page.locator(".panel .history")).to_be_visible()


def test_a_day_is_looked_through_and_signed_by_whom_the_site_says(visit: Visitor, demo_server: Demo) -> None:
    """A supervisor signs yesterday with their own password; an operator may look and is told who signs (LOG-06)."""
    page = visit.at("chumin", "/logbook/days", language="en")
    page.locator("[data-day]").first.wait_for()
    page.locator("[data-day]").nth(1).click()
    page.locator("[data-sheet] dl").wait_for()
    form = page.locator("[data-form='review']")
    form.locator("textarea").fill("Nothing out of the ordinary")
    form.locator("input").fill("nope")
    with visit.refused(403):
        form.locator("button").click()
        expect(form.locator("[data-problem='wrong_own_password']")).to_be_visible()
    assert faults(page) == []
    form.locator("input").fill("demo")
    form.locator("input").press("Enter")
    expect(page.locator("[data-signed]")).to_contain_text("Nothing out of the ordinary")
    expect(page.locator("[data-day]").nth(1)).to_contain_class("signed")

    operator = visit.at(demo_server.holder, "/logbook/days")
    operator.locator("[data-day]").nth(2).click()
    operator.locator("[data-sheet] dl").wait_for()
    expect(operator.locator("[data-form='review']")).to_have_count(0)


def test_a_hold_is_placed_and_lifted_with_its_reasons(visit: Visitor, demo_server: Demo) -> None:
    """Only a manager may; everybody else is told so (LOG-04)."""
    page = visit.at("weiguohua", "/logbook/keep")
    page.locator("[data-act='place']").click()
    page.locator("[data-form='hold'] textarea").fill("配合调查")
    page.locator("[data-form='hold'] button[type='submit']").click()
    page.locator("[data-hold] [data-act='lift']").click()
    assert faults(page) == []
    page.locator("[data-hold] textarea").fill("调查结束")
    page.locator("[data-hold] textarea").press("Control+Enter")
    expect(page.locator("[data-hold].over")).to_be_visible()
    page.locator("[data-act='place']").click()
    page.locator("[data-form='hold'] select").select_option("seat/centre")
    page.locator("[data-form='hold'] textarea").fill("中控室排查")
    page.locator("[data-form='hold'] button[type='submit']").click()
    expect(page.locator("[data-hold]:not(.over)")).to_contain_text("对象 监控值机")
    operator = visit.at(demo_server.holder, "/logbook/keep", language="en")
    expect(operator.get_by_text("Managers and administrators place and lift holds.")).to_be_visible()
    expect(operator.locator("[data-act='place']")).to_have_count(0)


def test_what_an_entry_is_about_is_held_from_its_page(visit: Visitor, demo_server: Demo) -> None:
    """Of one alarm, say; whoever may not hold is not offered it (LOG-04)."""
    demo_server.say("fire.alarm", "B9-S01")
    page = visit.at("weiguohua", "/logbook", language="en")
    line = page.locator(".entry[data-act='alert.raise']").first  # not what a person wrote about an alert
    line.wait_for()
    page.goto(demo_server.url.rstrip("/") + str(line.locator("a[href*='/entry/']").first.get_attribute("href")))
    page.locator("[data-act='hold']").click()
    form = page.locator("[data-form='hold']")
    expect(form.locator("select")).to_have_value(re.compile("^alert/"))
    assert faults(page) == []
    form.locator("textarea").fill("Asked for by the fire brigade")
    form.locator("button[type='submit']").click()
    expect(page.locator("[data-hold] a[href^='/alerts/']")).to_be_visible()
