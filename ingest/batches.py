"""A batch of messages as the path takes it, from whichever line it came: handled, and only then acknowledged.

Apart from the MQTT that brings them, so that a night in memory need not load it.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

log = logging.getLogger("ingest.deliveries")

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


Handler = Callable[[list[Message]], None]


class Line(Protocol):
    """A connection that brought a batch."""

    def acknowledge(self, batch: Iterable[Message]) -> None:
        """Let the broker forget these."""

    def drop(self) -> None:
        """End the connection without a word: what is not acknowledged comes again on the next one."""


def deliver(batch: Sequence[Message], handle: Handler, line: Line) -> Exception | None:
    """Handle, then acknowledge; or neither, and the connection ends so that the broker delivers again. Returns what was wrong."""
    try:
        handle(list(batch))
    except Exception as wrong:
        log.exception("deliveries.batch_failed")
        line.drop()
        return wrong
    line.acknowledge(batch)
    return None
