"""What an entry says, how it is made into bytes, and how the bytes are chained. Pure: no store, no clock, no keys."""

from datetime import datetime
from typing import Any

import msgspec


class Line(msgspec.Struct, frozen=True):
    """What the logbook will say of one step. `actor` is a person id, or `system`."""

    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]
