"""Handing a seat over through HTTP; every answer is held against its documented model (HND-03, HND-08, HND-09, HND-17)."""

from typing import Any

import msgspec
import pytest
from httpx2 import AsyncClient, Response

from app.imports import import_site
from sites.duty_policies import DutyPolicies
from sites.duty_words import Checklist, ChecklistItem, ItemKind
from sites.pack import digest
from sites.people import Role
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped
from tests.night import words

DESK = f"{SITE}/handovers"
PASSWORD = "demo"


def hand_over_strictly(house: House) -> None:
    """Let the site want its seats handed over; wang is in the seat, li is to come."""
    register = staffed(MINE)
    lists = {"centre": Checklist("centre", (ChecklistItem("radios", words("Radios"), ItemKind.ITEM, 4),))}
    policies = msgspec.structs.replace(register.policies, duty=DutyPolicies(handover_required=True))
    wanted = msgspec.structs.replace(register, policies=policies, checklists=lists)
    import_site(house.db, house.night.desks, wanted, digest(wanted), house.clock(), "system")


@pytest.fixture
def strict(house: House) -> House:
    """Such a site."""
    hand_over_strictly(house)
    return house


async def act(browser: AsyncClient, sheet: dict[str, Any], name: str, **body: Any) -> Response:
    h = sheet["handover"]
    return await browser.post(f"{DESK}/{h['id']}/{name}", json={"version": h["version"]} | body)


async def done(browser: AsyncClient, sheet: dict[str, Any], name: str, **body: Any) -> Any:
    return shaped(f"handover_{name}", await act(browser, sheet, name, **body))


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_whole_story_of_a_relief(strict: House, alert_id: str) -> None:
    """Prepare, count, be stopped by open work, have it lifted, sign, go through it, sign; the seat has changed hands."""
    async with strict.client("wang") as wang, strict.client("li") as li, strict.client("zhao") as zhao:
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": PASSWORD}))
        shaped("acknowledge", await wang.post(f"{SITE}/alerts/{alert_id}/ack", json={}))
        off = await wang.post(f"{SITE}/duty/sign-off", json={"seat": "centre", "password": PASSWORD})
        assert refused(off) == (409, "handover_needed")
        sheet = shaped("handover_open", await wang.post(DESK, json={"seat": "centre"}))
        assert [i["key"] for i in sheet["handover"]["items"]] == [f"alert/{alert_id}", "list/radios"]
        assert sheet["blocking"] == [f"alert/{alert_id}"]
        assert refused(await act(wang, sheet, "remove", key=f"alert/{alert_id}")) == (409, "item_stays")
        first = sheet
        sheet = await done(wang, sheet, "edit", key="list/radios", counted=4)
        assert refused(await act(wang, first, "edit", key="list/radios", counted=3)) == (409, "stale")
        sheet = await done(wang, sheet, "add", kind="note", text="注意地库水位")
        assert refused(await act(wang, sheet, "offer", password="wrong"))[1] == "wrong_own_password"
        assert refused(await act(wang, sheet, "offer", password=PASSWORD)) == (409, "handover_blocked")
        assert refused(await act(li, sheet, "lift", reason="r")) == (403, "handover_role_needed")
        sheet = await done(zhao, sheet, "lift", reason="消防队接手")
        sheet = await done(wang, sheet, "offer", password=PASSWORD)
        assert refused(await act(wang, sheet, "sign", password=PASSWORD)) == (403, "same_person")
        assert refused(await act(li, sheet, "sign", password=PASSWORD)) == (409, "items_unconfirmed")
        sheet = await done(li, sheet, "confirm", keys=[i["key"] for i in sheet["handover"]["items"]])
        sheet = await done(li, sheet, "sign", password=PASSWORD)
        assert (sheet["handover"]["state"], sheet["handover"]["incoming"]) == ("done", "li")
        assert [(i["key"], i["counted"], i["verdict"]) for i in sheet["equipment"]] == [("list/radios", 4, "confirmed")]
        now = shaped("duty", await li.get(f"{SITE}/duty"))
        assert next(s["holder_id"] for s in now["seats"] if s["seat_id"] == "centre") == "li"
        taken = shaped("alert_story", await li.get(f"{SITE}/alerts/{alert_id}"))["alert"]
        assert (taken["state"], taken["custody_by"]) == ("acked", "li")
        page = shaped("handover_list", await li.get(DESK))
        assert [h["state"] for h in page["items"]] == ["done"]
        head = shaped("log_page", await li.get(f"{SITE}/logbook"))["head"]
        assert head["checkpoint"] is not None and head["checkpoint"]["size"] <= head["size"]
        assert shaped("log_verify", await li.get(f"{SITE}/logbook/verify"))["ok"]


