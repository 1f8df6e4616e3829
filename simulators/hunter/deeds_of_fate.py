"""What goes wrong in a random night: lines, processes, brokers, clocks."""

from collections.abc import Mapping
from random import Random
from typing import Final

from simulators.hunter.deeds_of_devices import alarm, garbage, odd_one, restore
from simulators.hunter.deeds_of_people import answer, report
from simulators.hunter.plan import Meant
from simulators.hunter.stage import Deed, Later, Made, Trick, View, at_once
from simulators.scenario.model import (
    Broker,
    Channel,
    Device,
    Gateway,
    Says,
    Server,
)

_LONG: Final = (2, 45, 100, 600, 3_000, 7_000)  # seconds: shorter and longer than every patience in the house


def _after_s(dice: Random) -> int:
    return dice.choice(_LONG) * 1_000_000 + dice.randrange(1000) * 1000


def _gateway_away(dice: Random, view: View, _: int) -> Made:
    name = dice.choice(list(view.register.gateways))
    return [Later(0, Gateway(name, "offline")), Later(_after_s(dice), Gateway(name, "online"))]


def _gateway_restarts(dice: Random, view: View, _: int) -> Made:
    return at_once(Gateway(dice.choice(list(view.register.gateways)), "restarts"))


def _device_silent(dice: Random, view: View, _: int) -> Made:
    watched = [d for d in view.register.devices.values() if d.supervision_s]
    if not watched:
        return []
    device = dice.choice(watched)
    back = (device.supervision_s + dice.choice((-600, 900, 9_000))) * 1_000_000
    return [Later(0, Device(device.id, "falls_silent")), Later(back, Device(device.id, "speaks"))]


def _server_away(dice: Random, _view: View, _: int) -> Made:
    return [Later(0, Server("stops")), Later(_after_s(dice), Server("starts"))]


def _server_restarts(_dice: Random, _view: View, _: int) -> Made:
    return at_once(Server("restarts"))


def _broker_restarts(_dice: Random, _view: View, _: int) -> Made:
    return at_once(Broker("restarts"))


def _broker_forgets(_dice: Random, _view: View, _: int) -> Made:
    return at_once(Broker("forgets"))


def _channel_fails(dice: Random, view: View, now: int) -> Made:
    """While something rings, or begins to; somebody answers before the message is out."""
    begins = alarm(dice, view, now) if dice.random() < 0.7 else []
    spans = (100, 400, 900, 2_000, 3_600)
    answers = [Later(s * 1_000_000, Meant(0, dice.choice(("answer", "override")), dice.getrandbits(32))) for s in spans]
    works = dice.choice((45, 600, 3_000, 7_000)) * 1_000_000
    return [Later(0, Channel("email", "fails")), *begins, *answers, Later(works, Channel("email", "works"))]


def _dies(dice: Random, view: View, now: int, where: str) -> Made:
    """The server dies at its very next commit; something makes sure that there is one, and it comes back; the broker may have lost its store by then."""
    makers = (alarm, alarm, alarm, restore, _voice, _voice, garbage, answer, report)
    made = dice.choice(makers)(dice, view, now) or _voice(dice, view, now)
    forgets = [Later(500_000, Broker("forgets"))] if dice.random() < 0.4 else []
    return [Later(0, Trick(where)), *made, *forgets, Later(1_000_000 + _after_s(dice), Server("starts"))]


def _dies_in_commit(dice: Random, view: View, now: int) -> Made:
    return _dies(dice, view, now, "before_commit")


def _dies_after_commit(dice: Random, view: View, now: int) -> Made:
    return _dies(dice, view, now, "after_commit")


def _voice(dice: Random, view: View, _: int) -> Made:
    """Something that no gateway keeps: only the broker can bring it again."""
    device, kind = odd_one(dice, view)
    boot = f"00000000-0000-7000-8000-{dice.getrandbits(48):012x}"
    return at_once(Says(device, kind, boot=boot, seq=1))


def _clock_jumps(dice: Random, _view: View, _: int) -> Made:
    """The server's clock is set on or back, and may later be set right."""
    by = dice.choice((1.0, -1.0, 300.0, -300.0, 3600.0, -3600.0))
    back = [Later(_after_s(dice), Trick("jumps", -by))] if dice.random() < 0.6 else []
    return [Later(0, Trick("jumps", by)), *back]


DEEDS: Final[Mapping[str, Deed]] = {
    "gateway_away": _gateway_away,
    "gateway_restarts": _gateway_restarts,
    "device_silent": _device_silent,
    "server_away": _server_away,
    "server_restarts": _server_restarts,
    "broker_restarts": _broker_restarts,
    "broker_forgets": _broker_forgets,
    "channel_fails": _channel_fails,
    "dies_in_commit": _dies_in_commit,
    "dies_after_commit": _dies_after_commit,
    "voice": _voice,
    "clock_jumps": _clock_jumps,
}
