"""A batch of messages as the path takes it, from whichever line it came: stored, and only then acknowledged.

Apart from the MQTT that brings them, so that a night in memory need not load it.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol

import msgspec

log = logging.getLogger("ingest.deliveries")

BATCH: Final = 500  # messages
HEAVY: Final = 512 * 1024  # bytes: nobody shall wait behind 500 arrays, which may hold 30,000 events


class Message(msgspec.Struct, frozen=True, gc=False):
    """One delivery. `token` is what acknowledging needs; it means something only on the connection that brought it.
    `at`: when it arrived, where whoever delivers knows better than the moment of handling.
    """

    topic: str
    payload: bytes
    retained: bool
    qos: int
    token: int
    dup: bool
    at: datetime | None = None


def weight(batch: Iterable[Message]) -> int:
    """The bytes of what a batch says."""
    return sum([len(message.payload) for message in batch])


class UnderWay(Protocol):
    """A batch that the store was given, and has not yet said to have."""

    def fileno(self) -> int:
        """What becomes readable when it has."""

    def end(self) -> None:
        """Wait for it. Raises when the batch must come again."""


class Handler(Protocol):
    """What takes batches to the store, one behind the other."""

    def begin(self, batch: list[Message], former: Callable[[], None]) -> UnderWay | None:
        """Take a batch as far as it goes without waiting for its commit; None: it is stored. `former` ends the batch before
        it, and is called once: late enough that what needs no store is done while that one's commit is on its way.
        Raises when the batch (or the one before it) must come again.
        """


class AtOnce:
    """A handler that is through with a batch when its function returns."""

    def __init__(self, handle: Callable[[list[Message]], None]) -> None:
        self._handle = handle

    def begin(self, batch: list[Message], former: Callable[[], None]) -> None:
        """See `Handler`."""
        former()
        self._handle(batch)


class Line(Protocol):
    """A connection that brought a batch."""

    def acknowledge(self, batch: Iterable[Message]) -> None:
        """Let the broker forget these."""

    def drop(self) -> None:
        """End the connection without a word: what is not acknowledged comes again on the next one."""


class Handing:
    """Hands the batches of one connection on, and acknowledges each that is stored."""

    def __init__(self, handler: Handler, line: Line) -> None:
        self._handler, self._line = handler, line
        self._sent: tuple[UnderWay, list[Message]] | None = None
        self.stored = 0  # batches

    @property
    def under_way(self) -> UnderWay | None:
        """The batch that is being committed, if there is one."""
        return self._sent[0] if self._sent else None

    def take(self, batch: list[Message]) -> Exception | None:
        """Hand a batch on, after the one before it. Returns what was wrong: then the connection is over."""
        return self._try(lambda: self._begin(batch))

    def finish(self) -> Exception | None:
        """Wait for the batch that is being committed, if there is one. Returns what was wrong, as `take` does."""
        return self._try(self._end)

    def _begin(self, batch: list[Message]) -> None:
        sent = self._handler.begin(batch, self._end)
        if sent is None:
            self._stored(batch)
        else:
            self._sent = sent, batch

    def _end(self) -> None:
        if self._sent is not None:
            (sent, batch), self._sent = self._sent, None
            sent.end()
            self._stored(batch)

    def _stored(self, batch: list[Message]) -> None:
        self.stored += 1
        self._line.acknowledge(batch)

    def _try(self, step: Callable[[], None]) -> Exception | None:
        try:
            step()
        except Exception as wrong:
            log.exception("deliveries.batch_failed")
            self._line.drop()
            return wrong
        return None
