"""A passkey is made, signs a hand-over and is taken away again, by https in a browser with a key of its own (HND-03)."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import CDPSession, Page, expect, sync_playwright

from app import certs
from ingest.child import end
from tests.e2e.conftest import FLAGS, Demo, Visitor
from tests.e2e.test_handover_page import PASSWORD, begin, prepare
from tests.e2e.test_pages import faults
from tests.servers import program

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def cert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certs")
    certs.ensure(folder, ["localhost", "127.0.0.1"], datetime.now(UTC))
    chain = folder / "server.crt"
    chain.write_bytes(chain.read_bytes() + (folder / "ca.crt").read_bytes())
    return chain


@pytest.fixture(scope="module")
def https(cert: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, reached by https under a name."""
    demo = Demo(tmp_path_factory.mktemp("https") / "data", cert=cert)
    yield demo
    end(demo.process)


@pytest.fixture
def visit(cert: Path, https: Demo) -> Iterator[Visitor]:
    """Chromium that takes this one certificate for good: it has no passkeys where a certificate is wrong."""
    key = x509.load_pem_x509_certificate(cert.read_bytes()).public_key()
    pin = b64encode(sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()
    path = program("chromium", "apt-get install chromium", "/usr/bin")
    with sync_playwright() as playwright:
        args = [*FLAGS, f"--ignore-certificate-errors-spki-list={pin}"]
        visitor = Visitor(playwright.chromium.launch(executable_path=path, args=args), https)
        yield visitor
        visitor.browser.close()
        assert visitor.complaints == []


def give_key(page: Page, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """Build a key with a finger reader into the browser; unless it `verifies`, nobody's finger fits."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made: dict[str, Any] = cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": verifies,
            }
        },
    )
    return cdp, str(made["authenticatorId"])


def test_a_passkey_is_made_signs_and_is_taken_away(visit: Visitor, https: Demo) -> None:
    """Made with the right password only; signs by itself, unless the finger is not the owner's; the password stays a way."""
    page = visit.at(https.login("guard", seat="Gate guard"), "/handover", language="en")
    cdp, key = give_key(page)
    page.locator("details.who summary").click()
    page.locator("[data-act='signing']").click()
    form = page.locator("[data-form='passkey']")
    expect(
        page.locator("[data-form='pin'] [name='password']")
    ).to_be_focused()  # the dialog is open, and takes it no more
    form.locator("[name='name']").fill("Gate desk")
    with visit.refused(403):
        form.locator("[name='password']").fill("nope")
        form.locator("[name='password']").press("Enter")
        expect(form.locator("[data-problem='wrong_own_password']")).to_be_visible()
    form.locator("[name='password']").fill(PASSWORD)
    form.locator("[name='password']").press("Enter")
    expect(form.locator("[data-passkey='Gate desk']")).to_contain_text("never used")
    assert faults(page) == []
    page.keyboard.press("Escape")
    form.wait_for(state="detached")

    begin(page)
    prepare(page)
    box = page.locator("[data-form='sign']")
    expect(box).to_have_attribute("data-how", "passkey")
    assert faults(page) == []
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    box.locator("[data-act='sign']").click()
    expect(box.locator("[data-problem='passkey_gave_up']")).to_be_visible()
    box.locator("[data-way='password']").click()
    expect(box.locator("input[name='password']")).to_be_focused()
    box.locator("[data-way='passkey']").click()
    expect(box.locator("[data-act='sign']")).to_be_focused()
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    page.keyboard.press("Enter")
    expect(page.locator("[data-state='offered']")).to_be_visible()

    page.locator("details.who summary").click()
    page.locator("[data-act='signing']").click()
    expect(form.locator("[data-passkey='Gate desk']")).to_contain_text("last used")
    form.locator("[data-act='remove']").click()
    form.locator("[data-act='remove-do']").click()
    expect(form.locator("[data-passkey]")).to_have_count(0)


def test_where_there_are_no_passkeys_the_page_says_why(visit: Visitor, https: Demo) -> None:
    """Reached by an address: a key is bound to a name, so there is none to be had, and the page says so in words."""
    page = visit.page(language="zh-CN", width=390, height=844)
    page.goto(https.url.replace("localhost", "127.0.0.1") + "login?to=/handover")
    page.locator(f"[data-login='{https.login('guard')}']").click()
    page.locator("details.who summary").click()
    page.locator("[data-act='signing']").click()
    expect(page.locator("[data-passkeys='impossible']")).to_be_visible()
    expect(page.locator("[data-form='passkey'] input")).to_have_count(0)
    assert faults(page) == []
