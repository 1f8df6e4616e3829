"""The logbook as people write it, over HTTP; every answer is held against its documented model."""

from datetime import timedelta

from tests.api.conftest import MINE, OTHER, House
from tests.api.test_answers import SITE, shaped

BOOK = f"{SITE}/logbook"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def test_an_entry_is_written_read_and_corrected(house: House, alert_id: str) -> None:
    """LOG-01, LOG-02, LOG-03."""
    async with house.client("wang") as wang, house.client("li") as li:
        body = {"fields": {"text": "大堂水渍，已放警示牌"}, "zone": "b7", "persons": ["li"], "alert": alert_id}
        made = shaped("write_entry", await wang.post(f"{BOOK}/entries", json=body))
        n = made["entry"]["n"]
        assert (made["entry"]["subject"], made["corrections"]) == (f"alert/{alert_id}", [])
        again = body | {"fields": {"text": "二楼大堂水渍"}, "reason": "楼层写错"}
        assert (await li.post(f"{BOOK}/entries/{n}/corrections", json=again)).json()["code"] == "not_your_entry"
        after = shaped("correct_entry", await wang.post(f"{BOOK}/entries/{n}/corrections", json=again))
        assert after["entry"] == made["entry"]
        assert [c["data"]["reason"] for c in after["corrections"]] == ["楼层写错"]
        assert shaped("log_entry", await li.get(f"{BOOK}/entries/{n}")) == after
        page = shaped("log_page", await li.get(BOOK, params={"subject": f"alert/{alert_id}"}))
        assert [c["data"]["corrects"] for c in page["corrections"]] == [n]
        assert shaped("log_verify", await li.get(f"{BOOK}/verify"))["ok"]


async def test_a_wrong_entry_names_its_field_and_leaves_nothing(house: House) -> None:
    async with house.client("wang") as wang:
        before = shaped("log_page", await wang.get(BOOK))["head"]
        later = (house.clock() + timedelta(hours=1)).isoformat()
        for body, status, field in [
            ({"form": "opening", "fields": {"weather": "晴", "plan": "p"}}, 422, "fields.cautions"),
            ({"fields": {"text": "t"}, "happened_at": later}, 422, "happened_at"),
            ({"fields": {"text": "t"}, "happened_at": "2026-03-01T21:00:00"}, 422, "happened_at"),
            ({"fields": {"text": "t"}, "zone": "attic"}, 422, "zone"),
            ({"fields": {"text": {"deep": 1}}}, 422, None),
            ({"fields": {"text": "t"}, "alert": "01900000-0000-7000-8000-000000000000"}, 404, None),
            ({"fields": {"text": "t"}, "by": "li"}, 422, "by"),
        ]:
            answer = await wang.post(f"{BOOK}/entries", json=body)
            assert answer.status_code == status, answer.text
            assert field is None or answer.json()["field"] == field
        assert shaped("log_page", await wang.get(BOOK))["head"] == before
        assert (await wang.get(f"{BOOK}/entries/9999")).json()["code"] == "entry_not_found"


async def test_the_forms_are_told_to_who_may_write(house: House) -> None:
    """LOG-08."""
    async with house.client("the-guard") as guard:
        told = shaped("log_forms", await guard.get(f"{BOOK}/forms"))
    assert [form["id"] for form in told["forms"]] == ["note", "opening", "closing", "status"]
    assert MINE in BOOK


async def test_a_file_is_attached_and_given_out_as_a_download_only(house: House) -> None:
    files = house.room.settings.files
    assert files is not None
    async with house.client("wang") as wang, house.client("far-wang") as far:
        kept = shaped("upload_attachment", await wang.post(f"{BOOK}/attachments", content=PNG))
        assert (kept["type"], kept["size"]) == ("image/png", len(PNG))
        body = {"fields": {"text": "见照片"}, "attachments": [{"sha256": kept["sha256"], "name": "漏水.png"}]}
        made = shaped("write_entry", await wang.post(f"{BOOK}/entries", json=body))
        assert made["entry"]["data"]["attachments"] == [kept | {"name": "漏水.png"}]
        got = await wang.get(f"{BOOK}/attachments/{kept['sha256']}")
        assert (got.content, got.headers["content-type"]) == (PNG, "image/png")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in got.headers["content-security-policy"]
        elsewhere = f"{BOOK}/attachments/{kept['sha256']}".replace(MINE, OTHER)
        assert (await wang.get(elsewhere)).status_code == 404
        assert (await far.get(elsewhere)).json()["code"] == "file_not_found"
        (files / kept["sha256"][:2] / kept["sha256"][2:]).write_bytes(b"another")
        changed = await wang.get(f"{BOOK}/attachments/{kept['sha256']}")
        assert (changed.status_code, changed.json()["code"]) == (409, "file_changed")


async def test_what_may_not_be_attached_is_refused(house: House) -> None:
    async with house.client("wang") as wang:
        for content, status, code in [(b"MZ\0", 422, "file_type"), (b"x" * (10 * 1024 * 1024 + 1), 413, "too_large")]:
            answer = await wang.post(f"{BOOK}/attachments", content=content)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        big = b"x" * (10 * 1024 * 1024)
        assert (await wang.post(f"{BOOK}/attachments", content=big)).status_code == 200
        assert (await wang.post(f"{BOOK}/entries", content=big)).status_code == 413
        body = {"fields": {"text": "t"}, "attachments": [{"sha256": "0" * 64}]}
        assert (await wang.post(f"{BOOK}/entries", json=body)).json()["code"] == "not_uploaded"
        body = {"fields": {"text": "t"}, "attachments": [{"sha256": "0" * 64, "name": "../x"}]}
        assert (await wang.post(f"{BOOK}/entries", json=body)).json()["field"] == "attachments.0.name"


