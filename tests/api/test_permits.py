"""Every route, as every role, at one's own site and at another's, and as nobody (ROLE-01, ROLE-02, SITE-01).

The matrix is made from the routes themselves: a new route is in it at once, and must say what it needs.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from httpx2 import AsyncClient
from sqlalchemy import update

from api.app import Undeclared, bare, check_declared
from api.permits import Caller, declared, needs
from api.rights import PERMITS, Where
from api.sessions import set_password
from sites.register import Role
from sites.tables import member
from tests.api.conftest import MINE, OTHER, House

NO_ID = "01900000-0000-7000-8000-000000000000"
TAP = {
    "id": NO_ID,
    "n": 1,
    "prev": "",
    "said_at": "2026-03-01T14:00Z",
    "kept": False,
    "answers": {},
    "read": {"by": "uid", "uid": "00"},
    "note": "",
    "photos": [],
}
DEED = {"id": NO_ID, "n": 1, "prev": "", "said_at": "2026-03-01T14:00Z", "kept": False, "act": "on", "seat": "leader"}
BODIES: dict[str, dict[str, Any]] = {
    "sign_in": {"login": "nobody", "password": "x"},
    "sign_in_by_pin": {"login": "nobody", "pin": "274159"},
    "change_password": {"old": "wrong", "new": "long enough to pass"},
    "signing_pin": {"password": "wrong", "pin": "274159"},
    "signing_passkey_begin": {"password": "wrong"},
    "signing_passkey": {"ticket": "x", "name": "n", "credential": {}},
    "acknowledge": {},
    "reset": {},
    "release": {"reason": "r"},
    "note": {"text": "t"},
    "go": {},
    "dispose": {"disposition": "test"},
    "name_recorder": {"person": "wang"},
    "make_report": {"kind": "manual.report", "zone": "b7", "note": "n", "caller": "c"},
    "sign_on": {"seat": "leader", "password": "wrong"},
    "pre_shift_checks": {"seat": "leader", "checks": [{"id": "radio", "fine": True}]},
    "duty_told": {"client": "p", "acts": [DEED]},
    "duty_told_prove": {"password": "wrong"},
    "sign_off": {"seat": "leader", "password": "wrong"},
    "upload_attachment": {},
    "sign_day": {"comment": "c", "password": "wrong"},
    "place_hold": {"reason": "r"},
    "lift_hold": {"reason": "r"},
    "version_withdraw": {"reason": "r"},
    "make_archive": {},
    "receive_archive": {},
    "write_entry": {"fields": {"text": "t"}},
    "tag_entry": {"categories": []},
    "correct_entry": {"fields": {"text": "t"}, "reason": "r"},
    "make_roster": {"month": "2026-04"},
    "edit_roster": {"revision": 0, "cells": {"centre": {}}},
    "fill_roster": {"revision": 0, "source": "standing"},
    "solve_roster": {"revision": 0},
    "undo_roster": {"revision": 0},
    "redo_roster": {"revision": 0},
    "submit_roster": {},
    "approve_roster": {},
    "send_back_roster": {"reason": "r"},
    "withdraw_roster": {"reason": "r"},
    "publish_roster": {},
    "ask_request": {"kind": "leave", "starts_at": "2026-03-05T00:00Z", "ends_at": "2026-03-05T01:00Z", "reason": "r"},
    "agree_request": {},
    "approve_request": {},
    "refuse_request": {"reason": "r"},
    "withdraw_request": {},
    "tap_sync": {"client": "p", "taps": [TAP]},
    "upload_photo": {},
    "tap_page_press": {},
    "tap_page_sign_in": {},
    "patrol_edit": {"routes": [], "plans": [], "version": 1, "reason": "r"},
    "patrol_preview": {"routes": [], "plans": []},
    "tag_assign": {"checkpoint": "none"},
    "tag_block": {"reason": "r"},
    "tag_restore": {"reason": "r"},
    "tag_move": {"checkpoint": "C1", "reason": "r"},
    "tag_replace": {"by": "04AA", "reason": "r"},
    "violation_report": {"checkpoint": "C1", "note": "n"},
    "violation_next": {"note": "n"},
    "violation_resolve": {"note": "n"},
    "equipment_result": {"passed": True},
    "round_suspend": {"reason": "r"},
    "round_resume": {},
    "round_excuse": {"reason": "r"},
    "presence_call": {"seat": "leader"},
    "lone_begin": {"seat": "centre", "every_min": 30, "reason": "x"},
    "lone_end": {"seat": "centre", "reason": "x"},
    "presence_answer": {"password": "wrong"},
    "away_leave": {"seat": "leader", "minutes": 1, "reason": "r", "password": "wrong"},
    "away_accept": {"password": "wrong"},
    "away_decline": {"reason": "r"},
    "away_return": {"password": "wrong"},
    "away_recall": {"minutes": 1, "reason": "r"},
    "duty_inbox_read": {},
    "mode_call": {"mode": "all_hands", "reason": "r"},
    "mode_lift": {"reason": "r"},
    "mandate_give": {"seat": "leader", "role": "manager", "reason": "r"},
    "mandate_revoke": {"reason": "r"},
    "handover_open": {"seat": "leader"},
    "handover_edit": {"version": 1, "key": "k"},
    "handover_add": {"version": 1, "kind": "text", "text": "t"},
    "handover_remove": {"version": 1, "key": "k"},
    "handover_explain": {"version": 1, "key": "k", "explanation": "e"},
    "handover_challenge": {"version": 1, "act": "offer"},
    "handover_offer": {"version": 1, "password": "wrong"},
    "handover_withdraw": {"version": 1},
    "handover_confirm": {"version": 1, "keys": ["k"]},
    "handover_dispute": {"version": 1, "key": "k", "comment": "c"},
    "handover_resolve": {"version": 1, "key": "k", "reason": "r"},
    "handover_tag": {"version": 1, "key": "k", "words": "w"},
    "handover_lift": {"version": 1, "reason": "r"},
    "handover_sign": {"version": 1, "password": "wrong"},
    "handover_override": {"version": 1, "incoming": "li", "reason": "r", "password": "wrong"},
    "handover_cancel": {"version": 1, "reason": "r"},
    "duty_let_go": {"seat": "leader", "person": "li", "reason": "r", "password": "wrong"},
    "make_feed": {},
    "set_day": {"type": "holiday", "reason": "r"},
    "console_says": {"can_ring": True, "on_duty": False},
}


def every_route() -> Iterator[tuple[str, str, str, str]]:
    """(name, method, path, action) of every route there is."""
    for context in iter_route_contexts(bare("1").routes):
        assert isinstance(context.original_route, APIRoute)
        action = declared(context.original_route.dependant)[0]
        for method in sorted(context.methods or ()):
            yield str(context.name), method, str(context.path), action


ROUTES = list(every_route())
SITE_ROUTES = [r for r in ROUTES if PERMITS[r[3]].where is Where.SITE]


def at(path: str, site: str) -> str:
    """The route's address at a site, about things that are not there."""
    address = (
        path.replace("{site}", site)
        .replace("{id}", NO_ID)
        .replace("{which}", NO_ID)
        .replace("{plan}", "none")
        .replace("{uid}", "NONE")
        .replace("{n}", "9999")
        .replace("{number}", "9999")
        .replace("{sha256}", "0" * 64)
    )
    address = address.replace("{month}", "2026-03").replace("{day}", "2020-01-01")
    return f"{address}?site={site}" if path.endswith("/live") else address


