"""How a phone learns where it is: a tag that signs, a number, a code before the camera; and photos of what is found there (PAT-03, PAT-11)."""

import io
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, expect

from patrol import sun
from tests.e2e.conftest import FLAGS, Visitor, chromium_path
from tests.e2e.phones import GuardDemo, answer, hold, kept, listen, phone, sign_in, tags, told_taps
from tests.e2e.test_guard_sos import picture
from tests.e2e.test_pages import faults
from tests.servers import ROOT

pytestmark = pytest.mark.browser

FRAME = (640, 480)


@pytest.fixture
def code(phones: Visitor, guard_demo: GuardDemo) -> str:
    """A code that a lead printed for the gate."""
    lead = phones.page()
    lead.goto(f"{guard_demo.url}login?to=/alerts")
    lead.locator("[data-login='chumin']").click()
    lead.locator(".strip .seat").first.wait_for()
    made = lead.request.post(
        f"{guard_demo.url}api/v1/sites/{guard_demo.site}/tags",
        data={"checkpoint": "CP-01"},
        headers={"x-watchroom": "1"},
    )
    return str(made.json()["uid"])


@pytest.fixture
def camera(tmp_path: Path, chromium: Browser, guard_demo: GuardDemo, code: str) -> Iterator[Visitor]:
    """Browsers whose camera sees the printed code: askew, small, out of focus, in a dim room."""
    film = tmp_path / "code.y4m"
    film.write_bytes(filmed(f"{guard_demo.url}t/q/{code}?s={guard_demo.site}"))
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    browser = chromium.browser_type.launch(
        executable_path=chromium_path(), args=[*FLAGS, *flags, f"--use-file-for-fake-video-capture={film}"]
    )
    visitor = Visitor(browser, guard_demo)
    yield visitor
    browser.close()
    assert visitor.complaints == []


