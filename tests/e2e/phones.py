"""Guards' phones for the tests, on an estate whose round is open whatever the hour: it opens soon after the demo starts, is walked
from a seat that never changes hands, and stays open for a day. So is the gate kept.
"""

import json
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from playwright.sync_api import Page

from ingest.ports import free_port
from tests.e2e.conftest import Demo, Visitor
from tests.servers import ROOT

ESTATE = "harbour-garden"
ZONE = ZoneInfo("Asia/Shanghai")
KEEPS = {"patrol": "he-ping", "gate": "lv-fei"}  # day and night
ROUTE = "grounds"
OPENS = (timedelta(seconds=15), timedelta(seconds=75))  # twice, for a machine that takes long to start
# A phone with Web NFC: the browser's own interface, and tags that are held to it when the test says so.
NFC = """
window.NDEFReader = class extends EventTarget { async scan(options) {
  if (window.denied) throw new DOMException('NFC permission request denied.', 'NotAllowedError');
  const tell = (event) => options.signal.aborted || this.dispatchEvent(event);
  window.hold = (serial, urls = []) => {
    const event = new Event('reading');
    event.serialNumber = serial;
    event.message = { records: urls.map((u) => ({ recordType: 'url', data: new DataView(new TextEncoder().encode(u).buffer) })) };
    tell(event);
  };
  window.holdBadly = () => tell(new Event('readingerror'));
} };
"""


def packs(folder: Path, now: datetime) -> Path:
    """The sample estate with a round that is open for a day from soon after `now`, and nothing else to walk."""
    estate = folder / ESTATE
    shutil.copytree(ROOT / "packs" / ESTATE, estate)
    with _edited(estate / "patrol.yaml") as patrol:
        patrol["patrol_plans"] = [_plan(f"test-{n}", now + after) for n, after in enumerate(OPENS)]
    site = estate / "site.yaml"  # without a scale of the plans: a test is at the next point at once
    text = "\n".join(line for line in site.read_text().splitlines() if "unit_m" not in line)
    # whoever comes to the gate says where they are, and what they have seen to
    site.write_text(text.replace("    pre_shift: flag ", "    post_token: reject\n    pre_shift: block "))
    # nobody falls silent in the middle of a hand-over, which a new alert then holds up
    devices = estate / "devices.yaml"
    devices.write_text(devices.read_text().replace("supervision_s: 45}", "supervision_s: 90000}"))
    with _edited(estate / "handover.yaml") as handover:
        handover["pre_checks"] = {"gate-2": [{"id": "radio", "name": {"zh": "对讲机", "en": "Radio"}}]}
    with _edited(estate / "duty.yaml") as duty:
        next(post for post in duty["posts"] if post["id"] == "gate")["checkpoint"] = "CP-01"
        rotas = [rota for rota in duty["rotas"] if rota["seat"] not in {*KEEPS, "gate-2"}]
        for seat, person in KEEPS.items():
            rotas.append({"seat": seat, "from_day": date(2025, 12, 25), "days": [{"round-the-clock": person}]})
        duty["rotas"] = rotas
    return folder


def _plan(name: str, opens: datetime) -> dict[str, Any]:
    wall = opens.astimezone(ZONE)
    rule = f"FREQ=DAILY;BYHOUR={wall.hour};BYMINUTE={wall.minute};BYSECOND={wall.second}"
    return {"id": name, "route": ROUTE, "seat": "patrol", "rrule": rule, "window_min": 1440}


class _edited:  # noqa: N801 - reads as what it does
    """A pack's file, read, changed and written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> dict[str, Any]:
        self.said: dict[str, Any] = dict(yaml.safe_load(self.path.read_text()))
        return self.said

    def __exit__(self, *_: object) -> None:
        self.path.write_text(yaml.safe_dump(self.said, allow_unicode=True, sort_keys=False))


class GuardDemo(Demo):
    """A demo with an open round that comes back at the same address, with what it kept."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.more: dict[str, Any] = more
        self.port = str(free_port())
        self.flags = ["--packs", str(packs(folder.parent / "packs", datetime.now(UTC)))]
        super().__init__(folder, **more)

    def again(self) -> None:
        """Start it once more, on what it kept."""
        (self.folder / "server.json").unlink(missing_ok=True)
        self.estate.unlink(missing_ok=True)
        self.flags = [*self.flags[:2], "--keep"]
        super().__init__(self.folder, **self.more)

    @property
    def walker(self) -> str:
        """Who walks now."""
        return self.login("guard", seat="Patrol guard")

    @property
    def keeper(self) -> str:
        """Who answers at the gate."""
        return self.login("guard", seat="Gate guard")


