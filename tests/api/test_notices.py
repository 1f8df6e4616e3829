"""One's own inbox of duty through HTTP: nobody reads another's (DUTY-14)."""

from datetime import date

from duty.rosters import Edit
from ingest import rosters
from tests.api.conftest import House
from tests.api.test_answers import SITE, shaped


def swapped(house: House, to: str) -> None:
    night = house.night
    with house.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        edit = Edit("centre", date(2026, 3, 5), "day", to)
        rosters.amend(tx, desk, "2026-03", [edit], "chen", house.clock(), "换班")


async def test_what_changed_for_me_lies_in_my_inbox_until_i_have_read_it(house: House) -> None:
    swapped(house, "wang")  # was li's
    async with house.client("wang") as wang, house.client("li") as li, house.client("chen") as chen:
        mine = shaped("duty_inbox", await wang.get(f"{SITE}/duty/inbox"))
        (one,) = mine["items"]
        assert (mine["unread"], one["kind"], one["about"]) == (1, "roster", "roster/2026-03")
        assert [s["starts_at"] for s in one["data"]["gained"]] == ["2026-03-05T00:00:00.000000Z"]
        assert one["letters"] == [{"channel": "email", "state": "queued"}]
        (theirs,) = shaped("duty_inbox", await li.get(f"{SITE}/duty/inbox"))["items"]
        assert (len(theirs["data"]["lost"]), theirs["data"]["gained"]) == (1, [])
        assert shaped("duty_inbox", await chen.get(f"{SITE}/duty/inbox"))["items"] == []
        read = shaped("duty_inbox_read", await wang.post(f"{SITE}/duty/inbox/read", json={}))
        assert (read["unread"], read["items"][0]["read_at"] is None) == (0, False)
        house.clock.tick(1)
        swapped(house, "li")
        page = shaped("duty_inbox", await wang.get(f"{SITE}/duty/inbox?limit=1"))
        assert page["unread"] == 1
        older = await wang.get(f"{SITE}/duty/inbox", params={"before": page["next"], "limit": 1})
        assert [n["id"] for n in shaped("duty_inbox", older)["items"]] == [one["id"]]
