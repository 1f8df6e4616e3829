"""Stories: what a site lives through, played by whoever its register casts for the part.

A story is told in seconds from its beginning. `demo` opens with the first minutes that a newcomer should see and goes on
as a quiet evening that may be watched for an hour.
"""

import math
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import msgspec

from duty.rules import dated, who_holds
from simulators import devices, doors, fire, guards, patrols, water
from simulators.sayings import Stream, dice, merged
from sites.register import Device, Register, Role

SMOKE = "B2-07"  # the detector on floor 7 that everybody meets first
DRYING = water.Rope(dries_s=4.0)  # a rope that somebody wipes: the newcomer should see it end
SLEEPY_S = 3600  # devices that report less often than this are heard once, then rarely


class Cast(msgspec.Struct, frozen=True):
    """Who plays which part. A part that the site cannot fill is None, and its scene is left out."""

    smoke: str | None
    flapping: str | None
    leak: str | None
    door: str | None
    readers: tuple[str, ...]
    silent: str | None
    handset: str | None
    guard: str | None
    tags: tuple[str, ...]
    staff: tuple[str, ...]
    on: datetime | None = None  # when it begins, where somebody knows


class Story(msgspec.Struct, frozen=True):
    """A named story; `tell` gives its streams."""

    name: str
    about: str
    tell: Callable[[Register, Cast, int], Iterator[Stream]]


def cast(register: Register, on: datetime | None = None) -> Cast:
    """Fill the parts from the register; `on` names the guard whom the roster has walking then."""

    def of(*models: str) -> list[str]:
        return [d.id for d in register.devices.values() if d.model in models]

    smokes = of("smoke")
    smoke = SMOKE if SMOKE in smokes else next(iter(smokes), None)
    supervised = [d for d in register.devices.values() if d.supervision_s and d.id != smoke]
    silent = min(supervised, key=_patience, default=None)
    leaks = [d for d in of("leak_rope") + of("leak_spot") if silent is None or d != silent.id]
    return Cast(
        smoke=smoke,
        flapping=next((d for d in reversed(smokes) if d != smoke), None),
        leak=next(iter(leaks), None),
        door=next(iter(_outdoors(register, of("door"))), None),
        readers=tuple(of("reader") or of("door")),
        silent=silent.id if silent else None,
        handset=next(iter(of("handheld")), None),
        guard=_walker(register, on),
        tags=tuple(tag for point in register.checkpoints.values() for tag in point.tags[:1]),
        staff=tuple(register.people),
        on=on,
    )


def stream(story: Story, register: Register, seed: int, on: datetime | None = None) -> Stream:
    """The story at this site: the same seed and the same cast say the same bytes."""
    return merged(story.tell(register, cast(register, on), seed))


