"""What the routes do and answer, against a real night; every answer is held against its documented model."""

import base64
import io
import re
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute, iter_route_contexts
from httpx2 import AsyncClient, Response
from pydantic import TypeAdapter

from api.app import bare
from api.routes.events import _said
from logbook.verify import verify
from tests.api.conftest import MINE, SVG, House

SITE = f"/api/v1/sites/{MINE}"
MODELS: dict[str, Any] = {
    str(c.name): c.original_route.response_model
    for c in iter_route_contexts(bare("1").routes)
    if isinstance(c.original_route, APIRoute) and c.original_route.response_model
}


def shaped(name: str, answer: Response) -> Any:
    """The JSON of an answer that has exactly the documented shape."""
    assert answer.status_code == 200, answer.text
    TypeAdapter(MODELS[name]).validate_json(answer.content, strict=False)
    return answer.json()


async def act(browser: AsyncClient, alert_id: str, name: str, **body: Any) -> Response:
    return await browser.post(f"{SITE}/alerts/{alert_id}/{name}", json=body)


async def test_the_whole_story_of_an_alarm(house: House, alert_id: str) -> None:
    """ESC-14, EVT-05: witness, custody, note, clear, reset, disposition, and all of it in the history."""
    async with house.client("li") as other, house.client("wang") as holder:
        seen = shaped("acknowledge", await act(other, alert_id, "ack"))
        assert (seen["outcome"], seen["alert"]["state"]) == ("witness", "raised")
        taken = shaped("acknowledge", await act(holder, alert_id, "ack"))
        assert (taken["outcome"], taken["alert"]["custody_by"]) == ("custody", "wang")
        shaped("note", await act(holder, alert_id, "note", text="去现场查看 on my way"))
        early = await act(holder, alert_id, "reset")
        assert (early.status_code, early.json()["code"]) == (409, "condition_active")
        house.clock.tick(60)
        house.night.say("fire.restore")
        assert shaped("reset", await act(holder, alert_id, "reset"))["alert"]["state"] == "settling"
        close = {"disposition": "false_alarm", "cause": "cooking", "note": "炒菜油烟"}
        closed = shaped("dispose", await act(holder, alert_id, "dispose", **close))
        assert (closed["alert"]["state"], closed["alert"]["closed_by"]) == ("closed", "wang")
        story = shaped("alert_story", await holder.get(f"{SITE}/alerts/{alert_id}"))
        acts = [line["act"] for line in story["history"]]
        assert acts[0] in {"alert.raise", "alert.raised"}
        assert [
            a for a in acts if a in {"alert.witness", "alert.ack", "alert.note", "alert.reset", "alert.dispose"}
        ] == [
            "alert.witness",
            "alert.ack",
            "alert.note",
            "alert.reset",
            "alert.dispose",
        ]
        assert story["rungs"][0]["people"] == ["wang"]
        assert [e["kind"] for e in story["events"]][-1] == "fire.alarm"
        assert shaped("log_verify", await other.get(f"{SITE}/logbook/verify"))["ok"]


async def test_a_false_alarm_owes_its_cause_and_a_note(house: House, alert_id: str) -> None:
    async with house.client("wang") as browser:
        await act(browser, alert_id, "ack")
        house.night.say("fire.restore")
        await act(browser, alert_id, "reset")
        for body, field in [({}, "cause"), ({"cause": "steam"}, "note"), ({"cause": "steam", "note": "  "}, "note")]:
            answer = await act(browser, alert_id, "dispose", disposition="false_alarm", **body)
            assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "reason_needed", field)


async def test_no_step_can_be_skipped(house: House, alert_id: str) -> None:
    """ASVS 2.3.1: an alert that nobody answered cannot be closed."""
    async with house.client("wang") as browser:
        answer = await act(browser, alert_id, "dispose", disposition="confirmed")
    assert (answer.status_code, answer.json()["code"]) == (409, "alert_not_allowed")
    assert answer.json()["data"]["state"] == "raised"


