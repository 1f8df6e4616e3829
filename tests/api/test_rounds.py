"""Rounds through HTTP; every answer is held against its documented model (PAT-01, PAT-07, PAT-11, PAT-12)."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from httpx2 import Response

from app.imports import import_site
from sites.pack import digest
from sites.patrol_words import PatrolPlan, PatrolRoute, Stop
from sites.register import Words
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped

NONE = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def walked(house: House) -> House:
    """A house with a round every hour over its one checkpoint."""
    register = staffed(MINE)
    point = next(iter(register.checkpoints))
    route = PatrolRoute("house", Words("全楼", "House"), (Stop(point),))
    plan = PatrolPlan("hourly", "house", next(iter(register.seats)), every_min=60)
    register = msgspec.structs.replace(register, patrol_routes={"house": route}, patrol_plans={"hourly": plan})
    import_site(house.db, house.night.desks, register, digest(register), house.clock(), "system")
    _sweep(house)
    return house


def _sweep(house: House) -> None:
    house.night.sweeper.run()


async def listed(house: House, **more: str) -> list[Any]:
    async with house.client("chen") as chen:
        day = house.clock().date() - timedelta(days=1)
        params = {"first": day.isoformat(), "days": "4", **more}
        items: list[Any] = shaped("round_list", await chen.get(f"{SITE}/rounds", params=params))["items"]
        return items


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_rounds_are_listed_and_opened(walked: House) -> None:
    items = await listed(walked)
    assert len(items) == 47
    assert await listed(walked, route="elsewhere") == []
    async with walked.client("chen") as chen:
        sheet = shaped("round_one", await chen.get(f"{SITE}/rounds/{items[0]['id']}"))
        assert [p["state"] for p in sheet["points"]] == ["upcoming"]
        assert refused(await chen.get(f"{SITE}/rounds/{NONE}")) == (404, "no_such_round")
        assert shaped("tap_list", await chen.get(f"{SITE}/taps"))["items"] == []


async def test_a_round_is_suspended_resumed_and_excused_by_whom_the_site_says(walked: House) -> None:
    first = (await listed(walked))[0]["id"]
    there = f"{SITE}/rounds/{first}"
    async with walked.client("wang") as wang, walked.client("chen") as chen:
        assert refused(await wang.post(f"{there}/suspend", json={"reason": "台风"})) == (403, "round_not_allowed")
        assert refused(await chen.post(f"{there}/suspend", json={"reason": " "})) == (422, "invalid")
        sheet = shaped("round_suspend", await chen.post(f"{there}/suspend", json={"reason": "台风"}))
        assert (sheet["brief"]["stand"], sheet["suspended"]["by"]) == ("suspended", "chen")
        sheet = shaped("round_resume", await chen.post(f"{there}/resume"))
        assert (sheet["brief"]["stand"], sheet["suspended"]) == ("waiting", None), "its time has not come"
        walked.clock.tick(4 * 3600)
        _sweep(walked)
        over = await listed(walked)
        assert [r["result"] for r in over[:2]] == ["missed", "missed"]
        there = f"{SITE}/rounds/{over[0]['id']}"
        assert refused(await chen.post(f"{there}/excuse", json={"points": ["X"], "reason": "r"})) == (
            404,
            "no_such_point",
        )
        sheet = shaped("round_excuse", await chen.post(f"{there}/excuse", json={"reason": "抢险"}))
        assert [(p["state"], p["excuse"]["reason"]) for p in sheet["points"]] == [("excused", "抢险")]
        assert sheet["brief"]["result"] == "excused"
        assert refused(await chen.post(f"{there}/resume")) == (409, "round_state")
