"""The slow reckoning of who is on duty agrees with the quick one, for every day of a year in zones with and without summer
time; and at every instant one person at most is responsible (I6).
"""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from core.clock import micros
from duty.rules import Attended, dated, who_holds
from simulators.hunter.oracle import on_duty, turns
from simulators.hunter.record import Stay
from simulators.hunter.site import ZONES, random_site


@pytest.mark.parametrize("zone", ZONES)
def test_the_slow_and_the_quick_reckoning_name_the_same_holder_all_year(zone: str) -> None:
    dice = Random(f"duty in {zone}")
    day = date(2026, 1, 1)
    register = random_site(dice, zone, day)
    shifts, slow = dated(register, day, 366), turns(register, day, 366)
    start = datetime(2026, 1, 2, tzinfo=UTC)
    stays = []
    for n in range(120):
        on = start + timedelta(seconds=dice.randrange(364 * 86_400))
        off = on + timedelta(minutes=dice.randrange(1, 900)) if dice.random() < 0.9 else None
        stays.append(Attended(str(n), dice.choice(list(register.seats)), dice.choice(list(register.people)), on, off))
    edges = [at for s in shifts for at in (s.starts_at, s.ends_at)] + [s.on_at for s in stays]
    for _ in range(300):
        at = dice.choice(edges) + timedelta(milliseconds=dice.choice((-1, 0, 1)))
        seat = dice.choice(list(register.seats))
        near = [s for s in shifts if abs(s.starts_at - at) < timedelta(days=3)]
        near_turns = [t for t in slow if abs(t.starts - micros(at)) < 3 * 86_400_000_000]
        mine = [
            Stay(a.seat, a.person, micros(a.on_at), 0, None if a.off_at is None else micros(a.off_at), 0) for a in stays
        ]
        quick = who_holds(seat, at, near, stays).person
        assert on_duty(seat, micros(at), near_turns, mine) == quick, (seat, at)