async def test_an_override_is_a_supervisors_with_a_reason(house: House, alert_id: str) -> None:
    async with house.client("li") as operator, house.client("the-supervisor") as chief:
        refused = await act(operator, alert_id, "ack", override=True, reason="me")
        assert (refused.status_code, refused.json()["code"]) == (403, "supervisor_needed")
        refused = await act(chief, alert_id, "ack", override=True)
        assert (refused.status_code, refused.json()["field"]) == (422, "reason")
        taken = shaped("acknowledge", await act(chief, alert_id, "ack", override=True, reason="nobody answers"))
        assert taken["outcome"] == "override"


async def test_only_who_has_custody_hands_it_back(house: House, alert_id: str) -> None:
    async with house.client("wang") as holder, house.client("li") as other:
        await act(holder, alert_id, "ack")
        refused = await act(other, alert_id, "release", reason="mine")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_holder")
        after = shaped("release", await act(holder, alert_id, "release", reason="shift ends"))["alert"]
        assert (after["state"], after["custody_by"], after["ring"]) == ("raised", None, 2)


async def test_an_alert_of_another_site_is_not_found_here(house: House) -> None:
    """IDOR: the right id under the wrong site."""
    house.far.say("fire.alarm")
    foreign = house.far.only().id
    async with house.client("wang") as browser:
        assert (await browser.get(f"{SITE}/alerts/{foreign}")).status_code == 404
        assert (await act(browser, foreign, "ack")).status_code == 404


async def test_a_person_reports_what_they_see(house: House) -> None:
    """EVT-09: a report is an event with place and reporter, and rings."""
    async with house.client("the-guard") as guard:
        body = {"kind": "manual.resident_call", "zone": "b7", "note": "电梯困人", "caller": "7楼住户"}
        made = shaped("make_report", await guard.post(f"{SITE}/reports", json=body))
        story = shaped("alert_story", await guard.get(f"{SITE}/alerts/{made['alert_id']}"))
        assert (story["alert"]["kind"], story["alert"]["zone_id"]) == ("manual.resident_call", "b7")
        whole = shaped("event", await guard.get(f"{SITE}/events/{made['event_id']}"))
        assert whole["data"] == {"note": "电梯困人", "caller": "7楼住户"}
        wrong = await guard.post(f"{SITE}/reports", json=body | {"zone": "nowhere"})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "zone")


async def test_the_snapshot_tells_everything_at_once(house: House, alert_id: str) -> None:
    house.night.say("patrol.tap", "R-1", data={"tag": "04A1B2C3D4E5F6", "guard": "guard", "proof": "uid"})
    async with house.client("the-auditor") as browser:
        now = shaped("snapshot", await browser.get(f"{SITE}/snapshot"))
    assert [a["id"] for a in now["alerts"]] == [alert_id]
    assert now["conditions"][0]["name"] == "fire.alarm"
    assert {d["device_id"] for d in now["devices"] if d["heard_at"]} == {"B2-07", "R-1"}
    assert now["duty"][0]["holder_id"] == "wang"
    assert now["log"]["size"] > 0
    assert len(now["taps"]) == 1
    assert now["quiet_since"] is None


async def test_the_register_and_its_plans(house: House) -> None:
    async with house.client("wang") as browser:
        register = shaped("register", await browser.get(f"{SITE}/register"))
        assert register["plans"]["f7"] == {"id": "f7", "width": 100.0, "height": 50.0}
        plan = await browser.get(f"{SITE}/plans/f7.svg")
        assert (plan.text, plan.headers["content-type"]) == (SVG, "image/svg+xml")
        assert "sandbox" in plan.headers["content-security-policy"]
        assert (await browser.get(f"{SITE}/plans/none.svg")).status_code == 404


