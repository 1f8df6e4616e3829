"""Calendars and rosters over HTTP; every answer is held against its documented model."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from api.pushes import PUSH
from tests.api.conftest import MINE, OTHER, House
from tests.api.test_answers import shaped

SITE = f"/api/v1/sites/{MINE}"


async def test_a_manager_says_what_a_day_is_and_everybody_sees_it(any_house: House) -> None:
    """SITE-04."""
    async with any_house.client("zhao") as manager, any_house.client("the-guard") as guard:
        october = shaped("calendar_month", await guard.get(f"{SITE}/calendar/2026-10"))
        assert (october["days"][9]["type"], october["days"][9]["provisional"]) == ("makeup", False)
        day = f"{SITE}/calendar/days/2026-10-10"
        refused = await guard.put(day, json={"type": "holiday", "reason": "园区停业"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
        made = shaped("set_day", await manager.put(day, json={"type": "holiday", "reason": "园区停业"}))
        assert (made["type"], made["override"]["by"]) == ("holiday", "zhao")
        october = shaped("calendar_month", await guard.get(f"{SITE}/calendar/2026-10"))
        assert october["days"][9]["override"]["reason"] == "园区停业"
        assert shaped("clear_day", await manager.delete(day))["type"] == "makeup"
        past = await manager.put(f"{SITE}/calendar/days/2026-02-01", json={"type": "holiday", "reason": "r"})
        assert (past.status_code, past.json()["code"]) == (409, "day_is_past")


async def test_a_month_that_is_none_is_refused(house: House) -> None:
    async with house.client("zhao") as manager:
        for day in ("9999-12-31", "0001-01-01", "2026-02-30"):
            answer = await manager.put(f"{SITE}/calendar/days/{day}", json={"type": "holiday", "reason": "r"})
            assert answer.status_code == 422
        for month in ("2026-13", "2026-00", "26-01", "1999-01"):
            assert (await manager.get(f"{SITE}/calendar/{month}")).status_code == 422


async def test_everybody_sees_the_shifts_that_stand(any_house: House) -> None:
    """DUTY-12, DUTY-15: also of a month that has no roster; a day is the site's own."""
    async with any_house.client("the-guard") as guard:
        found = shaped("standing_shifts", await guard.get(f"{SITE}/shifts", params={"first": "2026-03-02", "days": 2}))
        assert {s["id"].split("/")[1] for s in found["shifts"]} == {"2026-03-02", "2026-03-03"}
        assert len(found["shifts"]) == len({s["id"] for s in found["shifts"]})
        for asked in ({"first": "2026-03-02", "days": 63}, {"first": "1999-12-31"}, {"days": 7}):
            assert (await guard.get(f"{SITE}/shifts", params=asked)).status_code == 422


async def _act(browser: AsyncClient, roster: str, name: str, **body: Any) -> Response:
    return await browser.post(f"{SITE}/rosters/{roster}/{name}", json=body)


