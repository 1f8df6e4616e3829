"""Violations by HTTP (PAT-13)."""

from datetime import timedelta

from tests.api.conftest import House
from tests.api.test_answers import SITE, shaped
from tests.api.test_rounds import NONE, refused, walked

__all__ = ["walked"]


async def test_one_is_reported_taken_further_and_over(walked: House) -> None:
    async with walked.client("chen") as chen:
        there = f"{SITE}/violations"
        made = shaped("violation_report", await chen.post(there, json={"checkpoint": "C1", "note": "违章搭建"}))
        assert (made["step"], made["found_by"], made["task"]) == ("dissuade", "chen", "")
        assert made["until"] is not None
        assert refused(await chen.post(f"{there}/{made['id']}/next", json={"note": ""}))[0] == 422
        after = shaped("violation_next", await chen.post(f"{there}/{made['id']}/next", json={"note": "不听劝阻"}))
        assert (after["step"], after["done"][0]["note"]) == ("stop", "不听劝阻")
        assert [v["id"] for v in shaped("violation_list", await chen.get(there))["items"]] == [made["id"]]
        over = shaped("violation_resolve", await chen.post(f"{there}/{made['id']}/resolve", json={"note": "已拆除"}))
        assert (over["step"], over["until"]) == ("over", None)
        assert shaped("violation_list", await chen.get(there))["items"] == []
        days = {"first": (walked.clock().date() - timedelta(days=1)).isoformat(), "days": 3}
        assert [v["id"] for v in shaped("violation_list", await chen.get(there, params=days))["items"]] == [made["id"]]
        told = shaped("patrol_report", await chen.get(f"{SITE}/patrol/report", params=days))
        assert [v["step"] for v in told["violations"]] == ["over"]
        assert refused(await chen.post(f"{there}/{made['id']}/next", json={"note": "x"})) == (409, "violation_state")
        assert refused(await chen.post(f"{there}/{NONE}/resolve", json={"note": "x"})) == (404, "no_such_violation")
        unknown = await chen.post(there, json={"checkpoint": "nowhere", "note": "x"})
        assert refused(unknown) == (404, "no_such_checkpoint")