def phone(visit: Visitor, *, nfc: bool = True, **more: Any) -> Page:
    """A phone at the sign-in page."""
    page = visit.page(width=390, height=844, **more)
    if nfc:
        page.context.add_init_script(NFC)
    page.goto(f"{visit.demo.url}guard/")
    page.locator("[data-login]").first.wait_for()
    return page


def sign_in(page: Page, login: str) -> None:
    """By one press, as in every demo; until the open round is shown."""
    page.locator(f"[data-login='{login}']").click()
    page.locator("[data-part='round']").wait_for(timeout=90_000)
    page.locator("[data-part='waiting'][data-n='0']").wait_for()
    until = time.monotonic() + 90
    while not _opened(page):  # it may be shown before it opens, and would not count a tap then
        assert time.monotonic() < until, "no round has opened"
        page.wait_for_timeout(500)


def _opened(page: Page) -> bool:
    shown = page.locator("[data-part='round']").get_attribute("data-round")
    return datetime.fromisoformat(asked(page, f"rounds/{shown}")["brief"]["opens_at"]) < datetime.now(UTC)


def asked(page: Page, path: str) -> Any:
    """What the server answers this phone, below its site."""
    return page.evaluate(
        """async (path) => {
          const site = JSON.parse(localStorage['watchroom.guard.me']).sites[0].site_id;
          return (await fetch(`/api/v1/sites/${site}/${path}`)).json();
        }""",
        path,
    )


def tags(page: Page) -> Mapping[str, str]:
    """The tag of each point, by the register."""
    points = asked(page, "register")["checkpoints"]
    return {name: point["tags"][0] for name, point in points.items() if point["tags"]}


def told_taps(page: Page) -> list[dict[str, Any]]:
    """The taps that the server has, the newest first."""
    return list(asked(page, "taps")["items"])


def kept(page: Page, shelf: str = "outbox") -> list[dict[str, Any]]:
    """What the phone's own store holds."""
    return list(
        page.evaluate(
            """(shelf) => new Promise((done, wrong) => {
              const asked = indexedDB.open('watchroom-guard');
              asked.onerror = () => wrong(asked.error);
              asked.onsuccess = () => {
                const all = asked.result.transaction(shelf).objectStore(shelf).getAll();
                all.onsuccess = () => { asked.result.close(); done(JSON.parse(JSON.stringify(all.result))); };
              };
            })""",
            shelf,
        )
    )


def listen(page: Page) -> None:
    """The press after which the phone reads tags."""
    page.locator("[data-act='read']").click()
    page.locator("[data-act='read'].listening").wait_for()


def hold(page: Page, serial: str, *urls: str) -> None:
    """Hold the phone to a tag."""
    page.locator(".van-toast").wait_for(state="hidden")
    page.evaluate("([serial, urls]) => window.hold(serial, urls)", [serial, list(urls)])


def answer(page: Page) -> None:
    """See to everything that the point asks for, all in order, and complete it."""
    sheet = page.locator("[data-sheet='point']")
    sheet.locator("[data-act='point-done']").wait_for()  # what it asks for stands there with it
    for yes in sheet.locator("[data-yes]").all():
        yes.click()
    for choice in sheet.locator("fieldset:has(.two):not(:has([data-yes]))").all():
        choice.locator("button").first.click()
    for number in sheet.locator("input[type='number']").all():
        number.fill("1")
    sheet.locator("[data-act='point-done']").click()
    sheet.wait_for(state="hidden")


def walk(page: Page, serial: str) -> None:
    """Hold the phone to a tag, and answer what is asked there."""
    hold(page, serial)
    page.locator("[data-sheet='point']:visible, .van-toast:visible").first.wait_for()
    if page.locator("[data-sheet='point']").count():
        answer(page)
    page.locator(".van-toast").wait_for()


def here(page: Page) -> dict[str, Any]:
    """Who holds the phone, and where."""
    return dict(json.loads(page.evaluate("localStorage['watchroom.guard.me']"))["sites"][0])
