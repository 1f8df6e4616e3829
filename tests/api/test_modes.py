"""Reinforced duty and all hands through HTTP (DUTY-08)."""

from httpx2 import Response

from tests.api.conftest import House
from tests.api.test_answers import SITE, shaped


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_all_hands_is_called_seen_and_lifted(house: House) -> None:
    storm = {"mode": "all_hands", "reason": "台风"}
    async with house.client("wang") as wang, house.client("chen") as chen:
        assert refused(await wang.post(f"{SITE}/modes", json=storm)) == (403, "mode_role_needed")
        wrong = storm | {"ends_at": "2020-01-01T00:00Z"}
        assert refused(await chen.post(f"{SITE}/modes", json=wrong)) == (422, "mode_times")
        made = shaped("mode_call", await chen.post(f"{SITE}/modes", json=storm))
        assert (made["state"], made["called_by"], made["ends_at"]) == ("on", "chen", None)
        board = shaped("mode_board", await wang.get(f"{SITE}/modes"))
        assert ([m["id"] for m in board["live"]], board["calls"]) == ([made["id"]], False)
        missing = {m["person"]: m["seat"] for m in board["missing"]}
        assert (missing["wang"], missing["li"], "the-auditor" in missing) == ("centre", None, False)
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": "demo"}))
        board = shaped("mode_board", await wang.get(f"{SITE}/modes"))
        assert "wang" in board["present"]
        told = shaped("duty_inbox", await wang.get(f"{SITE}/duty/inbox"))["items"][0]
        assert (told["kind"], told["data"]["reason"]) == ("mode", "台风")
        there = f"{SITE}/modes/{made['id']}/lift"
        assert refused(await wang.post(there, json={"reason": "r"})) == (403, "mode_role_needed")
        assert shaped("mode_lift", await chen.post(there, json={"reason": "已过"}))["end_reason"] == "已过"
        board = shaped("mode_board", await chen.get(f"{SITE}/modes"))
        assert (board["live"], [m["state"] for m in board["past"]], board["calls"]) == ([], ["lifted"], True)
