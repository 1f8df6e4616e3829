"""The live feed (SSE): what the outbox says, to every open page, in order and without a gap.

One reader a site, woken by the commit itself (on PostgreSQL, where another process may have committed, also ten times a
second), reads what is new once, encodes it once, and hands it to every listener's own bounded queue. A listener that
cannot keep up is told to fetch everything again; nobody waits for it. The hub never asks back and holds no state but
positions.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, TypeVar

import msgspec
from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection

from core.clock import Clock, rfc3339
from store import outbox
from store.db import Store

T = TypeVar("T")
_log = logging.getLogger("watchroom.api")

QUEUE: Final = 256  # chunks; at a busy hour's ten commits a second, half a minute
_PAGE: Final = 500


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """What one reading of the outbox gave: frames by seq, and all of them joined."""

    first: int
    last: int
    frames: tuple[tuple[int, bytes], ...]
    joined: bytes

    def after(self, seq: int) -> bytes:
        """The frames that a listener at `seq` has not had."""
        if seq < self.first:
            return self.joined
        return b"".join(frame for n, frame in self.frames if n > seq)


def frame(event: str, data: object, seq: int | None = None) -> bytes:
    """One event of the stream."""
    head = f"event: {event}\n" if seq is None else f"id: {seq}\nevent: {event}\n"
    return head.encode() + b"data: " + msgspec.json.encode(data) + b"\n\n"


def _chunk(rows: list[tuple[int, str, str]]) -> Chunk:
    """Bodies are text already: they are wrapped, not decoded."""
    frames = tuple(
        (seq, f'id: {seq}\nevent: push\ndata: {{"type":"{kind}","seq":{seq},"body":{body}}}\n\n'.encode())
        for seq, kind, body in rows
    )
    return Chunk(rows[0][0], rows[-1][0], frames, b"".join(f for _, f in frames))


class Listener:
    """One open page. `seq` is the last push it was given."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.waiting: deque[Chunk] = deque()
        self.behind = False
        self._news = asyncio.Event()

    def offer(self, chunk: Chunk) -> None:
        """Queue what is new, or drop everything when it has not kept up."""
        if len(self.waiting) >= QUEUE:
            self.behind = True
            self.waiting.clear()
        if not self.behind:
            self.waiting.append(chunk)
        self._news.set()

    def nudge(self) -> None:
        """Wake it without news: the hub is closing."""
        self._news.set()

    async def take(self, patience_s: float) -> bytes:
        """Everything that waits, joined; empty when nothing came in time or it fell behind."""
        if not self.waiting and not self.behind:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._news.wait()
        self._news.clear()
        parts = []
        while self.waiting:
            chunk = self.waiting.popleft()
            if chunk.last > self.seq:
                parts.append(chunk.after(self.seq))
                self.seq = chunk.last
        return b"".join(parts)