async def test_a_dispute_is_decided_by_a_supervisor(strict: House) -> None:
    """HND-11."""
    async with strict.client("wang") as wang, strict.client("li") as li, strict.client("chen") as chen:
        sheet = shaped("handover_open", await wang.post(DESK, json={"seat": "centre"}))
        sheet = await done(wang, sheet, "edit", key="list/radios", counted=4)
        sheet = await done(wang, sheet, "offer", password=PASSWORD)
        sheet = await done(li, sheet, "dispute", key="list/radios", comment="只有三台")
        assert refused(await act(li, sheet, "sign", password=PASSWORD)) == (409, "handover_disputed")
        assert refused(await act(li, sheet, "resolve", key="list/radios", reason="r")) == (403, "not_permitted")
        sheet = await done(chen, sheet, "resolve", key="list/radios", reason="第四台在维修")
        assert (await done(li, sheet, "sign", password=PASSWORD))["handover"]["state"] == "done"


async def test_a_manager_lets_somebody_go_and_a_maker_cancels(strict: House) -> None:
    async with strict.client("wang") as wang, strict.client("li") as li, strict.client("zhao") as zhao:
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": PASSWORD}))
        sheet = shaped("handover_open", await wang.post(DESK, json={"seat": "centre"}))
        assert refused(await act(li, sheet, "cancel", reason="r")) == (403, "not_outgoing")
        assert (await done(wang, sheet, "cancel", reason="改天"))["handover"]["state"] == "cancelled"
        body = {"seat": "centre", "person": "wang", "reason": "家中急事", "password": PASSWORD}
        seats = shaped("duty_let_go", await zhao.post(f"{SITE}/duty/let-go", json=body))["seats"]
        assert next(s["holder_id"] for s in seats if s["seat_id"] == "centre") is None
        assert (await li.get(f"{DESK}/01900000-0000-7000-8000-000000000000")).json()["code"] == "handover_not_found"


