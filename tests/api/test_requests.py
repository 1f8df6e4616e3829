"""Leave, swaps, substitutes and call-ins over HTTP; every answer is held against its documented model."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from api.pushes import PUSH
from tests.api.conftest import MINE, OTHER, House
from tests.api.test_answers import shaped

PATH = f"/api/v1/sites/{MINE}/requests"
SHIFT = {"seat": "centre", "day": "2026-03-05", "template": "day"}
SUBSTITUTE = {"kind": "substitute", "mine": SHIFT, "other": "the-operator", "reason": "看病"}
LEAVE = {"kind": "leave", "starts_at": "2026-03-09T00:00+08:00", "ends_at": "2026-03-10T00:00+08:00", "reason": "家事"}


async def _act(browser: AsyncClient, request: dict[str, Any], name: str, **body: Any) -> Response:
    return await browser.post(f"{PATH}/{request['id']}/{name}", json=body)


async def test_a_substitute_from_the_question_to_the_roster(any_house: House) -> None:
    """DUTY-06: asked, agreed to, approved by a third person; the shift is the other's from then on."""
    async with (
        any_house.client("li") as asker,
        any_house.client("the-operator") as other,
        any_house.client("chen") as chief,
    ):
        made = shaped("ask_request", await asker.post(PATH, json=SUBSTITUTE))
        assert (made["state"], made["other"], made["findings"]) == ("asked", "the-operator", [])
        early = await _act(chief, made, "approve")
        assert (early.status_code, early.json()["code"]) == (409, "agreement_owed")
        not_asked = await _act(asker, made, "agree")
        assert (not_asked.status_code, not_asked.json()["code"]) == (403, "not_asked")
        assert shaped("agree_request", await _act(other, made, "agree"))["state"] == "agreed"
        refused = await _act(other, made, "approve")
        assert (refused.status_code, refused.json()["code"]) == (403, "request_role_needed")
        after = shaped("approve_request", await _act(chief, made, "approve", answer="同意"))
        assert (after["state"], after["decided_by"], after["answer"]) == ("approved", "chen", "同意")
        pushed = [(s, t, b) for s, t, b in any_house.night.pushes() if t == "request"]
        for seq, name, body in pushed:
            PUSH.validate_python({"type": name, "seq": seq, "body": body})
        assert [(b["state"], b["version"], b["people"]) for _, _, b in pushed] == [
            (state, n + 1, ["li", "the-operator"]) for n, state in enumerate(("asked", "agreed", "approved"))
        ]
        roster = (await asker.get(f"/api/v1/sites/{MINE}/rosters/{after['rosters'][0]}")).json()
        assert roster["cells"]["centre"]["2026-03-05"]["day"] == "the-operator"
        assert shaped("duty_request", await other.get(f"{PATH}/{made['id']}")) == after


async def test_a_leave_that_breaks_a_rule_needs_the_approvers_reason(any_house: House) -> None:
    """DUTY-01, DUTY-06: the seat would be empty; the page is told what is broken."""
    async with any_house.client("li") as asker, any_house.client("chen") as chief:
        made = shaped("ask_request", await asker.post(PATH, json=LEAVE))
        assert [m["now"] for m in made["moves"]] == [None]
        refused = await _act(chief, made, "approve")
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
            409,
            "rules_broken",
            "override",
        )
        assert [f["code"] for f in refused.json()["data"]["findings"]] == ["uncovered"]
        after = shaped("approve_request", await _act(chief, made, "approve", stand_in="the-operator"))
        assert (after["state"], after["stand_in"], after["override"]) == ("approved", "the-operator", "")
        other = shaped("ask_request", await asker.post(PATH, json=LEAVE | {"starts_at": "2026-03-09T23:00+08:00"}))
        assert shaped("withdraw_request", await _act(asker, other, "withdraw"))["state"] == "withdrawn"
        third = shaped("ask_request", await asker.post(PATH, json=LEAVE | {"ends_at": "2026-03-11T00:00+08:00"}))
        assert shaped("lieu_balance", await asker.get(f"{PATH}/lieu")) == {"earned": 0, "spent": 0, "left": 0}
        back = shaped("refuse_request", await _act(chief, third, "refuse", reason="人手不足"))
        assert (back["state"], back["answer"]) == ("refused", "人手不足")


