"""Tests of equipment over HTTP (EQP-02)."""

from datetime import date

import msgspec
import pytest

from app.imports import import_site
from sites.equipment_words import EquipmentTest
from sites.pack import digest
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped
from tests.api.test_rounds import refused
from tests.night import words

TESTS = f"{SITE}/equipment/tests"


@pytest.fixture
def equipped(house: House) -> House:
    """A house with one test every month, of a detector."""
    smoke = EquipmentTest(id="smoke", name=words("Smoke"), devices=("B2-07",), every_months=1, since=date(2026, 1, 31))
    register = msgspec.structs.replace(staffed(MINE), equipment_tests={"smoke": smoke})
    import_site(house.db, house.night.desks, register, digest(register), house.clock(), "system")
    return house


async def test_an_overdue_test_is_listed_and_a_result_is_recorded(equipped: House) -> None:
    """It is 1 March, 22:00; 31 January and a month was yesterday."""
    async with equipped.client("wang") as wang:
        (found,) = shaped("equipment_tests", await wang.get(TESTS))["items"]
        assert (found["due"], found["overdue"], found["last"]) == ("2026-02-28", True, None)
        assert refused(await wang.post(f"{TESTS}/smoke/result", json={"passed": False})) == (422, "words_needed")
        told = {"passed": False, "note": "B2-07 不报警"}
        made = shaped("equipment_result", await wang.post(f"{TESTS}/smoke/result", json=told))
        assert (made["due"], made["overdue"]) == ("2026-04-01", False)
        assert (made["last"]["passed"], made["last"]["note"], made["last"]["by"]) == (False, "B2-07 不报警", "wang")
        assert shaped("equipment_tests", await wang.get(TESTS))["items"] == [made]
        unknown = await wang.post(f"{TESTS}/horn/result", json={"passed": True})
        assert refused(unknown) == (404, "no_such_equipment_test")
        about = shaped("log_page", await wang.get(f"{SITE}/logbook", params={"subject": "equipment/smoke"}))
        assert [e["act"] for e in about["items"]] == ["equipment.tested"]


async def test_a_guard_reads_and_an_engineer_records(equipped: House) -> None:
    async with equipped.client("the-guard") as guard:
        assert len(shaped("equipment_tests", await guard.get(TESTS))["items"]) == 1
        assert refused(await guard.post(f"{TESTS}/smoke/result", json={"passed": True})) == (403, "not_permitted")
    async with equipped.client("the-engineer") as engineer:
        made = shaped("equipment_result", await engineer.post(f"{TESTS}/smoke/result", json={"passed": True}))
        assert made["last"]["by"] == "the-engineer"
