"""What the API answers about reinforced duty and all hands (DUTY-08; see `api.shapes`)."""

from datetime import datetime

from api.shapes import Shape
from duty.modes import ModeState
from sites.duty_words import Mode


class DutyMode(Shape):
    """Reinforced duty or all hands; `ends_at` empty: until it is lifted."""

    id: str
    mode: Mode
    state: ModeState
    reason: str
    called_by: str
    called_at: datetime
    starts_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str


class PostStrength(Shape):
    """How many are signed on at a post, and how many it needs at this moment."""

    post: str
    have: int
    need: int
    people: list[str]


class StillToCome(Shape):
    """Somebody who must be here and has not signed on; `seat`: of the shift that they have now."""

    person: str
    seat: str | None


class DutyModes(Shape):
    """What is on or planned, what was called last, and who is there of those who must be; `calls`: whether I may call."""

    live: list[DutyMode]
    past: list[DutyMode]
    calls: bool
    posts: list[PostStrength]
    present: list[str]
    missing: list[StillToCome]
    excused: list[str]
