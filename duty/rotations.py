"""Rotations 轮班: a pattern that crews go through, laid over dates; and what a pattern costs in hours and rest. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from duty.errors import RotationClash
from duty.rules import shift_on
from sites.duty_words import DayType, Rotation, ShiftTemplate

# Who stands where: seat -> day (`2026-03-01`) -> template -> person. What a month's roster is made of.
Cells = Mapping[str, Mapping[str, Mapping[str, str]]]

# Known patterns (standards §7) by their days: D day, E late, N night, F round the clock, - rest. A night that begins at
# midnight belongs to the date on which it begins, so its crew rests on the date before it.
PATTERNS: Final = MappingProxyType(
    {
        "three_shifts": "DDDDDDDNNNNNNNEEEEEEE",  # 三班倒, each for a week, backwards
        "four_crews": "DDEENN--",  # 四班三运转, the night begins in the evening
        "four_crews_midnight": "DDEE-NN-",  # the same, the night begins at midnight
        "four_crews_short": "DEN-",
        "day_night_off_off": "DN--",  # 白夜休休
        "day_night_off": "DN-",  # 白夜休
        "day_on_two_off": "F--",  # 上24休48
        "day_on_three_off": "F---",  # 上24休72
        "two_shifts": "D",  # 两班 without relief
    }
)
_NOWHERE: Final = ZoneInfo("UTC")  # where no clock is ever changed


class Figures(msgspec.Struct, frozen=True):
    """What a pattern asks of each person: hours a week on average, and the shortest rest between two shifts."""

    hours_a_week: float
    least_rest_h: float


def cycle_of(pattern: str, templates: Mapping[str, str]) -> tuple[str, ...]:
    """A pattern's letters as the templates that a rotation is made of; `templates` says which stands for which letter."""
    return tuple("" if letter == "-" else templates[letter] for letter in pattern)


def expand(
    rotations: Iterable[Rotation],
    templates: Mapping[str, ShiftTemplate],
    days: Sequence[date],
    day_type: Callable[[date], DayType],
) -> dict[str, dict[str, dict[str, str]]]:
    """What the rotations give for these days. A shift that is not worked on a day, by its kind or its season, gives
    nothing there: a winter and a summer rotation side by side follow one another (DUTY-12). Raises `RotationClash` when
    two crews come to one shift.
    """
    made: dict[str, dict[str, dict[str, str]]] = {}
    for rotation in rotations:
        for day in days:
            for crew, people in enumerate(rotation.crews):
                name = rotation.shift_of(crew, day)
                if not name or not templates[name].worked_on(day, day_type(day)):
                    continue
                for seat, person in zip(rotation.seats, people, strict=True):
                    had = made.setdefault(seat, {}).setdefault(day.isoformat(), {}).setdefault(name, person)
                    if had != person:
                        raise RotationClash(
                            rotation=rotation.id, seat=seat, day=day.isoformat(), template=name, people=[had, person]
                        )
    return made


def figures(cycle: Sequence[str], templates: Mapping[str, ShiftTemplate]) -> Figures:
    """What somebody works who goes through `cycle` for ever (DUTY-05). A cycle without a shift asks nothing."""
    start = date(2026, 1, 1)
    twice = [(start + timedelta(days=n), templates[name]) for n, name in enumerate((*cycle, *cycle)) if name]
    if not twice:
        return Figures(0, 0)
    shifts = [shift_on(day, template, _NOWHERE) for day, template in twice]
    worked = sum((e - s for parts in shifts[: len(shifts) // 2] for s, e in parts), timedelta())
    # the break in a split shift is no rest: from the end of a shift's last part to the start of the next one's first
    rests = [after[0][0] - before[-1][1] for before, after in pairwise(shifts)]
    return Figures(float(Fraction(worked / timedelta(hours=1)) * 7 / len(cycle)), min(rests) / timedelta(hours=1))
