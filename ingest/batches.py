"""A batch of messages as the path takes it, from whichever line it came: stored, and only then acknowledged.

Apart from the MQTT that brings them, so that a night in memory need not load it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import msgspec

BATCH: Final = 500


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
