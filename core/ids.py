"""Time-ordered identifiers (UUIDv7, RFC 9562): neighbours in time are neighbours in the index.

`fresh` makes a new one; `derived` makes the one that a rule may know without asking for randomness, so that judging the
same event twice names the same alert.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from core.clock import micros

_chance: ContextVar[Callable[[int], bytes]] = ContextVar("chance", default=secrets.token_bytes)


def _shape(ms: int, tail: bytes) -> str:
    """Lay 48 bits of milliseconds and 80 bits of `tail` out as a UUIDv7."""
    h = f"{ms & 0xFFFFFFFFFFFF:012x}{tail[:10].hex()}"
    variant = "89ab"[int(h[16], 16) & 3]
    return f"{h[:8]}-{h[8:12]}-7{h[13:16]}-{variant}{h[17:20]}-{h[20:32]}"


def fresh(at: datetime) -> str:
    """A new random id, placed at `at`."""
    return _shape(micros(at) // 1000, _chance.get()(10))


@contextmanager
def drawn_from(chance: Callable[[int], bytes]) -> Iterator[None]:
    """Inside, `fresh` takes its randomness from `chance`: what is played twice then makes the same ids twice."""
    token = _chance.set(chance)
    try:
        yield
    finally:
        _chance.reset(token)


def derived(at: datetime, *parts: str) -> str:
    """The id that follows from `parts`: the same parts at the same time give the same id."""
    return _shape(micros(at) // 1000, hashlib.sha256("\x1f".join(parts).encode()).digest())
