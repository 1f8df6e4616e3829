"""What the API answers about authority for a shift (ROLE-05; see `api.shapes`)."""

from datetime import datetime

from api.shapes import Shape
from duty.mandates import MandateState, Source, Why
from sites.people import Role


class Mandate(Shape):
    """Authority that somebody has while they hold a seat; `until` empty: until they hand it over. `source`: the site's rule
    for the seat, or somebody who gave it. While its `state` is `waits`, its person has not signed on to that shift yet, and
    it is not in force.
    """

    id: str
    seat_id: str
    person_id: str
    role: Role
    source: Source
    state: MandateState
    given_by: str | None
    reason: str
    shift_id: str | None
    given_at: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    why: Why | None


class Mandates(Shape):
    """Mandates newest first; `next` asks for older ones. `gives`: whether I may give one."""

    items: list[Mandate]
    next: str | None
    gives: bool
