"""Presence and attendance through HTTP; every answer is held against its documented model (ATT-01, ATT-05, ATT-07, ATT-10)."""

from typing import Any

import msgspec
import pytest
from httpx2 import AsyncClient, Response

from app.imports import import_site
from sites.duty_policies import CheckAnswer, DutyPolicies, PostToken, PresenceCheck
from sites.pack import digest
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped

PASSWORD = "demo"
NONE = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
async def wang(house: House) -> AsyncClient:
    """Signed on to the centre."""
    browser = house.client("wang")
    shaped("sign_on", await browser.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": PASSWORD}))
    return browser


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def centre(browser: AsyncClient) -> Any:
    seats = shaped("duty", await browser.get(f"{SITE}/duty"))["seats"]
    return next(s for s in seats if s["seat_id"] == "centre")


async def test_a_check_is_called_seen_and_answered_in_person(house: House, wang: AsyncClient) -> None:
    async with house.client("chen") as chen, house.client("li") as li:
        assert refused(await wang.post(f"{SITE}/presence/checks", json={"seat": "centre"})) == (403, "not_permitted")
        check = shaped("presence_call", await chen.post(f"{SITE}/presence/checks", json={"seat": "centre"}))
        assert (check["person_id"], check["how"], check["by"], check["state"]) == ("wang", "hand", "chen", "asked")
        now = shaped("presence", await wang.get(f"{SITE}/presence"))
        assert ([c["id"] for c in now["checks"]], now["answer"]) == ([check["id"]], "press")
        there = f"{SITE}/presence/checks/{check['id']}/answer"
        assert shaped("presence_answer", await li.post(there, json={}))["outcome"] == "witness"
        house.clock.tick(3)
        said = shaped("presence_answer", await wang.post(there, json={}))
        assert (said["outcome"], said["check"]["state"], said["check"]["answer_ms"]) == ("answered", "answered", 3000)
        assert refused(await wang.post(there, json={})) == (409, "check_not_allowed")
        assert refused(await wang.post(there.replace(check["id"], NONE), json={})) == (404, "check_not_found")
        house.clock.tick(60)
        again = shaped("presence_call", await chen.post(f"{SITE}/presence/checks", json={"seat": "centre"}))
        page = shaped("presence_checks", await chen.get(f"{SITE}/presence/checks?limit=1"))
        assert [c["id"] for c in page["items"]] == [again["id"]]
        older = await chen.get(f"{SITE}/presence/checks", params={"before": page["next"], "seat": "centre"})
        assert [c["id"] for c in shaped("presence_checks", older)["items"]] == [check["id"]]


async def test_who_signs_on_at_a_post_shows_its_tag_where_the_site_wants_that(house: House) -> None:
    """DUTY-13."""
    register = staffed(MINE)
    policies = msgspec.structs.replace(register.policies, duty=DutyPolicies(post_token=PostToken.REJECT))
    posts = {**register.posts, "centre": msgspec.structs.replace(register.posts["centre"], checkpoint="C1")}
    wanted = msgspec.structs.replace(register, policies=policies, posts=posts)
    import_site(house.db, house.night.desks, wanted, digest(wanted), house.clock(), "system")
    body = {"seat": "centre", "password": PASSWORD}
    async with house.client("wang") as wang:
        for wrong in ({}, {"token": "04FF"}):
            assert refused(await wang.post(f"{SITE}/duty/sign-on", json=body | wrong)) == (409, "not_at_post")
        shaped("sign_on", await wang.post(f"{SITE}/duty/sign-on", json=body | {"token": "04:A1:B2:C3:D4:E5:F6"}))


async def test_where_the_site_wants_it_the_answer_takes_the_password(house: House) -> None:
    """ATT-05."""
    register = staffed(MINE)
    duty = DutyPolicies(presence_check=PresenceCheck(answer=CheckAnswer.PASSWORD))
    wanted = msgspec.structs.replace(register, policies=msgspec.structs.replace(register.policies, duty=duty))
    import_site(house.db, house.night.desks, wanted, digest(wanted), house.clock(), "system")
    async with house.client("chen") as chen, house.client("wang") as wang:
        check = shaped("presence_call", await chen.post(f"{SITE}/presence/checks", json={"seat": "centre"}))
        there = f"{SITE}/presence/checks/{check['id']}/answer"
        assert refused(await wang.post(there, json={})) == (422, "invalid")
        assert refused(await wang.post(there, json={"password": "wrong"}))[1] == "wrong_own_password"
        said = shaped("presence_answer", await wang.post(there, json={"password": PASSWORD}))
        assert said["outcome"] == "answered"


async def test_a_leave_with_a_stand_in_from_asking_to_being_back(house: House, wang: AsyncClient) -> None:
    body = {"seat": "centre", "minutes": 15, "reason": "洗手间", "password": PASSWORD}
    async with house.client("li") as li, house.client("chen") as chen:
        assert refused(await wang.post(f"{SITE}/duty/leave", json=body)) == (422, "stand_in_needed")
        long = body | {"stand_in": "li", "minutes": 31}
        assert refused(await wang.post(f"{SITE}/duty/leave", json=long)) == (422, "away_too_long")
        one = shaped("away_leave", await wang.post(f"{SITE}/duty/leave", json=body | {"stand_in": "li"}))
        assert (one["state"], one["until"]) == ("asked", None)
        there = f"{SITE}/duty/away/{one['id']}"
        assert refused(await wang.post(f"{there}/accept", json={"password": PASSWORD})) == (403, "not_yours")
        shaped("away_accept", await li.post(f"{there}/accept", json={"password": PASSWORD}))
        seat = await centre(wang)
        assert (seat["holder_id"], seat["basis"], seat["stands_for"]) == ("li", "stand_in", "wang")
        assert [a["state"] for a in shaped("presence", await wang.get(f"{SITE}/presence"))["away"]] == ["away"]
        assert refused(await wang.post(f"{there}/recall", json={"minutes": 1, "reason": "r"})) == (403, "not_permitted")
        back = shaped("away_recall", await chen.post(f"{there}/recall", json={"minutes": 1, "reason": "台风"}))
        assert back["state"] == "recalled"
        assert refused(await li.post(f"{there}/return", json={"password": PASSWORD})) == (403, "not_yours")
        shaped("away_return", await wang.post(f"{there}/return", json={"password": PASSWORD}))
        assert (await centre(wang))["basis"] == "signed_on"
        house.clock.tick(60)
        other = shaped("away_leave", await wang.post(f"{SITE}/duty/leave", json=body | {"stand_in": "li"}))
        declined = await li.post(f"{SITE}/duty/away/{other['id']}/decline", json={"reason": "忙"})
        assert shaped("away_decline", declined)["state"] == "declined"
        page = shaped("away_list", await chen.get(f"{SITE}/duty/away"))
        assert [a["state"] for a in page["items"]] == ["declined", "back"]


async def test_the_attendance_record_of_some_days(house: House, wang: AsyncClient) -> None:
    """ATT-01, RPT-06: wang's night began at 20:00; it is 22:00."""
    house.clock.tick(60)
    days = {"first": "2026-03-01", "last": "2026-03-02"}
    span = shaped("attendance_span", await wang.get(f"{SITE}/attendance", params=days))
    night = next(r for r in span["shifts"] if r["shift"]["id"] == "centre/2026-03-01/night")
    assert (night["arrival"], night["late_s"], night["present_s"]) == ("late", 7200, 60)
    mine = next(p for p in span["people"] if p["person"] == "wang")
    assert (mine["late"], mine["absent"], mine["checks_answered"]) == (1, 0, 0)
    wrong = await wang.get(f"{SITE}/attendance", params={"first": "2026-03-02", "last": "2026-03-01"})
    assert refused(wrong) == (422, "invalid")
    wide = await wang.get(f"{SITE}/attendance", params={"first": "2026-01-01", "last": "2026-03-31"})
    assert refused(wide) == (422, "invalid")


async def test_a_guard_has_themselves_called_while_they_walk_alone(any_house: House) -> None:
    """Begun and ended by hand, with why; every page that asks sees it."""
    async with any_house.client("wang") as wang, any_house.client("li") as li:
        said = {"seat": "centre", "every_min": 30, "reason": "去地库查漏水"}
        (watch,) = shaped("lone_begin", await wang.post(f"{SITE}/duty/lone", json=said))["items"]
        assert (watch["person_id"], watch["every_min"], watch["reason"]) == ("wang", 30, "去地库查漏水")
        assert shaped("presence", await li.get(f"{SITE}/presence"))["lone"] == [watch]
        refused = [
            (await li.post(f"{SITE}/duty/lone", json=said), 403, "not_yours"),
            (await li.post(f"{SITE}/duty/lone/end", json={"seat": "centre", "reason": "x"}), 403, "not_yours"),
            (await wang.post(f"{SITE}/duty/lone", json=said | {"every_min": 4}), 422, "invalid"),
            (await wang.post(f"{SITE}/duty/lone", json=said | {"reason": " "}), 422, "invalid"),
            (await wang.post(f"{SITE}/duty/lone/end", json={"seat": "leader", "reason": "x"}), 409, "lone_off"),
        ]
        assert [(a.status_code, a.json()["code"]) for a, *_ in refused] == [(s, c) for _, s, c in refused]
        over = await wang.post(f"{SITE}/duty/lone/end", json={"seat": "centre", "reason": "回到岗亭"})
        assert shaped("lone_end", over)["items"] == []
