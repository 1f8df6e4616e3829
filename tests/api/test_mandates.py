"""Authority for a shift through HTTP: in force at the next request, and gone at the one after sign-off (ROLE-05)."""

from httpx2 import AsyncClient, Response

from tests.api.conftest import House
from tests.api.test_answers import SITE, shaped

HERE = {"seat": "centre", "password": "demo"}


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def roles(browser: AsyncClient) -> tuple[list[str], list[str]]:
    mine = (await browser.get("/api/v1/session")).json()["sites"][0]
    return mine["roles"], mine["lent"]


async def test_what_is_given_counts_at_the_next_request_and_ends_with_the_sign_off(house: House) -> None:
    async with house.client("wang") as wang, house.client("zhao") as zhao, house.client("guard") as guard:
        calls = {"seat": "leader"}
        assert refused(await wang.post(f"{SITE}/presence/checks", json=calls)) == (403, "not_permitted")
        gift = {"seat": "centre", "role": "supervisor", "reason": "台风值守"}
        shaped("sign_on", await guard.post(f"{SITE}/duty/sign-on", json=HERE))  # not their shift
        assert refused(await zhao.post(f"{SITE}/mandates", json=gift)) == (409, "nobody_on_shift")
        shaped("sign_off", await guard.post(f"{SITE}/duty/sign-off", json=HERE))
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json=HERE))
        made = shaped("mandate_give", await zhao.post(f"{SITE}/mandates", json=gift))
        assert (made["person_id"], made["given_by"], made["state"]) == ("wang", "zhao", "stands")
        assert await roles(wang) == (["operator", "supervisor"], ["supervisor"])
        shaped("presence_call", await wang.post(f"{SITE}/presence/checks", json=calls))
        page = shaped("mandate_list", await wang.get(f"{SITE}/mandates"))
        assert ([m["id"] for m in page["items"]], page["gives"]) == ([made["id"]], False)
        shaped("sign_off", await wang.post(f"{SITE}/duty/sign-off", json=HERE))
        assert await roles(wang) == (["operator"], [])
        house.clock.tick(1)
        assert refused(await wang.post(f"{SITE}/presence/checks", json=calls)) == (403, "not_permitted")
        assert shaped("mandate_list", await zhao.get(f"{SITE}/mandates"))["items"] == []
        everything = shaped("mandate_list", await zhao.get(f"{SITE}/mandates?state=all&limit=1"))
        assert (everything["items"][0]["why"], everything["gives"]) == ("left", True)
        older = await zhao.get(f"{SITE}/mandates", params={"state": "all", "before": everything["next"]})
        assert shaped("mandate_list", older)["items"] == []


async def test_what_is_given_before_the_sign_on_counts_from_it(house: House) -> None:
    async with house.client("wang") as wang, house.client("zhao") as zhao:
        gift = {"seat": "centre", "role": "supervisor", "reason": "台风值守"}
        nothing = await zhao.post(f"{SITE}/mandates", json=gift | {"shift": "centre/2026-03-31/night/9"})
        assert refused(nothing) == (404, "shift_not_found")
        made = shaped("mandate_give", await zhao.post(f"{SITE}/mandates", json=gift))
        assert (made["person_id"], made["state"], await roles(wang)) == ("wang", "waits", (["operator"], []))
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json=HERE))
        assert await roles(wang) == (["operator", "supervisor"], ["supervisor"])
        (stands,) = shaped("mandate_list", await zhao.get(f"{SITE}/mandates"))["items"]
        assert (stands["id"], stands["state"]) == (made["id"], "stands")


async def test_lent_authority_is_not_lent_on_and_can_be_taken_back(house: House) -> None:
    async with house.client("wang") as wang, house.client("zhao") as zhao, house.client("chen") as chen:
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json=HERE))
        gift = {"seat": "centre", "role": "manager", "reason": "r"}
        assert refused(await chen.post(f"{SITE}/mandates", json=gift)) == (403, "not_permitted")
        made = shaped("mandate_give", await zhao.post(f"{SITE}/mandates", json=gift))
        assert refused(await wang.post(f"{SITE}/mandates", json=gift)) == (403, "not_permitted")
        there = f"{SITE}/mandates/{made['id']}/revoke"
        assert refused(await wang.post(there, json={"reason": "r"})) == (403, "not_permitted")
        assert shaped("mandate_revoke", await zhao.post(there, json={"reason": "r"}))["state"] == "revoked"
        assert await roles(wang) == (["operator"], [])


async def test_an_answer_to_an_alert_by_lent_authority_is_a_supervisors(house: House) -> None:
    """The lent role counts wherever roles are asked for, not at the door only."""
    async with house.client("guard") as guard, house.client("zhao") as zhao, house.client("li") as li:
        house.night.say("fire.alarm")
        alert = house.night.only().id
        override = {"override": True, "reason": "主管授权"}
        assert refused(await li.post(f"{SITE}/alerts/{alert}/ack", json=override))[1] == "supervisor_needed"
        shaped("sign_on", await guard.post(f"{SITE}/duty/sign-on", json=HERE))  # not their shift
        gift = {"seat": "centre", "role": "supervisor", "reason": "r"}
        assert refused(await zhao.post(f"{SITE}/mandates", json=gift)) == (409, "nobody_on_shift")
        async with house.client("wang") as wang:
            shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json=HERE))
            shaped("mandate_give", await zhao.post(f"{SITE}/mandates", json=gift))
            said = shaped("acknowledge", await wang.post(f"{SITE}/alerts/{alert}/ack", json=override))
            assert said["alert"]["custody_by"] == "wang"