def filmed(address: str, frames: int = 10) -> bytes:
    """A film of a printed code on a wall, as raw pictures."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="png", scale=5, border=4)
    paper = Image.open(out).convert("L").resize((230, 230))
    wall = Image.effect_noise(FRAME, 30)
    wall.paste(paper.rotate(8, fillcolor=128, expand=True), (190, 110))
    seen = wall.point(lambda v: int(v * 0.6)).filter(ImageFilter.GaussianBlur(0.8)).convert("YCbCr")
    light, blue, red = seen.split()
    half = (FRAME[0] // 2, FRAME[1] // 2)
    one = b"FRAME\n" + light.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes()
    return f"YUV4MPEG2 W{FRAME[0]} H{FRAME[1]} F10:1 Ip A1:1 C420\n".encode() + one * frames


def test_a_printed_code_before_the_camera_is_a_tap(camera: Visitor, guard_demo: GuardDemo) -> None:
    """By the reader that comes with the page: this Chromium knows no bar codes."""
    page = phone(camera, nfc=False)
    assert page.evaluate("'BarcodeDetector' in window") is False
    sign_in(page, guard_demo.walker)
    assert page.locator("[data-act='read']").count() == 0
    page.locator("[data-act='code']").click()
    page.locator("[data-sheet='point']").wait_for(timeout=20_000)
    expect(page.locator("[data-sheet='camera']")).to_have_count(0)
    with page.expect_response(lambda told: told.url.endswith("/taps") and told.request.method == "POST"):
        answer(page)
    expect(page.locator("[data-point='CP-01']")).to_have_attribute("data-state", "done")
    tap = told_taps(page)[0]
    assert (tap["checkpoint_id"], tap["proof"], tap["person_id"]) == ("CP-01", "qr", "he-ping")


def test_a_tag_that_signs_is_read_by_the_phone_itself(phones: Visitor, guard_demo: GuardDemo) -> None:
    """What `tags provision` tells an encoder, on a tag; once it counts, and the same read again does not."""
    uid = f"04{secrets.token_hex(6).upper()}"
    command = [sys.executable, "-m", "app", "patrol", "tags", "provision", guard_demo.site, "CP-02", uid]
    env = {**os.environ, "WATCHROOM_DATA": str(guard_demo.folder)}
    told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True).stdout
    meta, file = (bytes.fromhex(key) for key in re.findall(r"SDM\w+ key \(\d\)\s+([0-9A-F]{32})", told))
    picc, mac = sun.spoken(sun.Read(uid, 7), sun.Keys(meta, file), b"\x01\x02\x03\x04\x05")
    page = phone(phones)
    sign_in(page, guard_demo.walker)
    listen(page)
    for counts in (True, False):
        with page.expect_response(
            lambda answer: answer.url.endswith("/taps") and answer.request.method == "POST"
        ) as sent:
            hold(page, uid, f"https://watchroom.example/t?s={guard_demo.site}&p={picc}&m={mac}")
            page.locator("[data-sheet='point']:visible, .van-toast:visible").first.wait_for()
            if page.locator("[data-sheet='point']").count():  # nothing is asked at a point that the phone knows
                answer(page)
        (said,) = json.loads(sent.value.request.post_data or "")["taps"]
        assert said["read"] == {"by": "sun", "picc_data": picc, "cmac": mac}
        tap = told_taps(page)[0]
        assert (tap["checkpoint_id"], tap["proof"], tap["counter"], tap["counts"]) == ("CP-02", "sun", 7, counts)
        assert ("replayed" in tap["flags"]) is not counts
    expect(page.locator("[data-point='CP-02']")).to_have_attribute("data-state", "done")
    expect(page.locator(".van-toast")).to_contain_text("疑点")


def test_what_cannot_be_read_is_said_and_nothing_is_sent(phones: Visitor, guard_demo: GuardDemo) -> None:
    """A bad read, a card of the underground, and a holder who does not let the page read tags."""
    page = phone(phones)
    sign_in(page, guard_demo.walker)
    before = len(told_taps(page))
    page.evaluate("window.denied = true")
    page.locator("[data-act='read']").click()
    expect(page.get_by_text("没有获得读标签的许可")).to_be_visible()
    page.evaluate("window.denied = false")
    listen(page)
    page.evaluate("window.holdBadly()")
    expect(page.locator(".van-toast")).to_contain_text("没有读到")
    hold(page, "", "https://metro.example/t?p=1")
    expect(page.locator(".van-toast")).to_contain_text("没有读到")
    hold(page, "04:FF:FF:FF:FF:FF:FF")
    sheet = page.locator("[data-sheet='point']")
    expect(sheet).to_contain_text("由服务器认定")
    sheet.get_by_role("button", name="取消").click()
    expect(sheet).to_have_count(0)
    assert (len(told_taps(page)), kept(page)) == (before, [])


def test_a_photo_goes_small_and_without_where_it_was_taken(phones: Visitor, guard_demo: GuardDemo) -> None:
    """PAT-03; a file that is no picture is said to be none, and a very large one is made small."""
    page = phone(phones)
    sign_in(page, guard_demo.walker)
    listen(page)
    hold(page, tags(page)["CP-04"])
    sheet = page.locator("[data-sheet='point']")
    sheet.wait_for()
    task = sheet.locator("[data-task='picture'] input[type='file']")
    task.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"MZ" + bytes(5_000_000)})
    expect(page.locator(".van-toast")).to_contain_text("不是能打开的照片")
    assert kept(page, "photos") == []
    task.set_input_files({"name": "b.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    expect(sheet.locator("[data-task='picture']")).to_contain_text("1 张照片")
    assert faults(page) == []
    with page.expect_response(lambda said: said.url.endswith("/patrol/photos")) as put:
        answer(page)
    assert put.value.ok
    expect(page.locator("[data-part='waiting']")).to_have_attribute("data-n", "0")
    (sha,) = next(t for t in told_taps(page) if t["checkpoint_id"] == "CP-04")["photos"]
    shown = page.request.get(f"{guard_demo.url}api/v1/sites/{guard_demo.site}/patrol/photos/{sha}").body()
    image = Image.open(io.BytesIO(shown))
    assert (dict(image.getexif()), image.size, b"Spyphone" in shown) == ({}, (1200, 1600), False)
    assert kept(page, "photos") == []

    lead = phones.at("chumin", "/patrol")  # and at the console it stands beside its tap
    lead.locator("[data-route='grounds'] [data-act='open']").first.click()
    small = lead.locator("[data-point='CP-04'] [data-photo] img").first
    expect(small).to_be_visible()
    lead.wait_for_function("(img) => img.complete && img.naturalWidth > 0", arg=small.element_handle())
    small.click()
    whole = lead.locator("img.whole")
    expect(whole).to_have_js_property("naturalHeight", 1600)
    assert faults(lead) == []
