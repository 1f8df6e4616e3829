"""What devices say in a random night: alarms, bursts, old news, wrong clocks, strangers, rubbish."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Final

from core.clock import instant
from core.kinds import KINDS, Effect
from simulators.hunter.stage import Deed, Later, Made, View, anyone, at_once
from simulators.scenario.model import (
    Garbage,
    Says,
    Scans,
)
from sites.register import MODELS
from sites.register import Device as DeviceOf

_RAISING: Final = {
    family: [k.name for k in KINDS.values() if k.name.startswith(f"{family}.") and k.effect is Effect.RAISE]
    for family in ("fire", "water", "access")
} | {"manual": ["manual.panic"], "device": ["device.power_lost", "device.tamper", "device.battery_low"], "patrol": []}
CLEARING: Final = {
    "fire": "fire.restore",
    "water": "water.restore",
    "access": "access.closed",
    "device": "device.power_restored",
}


def _device(dice: Random, view: View, families: Sequence[str] = ()) -> tuple[str, str]:
    """A device and its family; the first few devices are the busy ones."""
    return _one_of(dice, list(view.register.devices.values()), families)


def odd_one(dice: Random, view: View) -> tuple[str, str]:
    """A device for which others may speak, too. The even ones keep their own voice, so that their last word is theirs."""
    device, family = _one_of(dice, list(view.register.devices.values())[1::2], ())
    return device, dice.choice(_RAISING[family] or _RAISING["device"])


def _one_of(dice: Random, devices: Sequence[DeviceOf], families: Sequence[str]) -> tuple[str, str]:
    fitting = [d for d in devices if not families or MODELS.get(d.model, "device") in families]
    busy = fitting[: 2 if families else 6] if dice.random() < 0.8 else fitting
    device = dice.choice(busy or devices)
    return device.id, MODELS.get(device.model, "device")


def _raising(dice: Random, view: View) -> tuple[str, str]:
    device, family = _device(dice, view)
    kinds = _RAISING[family] or _RAISING["device"]
    return device, dice.choice(kinds[:2]) if dice.random() < 0.5 else dice.choice(kinds)


def alarm(dice: Random, view: View, _: int) -> Made:
    device, kind = _raising(dice, view)
    return at_once(Says(device, kind, data={"n": dice.randrange(100)} if dice.random() < 0.3 else {}))


def restore(dice: Random, view: View, _: int) -> Made:
    """Mostly of something that is wrong."""
    wrong = [a for a in view.alerts if a.subject in view.register.devices]
    if wrong and dice.random() < 0.9:
        alert = dice.choice(wrong)
        family = alert.kind.partition(".")[0]
        return at_once(Says(alert.subject, CLEARING.get(family, "device.power_restored")))
    device, family = _device(dice, view, tuple(CLEARING))
    return at_once(Says(device, CLEARING.get(family, "device.power_restored")))


def _burst(dice: Random, view: View, _: int) -> Made:
    device, kind = _raising(dice, view)
    return at_once(Says(device, kind, times=dice.randint(2, 8), within_s=dice.choice((0.0, 1.4, 20.0))))


def _flap(dice: Random, view: View, _: int) -> Made:
    """On, off, on again, a few seconds apart."""
    device, family = _device(dice, view, ("water", "fire", "access"))
    kind, clear = (
        dice.choice(_RAISING.get(family) or _RAISING["device"]),
        CLEARING.get(family, "device.power_restored"),
    )
    step = dice.choice((500_000, 3_000_000, 40_000_000))
    return [Later(n * step, Says(device, clear if n % 2 else kind)) for n in range(dice.randint(3, 6))]


def _pulse(dice: Random, view: View, _: int) -> Made:
    """Over in the moment it happens; often a second one soon after."""
    device, _family = _device(dice, view, ("access",))
    one = Says(device, "access.denied", data={"why": dice.choice(("unknown", "expired"))})
    return [Later(0, one), *([Later(dice.choice((1_000, 60_000_000)), one)] if dice.random() < 0.6 else [])]


def _activity(dice: Random, view: View, _: int) -> Made:
    device, _family = _device(dice, view)
    return at_once(Says(device, dice.choice(("access.granted", "fire.test", "device.heartbeat", "heat.bloom"))))


def _tap(dice: Random, view: View, now: int) -> Made:
    said_at = instant(now) - timedelta(minutes=dice.choice((0, 0, 3, 600)))
    tag = dice.choice((None, None, "04FFFFFFFFFFFF"))
    return at_once(Scans(anyone(dice, view), "C1", tag, said_at, dice.choice(("uid", "qr", "manual"))))


def _test(dice: Random, view: View, _: int) -> Made:
    device, kind = _raising(dice, view)
    return at_once(Says(device, kind, test=True))


def _old_news(dice: Random, view: View, now: int) -> Made:
    device, kind = odd_one(dice, view)
    said_at = instant(now) - timedelta(hours=dice.randint(1, 9))
    return at_once(Says(device, kind, said_at=said_at, history=True))


def _retained(dice: Random, view: View, _: int) -> Made:
    device, kind = odd_one(dice, view)
    return at_once(Says(device, kind, retained=True))


def _again(dice: Random, view: View, now: int) -> Made:
    """Something, and soon after exactly the same bytes."""
    said = alarm(dice, view, now)
    one = said[0].act
    if not isinstance(one, Says):
        return said
    return [*said, Later(dice.choice((1_000, 5_000_000, 600_000_000)), Says(one.device, one.kind, again=True))]


def _wrong_clock(dice: Random, view: View, now: int) -> Made:
    device, kind = _raising(dice, view)
    off = dice.choice((timedelta(days=-82), timedelta(days=-3287), timedelta(minutes=2), timedelta(days=40)))
    return at_once(Says(device, kind, said_at=instant(now) + off))


def _stranger(dice: Random, view: View, _: int) -> Made:
    return at_once(Says(f"ZZ-{dice.randint(1, 3)}", "fire.alarm", gateway=dice.choice(list(view.register.gateways))))


def _foreign(dice: Random, view: View, _: int) -> Made:
    """A device that speaks through a gateway it does not belong to."""
    device, kind = _raising(dice, view)
    others = [g for g in view.register.gateways if g != view.register.devices[device].gateway]
    return at_once(Says(device, kind, gateway=dice.choice(others))) if others else []


def _reused_id(dice: Random, view: View, _: int) -> Made:
    """Two different things under one id."""
    one, other = odd_one(dice, view), odd_one(dice, view)
    ident = f"{dice.getrandbits(48):012x}"
    ident = f"{ident[:8]}-{ident[8:]}-7abc-8abc-{dice.getrandbits(48):012x}"
    return [Later(0, Says(*one, id=ident)), Later(2_000_000, Says(*other, id=ident))]


def _voice_gap(dice: Random, view: View, _: int) -> Made:
    """A second voice on a gateway's topic that leaves numbers out for ever."""
    device, kind = odd_one(dice, view)
    boot = f"00000000-0000-7000-8000-{dice.getrandbits(48):012x}"
    return [Later(0, Says(device, kind, boot=boot, seq=1)), Later(1_000_000, Says(device, kind, boot=boot, seq=4))]


def _gateway_speaks(dice: Random, view: View, _: int) -> Made:
    """A gateway's own trouble."""
    gateway = dice.choice(list(view.register.gateways))
    return at_once(Says(gateway, "device.storage_fault", {"lost": 1}, gateway=gateway))


def garbage(dice: Random, view: View, _: int) -> Made:
    text = dice.choice(("{not json", "", "[]", '{"id": 7}', '[{"device": "D-0"}, 3]', '{"boot": null}', "\0\0"))
    return at_once(Garbage(dice.choice(list(view.register.gateways)), text))


DEEDS: Final[Mapping[str, Deed]] = {
    "alarm": alarm,
    "restore": restore,
    "burst": _burst,
    "flap": _flap,
    "pulse": _pulse,
    "activity": _activity,
    "tap": _tap,
    "test": _test,
    "old_news": _old_news,
    "retained": _retained,
    "again": _again,
    "wrong_clock": _wrong_clock,
    "stranger": _stranger,
    "foreign": _foreign,
    "reused_id": _reused_id,
    "voice_gap": _voice_gap,
    "gateway_speaks": _gateway_speaks,
    "garbage": garbage,
}