async def heard(browser: AsyncClient, route: tuple[str, str, str, str], site: str) -> tuple[int, str]:
    """The status and refusal code that a caller hears. The feed is asked with a bad position, so that it does not open."""
    name, method, path, _ = route
    extra = "&after=-1" if name == "live" else ""
    answer = await browser.request(method, at(path, site) + extra, json=BODIES.get(name))
    assert answer.status_code != 500
    refused = answer.headers.get("content-type") == "application/problem+json"
    return int(answer.status_code), answer.json()["code"] if refused else ""


def test_every_command_has_a_body_in_this_matrix() -> None:
    assert {name for name, method, _, _ in ROUTES if method not in {"GET", "DELETE"}} == BODIES.keys()


def test_every_row_of_the_table_is_used_and_every_route_has_a_row() -> None:
    asked_inside = {"contact.see", "request.see_all"}
    assert {action for _, _, _, action in ROUTES} | asked_inside == PERMITS.keys()


async def test_nobody_passes_without_signing_in(house: House) -> None:
    closed = [r for r in ROUTES if PERMITS[r[3]].where is not Where.OPEN]
    async with house.client() as browser:
        answers = {r[0]: await heard(browser, r, MINE) for r in closed}
    assert set(answers.values()) == {(401, "not_signed_in")}


