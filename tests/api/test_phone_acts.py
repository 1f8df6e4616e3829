"""What a phone's outbox brings beside taps is done once, and stands in the chain of its taps (PAT-08, PAT-11)."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient, Response

from tests.api.conftest import CSRF, House
from tests.api.test_answers import SITE, shaped
from tests.api.test_live import served_by


class Phone:
    """A phone's chain: each request with its place in it."""

    def __init__(self, house: House, client: str = "a-phone") -> None:
        self.house, self.client, self.n, self.prev = house, client, 0, ""

    def says(self, path: str, ago: float = 0, *, kept: bool = True, **body: Any) -> tuple[str, dict[str, Any]]:
        self.n += 1
        said_at = (self.house.clock() - timedelta(seconds=ago)).isoformat()
        mark = {"id": str(uuid4()), "n": self.n, "prev": self.prev, "said_at": said_at}
        whole = mark | {"path": path, "body": body}
        spelt = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self.prev = hashlib.sha256(spelt.encode()).hexdigest()
        return path, body | {"phone": mark | {"client": self.client, "kept": kept}}


PANIC = {"kind": "manual.panic", "zone": "b7", "note": "", "caller": ""}
ENTRY = {"fields": {"text": "巡更走完，7/7 个点"}, "form": "note"}
SHAPES = {"reports": "make_report", "note": "note", "go": "go", "entries": "write_entry"} | {
    "violations": "violation_report"
}


async def bring(browser: AsyncClient, sent: tuple[str, dict[str, Any]]) -> Any:
    return shaped(SHAPES[sent[0].rsplit("/", 1)[-1]], await browser.post(f"{SITE}/{sent[0]}", json=sent[1]))


@asynccontextmanager
async def pages(house: House, count: int) -> AsyncIterator[list[AsyncClient]]:
    """So many pages of wang's, over HTTP and a real server."""
    cookies = {house.room.cookie: house.token("wang")}
    async with served_by(house) as server, AsyncExitStack() as open_:
        made = [AsyncClient(base_url=server.url, cookies=cookies, headers=CSRF) for _ in range(count)]
        yield [await open_.enter_async_context(each) for each in made]


def refused(answer: Response) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json()["code"], answer.json()["field"]


def made(house: House) -> dict[str, int]:
    """How many of each there are."""
    log = house.night.log()
    with house.db.read() as conn:
        events = conn.exec_driver_sql("SELECT count(*) FROM event WHERE kind = 'manual.panic'").scalar_one()
    acts = ("alert.note", "alert.go", "log.written", "alert.raise")
    return {"events": events, **{act: sum(line.act == act for line in log) for act in acts}}


def suspected(house: House) -> list[Any]:
    return [a for a in house.night.open() if a.kind == "patrol.suspect"]


async def test_the_same_body_twice_makes_one_and_has_the_same_answer(any_house: House) -> None:
    """An answer that was lost on the way is asked for again."""
    house = any_house
    house.night.say("fire.alarm")
    alert, phone = house.night.only().id, Phone(house)
    before = made(house)
    async with pages(house, 1) as (wang,):
        for path, body in (
            ("reports", PANIC),
            (f"alerts/{alert}/note", {"text": "门开着"}),
            (f"alerts/{alert}/go", {"said_at": house.clock().isoformat()}),
            ("logbook/entries", ENTRY),
        ):
            sent = phone.says(path, ago=5, **body)
            first = await bring(wang, sent)
            house.clock.tick(30)
            assert await bring(wang, sent) == first
            if path == "reports":
                assert first["event_id"] == sent[1]["phone"]["id"]
    after = made(house)
    assert {k: after[k] - before[k] for k in after} == {
        "events": 1, "alert.note": 1, "alert.go": 1, "log.written": 1, "alert.raise": 1,
    }  # fmt: skip
    assert not suspected(house)


