"""The built console as files."""

from pathlib import Path

import pytest

from tests.api.conftest import House, make_house
from tests.conftest import HandClock


@pytest.fixture
def built(tmp_path: Path, sqlite_url: str, clock: HandClock) -> House:
    """A house with a small build."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>console</title>")
    (folder / "assets" / "index-a1b2.js").write_text("1")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "guard" / "assets").mkdir(parents=True)
    (folder / "guard" / "index.html").write_text("<title>phone</title>")
    (folder / "guard" / "sw.js").write_text("1")
    (folder / "guard" / "assets" / "index-c3d4.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    return make_house(sqlite_url, clock, static=folder)


@pytest.mark.parametrize(
    ("path", "status", "cache"),
    [
        ("/", 200, "no-cache"),
        ("/alerts/5", 200, "no-cache"),
        ("/assets/index-a1b2.js", 200, "public, max-age=31536000, immutable"),
        ("/favicon.svg", 200, "no-cache"),
        ("/assets/gone.js", 404, None),
        ("/guard", 200, "no-cache"),
        ("/guard/", 200, "no-cache"),
        ("/guard/alerts", 200, "no-cache"),
        ("/guard/sw.js", 200, "no-cache"),
        ("/guard/assets/index-c3d4.js", 200, "public, max-age=31536000, immutable"),
        ("/guard/assets/gone.js", 404, None),
        ("/api/v2/x", 404, None),
    ],
)
async def test_files_pages_and_what_is_neither(built: House, path: str, status: int, cache: str | None) -> None:
    async with built.client() as browser:
        answer = await browser.get(path)
    assert answer.status_code == status
    if cache is not None:
        assert answer.headers["cache-control"] == cache
    built.db.close()


@pytest.mark.parametrize("path", ["/guard", "/guard/", "/guard/shift", "/guard/index.html"])
async def test_the_phone_may_use_its_camera_and_the_console_may_not(built: House, path: str) -> None:
    async with built.client() as browser:
        phone, desk = await browser.get(path), await browser.get("/guarded")
    assert ("phone" in phone.text, phone.headers["permissions-policy"].split(",")[0]) == (True, "camera=(self)")
    assert ("console" in desk.text, desk.headers["permissions-policy"].split(",")[0]) == (True, "camera=()")
    built.db.close()


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/%2e%2e%2f%2e%2e%2fsecret.txt"]
)
async def test_nothing_outside_the_build_is_served(built: House, path: str) -> None:
    """GHSA-v5gw-mw7f-84px."""
    async with built.client() as browser:
        assert "secret" not in (await browser.get(path)).text
    built.db.close()


async def test_a_page_takes_no_commands(built: House) -> None:
    async with built.client() as browser:
        assert (await browser.post("/", json={})).status_code == 405
    built.db.close()


async def test_without_a_build_the_page_says_so_in_both_languages(house: House) -> None:
    async with house.client() as browser:
        answer = await browser.get("/")
    assert answer.status_code == 503
    assert "尚未构建" in answer.text
    assert "has not been built" in answer.text
