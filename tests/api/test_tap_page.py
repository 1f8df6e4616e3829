"""The page that a tag's address opens, and who tries to be where they are not (PAT-08, PAT-11)."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from api import pins
from patrol.flags import Tag
from patrol.rules import Proof
from tests.api.conftest import MINE, ORIGIN, House, cheap
from tests.api.test_answers import shaped
from tests.api.test_tags import POINT, TAGS
from tests.api.test_taps import UID, address, kept_taps, put

PHONE = {"origin": ORIGIN, "x-watchroom": ""}


@pytest.fixture
def hung(house: House) -> House:
    """A house with a tag that proves itself."""
    put(house, Tag(uid=UID, checkpoint_id=POINT, proof=Proof.SUN))
    return house


def url(counter: int = 7) -> str:
    read = address(counter)
    return f"/t?s={MINE}&p={read['picc_data']}&m={read['cmac']}"


def phone(house: House, login: str | None = None) -> AsyncClient:
    """A browser without any script."""
    return house.client(login, **PHONE)


def fields(page: Response) -> dict[str, str]:
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))


async def press(browser: AsyncClient, page: Response, **more: str) -> Response:
    return await browser.post("/t", data={**fields(page), **more})


def words(answer: Response) -> Any:
    return re.findall(r"<h1[^>]*>([^<]*)", answer.text)[0]


async def test_the_guard_s_press_counts_once_and_looking_never_does(hung: House) -> None:
    async with phone(hung, "wang") as wang:
        page = await wang.get(url(), headers={"accept-language": "en"})
        assert (page.status_code, len(page.content) < 15_000, "<script" in page.text) == (200, True, False)
        assert "wang" in page.text
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert kept_taps(hung) == []
        assert words(await press(wang, page)) == "Counted"
        assert words(await press(wang, page)) == "Counted before"
    (made,) = kept_taps(hung)
    assert (made.person_id, made.proof, made.counter, made.checkpoint_id) == ("wang", "sun", 7, POINT)


async def test_a_link_preview_s_look_completes_nothing(hung: House) -> None:
    async with hung.client() as bot:
        page = await bot.get(url(), headers={"user-agent": "facebookexternalhit/1.1"})
        assert page.status_code == 200
        assert 'action="/t"' not in page.text
        assert "k" not in fields(page)
    assert kept_taps(hung) == []


async def test_it_is_told_in_the_phone_s_language_and_in_the_other(hung: House) -> None:
    async with phone(hung, "wang") as wang:
        zh = await wang.get(url(), headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})
        assert ('lang="zh-CN"' in zh.text, "我在这里" in zh.text) == (True, True)
        other = re.findall(r'<a href="([^"]*)"', zh.text)[-1].replace("&amp;", "&")
        assert "I am here" in (await wang.get(other)).text


async def test_a_pin_opens_this_page_and_nothing_else(hung: House) -> None:
    with hung.db.begin() as tx:
        pins.save(tx, hung.account_id("wang"), cheap().make("274159"), hung.clock())
    async with phone(hung) as guard:
        page = await guard.get(url())
        wrong = await guard.post("/t/in", data={**fields(page), "login": "wang", "word": "111222"})
        assert wrong.status_code == 401
        back = await guard.post("/t/in", data={**fields(page), "login": "wang", "word": "274159"})
        assert back.status_code == 303
        there = await guard.get(back.headers["location"])
        assert words(await press(guard, there)) in {"已打点", "Counted"}
        assert (await guard.get(f"/api/v1/sites/{MINE}/taps")).status_code == 401
    assert [t.person_id for t in kept_taps(hung)] == ["wang"]


async def test_a_pass_dies_with_its_password_and_its_account(hung: House) -> None:
    async with phone(hung) as guard:
        page = await guard.get(url())
        await guard.post("/t/in", data={**fields(page), "login": "wang", "word": "demo"})
        assert "k" in fields(await guard.get(url()))
        hung.clock.tick(12 * 3600 + 1)
        assert "k" not in fields(await guard.get(url()))


@pytest.mark.parametrize("late", [121, 600])
async def test_a_press_that_comes_late_is_refused(hung: House, late: int) -> None:
    async with phone(hung, "wang") as wang:
        page = await wang.get(url())
        hung.clock.tick(late)
        assert (await press(wang, page)).status_code == 409
    assert kept_taps(hung) == []


async def test_another_s_page_and_another_read_s_token_are_refused(hung: House) -> None:
    async with phone(hung, "wang") as wang, phone(hung, "li") as li:
        page = await wang.get(url())
        assert (await press(li, page)).status_code == 409
        other = fields(await wang.get(url(8)))
        assert (await press(wang, page, p=other["p"], m=other["m"])).status_code == 409
        assert (await press(wang, page, k="x")).status_code == 409
        assert (await press(wang, page, k="9.é.0")).status_code == 409
    assert kept_taps(hung) == []


async def test_an_address_that_was_kept_is_flagged_however_new_its_page(hung: House) -> None:
    async with hung.client() as bot, phone(hung, "wang") as wang:
        await bot.get(url())
        hung.clock.tick(301)
        assert words(await press(wang, await wang.get(url(), headers={"accept-language": "en"}))).startswith("Kept")
        hung.clock.tick(60)
        again = await press(wang, await wang.get(url(), headers={"accept-language": "en"}))
    assert words(again).startswith("Kept")
    assert sorted(t.flags for t in kept_taps(hung)) == [("hoarded",), ("replayed", "hoarded")]


async def test_a_forged_address_opens_nothing(hung: House) -> None:
    async with phone(hung, "wang") as wang:
        good = address(7)
        for bad in (
            f"/t?s={MINE}&p={good['picc_data']}&m={'0' * 16}",
            f"/t?s={MINE}&p={'0' * 32}&m={good['cmac']}",
            f"/t?s={MINE}",
            f"/t?s=nowhere&p={good['picc_data']}&m={good['cmac']}",
            f"/t/q/{UID}?s={MINE}",
            "/t?s=<script>&p=%00&m=%0d%0a",
        ):
            page = await wang.get(bad)
            assert (page.status_code, "k" in fields(page), "<script" in page.text) == (404, False, False), bad


async def test_a_press_from_another_site_s_page_is_refused(hung: House) -> None:
    async with phone(hung, "wang") as wang:
        page = await wang.get(url())
        elsewhere = await wang.post("/t", data=fields(page), headers={"origin": "https://evil.example"})
        nowhere = await wang.post("/t", data=fields(page), headers={"origin": "null"})
        assert (elsewhere.status_code, nowhere.status_code) == (403, 403)
    assert kept_taps(hung) == []


async def test_a_printed_code_opens_the_same_page(hung: House) -> None:
    async with hung.client("chen") as chen, phone(hung, "wang") as wang:
        code = shaped("tag_assign", await chen.post(TAGS, json={"checkpoint": POINT}))["uid"]
        page = await wang.get(f"/t/q/{code}?s={MINE}", headers={"accept-language": "en"})
        assert words(await press(wang, page)) == "Counted"
    assert [t.proof for t in kept_taps(hung)] == ["qr"]
