"""What the API answers about calendars, rosters and their feeds (see `api.shapes`)."""

from datetime import date, datetime

from api.shapes import Shape, Words
from sites.duty_words import DayType


class DayOverride(Shape):
    """What the site says of a day."""

    day: date
    type: DayType
    reason: str
    by: str
    at: datetime


class CalendarDay(Shape):
    """One day. `name` is the country's holiday; `provisional`: the country has not published its working days yet."""

    day: date
    type: DayType
    name: Words | None
    provisional: bool
    override: DayOverride | None


class CalendarMonth(Shape):
    """A month of days."""

    month: str
    jurisdiction: str
    days: list[CalendarDay]