async def test_two_pages_that_send_one_outbox_at_once_make_each_thing_once(any_house: House) -> None:
    house = any_house
    phone = Phone(house)
    sent = [phone.says("reports", kept=False, **PANIC), *(phone.says("logbook/entries", **ENTRY) for _ in range(4))]
    async with pages(house, 2) as (one, other):

        async def flush(browser: AsyncClient) -> list[Any]:
            return [await bring(browser, each) for each in sent]

        first, second = await asyncio.gather(flush(one), flush(other))
    assert first == second
    assert (made(house)["events"], made(house)["log.written"]) == (1, 4)
    assert not suspected(house)


async def test_an_id_stands_for_one_thing_of_one_person(house: House) -> None:
    phone = Phone(house)
    path, body = phone.says("reports", **PANIC)
    async with house.client("wang") as wang, house.client("li") as li:
        await bring(wang, (path, body))
        assert refused(await li.post(f"{SITE}/{path}", json=body)) == (409, "id_taken", "phone.id")
        as_entry = ENTRY | {"phone": body["phone"]}
        assert refused(await wang.post(f"{SITE}/logbook/entries", json=as_entry)) == (409, "id_taken", "phone.id")
    house.night.say("fire.alarm")
    with house.db.read() as conn:
        known = conn.exec_driver_sql("SELECT id FROM event WHERE kind = 'fire.alarm'").scalar_one()
    async with house.client("wang") as wang:
        theirs = phone.says("reports", **PANIC)[1]
        theirs["phone"]["id"] = known
        assert refused(await wang.post(f"{SITE}/reports", json=theirs)) == (409, "id_taken", "phone.id")


async def test_what_comes_again_with_other_words_changes_nothing_and_is_told(house: House) -> None:
    path, body = Phone(house).says("logbook/entries", **ENTRY)
    async with house.client("wang") as wang:
        first = await bring(wang, (path, body))
        edited = body | {"fields": {"text": "巡更没走完"}}
        assert await bring(wang, (path, edited)) == first
        rejects = (await wang.get(f"{SITE}/rejects")).json()
    assert made(house)["log.written"] == 1
    assert [a.subject for a in suspected(house)] == ["person/wang"]
    assert rejects.get("items", [{}])[0].get("why", "id_reused") == "id_reused"


@pytest.mark.parametrize(
    "edit",
    [
        lambda sent: sent[1][1]["phone"].update(said_at=sent[0][1]["phone"]["said_at"]),
        lambda sent: sent.pop(1),
        lambda sent: sent[2][1]["phone"].update(n=2),
        lambda sent: sent[1][1]["phone"].update(prev="0" * 64),
        lambda sent: sent[0][1].update(fields={"text": "x"}),
        lambda sent: sent.insert(1, ("reports", PANIC | {"phone": sent[0][1]["phone"] | {"id": str(uuid4())}})),
    ],
    ids=["time changed", "one taken out", "counter goes back", "another before it", "words changed", "one put in"],
)
async def test_an_outbox_that_was_edited_by_hand_is_told_and_kept(
    house: House, edit: Callable[[list[tuple[str, dict[str, Any]]]], Any]
) -> None:
    """As it is with taps: nothing is thrown away, and a leader hears of it."""
    phone = Phone(house)
    sent = [phone.says("logbook/entries", ago=300 - 100 * n, **ENTRY) for n in range(3)]
    edit(sent)
    async with house.client("wang") as wang:
        for each in sent:
            await bring(wang, each)
    assert made(house)["log.written"] + made(house)["events"] == len(sent)
    (alert,) = suspected(house)
    assert alert.subject == "person/wang"


