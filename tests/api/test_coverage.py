"""Coverage and a roster's quality over HTTP; every answer is held against its documented model."""

from tests.api.conftest import MINE, House
from tests.api.test_answers import shaped

SITE = f"/api/v1/sites/{MINE}"


async def test_everybody_sees_what_the_shifts_to_come_leave_open(any_house: House) -> None:
    """DUTY-01, DUTY-14: a shift without anybody is a gap, exact to the minute."""
    async with (
        any_house.client("chen") as chief,
        any_house.client("zhao") as manager,
        any_house.client("the-guard") as guard,
    ):
        asked = f"{SITE}/coverage?first=2026-04-01&days=3"
        assert shaped("coverage", await guard.get(asked)) == {"first": "2026-04-01", "days": 3, "gaps": []}
        made = shaped("make_roster", await chief.post(f"{SITE}/rosters", json={"month": "2026-04"}))
        one = f"{SITE}/rosters/{made['id']}"
        shaped("fill_roster", await chief.post(f"{one}/fill", json={"revision": 0, "source": "standing"}))
        cells = {"centre": {"2026-04-02": {"night": None}}}
        shaped("edit_roster", await chief.post(f"{one}/cells", json={"revision": 1, "cells": cells}))
        quality = f"{SITE}/roster-quality/2026-04"
        draft = shaped("roster_quality", await guard.get(f"{quality}?roster={made['id']}"))
        assert (draft["gaps"], draft["uncovered_min"]) == (1, 720)
        assert shaped("roster_quality", await guard.get(quality))["gaps"] == 0
        for who, act in ((chief, "submit"), (manager, "approve"), (chief, "publish")):
            assert (await who.post(f"{one}/{act}", json={})).status_code == 200
        (gap,) = shaped("coverage", await guard.get(asked))["gaps"]
        assert (gap["code"], gap["seat"], gap["starts_at"], gap["ends_at"]) == (
            "uncovered", "centre", "2026-04-02T12:00:00Z", "2026-04-03T00:00:00Z",
        )  # fmt: skip
        stands = shaped("roster_quality", await guard.get(quality))
        assert stands == draft
        mine = {p["person"]: p for p in stands["people"]}
        assert (mine["li"]["nights"], mine["wang"]["nights"]) == (0, 29)
        assert {o["measure"] for o in mine["li"]["over"]} >= {"shift_h", "days_run", "week_average_h"}
        assert {limit["source"]["en"] for limit in stands["limits"]} >= {"Labour Law of the PRC, art. 36"}


async def test_a_roster_of_another_month_and_a_day_that_is_none_are_refused(house: House) -> None:
    async with house.client("chen") as chief:
        made = shaped("make_roster", await chief.post(f"{SITE}/rosters", json={"month": "2026-04"}))
        answer = await chief.get(f"{SITE}/roster-quality/2026-05?roster={made['id']}")
        assert (answer.status_code, answer.json()["field"]) == (422, "roster")
        for wrong in (
            "first=2026-02-30",
            "first=1999-01-01",
            "first=2026-04-01&days=63",
            "first=2026-04-01&days=0",
            "",
        ):
            assert (await chief.get(f"{SITE}/coverage?{wrong}")).status_code == 422