def _demo(register: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    """From second 15: smoke, leak, forced door, expired card, a patrol round, a bad contact, a device gone silent."""
    if parts.smoke:
        yield fire.fire_loop(parts.smoke, 15, 165, loop=2, point=7)
    if parts.leak:
        yield water.leak_rope(parts.leak, dice(seed, "leak"), [water.Flood(35, 90)], DRYING)
    if parts.door:
        yield doors.forced_door(parts.door, 55, 110, dice(seed, "contact"))
    if parts.readers:
        yield doors.denied(parts.readers[0], 75, "expired", "C-20417")
    if parts.handset and parts.guard:
        yield _first_round(register, parts.handset, parts.guard, parts, seed)
    if parts.flapping:
        yield fire.bad_contact(parts.flapping, dice(seed, "flapping"), 80, 5, 24)
    yield from _life(register, parts, seed, falls_silent=60, begins=300)


def _first_round(register: Register, handset: str, guard: str, parts: Cast, seed: int) -> Stream:
    """Eight points in the first minutes. Where the plans have a scale nobody may be too quick: then the guard takes the lift
    from floor to floor, or goes on foot.
    """
    by = dice(seed, "round")
    stack = _stack(register)
    if register.policies.patrol.unit_m and len(stack) < 8:
        return guards.round_on_foot(handset, guard, guards.route_of(register)[:8], by, 25)
    return guards.walk(handset, guard, (stack if register.policies.patrol.unit_m else parts.tags)[:8], by, 25, 20)


def _stack(register: Register) -> tuple[str, ...]:
    """The tags of the points that are drawn at one spot, floor above floor; of the spot that has most."""
    spots: dict[tuple[str, float | None, float | None], list[str]] = {}
    for point in register.checkpoints.values():
        plan = next((p for z in register.zone_path(point.zone) if (p := register.zones[z].plan)), "")
        spots.setdefault((plan, point.x, point.y), []).extend(point.tags[:1])
    stacks = sorted(spots.values(), key=len, reverse=True)
    return tuple(stacks[0]) if stacks else ()


def _calm(register: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    """Nothing to answer: cards, rounds, heartbeats, gauges."""
    yield from _life(register, parts, seed, falls_silent=math.inf, begins=5)


def _storm(register: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    """Ten seconds in, every detector of the site alarms within one second; then calm."""
    loud = [d.id for d in register.devices.values() if d.model in {"smoke", "heat", "manual_call"}]
    yield fire.storm(loud, dice(seed, "storm"), 10, 1)
    yield from _calm(register, parts, seed)


def _life(register: Register, parts: Cast, seed: int, *, falls_silent: float, begins: float) -> Iterator[Stream]:
    for device in register.devices.values():
        if device.model != "handheld":
            beat = dice(seed, "beat", device.id)
            if device.id == parts.silent and falls_silent < math.inf:
                yield devices.heartbeats(device.id, 15, beat, falls_silent)
            else:
                yield devices.heartbeats(device.id, _rhythm(device), beat)
        if device.model == "temperature":
            yield devices.gauge(device.id, "temperature", "Cel", 24, 4, dice(seed, "gauge", device.id), 30)
        elif device.model == "level":
            yield devices.gauge(device.id, "level", "m", 1.8, 0.3, dice(seed, "gauge", device.id), 30)
    yield doors.comings_and_goings(parts.readers, parts.staff, dice(seed, "cards"), 20, 5)
    if parts.on is not None and (walkers := patrols.handsets(register)):
        for seat, handset in walkers.items():
            yield patrols.planned(register, seat, handset, parts.on, dice(seed, "rounds", seat), 4 * begins)
    elif parts.handset and parts.guard:
        route = dice(seed, "rounds")
        yield guards.rounds(parts.handset, parts.guard, parts.tags, route, begins, 900, 60, 10)


def _rhythm(device: Device) -> float:
    """How often a device says that it is alive: three times within its supervision, or half-hourly to be seen at all."""
    return min(device.supervision_s / 3, 1800) if 0 < device.supervision_s <= SLEEPY_S else 1800


def _patience(device: Device) -> tuple[int, str]:
    return device.supervision_s, device.id


def _outdoors(register: Register, doors: list[str]) -> list[str]:
    """Doors as a burglar would like them: not in the monitoring centre itself."""
    posts = {p for d in register.devices.values() if d.model == "panic" for p in (d.zone,)}
    return [d for d in doors if register.devices[d].zone not in posts] or doors


def _walker(register: Register, on: datetime | None) -> str | None:
    seats = [s.id for s in register.seats.values() if "patrol" in s.post]
    if on is not None and seats:
        first: date = on.astimezone(register.zone_info).date() - timedelta(days=1)
        held = who_holds(seats[0], on, dated(register, first, 3), []).person
        if held is not None:
            return held
    return next((p.id for p in register.people.values() if Role.GUARD in p.roles), None)


STORIES = {
    s.name: s
    for s in (
        Story("demo", "the first minutes for a newcomer, then a quiet evening", _demo),
        Story("calm", "a quiet evening: nothing to answer", _calm),
        Story("storm", "every detector alarms within one second, then a quiet evening", _storm),
    )
}
