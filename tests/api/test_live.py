"""The live feed over a real server: nothing missed, nothing twice, nobody waited for."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx2 import AsyncClient

from api.accounts import disable
from api.live import QUEUE, Listener, _chunk, frame
from api.pushes import PUSH
from api.serving import serving
from store import outbox
from tests.api.conftest import CSRF, MINE, OTHER, House

Said = tuple[str, int | None, Any]


class Page:
    """An open feed, read event by event."""

    def __init__(self, lines: AsyncIterator[str], status: int) -> None:
        self._lines, self.status = lines, status

    async def next(self, *, beats: bool = False, patience: float = 5) -> Said | None:
        """The next event as (name, id, data); None at the end of the stream."""
        async with asyncio.timeout(patience):
            while (said := await self._one()) is not None:
                if beats or said[0] != "beat":
                    return said
        return None

    async def _one(self) -> Said | None:
        fields: dict[str, str] = {}
        async for line in self._lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                number = fields.get("id")
                return fields["event"], int(number) if number else None, json.loads(fields["data"])
        return None

    async def pushes(self, count: int) -> list[int]:
        """The seqs of the next pushes."""
        return [said[1] or 0 for said in [await self.next() for _ in range(count)] if said is not None]


class Served:
    """The house behind a real uvicorn."""

    def __init__(self, house: House, url: str) -> None:
        self.house, self.url = house, url

    @asynccontextmanager
    async def page(self, login: str = "wang", *, after: int | None = None, **headers: str) -> AsyncIterator[Page]:
        """Open a feed of the site."""
        query = f"?site={MINE}" + ("" if after is None else f"&after={after}")
        cookies = {"watchroom": self.house.token(login)}
        async with (
            AsyncClient(base_url=self.url, cookies=cookies, headers=CSRF | headers) as browser,
            browser.stream("GET", f"/api/v1/live{query}") as answer,
        ):
            yield Page(answer.aiter_lines(), answer.status_code)

    def tell(self, count: int = 1, site: str = MINE) -> int:
        """Commit that many pushes, one a transaction. Returns the last seq."""
        for n in range(count):
            with self.house.db.begin([site]) as tx:
                outbox.append(tx, site, self.house.clock(), [("log", {"size": n, "chain": "00"})])
                last = tx.heads[site].seq
        return last


@asynccontextmanager
async def served_by(house: House) -> AsyncIterator[Served]:
    """Run the house on a free port until the test is over."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = serving(house.app)
    task = asyncio.create_task(server.serve([listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    yield Served(house, f"http://127.0.0.1:{listening.getsockname()[1]}")
    server.should_exit = True
    await asyncio.wait_for(task, 5)


@pytest.fixture
async def served(house: House) -> AsyncIterator[Served]:
    """Over SQLite."""
    async with served_by(house) as running:
        yield running


@pytest.fixture
async def any_served(any_house: House) -> AsyncIterator[Served]:
    """Over each database."""
    async with served_by(any_house) as running:
        yield running


async def test_a_page_is_greeted_and_told_what_happens(any_served: Served) -> None:
    async with any_served.page() as page:
        hello = await page.next()
        assert hello is not None
        assert hello[0] == "hello"
        house = any_served.house
        await asyncio.to_thread(house.night.say, "fire.alarm")
        kinds = set()
        for _ in range(3):
            said = await page.next()
            assert said is not None
            assert said[0] == "push"
            PUSH.validate_python(said[2])
            assert said[2]["seq"] == said[1]
            kinds.add(said[2]["type"])
        assert "alert" in kinds


async def test_snapshot_and_feed_join_without_a_gap(served: Served) -> None:
    """ADR 0005: what is committed between the snapshot and the feed is told by the feed."""
    async with AsyncClient(base_url=served.url, cookies={"watchroom": served.house.token("wang")}) as browser:
        seq = (await browser.get(f"/api/v1/sites/{MINE}/snapshot")).json()["seq"]
    last = served.tell(7)
    async with served.page(after=seq) as page:
        assert (await page.next()) == ("hello", seq, {"seq": seq})
        assert await page.pushes(7) == list(range(seq + 1, last + 1))


async def test_a_page_resumes_where_it_broke_off_with_nothing_lost_or_twice(any_served: Served) -> None:
    served = any_served
    start = served.tell()
    got: list[int] = []

    async def commits() -> None:
        for _ in range(60):
            await asyncio.to_thread(served.tell)

    telling = asyncio.create_task(commits())
    position = start
    while len(got) < 60:
        async with served.page(after=start, **{"last-event-id": str(position)}) as page:
            await page.next()
            got += await page.pushes(min(17, 60 - len(got)))
            position = got[-1]
    await telling
    assert got == list(range(start + 1, start + 61))


async def test_every_page_hears_the_same_in_the_same_order(served: Served) -> None:
    seq = served.tell()
    async with served.page() as one, served.page("li") as two, served.page("the-auditor", after=seq) as three:
        for page in (one, two, three):
            await page.next()
        await asyncio.to_thread(served.tell, 40)
        heard = [await page.pushes(40) for page in (one, two, three)]
    assert heard == [list(range(seq + 1, seq + 41))] * 3


async def test_another_site_is_never_heard(served: Served) -> None:
    """I9: not a byte of another site."""
    async with served.page() as page:
        await page.next()
        await asyncio.to_thread(served.tell, 3, OTHER)
        mine = await asyncio.to_thread(served.tell)
        assert await page.pushes(1) == [mine]


@pytest.mark.parametrize("where", ["query", "header"])
async def test_a_position_that_is_too_old_must_fetch_again(served: Served, where: str) -> None:
    served.tell(5)
    house = served.house
    house.clock.tick(3600)
    with house.db.begin([MINE]) as tx:
        outbox.trim(tx, house.clock())
    last = served.tell(2)
    asked: dict[str, Any] = {"after": 1} if where == "query" else {"last-event-id": "1"}
    async with served.page(**asked) as page:
        assert await page.next() == ("refetch", last, {"why": "too_old"})
        assert await page.next() is None
    async with served.page(after=last - 2) as page:
        assert (await page.next() or [""])[0] == "hello"


async def test_a_position_from_another_life_must_fetch_again(served: Served) -> None:
    """A restored backup: the client is ahead of the server."""
    last = served.tell()
    async with served.page(after=last + 1000) as page:
        assert await page.next() == ("refetch", last, {"why": "ahead"})


@pytest.mark.parametrize("header", ["x", "-1", "1e9", "99999999999999999999", "1;drop"])
async def test_a_position_that_is_no_position_is_refused(served: Served, header: str) -> None:
    async with served.page(**{"last-event-id": header}) as page:
        assert page.status == 422


async def test_an_expired_session_is_signed_out_of_its_open_feed(served: Served) -> None:
    """ASVS 7.4, 8.3.2: an open feed is no way around the end of a session."""
    async with served.page() as page:
        await page.next()
        served.house.clock.tick(13 * 3600)
        assert await page.next() == ("signed_out", None, {"why": "signed_out"})
        assert await page.next() is None


async def test_a_disabled_account_loses_its_open_feed(served: Served) -> None:
    async with served.page("li") as page, served.page("wang") as other:
        await page.next()
        await other.next()
        with served.house.db.begin() as tx:
            disable(tx, served.house.account_id("li"))
        assert (await page.next() or [""])[0] == "signed_out"
        served.tell()
        assert (await other.next() or [""])[0] == "push"


async def test_the_feed_beats(served: Served) -> None:
    async with served.page() as page:
        heard = [await page.next(beats=True) for _ in range(3)]
    assert [said[0] for said in heard if said] == ["hello", "beat", "beat"]


async def test_the_server_stops_while_pages_listen(house: House) -> None:
    async with served_by(house) as served:
        page = served.page()
        opened = await page.__aenter__()
        await opened.next()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert await opened.next() is None
    await page.__aexit__(None, None, None)


async def test_a_page_that_leaves_is_forgotten(served: Served) -> None:
    hub = served.house.room.live
    async with served.page() as page:
        await page.next()
        assert hub.listeners == {MINE: 1}
    for _ in range(100):
        if not hub.listeners:
            break
        await asyncio.sleep(0.01)
    assert hub.listeners == {}


@asynccontextmanager
async def mute(served: Served) -> AsyncIterator[asyncio.StreamReader]:
    """A page that opens a feed and then reads only what its sockets take for it."""
    cookie = f"watchroom={served.house.token('wang')}"
    host, port = served.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(f"GET /api/v1/live?site={MINE} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
    yield reader
    writer.close()


async def flood(served: Served, page: Page) -> None:
    """More than a mute page's sockets and its queue can hold; `page` must hear all of it meanwhile."""
    await page.next()
    blob = {"size": 1, "chain": "x" * 60_000}
    for _ in range(QUEUE + 150):
        await asyncio.to_thread(_big, served.house, blob)
        said = await page.next()
        assert said is not None
        assert said[0] == "push"


async def test_a_page_that_does_not_read_is_told_to_fetch_again_and_holds_nobody_up(served: Served) -> None:
    """F13: its queue is dropped, not waited for."""
    async with mute(served) as reader, served.page("li") as lively:
        await flood(served, lively)
        rest = b""
        async with asyncio.timeout(20):
            while chunk := await reader.read(1 << 20):
                rest = (rest + chunk)[-2000:]
    assert b"event: refetch" in rest
    assert b"too_slow" in rest


async def test_a_page_that_never_reads_again_is_cut_off(served: Served) -> None:
    hub = served.house.room.live
    hub.stalled_s = 0.3
    async with mute(served), served.page("li") as lively:
        await flood(served, lively)
        async with asyncio.timeout(5):
            while hub.listeners != {MINE: 1}:  # noqa: ASYNC110 - the hub tells nobody
                await asyncio.sleep(0.02)


def _big(house: House, blob: dict[str, Any]) -> None:
    with house.db.begin([MINE]) as tx:
        outbox.append(tx, MINE, house.clock(), [("log", blob)])


async def test_a_commit_reaches_the_page_within_milliseconds(served: Served) -> None:
    """Not a benchmark: the feed must be woken by the commit, not found by a poll."""
    took = []
    async with served.page() as page:
        await page.next()
        for _ in range(20):
            began = time.monotonic()
            await asyncio.to_thread(served.tell)
            await page.next()
            took.append(time.monotonic() - began)
    assert sorted(took)[10] < 0.1


# the hub by itself


async def test_a_page_that_comes_while_the_last_one_leaves_still_hears(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reload: the old page's leaving must not take the reader away from under the new one."""
    hub = house.room.live
    old, _ = await hub.join(MINE, None)
    real = hub._in_thread

    async def slow(read: Any) -> Any:
        found = await real(read)
        hub.leave(MINE, old)
        return found

    monkeypatch.setattr(hub, "_in_thread", slow)
    new, _ = await hub.join(MINE, None)
    monkeypatch.setattr(hub, "_in_thread", real)
    await asyncio.to_thread(_big, house, {"size": 1, "chain": ""})
    assert b"event: push" in await new.take(3)
    hub.leave(MINE, new)


async def test_a_store_that_comes_back_is_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = house.room.live
    listener, _ = await hub.join(MINE, None)
    real = hub._in_thread
    failures = iter([RuntimeError("away")])

    async def flaky(read: Any) -> Any:
        for wrong in failures:
            raise wrong
        return await real(read)

    monkeypatch.setattr(hub, "_in_thread", flaky)
    await asyncio.to_thread(_big, house, {"size": 1, "chain": ""})
    assert b"event: push" in await listener.take(5)
    hub.leave(MINE, listener)


# the queue by itself


async def test_a_listener_ahead_of_the_reader_is_not_told_twice() -> None:
    chunk = _chunk([(n, "log", "{}") for n in range(1, 6)])
    listener = Listener(3)
    listener.offer(chunk)
    assert (await listener.take(0)).count(b"event: push") == 2
    listener.offer(chunk)
    assert await listener.take(0) == b""


async def test_a_full_queue_is_dropped_whole() -> None:
    listener = Listener(0)
    for n in range(1, QUEUE + 2):
        listener.offer(_chunk([(n, "log", "{}")]))
    assert listener.behind
    assert await listener.take(0) == b""


def test_a_frame_is_one_event_however_wild_its_text() -> None:
    made = frame("push", {"note": "a\n\nevent: signed_out\ndata: {}\r\n\x00"}, 7)
    assert made.count(b"\n\n") == 1
    assert made.startswith(b"id: 7\nevent: push\ndata: ")
