"""A month's roster from an empty draft to the wall, a swap that the roster follows, and who is on (DUTY-03, DUTY-06, DUTY-15)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_pages import faults

pytestmark = pytest.mark.browser

AUTHOR, APPROVER, GUARD, OTHER = "chumin", "weiguohua", "zhouqiang", "zhengbo"
PLACES = ("on-duty", "roster", "my-shifts", "requests")
WORDS = {
    "zh-CN": {"day": "早", "late": "中", "night": "夜", "rest": "休", "own": "由 卫国华 审批"},
    "en": {"day": "D", "late": "L", "night": "N", "rest": "–", "own": "Wei Guohua"},
}


def month_after(n: int) -> str:
    """The month `n` after this one, at the site."""
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date().replace(day=1)
    for _ in range(n):
        day = (day + timedelta(days=32)).replace(day=1)
    return f"{day:%Y-%m}"


def cell(page: Page, row: str, day: str) -> str:
    return page.locator(f"[data-row='{row}'] [data-day='{day}']").inner_text().strip()


@pytest.mark.parametrize(("language", "ahead"), [("zh-CN", 2), ("en", 3)])
def test_one_drafts_fills_and_paints_another_approves_and_publishes(
    visit: Visitor, demo_server: Demo, language: str, ahead: int
) -> None:
    """ROLE-10: whoever made it does not approve it; both pages follow without being asked to."""
    month, words = month_after(ahead), WORDS[language]
    author = visit.at(AUTHOR, f"/roster?month={month}", language=language)
    approver = visit.at(APPROVER, f"/roster?month={month}", language=language)
    expect(approver.locator("[data-act=make]")).to_have_count(0)
    author.locator("[data-act=make]").click()
    expect(author.locator("[data-state=draft]")).to_be_visible()
    author.locator("[data-act=fill]").click()
    expect(author.locator(f"[data-row='zhao-li'] [data-day='{month}-01']")).not_to_have_text("")
    cycle = sorted(words[w] for w in ("day", "day", "late", "late", "night", "night", "rest", "rest"))
    for _ in range(50):  # an empty draft shows rest everywhere until the filled one has come
        before = sorted(cell(author, "zhao-li", f"{month}-{d:02}") for d in range(1, 9))
        if before == cycle:
            break
        author.wait_for_timeout(200)
    assert before == cycle

    author.locator("[data-seat-tab=gate]").click()
    author.locator(f"[data-row='zhou-qiang'] [data-day='{month}-03']").click()
    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "1", "ArrowDown", "Home", "n"):
        author.keyboard.press(key)
    expect(author.locator(".chip.draft")).to_be_visible()
    assert [cell(author, "zhou-qiang", f"{month}-{d:02}") for d in range(2, 7)] == [
        words[w] for w in ("rest", "day", "day", "day", "rest")
    ]
    painted = author.locator(f"[data-day='{month}-01'].night")
    expect(painted).to_have_text(words["night"])
    expect(author.locator("[data-at=here]")).to_have_attribute("data-day", f"{month}-01")
    expect(author.get_by_text("正在保存" if language == "zh-CN" else "Saving")).to_have_count(0)
    author.keyboard.press("Control+z")
    expect(painted).to_have_count(0)
    author.keyboard.press("Control+y")
    expect(painted).to_have_text(words["night"])
    # What nobody stands in is said beside it, and leads there.
    author.locator("[data-finding]").first.click()
    expect(author.locator("td:focus")).to_have_count(1)

    expect(author.locator(".means")).to_contain_text(words["own"])
    author.locator("[data-act=submit]").click()
    expect(author.locator("[data-state=submitted]")).to_be_visible()
    expect(author.locator("[data-act=approve], [data-brush]")).to_have_count(0)
    expect(approver.locator("[data-state=submitted]")).to_be_visible()  # by the feed
    approver.locator("[data-act=send-back]").click()
    approver.locator("textarea[name=reason]").fill("巡逻岗还空着 patrol is empty")
    approver.locator("[data-act=reason]").click()
    expect(author.locator(".told")).to_contain_text("patrol is empty")
    author.locator("[data-act=submit]").click()
    approver.locator("[data-act=approve]").click()
    expect(author.locator("[data-state=approved]")).to_be_visible()
    author.locator("[data-act=publish]").click()
    expect(author.locator("[data-state=published]")).to_be_visible()
    expect(approver.locator("[data-state=published]")).to_be_visible()
    author.locator("[data-act=versions]").click()
    expect(author.locator("[data-version='1']")).to_be_visible()

    author.locator("[data-act=revise]").click()
    expect(author.locator("[data-state=draft]")).to_be_visible()
    author.locator("[data-act=versions]").click()
    author.locator("[data-seat-tab=gate]").click()
    author.locator(f"[data-row='zhou-qiang'] [data-day='{month}-04']").click()
    author.keyboard.press("0")
    expect(author.locator(f"[data-row='zhou-qiang'] .changed[data-day='{month}-04']")).to_have_text(words["rest"])
    author.locator("[data-act=versions]").click()
    expect(author.locator("[data-changes]")).to_contain_text("1")


def test_the_solver_is_told_what_people_wish_by_keyboard_alone(visit: Visitor, demo_server: Demo) -> None:
    """DUTY-04: off, wanted, not wanted; what was said stays while the draft is on the page."""
    month = month_after(4)
    author = visit.at(AUTHOR, f"/roster?month={month}")
    author.locator("[data-act=make]").click()
    author.locator("[data-act=solve]").press("Enter")
    expect(author.locator("select[name=person]")).to_be_focused()
    author.locator("select[name=person]").select_option("zhao-li")
    expect(author.locator("[data-act=wish]")).to_be_disabled()
    author.locator("select[name=day]").select_option(f"{month}-05")
    author.locator("[data-act=wish]").press("Enter")
    expect(author.locator("select[name=day]")).to_be_focused()
    author.locator("select[name=kind]").select_option("avoids")
    author.locator("select[name=template]").select_option("night")
    author.locator("[data-act=wish]").press("Enter")
    expect(author.locator("[data-wish=zhao-li]")).to_have_count(2)
    assert faults(author) == []
    with author.expect_request("**/solve") as asked:
        author.keyboard.press("Control+Enter")
    wish = {"person": "zhao-li", "day": f"{month}-05", "template": "", "likes": False}
    assert asked.value.post_data_json["wishes"] == [wish, {**wish, "day": None, "template": "night"}]
    # however far it came on a busy machine, one may ask again with the same wishes
    expect(author.locator("[data-solve]:not([data-solve=running])")).to_be_visible(timeout=45_000)
    author.locator("[data-act=solve]").click()
    expect(author.locator("[data-wish=zhao-li]")).to_have_count(2)


def test_a_guard_asks_for_a_swap_the_other_agrees_and_the_roster_follows(visit: Visitor, demo_server: Demo) -> None:
    """DUTY-05, DUTY-06: what a swap breaks is said in words, and only passes with a reason."""
    guard = visit.at(GUARD, "/my-shifts")
    guard.locator("[data-swap]").last.click()
    guard.locator("select[name=other]").select_option("zheng-bo")
    expect(guard.locator("select[name=theirs]")).to_be_enabled()
    guard.locator("select[name=theirs]").select_option(index=guard.locator("select[name=theirs] option").count() - 1)
    expect(guard.locator("[data-act=ask]")).to_be_disabled()
    guard.locator("input[name=reason]").fill("家中有事")
    guard.locator("[data-act=ask]").click()
    mine = guard.locator("[data-request=swap]")
    expect(mine).to_contain_text("等待 郑波 同意")

    chief = visit.at(AUTHOR, "/requests", language="en")
    theirs = chief.locator("[data-request=swap]")
    expect(theirs).to_contain_text("Waiting for Zheng Bo to agree")
    other = visit.at(OTHER, "/requests", width=390, height=844)
    other.locator("[data-act=agree]").click()
    expect(theirs).to_have_attribute("data-state", "agreed")
    theirs.locator("[data-act=approve]").click()
    if chief.locator("textarea[name=override]").count():
        expect(theirs).to_contain_text("Breaks")
        expect(chief.locator("[data-act=approve-do]")).to_be_disabled()
        chief.locator("textarea[name=override]").fill("both are rested")
    chief.locator("[data-act=approve-do]").click()
    expect(theirs).to_have_count(0)
    chief.locator("[data-filter=all]").click()
    expect(theirs).to_have_attribute("data-state", "approved")
    guard.locator("[data-filter=all]").click()
    expect(mine).to_have_attribute("data-state", "approved")


def test_people_are_called_in_and_say_that_they_know(visit: Visitor, demo_server: Demo) -> None:
    """DUTY-08: more people than the roster says, told at once."""
    chief = visit.at(AUTHOR, "/requests", language="en")
    chief.locator("[data-act=call-in]").click()
    form = chief.locator("[data-call]")
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=4)
    form.locator("select[name=seat]").select_option("gate-2")
    form.locator("input[name=day]").fill(day.isoformat())
    form.locator("select[name=template]").select_option("late")
    expect(form.locator("[data-act=call]")).to_be_disabled()
    form.locator("select[name=person]").select_option("lv-fei")
    form.locator("input[name=reason]").fill("typhoon")
    with visit.refused(409):
        form.locator("[data-act=call]").click()
        expect(form.locator("input[name=override]").or_(chief.locator("[data-act=call-in]"))).to_be_visible()
    if form.locator("input[name=override]").count():
        form.locator("input[name=override]").fill("all hands")
        form.locator("[data-act=call]").click()
    expect(form).to_have_count(0)
    called = visit.at("lvfei", "/requests", width=390, height=844)
    card = called.locator("[data-request=reinforcement]")
    if not card.count():
        called.locator("[data-filter=all]").click()
    card.locator("[data-act=hear]").click()
    expect(card.locator("[data-act=hear]")).to_have_count(0)


def test_a_refused_leave_says_why(visit: Visitor, demo_server: Demo) -> None:
    guard = visit.at("wugang", "/my-shifts")
    guard.locator("[data-swap]").last.wait_for()
    guard.locator("a[href*='ask=leave']").last.click()
    expect(guard.locator("input[name=starts]")).not_to_have_value("")
    guard.locator("input[name=reason]").fill("体检")
    guard.locator("[data-act=ask]").click()
    chief = visit.at(APPROVER, "/requests")
    leave = chief.locator("[data-request=leave]")
    expect(leave).to_contain_text("等待审批")
    leave.locator("[data-act=refuse]").click()
    chief.locator("input[name=reason]").fill("当天已有两人请假")
    chief.locator("[data-act=refuse-do]").click()
    guard.locator("[data-filter=all]").click()
    expect(guard.locator("[data-request=leave]")).to_have_attribute("data-state", "refused")
    expect(guard.locator("[data-request=leave]")).to_contain_text("当天已有两人请假")


def test_a_feed_is_made_read_and_ended(visit: Visitor, demo_server: Demo) -> None:
    page = visit.at("wanglei", "/my-shifts")
    page.locator("[data-act=make-feed]").click()
    address = page.locator("[data-feed-address]").input_value()
    answer = page.request.get(address)
    assert (answer.status, answer.text()[:15]) == (200, "BEGIN:VCALENDAR")
    page.locator("[data-act=revoke-feed]").click()
    page.locator("[data-act=revoke-sure]").click()
    expect(page.locator("[data-feed]")).to_have_count(0)
    assert page.request.get(address).status == 404


def test_who_is_on_follows_the_seats_and_can_be_read_across_the_room(visit: Visitor, demo_server: Demo) -> None:
    wall = visit.at(APPROVER, "/on-duty", theme="dark")
    wall.goto(f"{demo_server.url}on-duty?wall=1")
    centre = wall.locator("[data-on-duty=centre]")
    expect(centre).not_to_have_attribute("data-holder", "")
    smallest = wall.evaluate(
        "Math.min(...[...document.querySelectorAll('.on-duty *')].filter(e => e.children.length === 0"
        " && e.textContent.trim()).map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 28
    assert wall.locator("[data-on-duty]").count() == 6
    assert faults(wall) == []


def test_whoever_left_a_seat_stays_within_reach(visit: Visitor, demo_server: Demo) -> None:
    """A line tells until when; the number is for those who lead and those who hold a seat (HND-13)."""
    gone = visit.at(demo_server.wrong, "/on-duty")
    for act in ("sign-on", "sign-off"):
        gone.evaluate(
            """async ([site, act]) => {
                const headers = { "Content-Type": "application/json", "X-Watchroom": "1" };
                const body = JSON.stringify({ seat: "duty-manager", password: "demo" });
                const answer = await fetch(`/api/v1/sites/${site}/duty/${act}`, { method: "POST", headers, body });
                if (!answer.ok) throw new Error(await answer.text());
            }""",
            [demo_server.site, act],
        )
    lead = visit.at(APPROVER, "/on-duty", language="en")
    line = lead.locator("[data-list=reachable] [data-reachable]", has_text="Duty manager, left")
    expect(line).to_contain_text("reachable until")
    expect(line.locator("a[href^='tel:1']")).to_have_count(1)
    assert faults(lead) == []
    expect(gone.locator("[data-list=reachable]")).to_contain_text("须保持联系至")
    expect(gone.locator("[data-list=reachable] a[href^='tel:']")).to_have_count(0)


def test_a_manager_gives_authority_for_the_shift_and_takes_it_back(visit: Visitor, demo_server: Demo) -> None:
    """ROLE-05: whoever has it sees it at once, and that it is over."""
    lead = visit.at(APPROVER, "/on-duty", language="en", width=390, height=844)
    api = f"{demo_server.url}api/v1/sites/{demo_server.site}"
    now = datetime.now(ZoneInfo("UTC"))
    shifts = [s for s in lead.request.get(f"{api}/duty").json()["shifts"] if s["seat"] == "centre" and not s["on_call"]]
    on = next(s for s in shifts if datetime.fromisoformat(s["starts_at"]) <= now < datetime.fromisoformat(s["ends_at"]))
    holder = visit.at(on["person"].replace("-", ""), "/on-duty")
    me = {"seat": "centre", "password": "demo"}  # refused where they have signed on already
    holder.request.post(f"{api}/duty/sign-on", data=me, headers={"x-watchroom": "1"})
    expect(holder.locator("[data-list=mandates]")).to_have_count(0)
    lead.locator("[data-act=give]").click()
    form = lead.locator("[data-form=mandate]")
    form.locator("select[name=shift]").select_option(on["id"])
    form.locator("textarea").fill("值班长离岗")
    form.locator("[data-act=give-do]").click()
    given = lead.locator(f"[data-mandate='{on['person']}']")
    expect(given).to_contain_text("has the authority of: Supervisor")
    expect(holder.locator("[data-list=mandates]")).to_contain_text("行使值班长职权")
    expect(holder.locator("[data-act=revoke]")).to_have_count(0)
    assert (faults(lead), faults(holder)) == ([], [])
    given.locator("[data-act=revoke]").click()
    lead.locator("textarea[name=reason]").fill("值班长已返岗")
    lead.locator("[data-act=reason]").click()
    expect(given).to_have_count(0)
    expect(holder.locator("[data-list=mandates]")).to_have_count(0)
    coming = next(s for s in shifts if datetime.fromisoformat(s["starts_at"]) > now and s["person"] != on["person"])
    lead.locator("[data-act=give]").click()
    form.locator("select[name=shift]").select_option(coming["id"])
    form.locator("textarea").fill("台风值守")
    form.locator("[data-act=give-do]").click()
    expect(lead.locator(f"[data-mandate='{coming['person']}']")).to_contain_text("from the sign-on, until")


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "light"), ("en", "dark")])
@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["desk", "phone"])
def test_each_page_is_sound_and_fits_its_screen(
    visit: Visitor, demo_server: Demo, language: str, theme: str, size: tuple[int, int]
) -> None:
    page = visit.at(AUTHOR, "/on-duty", language=language, theme=theme, width=size[0], height=size[1])
    for place in PLACES:
        page.locator(f"nav.tabs a[href='/{place}']").click()
        page.locator(f"nav.tabs a[href='/{place}'].here").wait_for()
        page.wait_for_timeout(700)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (wide, faults(page)) == (0, []), place
    page.locator("[data-act=new]").click()
    page.locator("[data-ask]").wait_for()
    assert faults(page) == []
    page.locator("nav.tabs a[href='/roster']").click()
    page.locator("[data-act=quality]").click()
    page.locator("[data-quality]").wait_for()
    assert faults(page) == []
