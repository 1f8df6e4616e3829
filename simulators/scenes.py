"""One model at a time: each family's life, and each way in which it goes wrong, played by whoever a site has for the part.

A scene is a short story: `watchroom sim run leak-rope` plays one as `watchroom sim run demo` plays the evening.
"""

from collections.abc import Callable, Iterator

from simulators import devices, doors, fire, guards, residents, water
from simulators.sayings import Stream, clocked, dice
from simulators.story import Cast, Story
from sites.register import Device, Register

Tell = Callable[[Register, Cast, int], Iterator[Stream]]


def _all(register: Register, *models: str) -> list[str]:
    return [d.id for d in register.devices.values() if d.model in models]


def _zone(register: Register) -> list[Device]:
    """The devices of the zone that has most detectors; the smaller id wins a tie."""
    zones: dict[str, list[Device]] = {}
    for device in register.devices.values():
        zones.setdefault(device.zone, []).append(device)
    return max(zones.values(), key=lambda ds: sum(d.model == "smoke" for d in ds), default=[])


def _points(register: Register) -> list[fire.Point]:
    return [fire.Point(d.id, 1, n) for n, d in enumerate((d for d in _zone(register) if d.model == "smoke"), start=1)]


def _beside(register: Register, model: str) -> str | None:
    """A device of that model in the same zone, or else anywhere."""
    near = [d.id for d in _zone(register) if d.model == model]
    return next(iter(near or _all(register, model)), None)


