"""A small random site: devices of every family, a few seats, rosters with holes and overlaps, ladders of all lengths.

Whatever `Random` gives is a site that a pack could hold: ids exist, ladders end, and every alert has a route.
"""

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from random import Random
from typing import Any, Final

from sites.duty_policies import DutyPolicies
from sites.register import (
    MODELS,
    Checkpoint,
    Contact,
    Device,
    External,
    Gateway,
    Ladder,
    Person,
    Policies,
    Post,
    Register,
    Role,
    Rota,
    Route,
    Rung,
    Seat,
    ShiftTemplate,
    Words,
    Zone,
)

SITE: Final = "hunted"

# Where the night may fall, and the local dates whose night changes the clocks there (tz database, 2026).
ZONES: Final[Mapping[str, tuple[date, ...]]] = {
    "America/Chicago": (date(2026, 3, 7), date(2026, 10, 31)),
    "Europe/London": (date(2026, 3, 28), date(2026, 10, 24)),
    "Australia/Lord_Howe": (date(2026, 4, 4), date(2026, 10, 3)),
    "Africa/Cairo": (date(2026, 4, 23), date(2026, 10, 29)),
    "Asia/Shanghai": (),
}

# Hours at which a shift likes to end: also those that a DST night skips or has twice.
_EDGES: Final = (time(0), time(1, 30), time(2), time(2, 15), time(6), time(8), time(14), time(20), time(22))
_FAMILIES: Final = tuple(MODELS)


def random_site(dice: Random, zone: str, day: date) -> Register:
    """A site in `zone` whose rosters begin a few days before `day`."""
    watch_s = dice.choice((7200, 10800, 21600))
    gateways = [Gateway(f"gw-{c}", _words(c), supervision_s=watch_s) for c in "abc"]
    gateways = gateways[: dice.randint(1, 3)]
    seats = [Seat("centre", "watch", _words("centre")), Seat("leader", "lead", _words("leader"), required=False)]
    seats += [Seat(f"seat-{n}", "watch", _words(str(n)), dice.random() < 0.6) for n in range(dice.randint(0, 2))]
    people = _people(dice)
    templates = _templates(dice)
    return Register(
        site_id=SITE,
        name=_words("site"),
        time_zone=zone,
        version=0,
        zones=_by_id([Zone("estate", _words("estate"), "site"), Zone("b1", _words("b1"), "building", "estate")]),
        plans={},
        gateways=_by_id(gateways),
        devices=_by_id(_devices(dice, [g.id for g in gateways])),
        checkpoints=_by_id([Checkpoint("C1", _words("C1"), "b1", ("04A1B2C3D4E5F6",))]),
        posts=_by_id([Post("watch", _words("watch")), Post("lead", _words("lead"))]),
        seats=_by_id(seats),
        people=_by_id(people),
        ladders=_by_id([_ladder(dice, f"ladder-{n}", seats, people) for n in range(2)]),
        routes=(
            Route("ladder-1", dice.choice(seats).id, klasses=("trouble", "supervisory")),
            Route("ladder-0", "centre"),
        ),
        templates=_by_id(templates),
        rotas=tuple(rota for seat in seats for rota in _rotas(dice, seat.id, people, templates, day)),
        externals=(External("fire", _words("fire"), (Contact("email", "fire@example.org"),)),),
        policies=Policies(
            handle_by_s={p: dice.choice((600, 1800, 7200, 28800)) for p in (1, 2, 3, 4)},
            clock_skew_s=dice.choice((30, 60, 300)),
            gateway_gap_s=30,  # shorter than any outage here, so that gaps are told while the gateway still holds what is missing
            key_zone_raises_priority=dice.random() < 0.5,
            roster_horizon_days=3,
            duty=DutyPolicies(coverage_lead_h=()),
        ),
    )


def _words(text: str) -> Words:
    return Words(text, text)


def _by_id(things: Iterable[Any]) -> dict[str, Any]:
    return {thing.id: thing for thing in things}


def _people(dice: Random) -> list[Person]:
    roles = [(Role.OPERATOR,), (Role.OPERATOR,), (Role.SUPERVISOR,), (Role.MANAGER,), (Role.GUARD,)]
    roles += [(dice.choice((Role.OPERATOR, Role.SUPERVISOR, Role.GUARD, Role.ENGINEER)),) for _ in range(3)]
    names = ("wang", "li", "chen", "zhao", "guard", "sun", "zhou", "wu")
    return [_person(dice, name, of) for name, of in zip(names, roles[: dice.randint(5, 8)], strict=False)]


def _person(dice: Random, name: str, roles: tuple[Role, ...]) -> Person:
    contacts = tuple(Contact("email", f"{name}{n}@example.org") for n in range(dice.choice((0, 0, 1, 2))))
    return Person(name, _words(name), name, roles, contacts=contacts)


def _devices(dice: Random, gateways: list[str]) -> list[Device]:
    """Between 6 and 30; the first six are of six families, so that no night lacks one. A few are supervised."""
    models = [
        "smoke",
        "leak_rope",
        "door",
        "power",
        "panic",
        "handheld",
        *dice.choices(_FAMILIES, k=dice.randint(0, 24)),
    ]
    watched = dice.randint(1, 3)
    return [
        Device(
            f"D-{n}",
            _words(str(n)),
            model,
            dice.choice(("estate", "b1")),
            dice.choice(gateways),
            supervision_s=dice.choice((10800, 14400, 28800)) if n < watched else 0,
            key=dice.random() < 0.2,
        )
        for n, model in enumerate(models)
    ]


def _ladder(dice: Random, name: str, seats: list[Seat], people: list[Person]) -> Ladder:
    """One to five rungs; the first calls a seat, the others anybody, perhaps nobody."""
    callees = [f"seat:{s.id}" for s in seats] + ["post:watch", "post:lead", "role:manager", "role:admin", "external"]
    callees.append(f"person:{dice.choice(people).id}")
    rungs, after = [Rung(0, "seat:centre")], 0
    for _ in range(dice.randint(0, 4)):
        after += dice.choice((15, 30, 60, 300, 1800))
        rungs.append(Rung(after, dice.choice(callees), dice.choice((("console",), ("console", "email"), ("email",)))))
    return Ladder(name, tuple(rungs), repeat_s=dice.choice((1800, 5400, 7200)))


def _templates(dice: Random) -> list[ShiftTemplate]:
    """Two shifts that share the day, and one or two that fall where they like: over an edge, or beside it."""
    first, second = sorted(dice.sample(_EDGES, 2))
    made = [
        ShiftTemplate("early", _words("early"), first, second),
        ShiftTemplate("late", _words("late"), second, first),
    ]
    for n in range(dice.randint(1, 2)):
        starts, ends = dice.sample(_EDGES, 2)
        made.append(ShiftTemplate(f"odd-{n}", _words("odd"), starts, ends))
    return made


def _rotas(dice: Random, seat: str, people: list[Person], templates: list[ShiftTemplate], day: date) -> list[Rota]:
    """Usually the whole day covered, by one or two people; sometimes with a hole, sometimes nobody at all."""
    if dice.random() < 0.1:
        return []
    likely = {t.id: 0.85 if n < 2 else 0.3 for n, t in enumerate(templates)}
    cycle = tuple(
        {t: dice.choice(people).id for t, chance in likely.items() if dice.random() < chance}
        for _ in range(dice.randint(1, 2))
    )
    return [Rota(seat, (day - timedelta(days=dice.randint(3, 9))).isoformat(), cycle)]
