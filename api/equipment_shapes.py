"""What the API answers about equipment and its tests (see `api.shapes`)."""

from datetime import date, datetime

from api.shapes import Shape, Words
from sites.register import Role


class EquipmentTest(Shape):
    """A test that comes again: of some devices, of what stands in a zone, or of what `about` says. One of `every_days` and
    `every_months` is not 0; `since` is the day that it counts from while no result is known.
    """

    id: str
    name: Words
    devices: list[str]
    zone: str | None
    about: Words | None
    every_days: int
    every_months: int
    by: Role
    since: date
    alert: bool


class EquipmentResult(Shape):
    """What a test found. One that failed says what in `note`."""

    id: str
    test: str
    passed: bool
    note: str
    by: str
    at: datetime


class EquipmentStanding(Shape):
    """How a test stands: its last result, the day by whose end the next one is due, and whether that day is over."""

    test: EquipmentTest
    last: EquipmentResult | None
    due: date
    overdue: bool


class EquipmentTests(Shape):
    """The site's tests, what is due first first."""

    items: list[EquipmentStanding]
