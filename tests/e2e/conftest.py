"""A real demo without its story, and a browser in which any console error fails the test."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from ingest.child import end, spawn
from tests.servers import ROOT, program

if TYPE_CHECKING:
    from tests.e2e.phones import GuardDemo

PATIENCE = 90.0  # a busy machine takes its time
expect.set_options(timeout=20_000)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Demo:
    """The running demo: whom one may sign in as, and devices that speak when told to."""

    port = "0"  # a free one
    flags: Sequence[str] = ()

    def __init__(self, folder: Path, *, cert: Path | None = None) -> None:
        """With `cert`, and its key beside it, by https under the name localhost."""
        self.folder = folder
        self.log = folder.parent / "demo.log"
        self.tls = ssl.create_default_context(cafile=cert) if cert else None
        tls = {"WATCHROOM_TLS_CERT": str(cert), "WATCHROOM_TLS_KEY": str(cert.with_suffix(".key"))} if cert else {}
        command = [sys.executable, "-m", "app", "demo", "--no-story", "--port", self.port, "--data", str(folder)]
        command += self.flags
        self.process = spawn(command, self.log, env={**os.environ, **tls})
        until = time.monotonic() + PATIENCE
        told = folder / "server.json"
        while not (told.exists() and self._answers(told) and self.estate.exists()):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the demo did not start:\n{self.log.read_text()}")
            time.sleep(0.1)
        self.site: str = json.loads(told.read_bytes())["site"]
        self.people = json.load(urlopen(f"{self.url}api/v1/modes", context=self.tls))["demo_logins"]

    def _answers(self, told: Path) -> bool:
        try:
            self.url: str = json.loads(told.read_bytes())["url"]
            if self.tls:
                self.url = self.url.replace("127.0.0.1", "localhost")
            return bool(urlopen(f"{self.url}api/v1/health", timeout=2, context=self.tls).status == 200)
        except (OSError, ValueError):
            return False

    @property
    def estate(self) -> Path:
        """What the running estate tells `sim trigger`."""
        return self.folder / "estate" / "harbour-garden" / "estate.json"

    def say(self, kind: str, device: str, **data: str) -> None:
        """Let one device say one thing, through its real gateway."""
        command = [
            *(sys.executable, "-m", "app", "sim", "trigger", kind),
            "--device",
            device,
            "--data",
            json.dumps(data),
        ]
        done = subprocess.run(
            [*command, "--runtime", str(self.estate)], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def login(self, role: str, *, seat: str | None = None) -> str:
        """Somebody of that role alone, in that seat, or in none."""
        for p in self.people:
            seats = [s["en"] for s in p["seats"]]
            if p["site_id"] == self.site and p["roles"] == [role] and seats == ([seat] if seat else []):
                return str(p["login"])
        raise AssertionError(f"nobody is a {role} in {seat}: {self.people}")

    @property
    def holder(self) -> str:
        """Who answers in the monitoring centre."""
        return self.login("operator", seat="Centre operator")

    @property
    def wrong(self) -> str:
        """An operator who is not on duty."""
        return self.login("operator")


class Visitor:
    """People at consoles. What their consoles complain of is collected."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self.browser, self.demo = browser, demo
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def page(self, language: str = "zh-CN", theme: str = "light", width: int = 1366, height: int = 768) -> Page:
        """A new browser of somebody who has not signed in."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, locale=language)
        self.contexts.append(context)
        context.set_default_timeout(15_000)
        settings = {"watchroom.theme": theme, "watchroom.language": language}
        context.add_init_script(
            f"for (const [k, v] of Object.entries({json.dumps(settings)})) if (!localStorage[k]) localStorage[k] = v"
        )
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda wrong: self.complaints.append(f"uncaught: {wrong}"))
        page.on("response", self._response)
        return page

    def at(self, login: str, path: str = "/", **more: Any) -> Page:
        """Somebody signed in, by the demo's one click."""
        page = self.page(**more)
        page.goto(f"{self.demo.url}login?to={path}")
        person = page.locator(f"[data-login='{login}']")
        person.wait_for()
        person.click()
        page.locator("main#main").wait_for()
        page.locator(".strip .seat").first.wait_for()
        return page

    @contextmanager
    def refused(self, status: int) -> Iterator[None]:
        """A refusal that is meant, which Chromium complains of by itself."""
        before = len(self.complaints)
        yield
        meant = f"the server responded with a status of {status} "
        self.complaints[before:] = [c for c in self.complaints[before:] if meant not in c]

    def _console(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def _response(self, answer: Response) -> None:
        if answer.status >= 500:
            self.complaints.append(f"{answer.status} {answer.url}")


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`watchroom demo --no-story` on a free port."""
    assert (ROOT / "api" / "static" / "index.html").exists(), (
        "build the console first: cd web && npm ci && npm run build"
    )
    demo = Demo(tmp_path_factory.mktemp("demo") / "data")
    yield demo
    end(demo.process)


@pytest.fixture(scope="session")
def guard_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator["GuardDemo"]:
    """An estate whose round is open whatever the hour (see `tests.e2e.phones`)."""
    from tests.e2e.phones import GuardDemo

    assert (ROOT / "api" / "static" / "guard" / "index.html").exists(), (
        "build the pages first: npm --prefix web run build"
    )
    demo = GuardDemo(tmp_path_factory.mktemp("guard") / "data")
    yield demo
    end(demo.process)


@pytest.fixture(scope="module")  # not longer: while Playwright runs, no other event loop can in this process
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


def chromium_path() -> str:
    """Where it is."""
    found = next(p for p in ("chromium", "chromium-browser", "google-chrome") if _has(p) or p == "google-chrome")
    return program(found, "apt-get install chromium", "/usr/bin", "/Applications/Chromium.app/Contents/MacOS")


def _has(name: str) -> bool:
    try:
        program(name, "")
    except Exception:  # noqa: BLE001 - any reason means that this one is not it
        return False
    return True


@pytest.fixture
def visit(chromium: Browser, demo_server: Demo) -> Iterator[Visitor]:
    """Consoles for one test; a single complaint of any of them fails it."""
    yield from _visited(chromium, demo_server)


@pytest.fixture
def phones(chromium: Browser, guard_demo: "GuardDemo") -> Iterator[Visitor]:
    """The same on the estate with the open round."""
    yield from _visited(chromium, guard_demo)


def _visited(chromium: Browser, demo: Demo) -> Iterator[Visitor]:
    visitor = Visitor(chromium, demo)
    yield visitor
    for context in visitor.contexts:
        context.close()
    assert visitor.complaints == []