async def test_taps_and_the_rest_stand_in_one_chain(house: House) -> None:
    """A note between two taps cannot be left out, and one that is refused leaves no hole."""
    house.night.say("fire.alarm")
    alert, phone = house.night.only().id, Phone(house)

    def tapped() -> dict[str, Any]:
        phone.n += 1
        at = house.clock().isoformat()
        read = {"by": "uid", "uid": "04A1B2C3D4E5F6"}
        said = {"id": str(uuid4()), "n": phone.n, "prev": phone.prev, "said_at": at}
        said |= {"read": read, "answers": {}, "note": "", "photos": []}
        spelt = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        phone.prev = hashlib.sha256(spelt.encode()).hexdigest()
        return said | {"kept": True}

    async def flags(browser: AsyncClient, tap: dict[str, Any]) -> list[str]:
        answer = await browser.post(f"{SITE}/taps", json={"client": phone.client, "taps": [tap]})
        return [f for f in answer.json()["items"][0]["flags"] if f == "outbox_edited"]

    async with house.client("wang") as wang:
        assert await flags(wang, tapped()) == []
        await bring(wang, phone.says(f"alerts/{alert}/note", text="门开着"))
        assert await flags(wang, tapped()) == []
        gone = phone.says(f"alerts/{uuid4()}/note", text="哪个警情")
        assert refused(await wang.post(f"{SITE}/{gone[0]}", json=gone[1]))[:2] == (404, "alert_not_found")
        assert await flags(wang, tapped()) == []
        phone.says("logbook/entries", **ENTRY)  # taken out of the outbox by hand
        assert await flags(wang, tapped()) == ["outbox_edited"]


async def test_a_violation_from_a_phone_is_reported_once_with_its_photos(any_house: House) -> None:
    """PAT-13: seen without a line, told later; its alert shows the photos, its line in the log the phone's time."""
    house = any_house
    phone, name = Phone(house), hashlib.sha256(b"a photo").hexdigest()
    sent = phone.says("violations", ago=600, checkpoint="C1", note="违章搭建", photos=[name])
    async with house.client("chen") as chen:
        first = await bring(chen, sent)
        house.clock.tick(30)
        assert await bring(chen, sent) == first
        assert (first["step"], first["found_by"], first["note"]) == ("dissuade", "chen", "违章搭建")
        await bring(chen, phone.says("violations", kept=False, checkpoint="C1", note="还在", photos=["1" * 64]))
        story = shaped("alert_story", await chen.get(f"{SITE}/alerts/{house.night.alert('patrol.violation').id}"))
    assert [(one["person"], one["checkpoint"], one["photos"]) for one in story["photos"]] == [
        ("chen", "C1", [name]),
        ("chen", "C1", ["1" * 64]),
    ]
    lines = [e for e in house.night.log() if e.act.startswith("violation.")]
    assert [(e.act, e.data.get("said_at")) for e in lines] == [
        ("violation.begin", sent[1]["phone"]["said_at"].replace("+00:00", "Z")),
        ("violation.see", None),
    ]
    assert not suspected(house)


async def test_live_ones_overtake_kept_ones_without_a_word(house: House) -> None:
    phone = Phone(house)
    kept = [phone.says("logbook/entries", ago=60, **ENTRY) for _ in range(2)]
    help_ = phone.says("reports", kept=False, **PANIC)
    async with house.client("wang") as wang:
        for each in (help_, *kept):
            await bring(wang, each)
    assert not suspected(house)


async def test_a_mark_that_is_none_is_refused_and_one_that_no_json_can_say_is_told(house: House) -> None:
    path, body = Phone(house).says("logbook/entries", **ENTRY)
    async with house.client("wang") as wang:
        for none in (b"", b"{", b"\xff", b"null", b"[]", b'{"phone": 1}'):
            answer = await wang.post(f"{SITE}/{path}", content=none, headers={"content-type": "application/json"})
            assert refused(answer)[:2] == (422, "invalid"), none[:10]
        for wrong in ({"n": 0}, {"n": "1"}, {"id": "x"}, {"prev": "x"}, {"said_at": "today"}, {"kept": 1}, {"more": 1}):
            answer = await wang.post(f"{SITE}/{path}", json=body | {"phone": body["phone"] | wrong})
            assert refused(answer)[:2] == (422, "invalid")
        far = body["phone"] | {
            "said_at": (datetime.fromisoformat(body["phone"]["said_at"])).isoformat(),
            "n": 2**53 - 1,
        }
        await bring(wang, (path, body | {"phone": far}))
    assert suspected(house)