@pytest.mark.parametrize("role", list(Role))
async def test_at_ones_own_site_the_table_decides(house: House, role: Role) -> None:
    """`not_permitted` exactly where the role has no permit; any other answer means that the act itself was reached."""
    async with house.client(f"the-{role}") as browser:
        answers = {route: await heard(browser, route, MINE) for route in SITE_ROUTES}
    refused = {route for route, answer in answers.items() if answer == (403, "not_permitted")}
    assert refused == {route for route in SITE_ROUTES if role not in PERMITS[route[3]].roles}


@pytest.mark.parametrize("role", list(Role))
async def test_another_site_does_not_exist(house: House, role: Role) -> None:
    """CVE-2026-33470, CVE-2026-46717: deny by default, whatever the role is at home; the same for a site that is none."""
    async with house.client(f"the-{role}") as browser:
        answers = [await heard(browser, r, site) for r in SITE_ROUTES for site in (OTHER, "no-such-site")]
    assert set(answers) == {(404, "not_found")}


async def test_an_administrator_of_everything_sees_every_site_and_answers_for_none(house: House) -> None:
    with house.db.begin() as tx:
        set_password(tx, house.account_id("admin"), "x", house.clock())
    async with house.client("admin") as browser:
        for route in SITE_ROUTES:
            _, code = await heard(browser, route, OTHER)
            permit = PERMITS[route[3]]
            assert (code == "not_permitted") is (permit.person or Role.ADMIN not in permit.roles), route


@pytest.mark.parametrize("role", list(Role))
async def test_the_state_of_the_process_is_for_those_who_mend_it(house: House, role: Role) -> None:
    async with house.client(f"the-{role}") as browser:
        status = (await browser.get("/api/v1/health/roles")).status_code
    assert status == (200 if role in PERMITS["health.roles"].roles else 403)


@pytest.mark.parametrize("role", list(Role))
async def test_numbers_and_addresses_are_for_those_who_lead(house: House, role: Role) -> None:
    """ROLE-03, ROLE-11."""
    async with house.client(f"the-{role}") as browser:
        register = (await browser.get(f"/api/v1/sites/{MINE}/register")).json()
    told = {bool(p["phone"] or p["contacts"] or p["login"]) for p in register["people"].values()}
    told |= {bool(e["contacts"]) for e in register["externals"]}
    assert told == {role in {Role.SUPERVISOR, Role.MANAGER, Role.ADMIN}}
    assert all("svg" not in plan for plan in register["plans"].values())


async def test_a_role_that_was_taken_away_is_gone_at_the_next_request(house: House) -> None:
    """ASVS 8.3.2."""
    async with house.client("the-manager") as browser:
        url = f"/api/v1/sites/{MINE}/rejects"
        assert (await browser.get(url)).status_code == 200
        with house.db.begin() as tx:
            tx.conn.execute(update(member).where(member.c.person_id == "the-manager").values(roles=["guard"]))
        assert (await browser.get(url)).status_code == 403


# what keeps a careless route out


def test_a_route_that_declares_nothing_keeps_the_server_from_starting() -> None:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/open-door", lambda: None)
    with pytest.raises(Undeclared, match="open-door"):
        check_declared(app.routes)


def test_a_route_in_an_included_router_is_no_way_around() -> None:
    inner = APIRouter()
    inner.add_api_route("/open-door", lambda: None)
    app = FastAPI(openapi_url=None)
    app.include_router(inner, prefix="/deep")
    with pytest.raises(Undeclared):
        check_declared(app.routes)


def test_a_route_that_is_not_ours_is_no_way_around() -> None:
    app = FastAPI()  # brings its own pages of documentation
    with pytest.raises(Undeclared):
        check_declared(app.routes)


def test_an_action_without_a_row_does_not_exist() -> None:
    with pytest.raises(KeyError):
        needs("everything")


def test_a_route_declares_one_action_not_two() -> None:
    app = FastAPI(openapi_url=None)

    def two(_: Annotated[Caller, needs("self")], __: Annotated[Caller, needs("open")]) -> None: ...

    app.add_api_route("/two", two)
    with pytest.raises(Undeclared):
        check_declared(app.routes)


def test_the_pages_are_the_only_thing_mounted_beside_the_routes(house: House) -> None:
    every = iter_route_contexts(house.app.routes)
    assert [c.name for c in every if not isinstance(c.original_route, APIRoute)] == ["pages"]