async def test_a_short_count_is_explained_a_signature_taken_back_and_the_manager_decides(strict: House) -> None:
    """HND-05, HND-06, HND-08: free notes go, a count that differs needs words, and a manager may end it with a reason."""
    async with strict.client("wang") as wang, strict.client("li") as li, strict.client("zhao") as zhao:
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": PASSWORD}))
        sheet = shaped("handover_open", await wang.post(DESK, json={"seat": "centre"}))
        sheet = await done(wang, sheet, "add", kind="note", text="写错了")
        free = next(i["key"] for i in sheet["handover"]["items"] if i["key"].startswith("free/"))
        sheet = await done(wang, sheet, "remove", key=free)
        sheet = await done(wang, sheet, "edit", key="list/radios", counted=3)
        assert (await act(wang, sheet, "offer", password=PASSWORD)).status_code == 409
        sheet = await done(wang, sheet, "edit", key="list/radios", counted=3, explanation="一台送修")
        sheet = await done(wang, sheet, "offer", password=PASSWORD)
        sheet = await done(li, sheet, "dispute", key="list/radios", comment="没有送修单")
        sheet = await done(li, sheet, "tag", key="list/radios", words="送修应附单")
        sheet = await done(wang, sheet, "explain", key="list/radios", explanation="送修单在抽屉里")
        sheet = await done(wang, sheet, "withdraw")
        assert sheet["handover"]["state"] == "open"
        (tagged,) = shaped("handover_tagged", await wang.get(f"{DESK}/tagged"))["items"]
        assert (tagged["item"]["key"], tagged["item"]["review"]) == ("list/radios", "送修应附单")
        again = shaped("handover_sheet", await li.get(f"{DESK}/{sheet['handover']['id']}"))
        assert again["handover"]["version"] == sheet["handover"]["version"]
        shaped("sign_on", await li.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": PASSWORD}))
        why = {"incoming": "li", "reason": "王某突发疾病", "password": PASSWORD}
        assert refused(await act(li, again, "override", **why)) == (403, "handover_role_needed")
        sheet = await done(zhao, again, "override", **why)
        assert (sheet["handover"]["state"], sheet["handover"]["incoming"]) == ("overridden", "li")


async def test_whoever_left_can_be_asked_for_a_while(strict: House) -> None:
    """HND-13, HND-09: the phone is for who leads and who is in a seat now."""
    async with strict.client("wang") as wang, strict.client("li") as li, strict.client("the-guard") as guard:
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": PASSWORD}))
        sheet = shaped("handover_open", await wang.post(DESK, json={"seat": "centre"}))
        sheet = await done(wang, sheet, "edit", key="list/radios", counted=4)
        sheet = await done(wang, sheet, "offer", password=PASSWORD)
        sheet = await done(li, sheet, "confirm", keys=["list/radios"], comment="电池旧了", follow_up=True)
        await done(li, sheet, "sign", password=PASSWORD)
        strict.clock.tick(3600)
        (left,) = shaped("duty_reachable", await li.get(f"{SITE}/duty/reachable"))["items"]
        assert (left["person"], left["seat"], left["phone"]) == ("wang", "centre", "13800000000")
        assert (await guard.get(f"{SITE}/duty/reachable")).json()["items"][0]["phone"] is None
        sheet = shaped("handover_open", await li.post(DESK, json={"seat": "centre"}))
        assert [i["key"] for i in sheet["handover"]["items"]] == ["follow/list/radios", "list/radios"]
        assert sheet["handover"]["items"][1]["last"] == 4
        strict.clock.tick(24 * 3600)
    async with strict.client("li") as li:
        assert (await li.get(f"{SITE}/duty/reachable")).json()["items"] == []


async def test_the_site_says_who_stands_above_a_hand_over(strict: House) -> None:
    """ROLE-07: lift, override and let go follow `handover_overriders`."""
    register = staffed(MINE)
    duty = DutyPolicies(handover_required=True, handover_overriders=(Role.SUPERVISOR,))
    wanted = msgspec.structs.replace(register, policies=msgspec.structs.replace(register.policies, duty=duty))
    import_site(strict.db, strict.night.desks, wanted, digest(wanted), strict.clock(), "system")
    async with strict.client("wang") as wang, strict.client("chen") as chen, strict.client("zhao") as zhao:
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": PASSWORD}))
        sheet = shaped("handover_open", await wang.post(DESK, json={"seat": "centre"}))
        let_go = {"seat": "centre", "person": "wang", "reason": "unwell", "password": PASSWORD}
        over = {"incoming": "li", "reason": "unwell", "password": PASSWORD}
        denied = (403, "handover_role_needed")
        assert refused(await act(zhao, sheet, "lift", reason="known")) == denied
        assert refused(await act(zhao, sheet, "override", **over)) == denied
        assert refused(await zhao.post(f"{SITE}/duty/let-go", json=let_go)) == denied
        assert refused(await act(chen, sheet, "override", **over)) == (409, "incoming_not_on")
        shaped("handover_lift", await act(chen, sheet, "lift", reason="known"))
        shaped("duty_let_go", await chen.post(f"{SITE}/duty/let-go", json=let_go))