class _Channel:
    """One site's reader and its listeners."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.listeners: set[Listener] = set()
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Hub:
    """The feeds of one process. Made anywhere, `open`ed on the event loop that serves, `close`d before it stops."""

    def __init__(
        self, store: Store, now: Clock, *, beat_s: float = 5.0, poll_s: float | None = None, stalled_s: float = 20.0
    ) -> None:
        self._store, self._now = store, now
        self.beat_s = beat_s
        self.stalled_s = stalled_s  # a page that takes nothing for so long is cut off
        self._poll_s = poll_s if poll_s is not None else (0.1 if store.dialect == "postgresql" else 2.0)
        self._channels: dict[str, _Channel] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing = False
        store.on_commit(self._committed)

    def open(self) -> None:
        """Start to hear commits, on the running loop."""
        self._loop, self.closing = asyncio.get_running_loop(), False
        self._threads = CapacityLimiter(8)

    def close(self) -> None:
        """End every feed; each listener's response finishes at once."""
        self.closing = True
        for channel in self._channels.values():
            for listener in channel.listeners:
                listener.nudge()

    async def closed(self) -> None:
        """`close`, and wait for the readers to be gone."""
        self.close()
        tasks = [c.task for c in self._channels.values() if c.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._channels.clear()
        self._loop = None

    @property
    def listeners(self) -> dict[str, int]:
        """How many pages listen, by site."""
        return {site: len(c.listeners) for site, c in list(self._channels.items())}

    def _committed(self, news: Mapping[str, int]) -> None:
        """On the committing thread: only a nudge, and only when somebody listens."""
        loop = self._loop
        if loop is None or self._channels.keys().isdisjoint(news):
            return
        with suppress(RuntimeError):  # the loop has just been closed
            loop.call_soon_threadsafe(self._wake, news)

    def _wake(self, news: Mapping[str, int]) -> None:
        for site in news:
            channel = self._channels.get(site)
            if channel is not None and news[site] > channel.position:
                channel.wake.set()

    async def join(self, site: str, after: int | None) -> tuple[Listener, str | None]:
        """A listener that continues after `after` (from now on, without it), or the reason why it must refetch."""
        oldest, newest = await self._in_thread(lambda conn: outbox.span(conn, site))
        channel = self._channels.get(site)  # only now: while we waited, its last page may have taken it away
        reached = newest if channel is None else max(newest, channel.position)
        start = newest if after is None else after
        if not oldest - 1 <= start <= reached:
            return Listener(reached), "ahead" if start > reached else "too_old"
        if channel is None:
            channel = self._channels[site] = _Channel(newest)
            channel.task = asyncio.create_task(self._read(site, channel), name=f"live[{site}]")
        listener, missed_to = Listener(start), channel.position
        channel.listeners.add(listener)  # from here on the news are queued; what came before them is read now
        if start < missed_to and not await self._catch_up(site, listener, missed_to):
            listener.behind = True
        return listener, None

    async def _catch_up(self, site: str, listener: Listener, upto: int) -> bool:
        """Queue the backlog in front of the news. False when it is longer than a queue may be."""
        backlog: list[Chunk] = []
        seq = listener.seq
        while seq < upto:
            rows = await self._in_thread(lambda conn, seq=seq: outbox.after(conn, site, seq, _PAGE))  # type: ignore[misc]
            if not rows or rows[0][0] != seq + 1 or len(backlog) * _PAGE > 20_000:
                return False
            backlog.append(_chunk(rows))
            seq = rows[-1][0]
        listener.waiting.extendleft(reversed(backlog))
        return True

    def leave(self, site: str, listener: Listener) -> None:
        """A page was closed. The last one takes the reader with it."""
        channel = self._channels.get(site)
        if channel is None:
            return
        channel.listeners.discard(listener)
        if not channel.listeners:
            del self._channels[site]
            if channel.task is not None:
                channel.task.cancel()

    async def _read(self, site: str, channel: _Channel) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await channel.wake.wait()
            channel.wake.clear()
            while await self._step(site, channel):
                pass

    async def _step(self, site: str, channel: _Channel) -> bool:
        """Read one page and hand it on. Whether there may be more. A store that is away is asked again."""
        try:
            rows = await self._in_thread(lambda conn: outbox.after(conn, site, channel.position, _PAGE))
        except Exception as wrong:  # noqa: BLE001 - top of a supervised loop: the feed must outlive its store
            _log.warning("live.store_away site=%s error=%s", site, type(wrong).__name__)
            await asyncio.sleep(1)
            return False
        if not rows:
            return False
        chunk = _chunk(rows)
        channel.position = chunk.last
        for listener in channel.listeners:
            listener.offer(chunk)
        return len(rows) == _PAGE

    async def _in_thread(self, read: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self._store.read() as conn:
                return read(conn)

        return await to_thread.run_sync(run, limiter=self._threads)

    def beat(self) -> bytes:
        """The feed is alive."""
        return frame("beat", {"at": rfc3339(self._now())})
