"""The guard's duty on the phone page: signed on without a line, by PIN, handed over, on the way (ATT-01, HND-03, EMG-10)."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ingest.child import end
from tests.e2e.conftest import Visitor
from tests.e2e.phones import GuardDemo, answer, asked, here, hold, listen, phone, sign_in, tags
from tests.e2e.test_guard_sos import picture
from tests.e2e.test_pages import faults
from tests.servers import ROOT

pytestmark = pytest.mark.browser
PIN = "270413"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardDemo]:
    """One of its own: seats change hands here."""
    assert (ROOT / "api" / "static" / "guard" / "index.html").exists(), "build the pages: npm --prefix web run build"
    made = GuardDemo(tmp_path_factory.mktemp("duty") / "data")
    yield made
    end(made.process)


@pytest.fixture
def visit(chromium: Browser, demo: GuardDemo) -> Iterator[Visitor]:
    visitor = Visitor(chromium, demo)
    yield visitor
    for context in visitor.contexts:
        context.close()
    assert visitor.complaints == []


def seat(page: Page, name: str) -> Any:
    return next(s for s in asked(page, "duty")["seats"] if s["seat_id"] == name)


def open_shift(page: Page) -> None:
    page.locator("nav a[href='/guard/shift']").click()
    page.locator("[data-act='pin']").wait_for()


def sound(page: Page, what: str) -> None:
    """Nothing is wrong with it for any eye or hand."""
    page.wait_for_timeout(400)
    assert faults(page) == [], what
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, what
    for target in page.locator("main button:visible, main a.btn:visible").all():
        box = target.bounding_box()
        assert box is not None and box["height"] >= 44, (what, target.inner_text())


def test_a_shift_begun_without_a_line_is_told_and_counts_once_it_is_proved(visit: Visitor, demo: GuardDemo) -> None:
    page = phone(visit)
    sign_in(page, demo.walker)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_timeout(1500)
    point = page.locator("[data-next]").get_attribute("data-next") or ""
    tag = tags(page)[point]
    quiet = len(visit.complaints)
    context = page.context
    page.close()
    context.set_offline(True)
    page = context.new_page()  # opened cold
    page.goto(f"{demo.url}guard/")
    expect(page.locator("[data-part='line']")).to_contain_class("off", timeout=20_000)

    open_shift(page)
    page.locator("[data-on='patrol']").click()
    page.locator("form[data-form='sign'] .primary").click()
    expect(page.locator("[data-told='on']")).to_be_visible()
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "1")
    sound(page, "told")
    page.locator("nav a[href='/guard/']").click()
    listen(page)
    hold(page, tag)
    answer(page)
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "2")

    context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0", timeout=30_000)
    assert seat(page, "patrol")["basis"] != "signed_on", "it is told, and nobody has proved it"
    (told,) = asked(page, "duty/told")["items"]
    assert (told["deed"], told["edited"]) == ("on", False)
    (tap,) = [t for t in asked(page, "taps")["items"] if t["checkpoint_id"] == point][:1]
    assert "outbox_edited" not in tap["flags"], "the tap follows the sign-on in one chain"

    open_shift(page)
    sound(page, "to be proved")
    form = page.locator("form[data-form='prove']")
    form.locator("[data-means='password']").click()
    form.locator("input[name='proof']").fill("demo")
    form.locator(".primary").click()
    expect(form).to_have_count(0)
    expect(page.locator("[data-seat='patrol'] [data-act='off']")).to_be_visible()
    assert seat(page, "patrol")["basis"] == "signed_on"
    # Chromium says of each request that there was no line.
    visit.complaints[quiet:] = [c for c in visit.complaints[quiet:] if "net::ERR_" not in c]


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "dark"), ("en", "light")])
def test_a_pin_is_set_and_signs_in(visit: Visitor, demo: GuardDemo, language: str, theme: str) -> None:
    page = phone(visit, language=language, theme=theme)
    sign_in(page, demo.walker)
    open_shift(page)
    page.locator("[data-act='pin']").click()
    form = page.locator("form[data-form='pin']")
    form.locator("input[name='new-pin']").fill(PIN)
    form.locator("input[name='proof']").fill("demo")
    sound(page, "my PIN")
    form.locator(".primary").click()
    expect(form).to_be_hidden()
    page.locator("[data-part='waiting']").click()
    page.locator("[data-act='sign-out']").click()
    page.locator("input[name='pin']").fill("270414")
    sound(page, "sign in by PIN")
    with visit.refused(403):
        page.locator("form .primary").click()
        page.locator("[role='alert']").wait_for()
    page.locator("input[name='pin']").fill(PIN)
    page.locator("form .primary").click()
    page.locator("[data-part='waiting']").wait_for()


def came(page: Page, login: str) -> None:
    """Somebody signs in who has no round to walk."""
    page.locator(f"[data-login='{login}']").click()
    page.locator("[data-part='waiting'][data-n='0']").wait_for(timeout=30_000)
    expect(page.locator("[data-part='line']")).not_to_contain_class("off")


def test_a_seat_whom_nobody_is_to_take_is_handed_to_whoever_comes(visit: Visitor, demo: GuardDemo) -> None:
    """HND-03, HND-09, HND-11: the roster names nobody after the gate's guard. Prepared, taken, disputed, answered, confirmed,
    signed by both; whoever has it then leaves, and the post is closed.
    """
    outgoing = phone(visit)
    came(outgoing, demo.keeper)
    assert seat(outgoing, "gate")["next_person_id"] in {None, here(outgoing)["person_id"]}
    open_shift(outgoing)
    expect(outgoing.locator("[data-seat='gate'] [data-part='after-me']")).to_contain_text("之后没有别人")
    outgoing.locator("[data-seat='gate'] [data-act='handover']").click()
    outgoing.locator("[data-part='handover-head'][data-state='open']").wait_for()
    expect(outgoing.locator("[data-part='nobody-next']")).to_be_visible()
    outgoing.locator("form textarea").last.fill("3号门的锁不灵")
    outgoing.locator("[data-act='add']").click()
    mine = outgoing.locator("[data-item^='free/']")
    mine.wait_for()
    seen_to(outgoing)
    sound(outgoing, "prepared")
    proved(outgoing)
    outgoing.locator("[data-state='offered']").wait_for()

    incoming = phone(visit, language="en", theme="dark")
    came(incoming, demo.login("guard"))
    me = here(incoming)["person_id"]
    open_shift(incoming)
    sound(incoming, "offered")
    incoming.locator("[data-offered='gate'] a").click()
    incoming.locator("[data-act='take']").wait_for()
    expect(incoming.locator("[data-act='confirm']")).to_have_count(0)
    sound(incoming, "to be taken")
    incoming.locator("[data-act='take']").click()
    theirs = incoming.locator("[data-item^='free/']")
    theirs.locator("[data-act='dispute']").click()
    theirs.locator("textarea").fill("Which gate?")
    sound(incoming, "disputing")
    theirs.locator("[data-act='say']").click()
    expect(theirs).to_have_attribute("data-verdict", "disputed")
    mine.locator("textarea").fill("东边那个")
    mine.locator("[data-act='say']").click()
    theirs.locator("[data-act='confirm']:enabled").click()
    expect(theirs).to_have_attribute("data-verdict", "confirmed")
    incoming.locator("[data-act='confirm-all']").click()
    incoming.locator("form[data-form='sign-handover']").wait_for()
    sound(incoming, "to be signed")
    proved(incoming)
    incoming.locator("[data-state='done']").wait_for(timeout=30_000)
    assert (seat(incoming, "gate")["holder_id"], seat(incoming, "gate")["basis"]) == (me, "signed_on")

    open_shift(incoming)
    incoming.locator("[data-seat='gate'] [data-act='off']").click()
    form = incoming.locator("form[data-form='sign']")
    form.locator("[data-means='password']").click()
    form.locator("input[name='proof']").fill("demo")
    form.locator(".primary").click()
    expect(incoming.locator("[data-seat='gate']")).to_have_count(0)
    assert seat(incoming, "gate")["basis"] != "signed_on"


def seen_to(page: Page) -> None:
    """Count and check whatever is asked for, one after the other."""
    asked = page.locator("[data-act='count'].primary, .two:not(:has([aria-pressed='true'])) > [data-act='fine']")
    for left in range(asked.count(), 0, -1):
        asked.first.click()
        expect(asked).to_have_count(left - 1)
    written = page.locator("[data-item] textarea")
    for left in range(written.count(), 0, -1):
        written.first.fill("无")
        page.locator("[data-item] [data-act='say']").first.click()
        expect(written).to_have_count(left - 1)


def proved(page: Page) -> None:
    form = page.locator("form[data-form='sign-handover']")
    form.locator("[data-means='password']").click()
    form.locator("input[name='proof']").fill("demo")
    form.locator(".primary").click()


def test_on_the_way_stands_in_the_alerts_history(visit: Visitor, demo: GuardDemo) -> None:
    """EMG-10."""
    page = phone(visit)
    sign_in(page, demo.walker)
    demo.say("fire.alarm", "B9-S01")
    page.locator("nav a[href='/guard/alerts']").click()
    card = page.locator("[data-alert]").first
    card.locator(".head").click()
    alert = card.get_attribute("data-alert")
    card.locator("[data-act='way']").click()
    expect(card.locator("[data-act='way']")).to_be_disabled()
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0")
    acts = [e["act"] for e in asked(page, f"alerts/{alert}")["history"]]
    assert acts.count("alert.go") == 1


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "dark"), ("en", "light")])
def test_at_the_post_one_signs_on_with_its_tag_and_its_checks(
    visit: Visitor, demo: GuardDemo, language: str, theme: str
) -> None:
    """DUTY-13, EQP-01: the phone asks for both where the site does, and a tag of elsewhere is refused."""
    page = phone(visit, language=language, theme=theme)
    page.locator(f"[data-login='{demo.keeper}']").click()
    page.locator("[data-part='waiting'][data-n='0']").wait_for()
    here = tags(page)
    open_shift(page)
    page.locator("[data-on='gate-2']").click()
    form = page.locator("form[data-form='sign']")
    form.locator("[name=token]").wait_for()
    form.locator("[data-act='token-read']").click()
    hold(page, here["CP-02"])
    expect(form.locator("[name=token]")).to_have_value(here["CP-02"])
    form.locator("[data-means='password']").click()
    form.locator("[name=proof]").fill("demo")
    form.locator("[data-check='radio'] [data-said='wrong']").click()
    form.locator("[name='note-radio']").fill("没电")
    sound(page, "post")
    with visit.refused(409):
        form.locator(".primary").click()
        form.locator("[role=alert]").wait_for()
    hold(page, here["CP-01"])
    form.locator("[name=proof]").fill("demo")
    form.locator(".primary").click()
    expect(page.locator("[data-seat='gate-2'] [data-act='off']")).to_be_visible()
    assert seat(page, "gate-2")["basis"] == "signed_on"
    page.locator("[data-seat='gate-2'] [data-act='off']").click()
    expect(form.locator("[name=token]")).to_have_count(0)
    form.locator("[name=proof]").fill("demo")
    form.locator(".primary").click()
    expect(page.locator("[data-on='gate-2']")).to_be_visible()


def test_a_violation_is_recorded_without_a_line_and_told_with_its_photo(visit: Visitor, demo: GuardDemo) -> None:
    """PAT-13."""
    page = phone(visit, language="en")
    leads = (p["login"] for p in demo.people if p["site_id"] == demo.site and "supervisor" in p["roles"])
    came(page, next(leads))
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.locator("nav a[href='/guard/alerts']").click()
    page.locator("[data-act='violation']").wait_for()
    page.wait_for_timeout(1500)
    quiet = len(visit.complaints)
    page.context.set_offline(True)
    page.locator("[data-act='violation']").click()
    form = page.locator("[data-sheet='violation']")
    point = "CP-05"
    form.locator("[data-field='point']").select_option(point)
    form.locator("textarea").fill("违章搭建")
    form.locator("input[type='file']").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    expect(form.locator(".shot")).to_contain_text("1")
    sound(page, "violation")
    form.locator("[data-act='report']").click()
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "2")
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0", timeout=30_000)
    found = [v for v in asked(page, "violations")["items"] if v["checkpoint_id"] == point]
    assert [(v["note"], v["task"], v["step"]) for v in found] == [("违章搭建", "", "dissuade")]
    (alert,) = [a for a in asked(page, "alerts")["items"] if a["subject"] == f"violation/{point}"]
    ((photo,),) = [one["photos"] for one in asked(page, f"alerts/{alert['id']}")["photos"]]
    assert page.request.get(f"{demo.url}api/v1/sites/{demo.site}/patrol/photos/{photo}").ok
    visit.complaints[quiet:] = [c for c in visit.complaints[quiet:] if "net::ERR_" not in c]


def test_a_guard_has_themselves_called_while_they_walk_alone(visit: Visitor, demo: GuardDemo) -> None:
    """Begun and ended by hand, with why."""
    page = phone(visit)
    sign_in(page, demo.walker)
    open_shift(page)
    mine = page.locator("[data-seat='patrol'] [data-act='lone']")
    for every, pressed in ((15, "true"), (None, "false")):
        mine.click()
        form = page.locator("[data-sheet='lone']")
        if every:
            form.locator(f"[data-every='{every}']").click()
        form.locator("textarea").fill("去地库查漏水")
        sound(page, f"lone {pressed}")
        form.locator("[data-act='lone-do']").click()
        expect(form).to_have_count(0)
        expect(mine).to_have_attribute("aria-pressed", pressed)
        assert [w["every_min"] for w in asked(page, "presence")["lone"]] == ([every] if every else [])