async def test_a_month_from_its_draft_to_the_wall(any_house: House) -> None:
    """DUTY-03, DUTY-15, ROLE-10: drafted by hand, undone, refused, mended, approved by another, published, kept."""
    async with any_house.client("chen") as chief, any_house.client("zhao") as manager:
        made = shaped("make_roster", await chief.post(f"{SITE}/rosters", json={"month": "2026-04"}))
        mine = made["id"]
        filled = shaped("fill_roster", await _act(chief, mine, "fill", revision=0, source="standing"))
        assert (filled["revision"], len(filled["cells"]["centre"])) == (1, 30)
        cells = {"centre": {"2026-04-02": {"day": "chen", "night": None}}}
        edited = shaped("edit_roster", await _act(chief, mine, "cells", revision=1, cells=cells))
        assert edited["cells"]["centre"]["2026-04-02"] == {"day": "chen"}
        stale = await _act(chief, mine, "cells", revision=1, cells=cells)
        assert (stale.status_code, stale.json()["code"], stale.json()["data"]) == (409, "stale", {"revision": 2})
        assert shaped("undo_roster", await _act(chief, mine, "undo", revision=2))["cells"] == filled["cells"]
        assert shaped("redo_roster", await _act(chief, mine, "redo", revision=1))["cells"] == edited["cells"]
        steps = shaped("roster_revisions", await chief.get(f"{SITE}/rosters/{mine}/revisions"))["items"]
        assert [s["how"] for s in steps] == ["cells", "standing"]
        refused = await _act(chief, mine, "submit")
        assert (refused.status_code, refused.json()["code"]) == (409, "roster_faulty")
        found = shaped("roster_findings", await chief.get(f"{SITE}/rosters/{mine}/findings"))["items"]
        assert next((f["code"], f["person"]) for f in found if f["severity"] == "error") == (
            "two_seats_at_once",
            "chen",
        )
        gaps = [f for f in found if f["code"] == "uncovered"]
        assert [(g["starts_at"], g["ends_at"]) for g in gaps] == [("2026-04-02T12:00:00Z", "2026-04-03T00:00:00Z")]
        await _act(chief, mine, "cells", revision=2, cells={"leader": {"2026-04-02": {"day": None, "night": None}}})
        await _act(chief, mine, "cells", revision=3, cells={"leader": {"2026-04-01": {"night": None}}})
        assert shaped("submit_roster", await _act(chief, mine, "submit"))["state"] == "submitted"
        own = await _act(chief, mine, "approve")
        assert (own.status_code, own.json()["code"]) == (403, "roster_role_needed")
        back = shaped("send_back_roster", await _act(manager, mine, "send-back", reason="4月2日夜班无人"))
        assert (back["state"], back["reason"]) == ("sent_back", "4月2日夜班无人")
        cells = {"centre": {"2026-04-02": {"night": "wang"}}}
        shaped("edit_roster", await _act(chief, mine, "cells", revision=back["revision"], cells=cells))
        shaped("submit_roster", await _act(chief, mine, "submit"))
        early = await _act(chief, mine, "publish")
        assert (early.status_code, early.json()["code"]) == (409, "roster_not_allowed")
        shaped("approve_roster", await _act(manager, mine, "approve"))
        out = shaped("publish_roster", await _act(chief, mine, "publish"))
        assert (out["state"], out["version"], out["published_by"]) == ("published", 1, "chen")
        told = [(seq, kind, body) for seq, kind, body in any_house.night.pushes() if kind == "roster"]
        for seq, kind, body in told:
            PUSH.validate_python({"type": kind, "seq": seq, "body": body})
        walk = [(b["state"], b["revision"]) for _, _, b in told if b["id"] == mine]
        assert walk[:4] == [("draft", 0), ("draft", 1), ("draft", 2), ("draft", 1)]  # made, filled, edited, undone
        assert walk[-3:] == [("submitted", 5), ("approved", 5), ("published", 5)]
        any_house.clock.tick(60)
        again = shaped("make_roster", await chief.post(f"{SITE}/rosters", json={"month": "2026-04"}))
        await _act(chief, again["id"], "cells", revision=0, cells={"centre": {"2026-04-05": {"day": "wang"}}})
        diff = await chief.get(f"{SITE}/rosters/{again['id']}/diff", params={"against": mine})
        assert shaped("roster_diff", diff)["items"] == [
            {"seat": "centre", "day": "2026-04-05", "template": "day", "was": "li", "now": "wang"}
        ]
        listed = shaped("rosters", await manager.get(f"{SITE}/rosters", params={"month": "2026-04"}))["items"]
        assert [(r["state"], r["version"]) for r in listed] == [("draft", None), ("published", 1)]
        gone = shaped("withdraw_roster", await _act(chief, again["id"], "withdraw", reason="not needed"))
        assert gone["state"] == "withdrawn"
        assert shaped("roster", await manager.get(f"{SITE}/rosters/{mine}"))["cells"]["centre"]["2026-04-02"] == {
            "day": "chen", "night": "wang",
        }  # fmt: skip


async def test_a_roster_of_another_site_is_not_found_here(house: House) -> None:
    async with house.client("far-chen") as far, house.client("chen") as chief:
        made = (await far.post(f"/api/v1/sites/{OTHER}/rosters", json={"month": "2026-04"})).json()
        for path in ("", "/findings", "/revisions"):
            answer = await chief.get(f"{SITE}/rosters/{made['id']}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "roster_not_found")
        assert (await _act(chief, made["id"], "undo", revision=0)).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"revision": 0, "cells": {"centre": {"2026-05-01": {"day": "li"}}}}, 422, "day_outside_month"),
        ({"revision": 0, "cells": {"centre": {"yesterday": {"day": "li"}}}}, 422, "invalid"),
        ({"revision": 0, "cells": {"centre": {"2026-04-01": {"day": ["li"]}}}}, 422, "invalid"),
        ({"revision": 0, "cells": {"a/b": {"2026-04-01": {"day": "li"}}}}, 422, "invalid"),
        ({"revision": -1, "cells": {"centre": {}}}, 422, "invalid"),
        ({"cells": {"centre": {}}}, 422, "invalid"),
    ],
)
async def test_cells_that_cannot_be_are_refused(house: House, body: dict[str, Any], status: int, code: str) -> None:
    async with house.client("chen") as chief:
        made = (await chief.post(f"{SITE}/rosters", json={"month": "2026-04"})).json()
        answer = await _act(chief, made["id"], "cells", **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_planned_and_actual_of_a_month(any_house: House) -> None:
    """DUTY-15: li never came on the 2nd; wang stood in, ten minutes late."""
    any_house.clock.set(any_house.night.local(2, 8, 10))
    any_house.night.act("sign_on", "wang", "centre")
    any_house.clock.set(any_house.night.local(2, 20))
    any_house.night.act("sign_off", "wang", "centre")
    async with any_house.client("the-auditor") as auditor:
        found = shaped("planned_and_actual", await auditor.get(f"{SITE}/attendance/2026-03"))
    kept = {k["shift"]["id"]: k for k in found["shifts"]}
    day = kept["centre/2026-03-02/day"]
    assert (day["absent"], [a["person"] for a in day["others"]]) == (True, ["wang"])
    assert [a["person"] for a in found["unplanned"]] == ["wang"]
    assert "centre/2026-03-03/day" not in kept
