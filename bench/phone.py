"""The guard's phone: how long what it kept all night takes to be told, and how soon the tap page can be read on a poor line."""

import hashlib
import io
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from api.accounts import give_demo_passwords
from bench.patrol import site
from bench.rig import Server, system
from core.ids import fresh
from patrol import outbox, tag_store
from patrol.flags import Tag
from patrol.rules import Proof
from sites.register import Register
from store.db import Store
from tests.e2e.conftest import FLAGS, chromium_path

TAPS, PHOTOS, BATCH = 500, 50, 50  # the phone's own batches (web/guard/src/outbox/sync.ts)
LIVE_EVERY_S = 0.25
CODE = "QBENCHBENCHBENCH1"
RTT_MS, BYTES_S = 400, 50_000  # a "slow 3G" as Lighthouse has it: 400 ms, 400 kbit/s
Json = dict[str, Any]


def phone(server: Server, login: str) -> httpx2.Client:
    """A guard's phone, signed in."""
    base = f"http://127.0.0.1:{server.port}/api/v1/"
    client = httpx2.Client(base_url=base, headers={"X-Watchroom": "1"}, timeout=60)
    client.post("session", json={"login": login, "password": "demo"}).raise_for_status()
    return client


def chained(register: Register, since: datetime, photos: list[str]) -> Iterator[Json]:
    """What a phone keeps of a night: a tap a minute, each after the one before; every tenth with a photo."""
    tags, before = [point.tags[0] for point in register.checkpoints.values()], ""
    for n in range(TAPS):
        at = since + timedelta(minutes=n)
        tap = {"id": fresh(at), "n": n + 1, "prev": before, "said_at": at.isoformat(), "answers": {}, "note": ""}
        tap |= {
            "read": {"by": "uid", "uid": tags[n % len(tags)]},
            "photos": photos[n // 10 : n // 10 + 1] * (n % 10 == 0),
        }
        before = outbox.digest(tap)
        yield tap | {"kept": True}


def pictures() -> list[bytes]:
    """Photos as the phone makes them small: 1,600 points long, some 350 kB each."""
    made = []
    for n in range(PHOTOS):
        out = io.BytesIO()
        Image.effect_noise((1600, 1200), 12 + n % 5).convert("RGB").save(out, "JPEG", quality=80)
        made.append(out.getvalue())
    return made


def told(server: Server, register: Register) -> tuple[float, float, list[float]]:
    """Seconds until the taps, and until taps and photos of a night are told; and of each live tap of another meanwhile."""
    images = pictures()
    kept = list(
        chained(register, datetime.now(UTC) - timedelta(minutes=TAPS), [hashlib.sha256(i).hexdigest() for i in images])
    )
    walker, other = phone(server, "zhouqiang"), phone(server, "chentao")
    took: list[float] = []
    over = threading.Event()
    beside = threading.Thread(target=_live, args=(other, register, over, took))
    beside.start()
    time.sleep(2 * LIVE_EVERY_S)
    began = time.perf_counter()
    for n in range(0, TAPS, BATCH):
        _bring(walker, register.site_id, kept[n : n + BATCH], "phone-1")
    taps = time.perf_counter() - began
    for image in images:
        walker.post(f"sites/{register.site_id}/patrol/photos", content=image).raise_for_status()
    whole = time.perf_counter() - began
    over.set()
    beside.join()
    return taps, whole, took


def _live(client: httpx2.Client, register: Register, over: threading.Event, took: list[float]) -> None:
    tags, n, before = [point.tags[0] for point in register.checkpoints.values()], 0, ""
    while not over.wait(LIVE_EVERY_S):
        n, at = n + 1, datetime.now(UTC)
        read = {"by": "uid", "uid": tags[n % len(tags)]}
        tap = {
            "id": fresh(at),
            "n": n,
            "prev": before,
            "said_at": at.isoformat(),
            "answers": {},
            "note": "",
            "photos": [],
            "read": read,
        }
        before = outbox.digest(tap)
        began = time.perf_counter()
        _bring(client, register.site_id, [tap | {"kept": False}], "phone-2")
        took.append(time.perf_counter() - began)


def _bring(client: httpx2.Client, site_id: str, taps: list[Json], name: str) -> None:
    answer = client.post(f"sites/{site_id}/taps", json={"client": name, "taps": taps})
    answer.raise_for_status()
    assert len(answer.json()["items"]) == len(taps)


def read(browser: Browser, server: Server, register: Register, *, warm: bool) -> tuple[float, int]:
    """Milliseconds from the tag's address to the first words of its page on a poor line, and the page's bytes on it."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    base = f"http://127.0.0.1:{server.port}"
    page.request.post(
        f"{base}/api/v1/session", data={"login": "zhouqiang", "password": "demo"}, headers={"X-Watchroom": "1"}
    )
    if warm:
        page.goto(f"{base}/t/q/{CODE}?s={register.site_id}")
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": RTT_MS, "downloadThroughput": BYTES_S, "uploadThroughput": BYTES_S},
    )
    page.goto(f"{base}/t/q/{CODE}?s={register.site_id}&lang=zh")
    while not page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
        page.wait_for_timeout(20)  # not by a function that waits there: the page lets no script be made
    painted, size, more = page.evaluate(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime,"
        " performance.getEntriesByType('navigation')[0].transferSize, performance.getEntriesByType('resource').length]"
    )
    assert "我在这里" in page.content()
    assert more == 0, "it asks for nothing else"
    context.close()
    return float(painted), int(size)


def run(pages: int = 9) -> None:
    """Print both."""
    console, register = Console(), site()
    with tempfile.TemporaryDirectory(prefix="watchroom-bench-") as temp:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        with system(Path(temp), "sqlite", "nats", site=register, imported_at=yesterday) as (server, _):
            db = Store(server.store_url)
            with db.begin([register.site_id]) as tx:
                give_demo_passwords(tx, datetime.now(UTC))
                code = Tag(uid=CODE, checkpoint_id="CP-01", proof=Proof.QR)
                tag_store.save(tx, register.site_id, [code], "system", datetime.now(UTC))
            db.close()
            _poor_line(console, server, register, pages)
            _night(console, server, register)


def _night(console: Console, server: Server, register: Register) -> None:
    load = os.getloadavg()[0]
    taps, whole, live = told(server, register)
    console.print(
        f"{TAPS} kept taps told in {taps:.2f} s, with {PHOTOS} photos in {whole:.2f} s; {len(live)} live taps of another "
        f"meanwhile: median {1000 * statistics.median(live):.0f} ms, longest {1000 * max(live):.0f} ms (load {load:.1f})"
    )


def _poor_line(console: Console, server: Server, register: Register, pages: int) -> None:
    table = Table(
        title=f"the tap page at {RTT_MS} ms and {BYTES_S * 8 // 1000} kbit/s, {pages} each (load {os.getloadavg()[0]:.1f})"
    )
    for name in ("connection", "bytes", "first words: median ms", "longest ms"):
        table.add_column(name, justify="right")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        for warm in (False, True):
            found = [read(browser, server, register, warm=warm) for _ in range(pages)]
            painted = [ms for ms, _ in found]
            table.add_row(
                "warm" if warm else "new", f"{found[0][1]}", f"{statistics.median(painted):.0f}", f"{max(painted):.0f}"
            )
        browser.close()
    console.print(table)
