"""Categories of what is kept, over HTTP (RPT-09)."""

import msgspec
import pytest

from app.imports import import_site
from sites.duty_words import Choice
from sites.pack import digest
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped
from tests.night import words

BOOK = f"{SITE}/logbook"


@pytest.fixture
def listed(house: House) -> House:
    """A house that keeps what it wrote under one category."""
    register = msgspec.structs.replace(staffed(MINE), categories={"works": Choice("works", words("Works"))})
    import_site(house.db, house.night.desks, register, digest(register), house.clock(), "system")
    return house


async def test_an_entry_is_kept_under_a_category_and_found_by_it(listed: House) -> None:
    async with listed.client("wang") as wang:
        made = shaped("write_entry", await wang.post(f"{BOOK}/entries", json={"fields": {"text": "外墙施工"}}))
        n = made["entry"]["n"]
        there = f"{BOOK}/entries/{n}/categories"
        after = shaped("tag_entry", await wang.post(there, json={"categories": ["works"]}))
        assert after["categories"] == [{"n": n, "attachment": None, "category": "works"}]
        found = shaped("log_search", await wang.get(f"{BOOK}/search", params={"category": "works"}))
        assert [e["n"] for e in found["items"]] == [n]
        assert found["categories"] == after["categories"]
        assert shaped("log_page", await wang.get(BOOK))["categories"] == after["categories"]
        refused = await wang.post(there, json={"categories": ["legal"]})
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
            422,
            "no_such_category",
            "categories",
        )
    async with listed.client("the-auditor") as auditor:
        assert (await auditor.post(there, json={"categories": []})).status_code == 403