async def test_what_people_wrote_is_found_page_by_page(house: House) -> None:
    """LOG-07."""
    async with house.client("wang") as wang, house.client("the-guard") as guard:
        for n in range(5):
            house.clock.tick(60)
            await wang.post(f"{BOOK}/entries", json={"fields": {"text": f"第{n}次巡查消防泵房"}, "zone": "b7"})
        first = shaped("log_search", await wang.get(f"{BOOK}/search", params={"q": "泵房", "limit": 3}))
        rest = shaped("log_search", await wang.get(f"{BOOK}/search", params={"q": "泵房", "before": first["next"]}))
        said = [e["data"]["fields"][0]["value"][1] for e in first["items"] + rest["items"]]
        assert (said, rest["next"]) == (["4", "3", "2", "1", "0"], None)
        since = (house.clock() - timedelta(seconds=90)).isoformat()
        asked = {"since": since, "person": "wang", "form": "note", "act": "log.written", "subject": "zone/b7"}
        assert len(shaped("log_search", await wang.get(f"{BOOK}/search", params=asked))["items"]) == 2
        for wrong in [{"since": "2026-03-01"}, {"q": "x" * 201}, {"before": 0}, {"act": "Robert'); --"}]:
            assert (await wang.get(f"{BOOK}/search", params=wrong)).status_code == 422
        assert (await guard.get(f"{BOOK}/search", params={"q": "泵房"})).status_code == 403


async def test_a_day_is_looked_through_and_signed_with_the_password(house: House, alert_id: str) -> None:
    """LOG-06, QA-01."""
    async with house.client("the-supervisor") as chief, house.client("wang") as wang:
        day = f"{BOOK}/days/2026-03-01"
        house.clock.tick(1)
        before = shaped("log_day", await wang.get(day))
        assert ([a["alert"] for a in before["sheet"]["unclosed"]], before["signed"]) == ([alert_id], None)
        body = {"comment": "阅，喷头需检查", "password": "demo"}
        assert (await chief.post(f"{day}/sign", json=body)).json()["code"] == "day_not_over"
    house.clock.tick(26 * 3600)
    async with house.client("the-supervisor") as chief, house.client("wang") as wang:
        assert shaped("log_days", await wang.get(f"{BOOK}/days"))["overdue"] == ["2026-03-01"]
        wrong = await chief.post(f"{day}/sign", json=body | {"password": "x"})
        assert wrong.json()["code"] == "wrong_own_password"
        assert (await wang.post(f"{day}/sign", json=body)).json()["code"] == "not_the_reviewer"
        signed = shaped("sign_day", await chief.post(f"{day}/sign", json=body))
        assert signed["signed"]["by"] == "the-supervisor"
        again = await chief.post(f"{day}/sign", json=body)
        assert (again.status_code, again.json()["code"]) == (409, "already_signed")
        assert shaped("log_day", await wang.get(day))["signed"] == signed["signed"]
        days = shaped("log_days", await wang.get(f"{BOOK}/days"))
        assert ([s["comment"] for s in days["signed"]], days["overdue"]) == (["阅，喷头需检查"], [])
        found = shaped("log_search", await wang.get(f"{BOOK}/search", params={"q": "喷头"}))
        assert [e["act"] for e in found["items"]] == ["log.reviewed"]
        assert (await wang.get(f"{BOOK}/days/2026-02-30")).status_code == 422
        assert (await wang.get(f"{BOOK}/days/9999-12-31")).status_code == 422


async def test_who_reads_the_logbook_is_known_to_the_auditor(house: House) -> None:
    """LOG-05."""
    async with house.client("wang") as wang, house.client("the-auditor") as auditor:
        made = (await wang.post(f"{BOOK}/entries", json={"fields": {"text": "t"}})).json()["entry"]["n"]
        for page in ["", "", "/search?q=t", f"/entries/{made}", "/days", "/days/2026-03-01"]:
            assert (await wang.get(BOOK + page)).status_code == 200
        assert (await wang.get(f"{BOOK}/readers")).status_code == 403
        told = shaped("log_readers", await auditor.get(f"{BOOK}/readers"))
        assert sorted(r["page"] for r in told["items"]) == ["day", "entry", "page", "search"]
        assert {r["who"] for r in told["items"]} == {"wang"}
        first = shaped("log_readers", await auditor.get(f"{BOOK}/readers", params={"limit": 3}))
        rest = shaped("log_readers", await auditor.get(f"{BOOK}/readers", params={"before": first["next"]}))
        assert first["items"] + rest["items"] == told["items"]
        for wrong in ["x", "", "٣", "9" * 13]:
            assert (await auditor.get(f"{BOOK}/readers", params={"before": wrong})).status_code == 422
        house.clock.tick(600)
        await wang.get(BOOK)
        assert len(shaped("log_readers", await auditor.get(f"{BOOK}/readers"))["items"]) == 5
