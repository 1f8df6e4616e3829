"""The guard's phone on the real demo: a round is seen, walked with and without a line, and told once (PAT-01…03, PAT-11)."""

import gzip
import time
from hashlib import sha256
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Response, expect

from ingest.child import end
from tests.e2e.conftest import Visitor
from tests.e2e.phones import GuardDemo, answer, asked, hold, kept, listen, phone, sign_in, tags, told_taps, walk
from tests.e2e.test_guard_sos import picture
from tests.e2e.test_pages import faults

pytestmark = pytest.mark.browser

FIRST_LOAD = 80_000


def test_a_round_is_seen_and_a_tap_proves_its_point(phones: Visitor, guard_demo: GuardDemo) -> None:
    page = phone(phones)
    assert faults(page) == []
    sign_in(page, guard_demo.walker)
    point = page.locator("[data-next]").get_attribute("data-next")
    assert point is not None
    stands = page.locator(f"[data-point='{point}']")
    expect(stands).to_have_attribute("data-state", "open")
    listen(page)
    walk(page, tags(page)[point])
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0")
    expect(stands).to_have_attribute("data-state", "done")
    expect(page.locator("[data-next]")).not_to_have_attribute("data-next", point)
    tap = told_taps(page)[0]
    assert (tap["checkpoint_id"], tap["person_id"], tap["counts"], tap["synced"]) == (point, "he-ping", True, False)
    shown = page.locator("[data-part='round']").get_attribute("data-round")
    (proof,) = next(p for p in asked(page, f"rounds/{shown}")["points"] if p["checkpoint"] == point)["proofs"]
    assert proof["tap"] == tap["event_id"]
    assert faults(page) == []


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "light"), ("en", "dark")])
def test_every_page_is_sound_and_fits_a_hand(phones: Visitor, guard_demo: GuardDemo, language: str, theme: str) -> None:
    guard_demo.say("fire.alarm", "B9-S01")
    page = phone(phones, language=language, theme=theme)
    sign_in(page, guard_demo.walker)
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


def test_what_is_loaded_first_is_small(phones: Visitor, guard_demo: GuardDemo) -> None:
    """Scripts and styles until the first page stands, as gzip would send them: at most 80 kB."""
    page = phones.page(width=390, height=844)
    page.context.add_init_script("Object.defineProperty(navigator, 'serviceWorker', { value: undefined })")
    loaded: dict[str, Response] = {}
    page.on("response", lambda answer: loaded.update({answer.url: answer}) if "/guard/" in answer.url else None)
    page.goto(f"{guard_demo.url}guard/")
    page.locator("[data-login]").first.wait_for()
    assert weight(loaded) <= FIRST_LOAD, sorted(loaded)
    sign_in(page, guard_demo.walker)
    loaded.clear()
    page.reload()
    page.locator("[data-part='round']").wait_for()
    assert weight(loaded) <= FIRST_LOAD, sorted(loaded)


def weight(loaded: dict[str, Response]) -> int:
    """Bytes, as gzip would send them."""
    return sum(len(gzip.compress(answer.body(), 9)) for answer in loaded.values())


def hung(phones: Visitor, demo: GuardDemo, point: str) -> str:
    """A tag that the supervisor hangs at the point now."""
    leads = (p["login"] for p in demo.people if p["site_id"] == demo.site and "supervisor" in p["roles"])
    chief = phones.at(next(leads), "/patrol/tags")
    uid = f"04{uuid4().hex[:12].upper()}"
    headers = {"X-Watchroom": "1", "Origin": demo.url.rstrip("/")}
    told = {"checkpoint": point, "uid": uid}
    made = chief.request.post(f"{demo.url}api/v1/sites/{demo.site}/tags", data=told, headers=headers)
    assert made.ok, made.text()
    chief.close()
    return uid


def knows(page: Page, uid: str) -> None:
    """Wait until the phone keeps the point of the tag."""
    mark, until = sha256(uid.encode()).hexdigest(), time.monotonic() + 30
    while not any(mark in (each.get("marks") or {}) for each in kept(page, "kept") if isinstance(each, dict)):
        assert time.monotonic() < until, "the phone does not know the tag"
        page.wait_for_timeout(300)


def test_a_night_without_a_line_is_kept_and_told_once(phones: Visitor, guard_demo: GuardDemo) -> None:
    """No network and no server: the page opens cold, knows a tag that was hung just before (PAT-08), taps wait through a reload, and
    each arrives once when there is a line.
    """
    page = phone(phones)
    sign_in(page, guard_demo.walker)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_timeout(1500)
    serials = dict(tags(page))
    serials["CP-02"] = hung(phones, guard_demo, "CP-02")
    page.reload()
    knows(page, serials["CP-02"])
    before = {t["event_id"] for t in told_taps(page)}
    context = page.context
    page.close()

    end(guard_demo.process)
    context.set_offline(True)
    quiet = len(phones.complaints)
    page = context.new_page()
    page.goto(f"{guard_demo.url}guard/")
    page.locator("[data-part='round']").wait_for()
    expect(page.locator("[data-part='line']")).to_contain_class("off")
    listen(page)
    left = page.locator("[data-point][data-state='open']").evaluate_all("all => all.map(e => e.dataset.point)")
    walked = ["CP-02", next(point for point in left if point not in {"CP-02", "CP-04"}), "CP-04"]
    for n, point in enumerate(walked[:2], 1):
        walk(page, serials[point])
        expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", str(n))
        expect(page.locator(f"[data-point='{point}']")).to_have_attribute("data-state", "kept")
    hold(page, serials["CP-04"])
    found = page.locator("[data-task='picture'] input[type='file']")
    found.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    expect(page.locator("[data-task='picture']")).to_contain_text("1")
    answer(page)
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "4")
    for place in ("shift", "alerts", ""):
        page.locator(f"nav a[href='/guard/{place}']").click()
        page.wait_for_timeout(200)
    page.reload()
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "4")

    guard_demo.again()
    context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.locator("[data-part='waiting'][data-n='0']").wait_for(timeout=60_000)
    for point in walked:
        expect(page.locator(f"[data-point='{point}']")).to_have_attribute("data-state", "done")
    fresh = [t for t in told_taps(page) if t["event_id"] not in before]
    assert sorted(t["checkpoint_id"] for t in fresh) == sorted(walked)
    quiet_about = ("net::ERR_", "status of 503")
    assert all(t["synced"] and t["counts"] for t in fresh)
    assert [t["flags"] for t in fresh] == [[], [], []]
    (photo,) = next(t for t in fresh if t["checkpoint_id"] == "CP-04")["photos"]
    assert page.request.get(f"{guard_demo.url}api/v1/sites/{guard_demo.site}/patrol/photos/{photo}").ok
    # Chromium says of each request that there was no line, and of each that was refused.
    phones.complaints[quiet:] = [c for c in phones.complaints[quiet:] if not any(q in c for q in quiet_about)]
