"""Calendars and rosters over HTTP; every answer is held against its documented model."""

from tests.api.conftest import MINE, House
from tests.api.test_answers import shaped

SITE = f"/api/v1/sites/{MINE}"


async def test_a_manager_says_what_a_day_is_and_everybody_sees_it(any_house: House) -> None:
    """SITE-04."""
    async with any_house.client("zhao") as manager, any_house.client("the-guard") as guard:
        october = shaped("calendar_month", await guard.get(f"{SITE}/calendar/2026-10"))
        assert (october["days"][9]["type"], october["days"][9]["provisional"]) == ("makeup", False)
        day = f"{SITE}/calendar/days/2026-10-10"
        refused = await guard.put(day, json={"type": "holiday", "reason": "园区停业"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
        made = shaped("set_day", await manager.put(day, json={"type": "holiday", "reason": "园区停业"}))
        assert (made["type"], made["override"]["by"]) == ("holiday", "zhao")
        october = shaped("calendar_month", await guard.get(f"{SITE}/calendar/2026-10"))
        assert october["days"][9]["override"]["reason"] == "园区停业"
        assert shaped("clear_day", await manager.delete(day))["type"] == "makeup"
        past = await manager.put(f"{SITE}/calendar/days/2026-02-01", json={"type": "holiday", "reason": "r"})
        assert (past.status_code, past.json()["code"]) == (409, "day_is_past")


async def test_a_month_that_is_none_is_refused(house: House) -> None:
    async with house.client("zhao") as manager:
        for month in ("2026-13", "2026-00", "26-01", "1999-01"):
            assert (await manager.get(f"{SITE}/calendar/{month}")).status_code == 422
