"""What the API answers about notices of duty (see `api.shapes`)."""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from api.shapes import Shape
from duty.notices import NoticeKind


class DutyLetter(Shape):
    """One way by which a notice goes out; `replaced`: later news of the same went in its place."""

    channel: str
    state: Literal["queued", "sent", "failed", "replaced"]


class DutyNotice(Shape):
    """What I was told. `data` of `roster`: month, version, shifts (how many I have to come), gained and lost shifts, why."""

    id: str
    kind: NoticeKind
    about: str
    data: dict[str, JsonValue]
    made_at: datetime
    read_at: datetime | None
    letters: list[DutyLetter]


class DutyNotices(Shape):
    """My inbox, newest first; `next` asks for older ones."""

    items: list[DutyNotice]
    unread: int
    next: str | None


class Told(Shape):
    """People were told something of their duty: theirs to look."""

    kind: NoticeKind
    about: str
    people: list[str]
