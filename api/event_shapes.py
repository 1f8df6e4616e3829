"""What the API answers about what devices and people said (see `api.shapes`)."""

from datetime import datetime
from typing import Any

from api.shapes import Shape
from core.kinds import Klass
from core.wire import Why


class Reported(Shape):
    """What a manual report made."""

    event_id: str
    alert_id: str | None


class EventBrief(Shape):
    """What a device or person said, without its bytes. `flags` is a sum: 1 test, 2 history, 4 retained, 8 unknown
    device, 16 clock skew, 32 late.
    """

    id: str
    device_id: str
    gateway_id: str
    kind: str
    klass: Klass
    flags: int
    said_at: datetime
    heard_at: datetime
    alert_id: str | None


class EventPage(Shape):
    """A page of events, newest first."""

    items: list[EventBrief]
    next: str | None


class EventWhole(EventBrief):
    """An event with the bytes that said it: `raw` when they are text, else `raw_base64`."""

    boot: str
    seq: int
    raw: str | None
    raw_base64: str | None
    data: dict[str, Any]
    shift_id: str | None
    holder_id: str | None


class Reject(Shape):
    """A message that could not be understood."""

    id: str
    topic: str
    heard_at: datetime
    why: Why
    detail: str
    size: int


class Rejects(Shape):
    """A page of rejects, newest first."""

    items: list[Reject]
    next: str | None
