"""Routes and plans through HTTP: tried out, kept with a reason, and written for the pack (PAT-01, PAT-02, SITE-01)."""

import copy
from typing import Any

import msgspec
import yaml

from api.patrol_plan_bodies import DraftPlan, DraftRoute, DraftStop, DraftTask
from sites.patrol_words import PatrolPlan, PatrolRoute, PatrolTask, Stop
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped
from tests.api.test_tags import refused

BOOK = f"{SITE}/patrol/book"
POINTS = list(staffed(MINE).checkpoints)
SEAT = next(iter(staffed(MINE).seats))
ROUTE: dict[str, Any] = {
    "id": "loop",
    "name": {"zh": "环线", "en": "Loop"},
    "order": "ordered",
    "night": False,
    "stops": [{"checkpoint": POINTS[0], "tasks": [], "leg_s": None}],
}
PLAN: dict[str, Any] = {"id": "hourly", "route": "loop", "seat": SEAT, "every_min": 60, "grace_min": 5}


def draft(**plan: Any) -> dict[str, Any]:
    return {"routes": [copy.deepcopy(ROUTE)], "plans": [PLAN | plan]}


async def test_a_plan_is_tried_out_before_it_is_kept(house: House) -> None:
    async with house.client("chen") as chen:
        told = shaped("patrol_preview", await chen.post(f"{BOOK}/preview", json=draft()))
        book = shaped("patrol_book", await chen.get(BOOK))
    assert len(told["rounds"]) == 23, "the one that opens this very moment is no round to come"
    assert {r["how"] for r in told["rounds"]} == {"new"}
    assert ("patrol_plans", "hourly", "added") in {(c["section"], c["id"], c["how"]) for c in told["changes"]}
    assert (book["plans"], book["edited"]) == ([], None), "nothing is kept by looking"


async def test_an_edit_is_kept_with_its_reason_and_makes_rounds(house: House) -> None:
    async with house.client("chen") as chen:
        before = shaped("patrol_book", await chen.get(BOOK))
        body = draft() | {"version": before["version"], "reason": "新增夜巡"}
        after = shaped("patrol_edit", await chen.post(BOOK, json=body))
        assert (after["version"], after["plans"][0]["every_min"]) == (before["version"] + 1, 60)
        assert (after["edited"]["by"], after["edited"]["reason"]) == ("chen", "新增夜巡")
        assert refused(await chen.post(BOOK, json=body)) == (409, "stale")
        assert refused(await chen.post(BOOK, json=body | {"reason": " "})) == (422, "invalid")
        file = await chen.get(f"{BOOK}.yaml")
    assert file.headers["content-type"].startswith("application/yaml")
    said = yaml.safe_load(file.text)
    assert said["patrol_routes"][0]["stops"] == [{"checkpoint": POINTS[0]}]
    assert said["patrol_plans"][0]["every_min"] == 60
    (line,) = [e for e in house.night.log() if e.act == "patrol.edit"]
    assert (line.actor, line.data["reason"]) == ("chen", "新增夜巡")
    assert "patrol_plans/hourly added" in line.data["changes"]


async def test_what_is_wrong_is_refused_by_its_field(house: House) -> None:
    cases = [
        (draft(every_min=5), "patrol_plans[0].every_min"),
        (draft(route="none"), "patrol_plans[0].route"),
        (draft(seat="none"), "patrol_plans[0].seat"),
        (draft(per_shift=2), "patrol_plans[0].per_shift"),
        (draft(every_min=0, rrule="FREQ=DAILY"), "patrol_plans[0].rrule"),
        (draft(every_min=0, rrule="FREQ=DAILY;FREQ=SECONDLY", window_min=60), "patrol_plans[0].rrule"),
        (draft(every_min=0, rrule="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", window_min=60), "patrol_plans[0].rrule"),
        (draft(every_min=0, rrule="FREQ=MONTHLY;BYDAY=8MO", window_min=60), "patrol_plans[0].rrule"),
        (draft(window_min=90), "patrol_plans[0].window_min"),
    ]
    twice = draft()
    twice["routes"][0]["stops"] *= 2
    cases.append((twice, "patrol_routes[0].stops[1]"))
    same = draft()
    same["routes"] *= 2
    cases.append((same, "patrol_routes[1].id"))
    async with house.client("chen") as chen, house.client("wang") as wang:
        for body, field in cases:
            answer = await chen.post(f"{BOOK}/preview", json=body)
            assert refused(answer) == (422, "patrol_edit_unfit"), field
            assert field in {fault["field"] for fault in answer.json()["data"]["faults"]}, answer.json()
        assert refused(await wang.post(f"{BOOK}/preview", json=draft())) == (403, "not_permitted")
        assert (await wang.get(BOOK)).status_code == 200


def test_an_edit_can_say_all_that_a_pack_can() -> None:
    """A field that the register has and an edit has not would make every edit of such a route impossible."""
    pairs = [(DraftRoute, PatrolRoute), (DraftStop, Stop), (DraftTask, PatrolTask), (DraftPlan, PatrolPlan)]
    for body, struct in pairs:
        said = {field.alias or name for name, field in body.model_fields.items()}
        assert said == {field.encode_name for field in msgspec.structs.fields(struct)}