async def test_everybody_sees_their_own_and_who_decides_sees_all(house: House) -> None:
    """A reason for leave is nobody else's business (ROLE-02)."""
    async with (
        house.client("li") as asker,
        house.client("wang") as bystander,
        house.client("chen") as chief,
        house.client("the-auditor") as auditor,
        house.client("the-operator") as other,
        house.client("far-chen") as far,
    ):
        mine = (await asker.post(PATH, json=SUBSTITUTE)).json()
        house.clock.tick(60)
        later = (await asker.post(PATH, json=LEAVE)).json()
        for who, ids, decides in (
            (asker, [later["id"], mine["id"]], False),
            (other, [mine["id"]], False),
            (bystander, [], False),
            (chief, [later["id"], mine["id"]], True),
            (auditor, [later["id"], mine["id"]], False),
        ):
            page = shaped("duty_requests", await who.get(PATH))
            assert ([r["id"] for r in page["items"]], page["decides"]) == (ids, decides)
        assert shaped("duty_requests", await chief.get(PATH, params={"mine": True}))["items"] == []
        await _act(asker, later, "withdraw")
        still = shaped("duty_requests", await chief.get(PATH, params={"state": "open"}))["items"]
        assert [r["id"] for r in still] == [mine["id"]]
        page = shaped("duty_requests", await chief.get(PATH, params={"limit": 1}))
        assert [r["id"] for r in page["items"]] == [later["id"]]
        rest = shaped("duty_requests", await chief.get(PATH, params={"limit": 1, "before": page["next"]}))
        assert [r["id"] for r in rest["items"]] == [mine["id"]]
        for who, path in (
            (bystander, f"{PATH}/{mine['id']}"),
            (far, f"/api/v1/sites/{OTHER}/requests/{mine['id']}"),
        ):
            answer = await who.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "request_not_found")


async def test_a_call_in_is_told_to_those_who_are_called(house: House) -> None:
    """DUTY-08."""
    shifts = [{"seat": "leader", "day": "2026-03-02", "template": "noon", "person": "the-guard"}]
    body = {"kind": "reinforcement", "shifts": shifts, "reason": "台风"}
    async with house.client("chen") as chief, house.client("wang") as hand:
        answer = await chief.post(PATH, json=body)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (404, "shift_not_found", "shifts")
        shifts[0]["template"] = "day"
        taken = await chief.post(PATH, json=body)
        assert (taken.status_code, taken.json()["code"]) == (409, "shift_taken")
        refused = await hand.post(PATH, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "request_role_needed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "holiday"}, 422, "invalid"),
        (LEAVE | {"reason": "  "}, 422, "invalid"),
        (LEAVE | {"starts_at": "2026-03-09T00:00"}, 422, "invalid"),
        (LEAVE | {"starts_at": "0001-01-01T00:00+08:00"}, 422, "invalid"),
        (LEAVE | {"ends_at": "9999-12-31T23:59-12:00"}, 422, "invalid"),
        (LEAVE | {"ends_at": "2026-03-08T00:00+08:00"}, 422, "leave_ends_before_it_begins"),
        (LEAVE | {"starts_at": "2026-03-01T00:00+08:00"}, 409, "request_too_late"),
        (LEAVE | {"ends_at": "2028-03-08T00:00+08:00"}, 409, "month_too_far"),
        (LEAVE | {"moves": []}, 422, "invalid"),
        (SUBSTITUTE | {"mine": SHIFT | {"day": "yesterday"}}, 422, "invalid"),
        (SUBSTITUTE | {"mine": SHIFT | {"day": "2026-03-01"}}, 409, "shift_begun"),
        (SUBSTITUTE | {"mine": SHIFT | {"day": "2026-02-01"}}, 409, "month_is_past"),
        (SUBSTITUTE | {"mine": SHIFT | {"seat": "gate"}}, 404, "shift_not_found"),
        (SUBSTITUTE | {"mine": SHIFT | {"day": "2099-12-31"}}, 409, "month_too_far"),
        (SUBSTITUTE | {"mine": SHIFT | {"template": "night"}}, 403, "not_your_shift"),
        (SUBSTITUTE | {"other": "li"}, 403, "same_person"),
        (SUBSTITUTE | {"other": "nobody"}, 403, "not_of_this_site"),
        (SUBSTITUTE | {"other": "chen"}, 409, "two_seats_at_once"),
        ({"kind": "reinforcement", "shifts": [], "reason": "r"}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(house: House, body: dict[str, Any], status: int, code: str) -> None:
    async with house.client("li") as asker:
        answer = await asker.post(PATH, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await asker.get(PATH)).json()["items"] == []
