"""What every channel is given and what it answers."""

from collections.abc import Callable
from typing import Any

import msgspec

from notify.message import Message

BODY_BYTES = 2048

StillOwed = Callable[
    [], bool
]  # reads the store; asked at the last moment before the message can no longer be taken back


class Order(msgspec.Struct, frozen=True):
    """One notice, ready to go. `id` goes with every try, so that who gets it twice can tell."""

    id: str
    target: str
    message: Message
    facts: dict[str, Any]


class Outcome(msgspec.Struct, frozen=True):
    """What the other side said: its code and body as they came. `again` is False where another try cannot help."""

    ok: bool
    code: str
    body: str = ""
    again: bool = True


class Answered(Exception):  # noqa: N818 - not a fault: the best thing that can happen to a notice
    """Somebody answered the alert meanwhile; the message was not sent."""


def refused(why: str, detail: str) -> Outcome:
    """We do not send this, now or later."""
    return Outcome(ok=False, code=why, body=detail, again=False)


def kept(body: bytes | str) -> str:
    """A provider's words, as much of them as we keep and a database takes."""
    raw = body.encode(errors="replace") if isinstance(body, str) else body
    return raw[:BODY_BYTES].decode(errors="replace").replace("\0", "\ufffd")
