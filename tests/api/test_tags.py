"""The register of tags through HTTP: who hangs what where, and what a tag is worth after it (PAT-08, PAT-11)."""

import hashlib
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from patrol.tags import Act
from tests.api.conftest import MINE, OTHER, House, staffed
from tests.api.test_answers import SITE, shaped
from tests.api.test_taps import Outbox, address, sent

TAGS = f"{SITE}/tags"
POINT = next(iter(staffed(MINE).checkpoints))


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_tag_is_hung_by_a_read_and_counts_at_once(house: House) -> None:
    read = {k: v for k, v in address(3, "04AABBCCDDEE01").items() if k != "by"}
    async with house.client("chen") as chen, house.client("wang") as wang:
        made = shaped("tag_assign", await chen.post(TAGS, json={"checkpoint": POINT, "read": read}))
        assert (made["uid"], made["proof"], made["changed_by"]) == ("04AABBCCDDEE01", "sun", "chen")
        (one,) = await sent(wang, Outbox(house).tap(address(4, "04AABBCCDDEE01")))
        assert (one["outcome"], one["checkpoint"]) == ("counted", POINT)
        listed = shaped("tag_list", await chen.get(TAGS))["items"]
        assert {t["uid"]: t["counter"] for t in listed}["04AABBCCDDEE01"] == 4
        assert refused(await chen.post(TAGS, json={"checkpoint": POINT, "read": read})) == (409, "tag_taken")
        forged = {**read, "cmac": "0" * 16}
        assert refused(await chen.post(TAGS, json={"checkpoint": POINT, "read": forged})) == (422, "tag_not_proved")
        assert refused(await chen.post(TAGS, json={"checkpoint": "none", "uid": "04AB"})) == (404, "no_such_checkpoint")
        assert refused(await wang.get(TAGS)) == (403, "not_permitted")
    assert [e.act for e in house.night.log() if e.act.startswith("patrol.tag")] == ["patrol.tag"]


async def test_a_printed_code_proves_what_codes_prove(house: House) -> None:
    async with house.client("chen") as chen, house.client("wang") as wang:
        code = shaped("tag_assign", await chen.post(TAGS, json={"checkpoint": POINT}))["uid"]
        phone = Outbox(house)
        (by_code,) = await sent(wang, phone.tap({"by": "qr", "code": code}))
        house.clock.tick(60)
        (by_uid,) = await sent(wang, phone.tap({"by": "uid", "uid": code}))
        taps = (await wang.get(f"{SITE}/taps")).json()["items"]
    assert (by_code["outcome"], by_uid["outcome"]) == ("counted", "counted")
    assert {t["proof"] for t in taps} == {"qr"}, "a code that is told as a tag is still a code"


async def test_a_tag_of_another_site_is_not_hung_here(house: House) -> None:
    uid = staffed(OTHER).checkpoints[POINT].tags[0]
    async with house.client("chen") as chen:
        assert refused(await chen.post(TAGS, json={"checkpoint": POINT, "uid": uid})) == (409, "tag_taken")


async def test_what_becomes_of_a_tag(house: House) -> None:
    body: dict[str, Any] = {"reason": "脱落"}
    async with house.client("chen") as chen, house.client("wang") as wang:
        uid = shaped("tag_assign", await chen.post(TAGS, json={"checkpoint": POINT, "uid": "04:aa:01"}))["uid"]
        there = f"{TAGS}/{uid}"
        assert refused(await chen.post(f"{there}/block", json={"reason": " "}))[0] == 422
        assert shaped("tag_block", await chen.post(f"{there}/block", json=body))["state"] == "blocked"
        assert refused(await chen.post(f"{there}/move", json={**body, "checkpoint": POINT})) == (409, "tag_state")
        (one,) = await sent(wang, Outbox(house).tap({"by": "uid", "uid": uid}))
        assert one["flags"] == ["blocked_tag"]
        assert shaped("tag_restore", await chen.post(f"{there}/restore", json=body))["state"] == "active"
        moved = shaped("tag_move", await chen.post(f"{there}/move", json={**body, "checkpoint": POINT}))
        assert moved["checkpoint"] == POINT
        new = shaped("tag_replace", await chen.post(f"{there}/replace", json={**body, "by": "04AA02"}))
        assert (new["uid"], new["checkpoint"], new["state"]) == ("04AA02", POINT, "active")
        assert {t["uid"]: t["state"] for t in (await chen.get(TAGS)).json()["items"]}[uid] == "replaced"
        assert refused(await chen.post(f"{TAGS}/NONE/block", json=body)) == (404, "no_such_tag")
    lines = [e for e in house.night.log() if e.act.startswith("patrol.tag_")]
    assert [e.act for e in lines] == [f"patrol.tag_{a}" for a in (Act.BLOCK, Act.RESTORE, Act.MOVE, Act.REPLACE)]
    assert {e.data["reason"] for e in lines} == {"脱落"}