async def test_events_are_turned_page_by_page(house: House) -> None:
    for n in range(25):
        house.clock.tick(1)
        house.night.say("access.granted" if n % 2 else "water.leak", "D-1" if n % 2 else "L-1")
    async with house.client("wang") as browser:
        first = shaped("events", await browser.get(f"{SITE}/events", params={"limit": 20}))
        rest = shaped("events", await browser.get(f"{SITE}/events", params={"limit": 20, "before": first["next"]}))
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (20, 5, None)
        assert len({e["id"] for e in first["items"] + rest["items"]}) == 25
        leaks = shaped("events", await browser.get(f"{SITE}/events", params={"kind": "water"}))
        assert {e["kind"] for e in leaks["items"]} == {"water.leak"}
        door = shaped("events", await browser.get(f"{SITE}/events", params={"device": "D-1"}))
        assert {e["device_id"] for e in door["items"]} == {"D-1"}


async def test_an_event_shows_the_bytes_that_said_it(house: House) -> None:
    """EVT-12."""
    said = house.night.say("fire.fault", data={"loop": 2, "text": "回路"})
    async with house.client("wang") as browser:
        found = (await browser.get(f"{SITE}/events")).json()["items"][0]["id"]
        whole = shaped("event", await browser.get(f"{SITE}/events/{found}"))
    assert whole["raw"].encode() == said.payload
    assert (whole["raw_base64"], whole["data"]) == (None, {"loop": 2, "text": "回路"})


async def test_rejects_are_shown_to_who_can_mend_them(house: House) -> None:
    house.night.raw(b"\xff\xfe not json")
    house.clock.tick(1)
    house.night.raw(b'{"id": 1}')
    async with house.client("the-engineer") as browser:
        page = shaped("rejects", await browser.get(f"{SITE}/rejects"))
    assert [(r["why"], r["size"]) for r in page["items"]] == [("wrong_shape", 9), ("not_json", 11)]


async def test_alerts_closed_and_open(house: House, alert_id: str) -> None:
    async with house.client("wang") as browser:
        assert len(shaped("alerts", await browser.get(f"{SITE}/alerts"))["items"]) == 1
        assert shaped("alerts", await browser.get(f"{SITE}/alerts", params={"state": "closed"}))["items"] == []
        page = shaped("alerts", await browser.get(f"{SITE}/alerts", params={"state": "all", "limit": 1}))
        assert page["next"] is not None
        assert shaped("alerts", await browser.get(f"{SITE}/alerts", params={"before": page["next"]}))["items"] == []


# duty


