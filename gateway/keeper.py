"""Group commit: whatever waits is kept in one transaction, then answered. Owns the one thread that touches the spool."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from core.clock import Clock
from gateway.fact import Fact, Refused
from gateway.spool import Kept, Spool

log = logging.getLogger("gateway.keeper")

BATCH: Final = 500
P = ParamSpec("P")
T = TypeVar("T")
Answer = asyncio.Future[Kept | Refused]


class Keeper:
    """Takes facts from inputs; `on_kept` hears of each new event once it is durable."""

    def __init__(self, spool: Spool, now: Clock, on_kept: Callable[[Sequence[Kept]], None]) -> None:
        self.spool = spool
        self.now = now
        self._on_kept = on_kept
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._waiting: list[tuple[Fact, Answer]] = []
        self._refused: list[tuple[Refused, bytes]] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def do(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a spool call in the spool's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*args, **kwargs))

    def keep(self, fact: Fact) -> Answer:
        """The answer comes when the fact is durable, or refused."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting.append((fact, answer))
        self._stir()
        return answer

    def refuse(self, refused: Refused, raw: bytes) -> None:
        """Put something that was not taken with the refused."""
        if len(self._refused) < BATCH:
            self._refused.append((refused, raw))
            self._stir()

    async def run(self) -> None:
        """Keep what comes, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._refused:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                refused, self._refused = self._refused, []
                await self._round(batch, refused)
            self._idle.set()

    async def drain(self) -> None:
        """Wait until everything taken so far is answered."""
        await self._idle.wait()

    def close(self) -> None:
        """Stop the spool's thread and let go of the file."""
        self._thread.submit(self.spool.close)
        self._thread.shutdown()

    def _stir(self) -> None:
        self._idle.clear()
        self._wake.set()

    async def _round(self, batch: list[tuple[Fact, Answer]], refused: list[tuple[Refused, bytes]]) -> None:
        at = self.now()
        answers: Sequence[Kept | Refused]
        try:
            answers = await self.do(self.spool.append, [fact for fact, _ in batch], at) if batch else []
            if refused:
                await self.do(self.spool.refuse, refused, at)
        except sqlite3.Error as wrong:  # a full or failing disk: the input is told, and may try again with the same id
            log.exception("spool.failed", extra={"facts": len(batch)})
            answers = [Refused("spool_failed", str(wrong))] * len(batch)
        new = [a for a in answers if isinstance(a, Kept) and a.row is not None]
        if new:
            self._on_kept(new)
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