def _smoke(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.smoke:
        smokes = [fire.Smoke(5, 200), fire.Smoke(400, 460, peak=18)]
        yield fire.detector(fire.Point(parts.smoke), dice(seed, "smoke"), smokes)


def _burst(_: Register, parts: Cast, __: int) -> Iterator[Stream]:
    if parts.smoke:
        yield fire.repeated(fire.fire_loop(parts.smoke, 5, 120))


def _spreading(register: Register, _: Cast, seed: int) -> Iterator[Stream]:
    button, flow = _beside(register, "manual_call"), _beside(register, "waterflow")
    yield fire.spreading(_points(register), dice(seed, "fire"), 5, call_point=button, sprinkler=flow)


def _panel_clock(register: Register, _: Cast, seed: int) -> Iterator[Stream]:
    points = _points(register)
    loops = [fire.detector(p, dice(seed, p.device), [fire.Smoke(5 + 60 * n, 200)]) for n, p in enumerate(points)]
    yield fire.panel(loops, clock_off_s=-7 * fire.MONTH_S, drift_s_a_day=-10)


def _fault(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.smoke:
        yield fire.fault(parts.smoke, 5, 300)
    if parts.flapping:
        yield fire.bad_contact(parts.flapping, dice(seed, "contact"), 20, 6, 12)


def _maintenance(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.smoke:
        yield fire.maintenance(parts.smoke, 5, dice(seed, "maintenance"))


def _leak(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.leak:
        yield water.leak_rope(parts.leak, dice(seed, "leak"), [water.Flood(5, 120), water.Flood(300, 330)])


def _leak_flapping(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.leak:
        flood, rope = water.at_the_threshold(5, 180)
        yield water.leak_rope(parts.leak, dice(seed, "leak"), [flood], rope)


def _leak_cut(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.leak:
        yield water.leak_rope(parts.leak, dice(seed, "leak"), [water.Flood(5, 300)], cut=(60, 200))


def _tank(register: Register, _: Cast, seed: int) -> Iterator[Stream]:
    for device in _all(register, "level")[:1]:
        yield water.tank(device, dice(seed, "tank"), 5, falls_per_s=0.005)


def _door(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.door:
        yield doors.forced_door(parts.door, 5, 40, dice(seed, "contact"))
        yield doors.held_door(parts.door, 60, 150)


def _bounce(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.door:
        yield doors.chattering(parts.door, dice(seed, "contact"), 5, 3)


def _cards(_: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    for reader in parts.readers[:1]:
        for n, reason in enumerate(doors.REASONS):
            yield doors.denied(reader, 5 + 20 * n, reason, f"C-{20417 + n}")
        yield doors.tail_gate(reader, 110, "C-20400", dice(seed, "tail"))
        yield doors.duress(reader, 130, "C-20401")


def _unlocked(register: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.smoke:
        yield fire.fire_loop(parts.smoke, 5, 240)
    yield doors.opened_by_fire(_all(register, "door"), dice(seed, "doors"), 5, 240)


def _round(register: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.handset and parts.guard:
        stops = guards.route_of(register)[:20]
        yield guards.round_on_foot(parts.handset, parts.guard, stops, dice(seed, "round"), 5)


def _put_on(change: Callable[[Stream, Register, Cast, int], Stream]) -> Tell:
    """A round with something wrong with it."""

    def tell(register: Register, parts: Cast, seed: int) -> Iterator[Stream]:
        return (change(one, register, parts, seed) for one in _round(register, parts, seed))

    return tell


def _other(register: Register, parts: Cast) -> str:
    """Somebody else than the guard whose round it is."""
    return next((p for p in register.people if p != parts.guard), "nobody")


def _missed(register: Register, parts: Cast, seed: int) -> Iterator[Stream]:
    if parts.handset and parts.guard:
        stops = guards.route_of(register)[:20]
        yield guards.round_on_foot(parts.handset, parts.guard, stops, dice(seed, "round"), 5, missed=(2, 7))


def _cloned(told: Stream, register: Register, parts: Cast, _: int) -> Stream:
    handset = (_all(register, "handheld")[1:] or [parts.handset or ""])[0]
    return guards.cloned(told, parts.tags[min(3, len(parts.tags) - 1)], handset, _other(register, parts))


def _calls(register: Register, _: Cast, seed: int) -> Iterator[Stream]:
    for device in _all(register, "resident_call")[:1]:
        yield residents.resident_call(device, 5, dice(seed, "call"), presses=3)


def _panic(register: Register, _: Cast, __: int) -> Iterator[Stream]:
    for device in _all(register, "panic")[:1]:
        yield residents.panic(device, [(5, 0.2), (10, 2.5)])


def _lift(register: Register, _: Cast, __: int) -> Iterator[Stream]:
    for device in _all(register, "lift", "resident_call")[:1]:
        yield residents.lift_alarm(device, [(5, 1.0), (12, 6.0)])


def _battery(register: Register, _: Cast, seed: int) -> Iterator[Stream]:
    for device in _all(register, "leak_spot", "resident_call")[:1]:
        yield devices.battery(device, dice(seed, "battery"), 5, per_day=40)


SCENES = {
    s.name: s
    for s in (
        Story("fire-smoke", "a detector in rising smoke: pre-alarm, alarm, restore, twice", _smoke),
        Story("fire-burst", "a panel repeats the same alarm frame 8 times within 1.4 s", _burst),
        Story(
            "fire-spreading", "the points of a zone one after the other, then a call point and a sprinkler", _spreading
        ),
        Story("fire-panel-clock", "a panel whose clock is seven months behind", _panel_clock),
        Story("fire-fault", "a detector fault, and a bad contact that chatters", _fault),
        Story("fire-maintenance", "a detector shielded, tried with test smoke, in service again", _maintenance),
        Story("leak-rope", "a rope gets wet and dries, twice: hysteresis keeps it from chattering", _leak),
        Story("leak-flapping", "a rope without hysteresis flaps at its threshold", _leak_flapping),
        Story("leak-cut", "a rope in water loses a wire, and is mended", _leak_cut),
        Story("water-tank", "a tank runs low and is filled", _tank),
        Story("door", "a door forced, then one held open", _door),
        Story("door-bounce", "a worn contact, and a controller that believes every flip", _bounce),
        Story("cards", "a card denied for each reason, a tail-gate, a duress code", _cards),
        Story("fire-doors", "a fire unlocks every door", _unlocked),
        Story("round", "a guard on foot: distance, floors, a look around", _round),
        Story("round-missed", "the same round, two points walked past", _missed),
        Story(
            "round-offline",
            "the phone has no signal for five minutes: taps come in a burst",
            _put_on(lambda told, _, __, ___: guards.offline(told, 60, 360)),
        ),
        Story("round-clock", "a handset nine minutes fast", _put_on(lambda told, *_: clocked(told, 540))),
        Story("round-cloned", "one tag read at two places within ten seconds", _put_on(_cloned)),
        Story(
            "round-twice",
            "a reader that sees tags twice",
            _put_on(lambda told, _, __, seed: guards.read_twice(told, dice(seed, "twice"), 0.5)),
        ),
        Story(
            "round-other",
            "another guard's name on the round",
            _put_on(lambda told, register, parts, _: guards.taken_by(told, _other(register, parts))),
        ),
        Story("resident-call", "a resident calls, and presses again and again", _calls),
        Story("panic", "a brush of the sleeve, then a real press of the panic button", _panic),
        Story("lift", "somebody shut in a lift holds the alarm button", _lift),
        Story("battery", "a battery runs down over days (use --speed)", _battery),
    )
}
