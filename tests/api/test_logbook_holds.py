"""Holds and retention over HTTP (LOG-04); every answer is held against its documented model."""

from datetime import timedelta

from tests.api.conftest import House
from tests.api.test_answers import SITE, shaped

BOOK = f"{SITE}/logbook"


async def test_a_manager_puts_the_log_on_hold_and_lifts_it_again(house: House) -> None:
    async with house.client("the-manager") as manager, house.client("wang") as wang:
        body = {"reason": "保险理赔", "subject": "zone/b7", "since": house.clock().isoformat()}
        made = shaped("place_hold", await manager.post(f"{BOOK}/holds", json=body))
        assert (made["placed_by"], made["subject"], made["lifted_at"]) == ("the-manager", "zone/b7", None)
        assert (await wang.post(f"{BOOK}/holds", json=body)).json()["code"] == "not_permitted"
        wrong = await manager.post(f"{BOOK}/holds", json=body | {"until": "2020-01-01T00:00:00Z"})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "until")
        lifted = shaped("lift_hold", await manager.post(f"{BOOK}/holds/{made['id']}/lift", json={"reason": "结案"}))
        assert lifted["lift_reason"] == "结案"
        again = await manager.post(f"{BOOK}/holds/{made['id']}/lift", json={"reason": "结案"})
        assert (again.status_code, again.json()["code"]) == (409, "hold_lifted")
        assert shaped("log_holds", await wang.get(f"{BOOK}/holds"))["items"] == [lifted]
        page = shaped("log_page", await wang.get(f"{BOOK}?subject=hold/{made['id']}"))
        assert [e["act"] for e in page["items"]] == ["logbook.hold_lifted", "logbook.hold_placed"]


async def test_how_long_the_log_is_kept_is_told(house: House) -> None:
    async with house.client("wang") as wang:
        told = shaped("log_retention", await wang.get(f"{BOOK}/retention"))
        before = (house.clock() - timedelta(days=1095)).isoformat().replace("+00:00", "Z")
    assert (told["keep_days"], told["before"], told["due_entries"], told["looked_at"]) == (1095, before, 0, None)
