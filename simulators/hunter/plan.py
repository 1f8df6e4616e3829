"""A random night, before it is played: when somebody means to do something, and what the weather on the wires is.

A plan says what is *meant* ("answer something, just as its next rung falls due"); who and which alert that is can only be
known when the moment has come, and is then chosen with the moment's own number. So the same seed is the same night, to
the byte.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from core.clock import micros
from simulators.hunter.record import SECOND
from simulators.hunter.site import ZONES, random_site
from sites.register import Register

_ANY_DAY: Final = date(2026, 6, 10)
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

# What is meant, and how often beside the rest.
DEVICES: Final[Mapping[str, int]] = {
    "alarm": 28,
    "restore": 18,
    "burst": 4,
    "flap": 3,
    "pulse": 4,
    "activity": 3,
    "tap": 2,
    "test": 2,
    "old_news": 3,
    "retained": 3,
    "again": 3,
    "wrong_clock": 3,
    "stranger": 2,
    "foreign": 1,
    "reused_id": 1,
    "voice_gap": 1,
    "garbage": 3,
    "gateway_speaks": 1,
}
PEOPLE: Final[Mapping[str, int]] = {
    "answer": 20,
    "race": 8,
    "witness": 5,
    "override": 3,
    "take": 3,
    "release": 4,
    "reset": 8,
    "note": 4,
    "close": 10,
    "close_active": 2,
    "close_wrongly": 2,
    "report": 4,
    "sign_on": 5,
    "sign_off": 4,
}
FAULTS: Final[Mapping[str, int]] = {
    "gateway_away": 4,
    "gateway_restarts": 3,
    "device_silent": 3,
    "server_away": 3,
    "server_restarts": 5,
    "dies_in_commit": 10,
    "dies_after_commit": 8,
    "broker_restarts": 3,
    "broker_forgets": 2,
    "channel_fails": 5,
    "clock_jumps": 2,
}


class Meant(msgspec.Struct, frozen=True, order=True):
    """At `true`, somebody does `what`; `number` chooses the rest."""

    true: int
    what: str
    number: int


class Weather(msgspec.Struct, frozen=True):
    """How the wire from the gateways treats one message of many, between two moments: chances out of 1."""

    start: int
    end: int
    lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0


class Plan(msgspec.Struct, frozen=True):
    """One night. Moments stand in order of time."""

    seed: int
    register: Register
    start: datetime
    end: datetime
    moments: tuple[Meant, ...]
    weather: tuple[Weather, ...]
    rival: bool = False  # a second sweep is at work on the same store


def random_night(seed: int, hours: float = 24.0) -> Plan:
    """The night of a seed. Pure."""
    dice = Random(seed)
    zone = dice.choice(list(ZONES))
    day = dice.choice(ZONES[zone]) if ZONES[zone] and dice.random() < 0.8 else _ANY_DAY
    local = datetime.combine(day, time(dice.randint(12, 22), dice.choice((0, 30))), ZoneInfo(zone))
    start = local.astimezone(UTC)
    end = start + timedelta(hours=hours)
    moments = _moments(dice, micros(start), micros(end))
    weather = tuple(_weather(dice, start, end))
    return Plan(seed, random_site(dice, zone, day), start, end, tuple(moments), weather, dice.random() < 0.15)


def _moments(dice: Random, start: int, end: int) -> list[Meant]:
    """A quiet night with busy spells: in a spell several things happen within minutes, on the second and between."""
    length = end - start
    made: list[Meant] = []
    for _ in range(max(1, round(dice.randint(2, 4) * length / (24 * HOUR)))):
        at = start + dice.randrange(length * 9 // 10)
        for _ in range(dice.randint(4, 12)):
            at += dice.choice((dice.randrange(SECOND), SECOND, 30 * SECOND, dice.randrange(5 * MINUTE), 15 * MINUTE))
            at -= at % 1000  # a millisecond is as fine as the wire says
            kinds = dice.choices((DEVICES, PEOPLE, FAULTS), (5, 6, 1.6))[0]
            what = dice.choices(list(kinds), list(kinds.values()))[0]
            if at < end - HOUR:
                made.append(Meant(at, what, dice.getrandbits(32)))
    # now and then somebody puts the house in order, so that alerts end and may come again
    tidy = range(start + 3 * HOUR, end - HOUR, 5 * HOUR)
    made += [Meant(at + dice.randrange(HOUR // 1000) * 1000, "tidy", dice.getrandbits(32)) for at in tidy]
    return sorted(made)


def _weather(dice: Random, start: datetime, end: datetime) -> list[Weather]:
    """Up to three bad spells."""
    made = []
    low, high = micros(start), micros(end) - HOUR
    for _ in range(dice.randint(0, 3)):
        at = dice.randrange(low, max(high, low + 1))
        made.append(
            Weather(
                at,
                min(at + dice.randint(1, 240) * MINUTE, high),
                lost=dice.choice((0.0, 0.05, 0.3)),
                twice=dice.choice((0.0, 0.1, 0.5)),
                late=dice.choice((0.0, 0.1, 0.5)),
            )
        )
    return made
