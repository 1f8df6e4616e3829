"""What the API answers about acts that phones told (see `api.shapes`)."""

from datetime import datetime

from api.duty_shapes import SeatState
from api.shapes import Shape
from duty.told import Deed, ToldState


class DutyTold(Shape):
    """Coming to a seat or leaving it without a line: when by the phone's clock, when we heard of it, and when its person proved
    to be themselves. `why`: what stood in the way of counting it; `edited`: it did not fit the phone's chain.
    """

    id: str
    client: str
    person_id: str
    deed: Deed
    seat_id: str
    said_at: datetime
    heard_at: datetime
    edited: bool
    state: ToldState
    how: str | None
    why: str | None
    proved_at: datetime | None


class DutyTolds(Shape):
    """Told acts, by the phones' clocks."""

    items: list[DutyTold]


class DutyProved(Shape):
    """What became of one's told acts, and the seats after them."""

    items: list[DutyTold]
    seats: list[SeatState]
