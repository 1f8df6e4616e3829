"""Archives over HTTP (LOG-09, RPT-06); every answer is held against its documented model."""

import io

from logbook.archive_check import check
from tests.api.conftest import House
from tests.api.test_answers import SITE, shaped

BOOK = f"{SITE}/logbook"


async def test_a_month_is_closed_downloaded_and_received(house: House) -> None:
    async with house.client("wang") as wang:
        await wang.post(f"{BOOK}/entries", json={"fields": {"text": "三月的记录"}})
    house.clock.tick(40 * 86400)
    async with house.client("the-manager") as manager, house.client("wang") as wang:
        before = shaped("log_archives", await wang.get(f"{BOOK}/archives"))
        assert before == {"items": [], "open": ["2026-03"]}
        assert (await wang.post(f"{BOOK}/archives/2026-03")).json()["code"] == "not_permitted"
        for month, code in [("2026-04", "month_not_over"), ("2026-13", "invalid")]:
            assert (await manager.post(f"{BOOK}/archives/{month}")).json()["code"] == code
        assert (await manager.get(f"{BOOK}/archives/2026-03/file")).json()["code"] == "archive_not_found"
        made = shaped("make_archive", await manager.post(f"{BOOK}/archives/2026-03", params={"language": "en"}))
        assert (made["month"], made["made_by"], made["received_at"]) == ("2026-03", "the-manager", None)
        again = await manager.post(f"{BOOK}/archives/2026-03")
        assert (again.status_code, again.json()["code"]) == (409, "already_archived")
        got = await manager.get(f"{BOOK}/archives/2026-03/file")
        assert (got.headers["content-type"], len(got.content)) == ("application/zip", made["size"])
        assert check(io.BytesIO(got.content), kept=[made["note"]]).ok
        assert (await wang.get(f"{BOOK}/archives/2026-03/file")).status_code == 403
        told = {"comment": "档案室 3 柜"}
        had = shaped("receive_archive", await manager.post(f"{BOOK}/archives/2026-03/receipt", json=told))
        assert (had["received_by"], had["comment"]) == ("the-manager", "档案室 3 柜")
        twice = await manager.post(f"{BOOK}/archives/2026-03/receipt", json=told)
        assert (twice.status_code, twice.json()["code"]) == (409, "already_received")
        assert shaped("log_archives", await wang.get(f"{BOOK}/archives")) == {"items": [had], "open": []}
        said = shaped("log_page", await wang.get(BOOK, params={"subject": "month/2026-03"}))["items"]
    assert [e["act"] for e in said] == ["logbook.archive_received", "logbook.exported", "logbook.archived"]
