"""What kind of day a date is at a site: its country's holidays and make-up workdays, and the site's own overrides.

Values in, values out. A country that moves working days about (调休) publishes them late in the year before: until then a
year knows only its statutory holidays, and each of its days says that it is *provisional*.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec

from duty.rules import by_weekday
from sites.duty_words import DayType
from sites.people import Words
from sites.register import Register

MONTH: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
_MOVED: Final = range(2018, 2026)  # a country that moved working days in these years does so every year


class Override(msgspec.Struct, frozen=True):
    """What the site says of a day, whatever the country says."""

    day: date
    type: DayType
    reason: str
    by: str
    at: datetime


class Day(msgspec.Struct, frozen=True):
    """One day: its type, what the country calls it, whether that may still change, and the site's own word on it."""

    day: date
    type: DayType
    name: Words | None
    provisional: bool
    override: Override | None = None


class _Year(msgspec.Struct, frozen=True):
    """What a country says of one year."""

    weekend: frozenset[int]
    named: Mapping[date, Words]
    worked: frozenset[date]
    provisional: bool


def first_of(month: str) -> date:
    """The first day of a month that is written `2026-03`."""
    return date(int(month[:4]), int(month[5:7]), 1)


def month_of(day: date) -> str:
    """The month that a day is in."""
    return day.isoformat()[:7]


def month_after(month: str) -> str:
    """The month that comes next."""
    return month_of(first_of(month) + timedelta(days=31))


def days_of(month: str) -> list[date]:
    """Every day of a month."""
    first = first_of(month)
    return [first + timedelta(days=n) for n in range((first_of(month_after(month)) - first).days)]


def day_of(day: date, jurisdiction: str, overrides: Mapping[date, Override]) -> Day:
    """What a date is at a site (SITE-04)."""
    year = _year(jurisdiction, day.year)
    said = overrides.get(day)
    if said is not None:
        return Day(day, said.type, year.named.get(day), provisional=False, override=said)
    if day in year.worked:
        made = DayType.MAKEUP
    elif day in year.named:
        made = DayType.HOLIDAY
    else:
        made = DayType.WEEKEND if day.weekday() in year.weekend else DayType.WORKDAY
    return Day(day, made, year.named.get(day), year.provisional)


def day_types(jurisdiction: str, overrides: Mapping[date, Override]) -> Callable[[date], DayType]:
    """The site's calendar as the function that places shifts."""
    return lambda day: day_of(day, jurisdiction, overrides).type


def shift_days(register: Register, overrides: Mapping[date, Override]) -> Callable[[date], DayType]:
    """The calendar by which a site's shifts and rounds are placed; plain weekdays where none asks what day it is."""
    asking = [t.day_types for t in register.templates.values()] + [p.day_types for p in register.patrol_plans.values()]
    if not any(asking):
        return by_weekday
    return day_types(register.policies.duty.jurisdiction, overrides)


@lru_cache(maxsize=64)
def _year(jurisdiction: str, year: int) -> _Year:
    """A year as its country has it. One that the library does not know has weekends only, and is provisional."""
    country, _, region = jurisdiction.partition("-")
    found = _asked(country, region, (year - 1, year, year + 1), "zh_CN")
    if found is None:
        return _Year(frozenset({5, 6}), {}, frozenset(), provisional=True)
    english = _asked(country, region, (year - 1, year, year + 1), "en_US") or found
    named = {day: Words(name, english.get(day, name)) for day, name in found.items() if day.year == year}
    worked = frozenset(day for day in found.weekend_workdays if day.year == year)
    provisional = not worked and _moves_days(country, region)
    return _Year(frozenset(found.weekend), named, worked, provisional)


@lru_cache(maxsize=64)
def _moves_days(country: str, region: str) -> bool:
    """Whether this country makes weekend days into working days."""
    found = _asked(country, region, tuple(_MOVED), "zh_CN")
    return found is not None and any(day.year in _MOVED for day in found.weekend_workdays)


def _asked(country: str, region: str, years: tuple[int, ...], language: str) -> Any:
    """The library's table for these years, or None for a place that it does not know."""
    import holidays  # here: it takes a moment, and most sites' shifts are the same every day

    try:
        return holidays.country_holidays(country, subdiv=region or None, years=years, language=language)
    except NotImplementedError:
        return None
