"""The guard's phone on the real demo: a round is seen, walked with and without a line, and told once (PAT-01…03, PAT-11)."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from ingest.child import end
from ingest.ports import free_port
from tests.e2e.conftest import Demo, Visitor
from tests.e2e.test_pages import faults
from tests.servers import ROOT

pytestmark = pytest.mark.browser

FIRST_LOAD = 80_000
# A phone with Web NFC, and a tag held to it when the test says so.
NFC = """
window.NDEFReader = class extends EventTarget { async scan() { window.hold = (serial) => {
  const event = new Event('reading'); event.serialNumber = serial; event.message = { records: [] }; this.dispatchEvent(event);
} } };
"""


class SteadyDemo(Demo):
    """A demo that comes back at the same address."""

    def __init__(self, folder: Path) -> None:
        self.port = str(free_port())
        super().__init__(folder)

    def again(self) -> None:
        """Start it once more, on what it kept."""
        (self.folder / "server.json").unlink(missing_ok=True)
        super().__init__(self.folder)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteadyDemo]:
    assert (ROOT / "api" / "static" / "guard" / "index.html").exists(), (
        "build the pages first: npm --prefix web run build"
    )
    made = SteadyDemo(tmp_path_factory.mktemp("guard") / "data")
    yield made
    end(made.process)


@pytest.fixture
def visit(chromium: Browser, demo: SteadyDemo) -> Iterator[Visitor]:
    visitor = Visitor(chromium, demo)
    yield visitor
    for context in visitor.contexts:
        context.close()
    assert visitor.complaints == []


def phone(visit: Visitor, **more: Any) -> Page:
    """A phone at the sign-in page."""
    page = visit.page(width=390, height=844, **more)
    page.context.add_init_script(NFC)
    page.goto(f"{visit.demo.url}guard/")
    page.locator("[data-login]").first.wait_for()
    return page


def patrol(demo: Demo) -> str:
    """Who walks today."""
    return next(str(p["login"]) for p in demo.people if any(s["en"] == "Patrol guard" for s in p["seats"]))


def sign_in(page: Page, login: str) -> None:
    page.locator(f"[data-login='{login}']").click()
    page.locator("[data-part='round']").wait_for()


def tag_of(page: Page, point: str) -> str:
    """What hangs there, by the register."""
    site = json.loads(page.evaluate("localStorage['watchroom.guard.me']"))["sites"][0]["site_id"]
    tags = page.evaluate(
        "async ([site, point]) => (await (await fetch(`/api/v1/sites/${site}/register`)).json()).checkpoints[point].tags",
        [site, point],
    )
    return str(tags[0])


def walk(page: Page, serial: str) -> None:
    """Hold the phone to a tag, and answer what is asked there."""
    page.locator(".van-toast").wait_for(state="hidden")
    page.evaluate("serial => window.hold(serial)", serial)
    sheet = page.locator("[data-sheet='point']")
    page.locator("[data-sheet='point'], .van-toast").first.wait_for()
    if sheet.count():
        for yes in sheet.locator("[data-yes]").all():
            yes.click()
        for number in sheet.locator("input[type='number']").all():
            number.fill("1")
        sheet.locator("[data-act='point-done']").click()
        page.locator(".van-toast").wait_for()


def taps(page: Page) -> list[dict[str, Any]]:
    return list(
        page.evaluate(
            "async () => (await (await fetch(`/api/v1/sites/${JSON.parse(localStorage['watchroom.guard.me']).sites[0].site_id}/taps`)).json()).items"
        )
    )


def test_a_round_is_seen_and_a_tap_proves_its_point(visit: Visitor, demo: SteadyDemo) -> None:
    page = phone(visit)
    assert faults(page) == []
    sign_in(page, patrol(demo))
    point = page.locator("[data-next]").get_attribute("data-next")
    assert point is not None
    page.locator("[data-act='read']").click()
    walk(page, tag_of(page, point))
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0")
    assert taps(page)[0]["checkpoint_id"] == point


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "light"), ("en", "dark")])
def test_every_page_is_sound_and_fits_a_hand(visit: Visitor, demo: SteadyDemo, language: str, theme: str) -> None:
    demo.say("fire.alarm", "B9-S01")
    page = phone(visit, language=language, theme=theme)
    sign_in(page, patrol(demo))
    for place in ("shift", "alerts", ""):
        page.locator(f"nav a[href='/guard/{place}']").click()
        page.wait_for_timeout(500)
        assert faults(page) == [], place
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, place
        for target in page.locator("button:visible, nav a:visible").all():
            box = target.bounding_box()
            assert box is not None and box["height"] >= 44, target.inner_text()
    page.locator("[data-part='waiting']").click()
    page.locator("[data-sheet='outbox']").wait_for()
    page.wait_for_timeout(400)
    assert faults(page) == []


def test_what_is_loaded_first_is_small(visit: Visitor, demo: SteadyDemo) -> None:
    """Scripts and styles until the first page stands, as gzip would send them: at most 80 kB."""
    page = visit.page(width=390, height=844)
    page.context.add_init_script("Object.defineProperty(navigator, 'serviceWorker', { value: undefined })")
    loaded: dict[str, Response] = {}
    page.on("response", lambda answer: loaded.update({answer.url: answer}) if "/guard/" in answer.url else None)
    page.goto(f"{demo.url}guard/")
    page.locator("[data-login]").first.wait_for()
    assert weight(loaded) <= FIRST_LOAD, sorted(loaded)
    sign_in(page, patrol(demo))
    loaded.clear()
    page.reload()
    page.locator("[data-part='round']").wait_for()
    assert weight(loaded) <= FIRST_LOAD, sorted(loaded)


def weight(loaded: dict[str, Response]) -> int:
    """Bytes, as gzip would send them."""
    return sum(len(gzip.compress(answer.body(), 9)) for answer in loaded.values())


def test_a_night_without_a_line_is_kept_and_told_once(visit: Visitor, demo: SteadyDemo) -> None:
    """No network and no server: the page opens cold, taps wait through a reload, and each arrives once when there is a line."""
    page = phone(visit)
    sign_in(page, patrol(demo))
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_timeout(1500)
    serials = {
        p: tag_of(page, p) for p in page.locator("[data-point]").evaluate_all("all => all.map(e => e.dataset.point)")
    }
    before = {t["event_id"] for t in taps(page)}
    context = page.context
    page.close()

    end(demo.process)
    context.set_offline(True)
    quiet = len(visit.complaints)
    page = context.new_page()
    page.goto(f"{demo.url}guard/")
    page.locator("[data-part='round']").wait_for()
    expect(page.locator("[data-part='line']")).to_contain_class("off")
    page.locator("[data-act='read']").click()
    walked = []
    for n, point in enumerate(list(serials)[:2], 1):
        walk(page, serials[point])
        walked.append(point)
        expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", str(n))
    for place in ("shift", "alerts", ""):
        page.locator(f"nav a[href='/guard/{place}']").click()
        page.wait_for_timeout(200)
    page.reload()
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "2")

    demo.again()
    context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    sent, asked = page.locator("[data-part='waiting'][data-n='0']"), page.locator("a[href*='/guard/sign-in']")
    sent.or_(asked).first.wait_for(timeout=30_000)
    if asked.count():  # the demo began anew, so nobody is signed in: what waits goes once its person is
        asked.click()
        page.locator(f"[data-login='{patrol(demo)}']").click()
    sent.wait_for(timeout=20_000)
    fresh = [t for t in taps(page) if t["event_id"] not in before]
    assert sorted(t["checkpoint_id"] for t in fresh) == sorted(walked)
    quiet_about = ("net::ERR_", "status of 401", "status of 503")
    assert all(t["synced"] and t["counts"] for t in fresh)
    assert not any("outbox_edited" in t["flags"] for t in fresh)
    # Chromium says of each request that there was no line, and of each that was refused.
    visit.complaints[quiet:] = [c for c in visit.complaints[quiet:] if not any(q in c for q in quiet_about)]
