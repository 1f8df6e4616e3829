"""Feeds by secret address: who may read what, and how one ends."""

from datetime import date
from typing import Any

import pytest
from httpx2 import AsyncClient
from icalendar import Calendar
from sqlalchemy import delete, update

from duty.rosters import Edit
from duty.tables import duty_feed
from ingest import rosters
from sites.tables import account, member
from tests.api.conftest import MINE, OTHER, House
from tests.api.test_answers import shaped

FEEDS = f"/api/v1/sites/{MINE}/feeds"


async def _made(house: House, who: str, **body: Any) -> tuple[str, str]:
    """The address of a new feed, and its id."""
    async with house.client(who) as browser:
        made = shaped("make_feed", await browser.post(FEEDS, json=body))
    return made["path"], made["feed"]["id"]


async def _read(house: House, path: str) -> list[Any]:
    async with house.client() as calendar:  # nobody is signed in
        answer = await calendar.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


async def _gone(house: House, path: str) -> bool:
    async with house.client() as calendar:
        answer = await calendar.get(path)
        unknown = await calendar.get("/api/v1/feeds/" + "A" * 43 + ".ics")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "feed_not_found")
    return bool(answer.status_code == 404 and answer.json() == unknown.json())


def _amend(house: House, person: str | None) -> None:
    with house.db.begin([MINE]) as tx:
        desk = house.night.desks.get(tx.conn, MINE)
        assert desk is not None
        house.clock.tick(60)
        edit = Edit("centre", date(2026, 3, 5), "day", person)
        rosters.amend(tx, desk, "2026-03", [edit], "chen", house.clock(), "swap")


async def test_a_persons_feed_follows_every_change_of_the_roster(any_house: House) -> None:
    li, _ = await _made(any_house, "li")
    wang, _ = await _made(any_house, "wang")
    uid = f"centre/2026-03-05/day@{MINE}.watchroom"

    async def told(path: str) -> tuple[str, int] | None:
        found = [e for e in await _read(any_house, path) if e["uid"] == uid]
        assert len(found) <= 1
        return (str(found[0]["status"]), int(found[0]["sequence"])) if found else None

    assert (await told(li), await told(wang)) == (("CONFIRMED", 0), None)
    _amend(any_house, "wang")
    first, second = await told(li), await told(wang)
    assert (first, second) == (("CANCELLED", 1), ("CONFIRMED", 2))
    _amend(any_house, "li")
    back, gone = await told(li), await told(wang)
    assert (back and back[0], gone and gone[0]) == ("CONFIRMED", "CANCELLED")
    assert back is not None
    assert back[1] > 1


async def test_a_posts_feed_says_who_comes(any_house: House) -> None:
    path, _ = await _made(any_house, "the-guard", post="centre")
    found = await _read(any_house, path)
    assert {str(e["summary"]).split(" · ")[-1] for e in found} == {"li", "wang"}
    assert len({e["uid"] for e in found}) == len(found)


@pytest.mark.parametrize("how", ["revoked", "made anew", "disabled", "left"])
@pytest.mark.parametrize("body", [{}, {"post": "centre"}])
async def test_an_address_that_ended_leads_nowhere_and_says_nothing(
    house: House, how: str, body: dict[str, Any]
) -> None:
    """Also a post's feed ends with whoever asked for it."""
    path, feed_id = await _made(house, "li", **body)
    assert await _read(house, path)
    match how:
        case "revoked":
            async with house.client("li") as browser:
                assert (await browser.delete(f"{FEEDS}/{feed_id}")).status_code == 204
                assert (await browser.delete(f"{FEEDS}/{feed_id}")).status_code == 404
        case "made anew":
            again, _ = await _made(house, "li", **body)
            assert again != path
            assert await _read(house, again)
        case "disabled":
            with house.db.begin() as tx:
                tx.conn.execute(update(account).where(account.c.login == "li").values(disabled=True))
        case _:
            with house.db.begin() as tx:
                tx.conn.execute(delete(member).where(member.c.site_id == MINE, member.c.person_id == "li"))
    assert await _gone(house, path)


async def test_the_secret_is_long_and_only_its_hash_is_kept(house: House) -> None:
    path, _ = await _made(house, "li")
    token = path.rsplit("/", 1)[1].removesuffix(".ics")
    assert len(token) >= 43  # 256 bits
    with house.db.read() as conn:
        (row,) = conn.execute(duty_feed.select()).all()
    assert token not in str(row)
    assert "feed.make" in house.night.said_in_log()
    assert token not in str(house.night.log())


async def test_ones_feeds_are_ones_own_and_a_manager_may_end_any(house: House) -> None:
    path, feed_id = await _made(house, "li")
    async with house.client("wang") as other, house.client("li") as owner, house.client("zhao") as manager:
        assert shaped("feeds", await other.get(FEEDS))["items"] == []
        assert (await other.delete(f"{FEEDS}/{feed_id}")).status_code == 404
        assert [f["id"] for f in shaped("feeds", await owner.get(FEEDS))["items"]] == [feed_id]
        assert [f["owner"] for f in shaped("feeds", await manager.get(FEEDS))["items"]] == ["li"]
        assert (await manager.delete(f"{FEEDS}/{feed_id}")).status_code == 204
    assert await _gone(house, path)
    line = house.night.log(f"feed/{feed_id}")[-1]
    assert (line.act, line.actor, line.data["owner"]) == ("feed.revoke", "zhao", "li")


async def test_what_is_no_post_here_has_no_feed(house: House) -> None:
    async with house.client("li") as browser:
        answer = await browser.post(FEEDS, json={"post": "moon"})
        assert (answer.status_code, answer.json()["code"]) == (404, "feed_not_found")
        assert (await browser.post(f"/api/v1/sites/{OTHER}/feeds", json={})).status_code == 404


async def test_an_odd_address_is_simply_not_found(house: House) -> None:
    async with house.client() as calendar:
        for odd in ("x", "%00", "..%2f..", "A" * 2000, "é"):
            assert (await _status(calendar, odd)) == 404


async def _status(browser: AsyncClient, token: str) -> int:
    return (await browser.get(f"/api/v1/feeds/{token}.ics")).status_code