@pytest.mark.parametrize("body", [{"uid": "04AA", "read": {"picc_data": "", "cmac": ""}}, {"key_version": 0}])
async def test_a_body_that_says_two_things_is_refused(house: House, body: dict[str, Any]) -> None:
    async with house.client("chen") as chen:
        assert refused(await chen.post(TAGS, json={"checkpoint": POINT, **body})) == (422, "invalid")


async def test_a_tag_that_hangs_nowhere_is_offered_until_it_is_hung(house: House) -> None:
    phone = Outbox(house)
    async with house.client("chen") as chen, house.client("wang") as wang:
        await sent(wang, phone.tap({"by": "uid", "uid": "04:0a:bb:cc:dd:ee:0f"}))
        house.clock.tick(60)
        await sent(wang, phone.tap({"by": "uid", "uid": "040ABBCCDDEE0F"}), phone.tap({"by": "qr", "code": "QNONE"}))
        (offered,) = shaped("tag_unknown", await chen.get(f"{TAGS}/unknown"))["items"]
        assert (offered["uid"], offered["reads"], offered["person"]) == ("040ABBCCDDEE0F", 2, "wang")
        shaped("tag_assign", await chen.post(TAGS, json={"checkpoint": POINT, "uid": offered["uid"]}))
        house.clock.tick(60)
        await sent(wang, phone.tap({"by": "uid", "uid": offered["uid"]}))
        listed = {t["uid"]: t["read_at"] for t in shaped("tag_list", await chen.get(TAGS))["items"]}
        assert listed[offered["uid"]] == house.clock().isoformat().replace("+00:00", "Z"), "read without a counter, too"
        assert shaped("tag_unknown", await chen.get(f"{TAGS}/unknown"))["items"] == []
        assert refused(await wang.get(f"{TAGS}/unknown")) == (403, "not_permitted")


async def test_a_phone_carries_the_points_of_tags_in_use_by_their_hashes(any_house: House) -> None:
    """PAT-08: one hung at the console is known to a phone without a line; one that is blocked or replaced is not any more."""

    def mark(uid: str) -> str:
        return hashlib.sha256(uid.encode()).hexdigest()

    async def known(browser: AsyncClient) -> dict[str, str]:
        items: dict[str, str] = shaped("tag_marks", await browser.get(f"{TAGS}/marks"))["items"]
        return items

    pack = staffed(MINE).checkpoints[POINT].tags[0]
    async with any_house.client("chen") as chen, any_house.client("wang") as wang:
        assert await known(wang) == {mark(pack): POINT}
        for uid in ("04AA01", "04AA02"):
            shaped("tag_assign", await chen.post(TAGS, json={"checkpoint": POINT, "uid": uid}))
        assert await known(wang) == {mark(uid): POINT for uid in (pack, "04AA01", "04AA02")}
        await chen.post(f"{TAGS}/04AA01/block", json={"reason": "脱落"})
        await chen.post(f"{TAGS}/04AA02/replace", json={"reason": "损坏", "by": "04AA03"})
        assert await known(wang) == {mark(uid): POINT for uid in (pack, "04AA03")}