async def test_signing_on_asks_for_the_password_again(house: House) -> None:
    async with house.client("li") as browser:
        wrong = await browser.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": "nope"})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_own_password")
        body = {"seat": "centre", "password": "demo"}
        seats = shaped("sign_on", await browser.post(f"{SITE}/duty/sign-on", json=body))["seats"]
        centre = next(s for s in seats if s["seat_id"] == "centre")
        assert (centre["holder_id"], centre["basis"]) == ("li", "signed_on")
        again = await browser.post(f"{SITE}/duty/sign-on", json=body)
        assert (again.status_code, again.json()["code"]) == (409, "already_signed_on")
        duty = shaped("duty", await browser.get(f"{SITE}/duty"))
        assert [stay["person"] for stay in duty["attendance"]] == ["li"]
        assert {s["seat"] for s in duty["shifts"]} == {"centre", "leader"}
        shaped("sign_off", await browser.post(f"{SITE}/duty/sign-off", json=body))
        unknown = await browser.post(f"{SITE}/duty/sign-on", json=body | {"seat": "throne"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "seat_not_found")


async def test_a_console_that_falls_silent_on_duty_is_put_into_the_logbook(house: House) -> None:
    async with house.client("wang") as browser:
        for says in [{"can_ring": False, "on_duty": False}, {"can_ring": True, "on_duty": True}]:
            assert (await browser.post(f"{SITE}/console", json=says)).status_code == 204
        metrics = await house.client(address="127.0.0.1").get("/metrics")
        assert f'watchroom_consoles_can_ring{{site="{MINE}"}} 1.0' in metrics.text
        await browser.post(f"{SITE}/console", json={"can_ring": False, "on_duty": True})
        await browser.post(f"{SITE}/console", json={"can_ring": False, "on_duty": True})
        await browser.post(f"{SITE}/console", json={"can_ring": True, "on_duty": True})
        log = shaped("log_page", await browser.get(f"{SITE}/logbook"))
    acts = [line["act"] for line in log["items"] if line["act"].startswith("console.")]
    assert acts == ["console.unmute", "console.mute"]


# the logbook


async def test_the_logbook_is_turned_page_by_page(house: House, alert_id: str) -> None:
    async with house.client("wang") as browser:
        for n in range(6):
            await act(browser, alert_id, "note", text=f"note {n}")
        first = shaped("log_page", await browser.get(f"{SITE}/logbook", params={"limit": 4}))
        rest = shaped("log_page", await browser.get(f"{SITE}/logbook", params={"before": first["next"], "limit": 500}))
        numbers = [line["n"] for line in first["items"] + rest["items"]]
        assert numbers == list(range(first["head"]["size"], 0, -1))
        assert rest["next"] is None
        about = shaped("log_page", await browser.get(f"{SITE}/logbook", params={"subject": f"alert/{alert_id}"}))
        assert {line["subject"] for line in about["items"]} == {f"alert/{alert_id}"}


async def test_an_export_verifies_offline_and_is_itself_logged(house: House, alert_id: str) -> None:
    """LOG-03, LOG-05."""
    async with house.client("the-auditor") as browser:
        export = await browser.get(f"{SITE}/logbook/export")
        assert "attachment" in export.headers["content-disposition"]
        verdict = verify(io.BytesIO(export.content))
        last = (await browser.get(f"{SITE}/logbook")).json()["items"][0]
    assert verdict.ok
    assert (last["act"], last["actor"]) == ("logbook.exported", "the-auditor")
    assert verdict.size == last["n"]


# health


async def test_health_metrics_and_roles(house: House) -> None:
    async with house.client("the-engineer") as browser, house.client(address="127.0.0.1") as local:
        assert shaped("health", await browser.get("/api/v1/health")) == {"ok": True}
        assert shaped("health_roles", await browser.get("/api/v1/health/roles")) == {"roles": []}
        assert (await browser.get("/metrics")).status_code == 403
        assert (await local.get("/metrics", headers={"x-forwarded-for": "203.0.113.1"})).status_code == 403
        assert "watchroom_consoles_on_duty" in (await local.get("/metrics")).text


async def test_a_demo_lists_whom_one_may_be(house: House) -> None:
    async with house.client() as browser:
        modes = shaped("modes", await browser.get("/api/v1/modes"))
    assert {"wang", "far-wang"} <= {who["login"] for who in modes["demo_logins"]}
    assert "admin" not in {who["login"] for who in modes["demo_logins"]}


def test_an_event_whose_bytes_are_no_text_is_shown_in_base64() -> None:
    assert _said(b"\xff") == {"raw": None, "raw_base64": base64.b64encode(b"\xff").decode(), "data": {}}
    assert _said(b"[1]")["data"] == {}


async def test_who_i_am_has_its_shape(house: House) -> None:
    async with house.client("wang") as browser:
        shaped("who_am_i", await browser.get("/api/v1/session"))
        shaped("sign_in", await browser.post("/api/v1/session", json={"login": "li", "password": "demo"}))
        new = {"old": "demo", "new": "something longer"}
        shaped("change_password", await browser.post("/api/v1/session/password", json=new))


def test_every_documented_answer_was_held_against_its_shape() -> None:
    """A route whose answer no test here looks at is a route whose documentation may lie."""
    source = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    held = set(re.findall(r'shaped\(\s*"(\w+)"', source))
    held |= {f"handover_{name}" for name in re.findall(r'await done\(\w+, \w+, "(\w+)"', source)}
    assert sorted(MODELS.keys() - held) == []
