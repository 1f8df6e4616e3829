"""Who does it: a moment's meaning becomes an act, chosen by the moment's number from how things stand.

The cast reads the rows that any page shows (open alerts, seats); it asks none of the product's rules what would be
allowed, and is therefore refused often enough.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any, Final

import msgspec

from core.clock import instant
from core.kinds import KINDS, Effect, Ends
from simulators.hunter.plan import Meant
from simulators.scenario.model import (
    Acknowledges,
    Act,
    Broker,
    Channel,
    Closes,
    Device,
    Garbage,
    Gateway,
    Notes,
    Releases,
    Reports,
    Resets,
    Says,
    Scans,
    Server,
    SignsOff,
    SignsOn,
)
from sites.register import MODELS, Register, Role
from sites.register import Device as DeviceOf


class OpenAlert(msgspec.Struct, frozen=True):
    """An open alert as a page shows it."""

    number: int
    subject: str
    kind: str
    state: str
    seat_id: str
    custody_by: str | None
    due_at: int | None


class View(msgspec.Struct):
    """What the cast can see."""

    register: Register
    alerts: Sequence[OpenAlert]
    seats: Mapping[str, str | None]
    stays: Sequence[tuple[str, str]] = ()  # (seat, person) signed on now


class Trick(msgspec.Struct, frozen=True):
    """What only a hunter does: `before_commit`, `after_commit` (the server dies at its next one), `jumps` (its clock, by `by_s`)."""

    what: str
    by_s: float = 0.0


class Later(msgspec.Struct, frozen=True):
    """An act that follows `after_us` from now."""

    after_us: int
    act: Act | Trick | Meant


_RAISING: Final = {
    family: [k.name for k in KINDS.values() if k.name.startswith(f"{family}.") and k.effect is Effect.RAISE]
    for family in ("fire", "water", "access")
} | {"manual": ["manual.panic"], "device": ["device.power_lost", "device.tamper", "device.battery_low"], "patrol": []}
_CLEARING: Final = {
    "fire": "fire.restore",
    "water": "water.restore",
    "access": "access.closed",
    "device": "device.power_restored",
}
_SUPERVISORS: Final = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})

Made = list[Later]


def acts(meant: Meant, view: View, now: int) -> Made:
    """The acts of a moment; none when nothing fits."""
    dice = Random(meant.number)
    return _CAST[meant.what](dice, view, now)


def _now(*those: Act | Trick) -> Made:
    return [Later(0, act) for act in those]


# -- devices -----------------------------------------------------------------------------------------------------------


def _device(dice: Random, view: View, families: Sequence[str] = ()) -> tuple[str, str]:
    """A device and its family; the first few devices are the busy ones."""
    return _one_of(dice, list(view.register.devices.values()), families)


def _odd_one(dice: Random, view: View) -> tuple[str, str]:
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


def _alarm(dice: Random, view: View, _: int) -> Made:
    device, kind = _raising(dice, view)
    return _now(Says(device, kind, data={"n": dice.randrange(100)} if dice.random() < 0.3 else {}))


def _restore(dice: Random, view: View, _: int) -> Made:
    """Mostly of something that is wrong."""
    wrong = [a for a in view.alerts if a.subject in view.register.devices]
    if wrong and dice.random() < 0.9:
        alert = dice.choice(wrong)
        family = alert.kind.partition(".")[0]
        return _now(Says(alert.subject, _CLEARING.get(family, "device.power_restored")))
    device, family = _device(dice, view, tuple(_CLEARING))
    return _now(Says(device, _CLEARING.get(family, "device.power_restored")))


def _burst(dice: Random, view: View, _: int) -> Made:
    device, kind = _raising(dice, view)
    return _now(Says(device, kind, times=dice.randint(2, 8), within_s=dice.choice((0.0, 1.4, 20.0))))


def _flap(dice: Random, view: View, _: int) -> Made:
    """On, off, on again, a few seconds apart."""
    device, family = _device(dice, view, ("water", "fire", "access"))
    kind, clear = (
        dice.choice(_RAISING.get(family) or _RAISING["device"]),
        _CLEARING.get(family, "device.power_restored"),
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
    return _now(Says(device, dice.choice(("access.granted", "fire.test", "device.heartbeat", "heat.bloom"))))


def _tap(dice: Random, view: View, now: int) -> Made:
    said_at = instant(now) - timedelta(minutes=dice.choice((0, 0, 3, 600)))
    tag = dice.choice((None, None, "04FFFFFFFFFFFF"))
    return _now(Scans(_anyone(dice, view), "C1", tag, said_at, dice.choice(("uid", "qr", "manual"))))


def _test(dice: Random, view: View, _: int) -> Made:
    device, kind = _raising(dice, view)
    return _now(Says(device, kind, test=True))


def _old_news(dice: Random, view: View, now: int) -> Made:
    device, kind = _odd_one(dice, view)
    said_at = instant(now) - timedelta(hours=dice.randint(1, 9))
    return _now(Says(device, kind, said_at=said_at, history=True))


def _retained(dice: Random, view: View, _: int) -> Made:
    device, kind = _odd_one(dice, view)
    return _now(Says(device, kind, retained=True))


def _again(dice: Random, view: View, now: int) -> Made:
    """Something, and soon after exactly the same bytes."""
    said = _alarm(dice, view, now)
    one = said[0].act
    if not isinstance(one, Says):
        return said
    return [*said, Later(dice.choice((1_000, 5_000_000, 600_000_000)), Says(one.device, one.kind, again=True))]


def _wrong_clock(dice: Random, view: View, now: int) -> Made:
    device, kind = _raising(dice, view)
    off = dice.choice((timedelta(days=-82), timedelta(days=-3287), timedelta(minutes=2), timedelta(days=40)))
    return _now(Says(device, kind, said_at=instant(now) + off))


def _stranger(dice: Random, view: View, _: int) -> Made:
    return _now(Says(f"ZZ-{dice.randint(1, 3)}", "fire.alarm", gateway=dice.choice(list(view.register.gateways))))


def _foreign(dice: Random, view: View, _: int) -> Made:
    """A device that speaks through a gateway it does not belong to."""
    device, kind = _raising(dice, view)
    others = [g for g in view.register.gateways if g != view.register.devices[device].gateway]
    return _now(Says(device, kind, gateway=dice.choice(others))) if others else []


def _reused_id(dice: Random, view: View, _: int) -> Made:
    """Two different things under one id."""
    one, other = _odd_one(dice, view), _odd_one(dice, view)
    ident = f"{dice.getrandbits(48):012x}"
    ident = f"{ident[:8]}-{ident[8:]}-7abc-8abc-{dice.getrandbits(48):012x}"
    return [Later(0, Says(*one, id=ident)), Later(2_000_000, Says(*other, id=ident))]


def _voice_gap(dice: Random, view: View, _: int) -> Made:
    """A second voice on a gateway's topic that leaves numbers out for ever."""
    device, kind = _odd_one(dice, view)
    boot = f"00000000-0000-7000-8000-{dice.getrandbits(48):012x}"
    return [Later(0, Says(device, kind, boot=boot, seq=1)), Later(1_000_000, Says(device, kind, boot=boot, seq=4))]


def _gateway_speaks(dice: Random, view: View, _: int) -> Made:
    """A gateway's own trouble."""
    gateway = dice.choice(list(view.register.gateways))
    return _now(Says(gateway, "device.storage_fault", {"lost": 1}, gateway=gateway))


def _garbage(dice: Random, view: View, _: int) -> Made:
    text = dice.choice(("{not json", "", "[]", '{"id": 7}', '[{"device": "D-0"}, 3]', '{"boot": null}', "\0\0"))
    return _now(Garbage(dice.choice(list(view.register.gateways)), text))


# -- people ------------------------------------------------------------------------------------------------------------


def _anyone(dice: Random, view: View) -> str:
    return dice.choice(list(view.register.people))


def _supervisor(dice: Random, view: View) -> str:
    return dice.choice([p.id for p in view.register.people.values() if not _SUPERVISORS.isdisjoint(p.roles)])


def _some(dice: Random, view: View, *states: str) -> OpenAlert | None:
    fitting = [a for a in view.alerts if a.state in states]
    return dice.choice(fitting) if fitting else None


def _holder(view: View, alert: OpenAlert) -> str | None:
    return view.seats.get(alert.seat_id)


def _answer(dice: Random, view: View, _: int) -> Made:
    """Mostly the one who has to, mostly of something that rings."""
    states = ("acked", "settling") if dice.random() < 0.15 else ("raised", "cleared")
    alert = _some(dice, view, *states)
    if alert is None:
        return []
    return _now(Acknowledges(_holder(view, alert) or _anyone(dice, view), f"#{alert.number}"))


def _race(dice: Random, view: View, now: int) -> Made:
    """An answer within a millisecond of the moment at which the next rung falls due."""
    alert = _some(dice, view, "raised", "cleared", "acked", "settling")
    if alert is None or alert.due_at is None:
        return []
    off = dice.choice((-1_000, 0, 0, 1_000))
    who = (
        (alert.custody_by or _holder(view, alert) or _anyone(dice, view))
        if dice.random() < 0.8
        else _anyone(dice, view)
    )
    number = f"#{alert.number}"
    act: Act = Acknowledges(who, number) if alert.custody_by is None else _closing(dice, who, number)
    return [Later(max(0, alert.due_at + off - now), act)]


def _witness(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "raised", "cleared")
    others = [p for p in view.register.people if alert is not None and p != _holder(view, alert)]
    return _now(Acknowledges(dice.choice(others), f"#{alert.number}")) if alert is not None else []


def _override(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "raised", "cleared")
    who = _supervisor(dice, view) if dice.random() < 0.8 else _anyone(dice, view)
    reason = "nobody comes" if dice.random() < 0.9 else " "
    return _now(Acknowledges(who, f"#{alert.number}", override=True, reason=reason)) if alert is not None else []


def _take(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "acked", "settling")
    if alert is None:
        return []
    return _now(Acknowledges(_supervisor(dice, view), f"#{alert.number}", override=True, reason="mine now"))


def _release(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "acked", "settling")
    if alert is None:
        return []
    who = str(alert.custody_by) if dice.random() < 0.8 else _anyone(dice, view)
    return _now(Releases(who, f"#{alert.number}", dice.choice(("called away", "called away", ""))))


def _reset(dice: Random, view: View, _: int) -> Made:
    latched = [a for a in view.alerts if KINDS[a.kind].ends in {Ends.BOTH, Ends.PERSON}]
    alert = dice.choice(latched or list(view.alerts)) if view.alerts else None
    if alert is None:
        return []
    return _now(Resets(alert.custody_by or _holder(view, alert) or _anyone(dice, view), f"#{alert.number}"))


def _note(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "raised", "acked", "cleared", "settling")
    return _now(Notes(_anyone(dice, view), f"#{alert.number}", dice.choice(("on my way", "seen")))) if alert else []


def _closing(dice: Random, who: str, number: str) -> Closes:
    how = dice.choice(("confirmed", "false_alarm", "test", "maintenance", "duplicate"))
    if how == "false_alarm":
        return Closes(who, number, how, cause=dice.choice(("cooking", "dust")), note="looked, nothing there")
    return Closes(who, number, how)


def _close(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "settling")
    return _now(_closing(dice, str(alert.custody_by), f"#{alert.number}")) if alert is not None else []


def _close_active(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "acked")
    if alert is None:
        return []
    return _now(Closes(_supervisor(dice, view), f"#{alert.number}", "maintenance", reason="the device is replaced"))


def _close_wrongly(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "raised", "cleared", "acked", "settling")
    if alert is None:
        return []
    return _now(Closes(_anyone(dice, view), f"#{alert.number}", dice.choice(("confirmed", "false_alarm"))))


def _report(dice: Random, view: View, _: int) -> Made:
    kind = dice.choice(("manual.report", "manual.report", "manual.resident_call", "manual.panic"))
    return _now(Reports(_anyone(dice, view), kind, "b1", note="smell of gas"))


def _sign_on(dice: Random, view: View, _: int) -> Made:
    """Anybody, anywhere; now and then somebody who is on already."""
    act = SignsOn(_anyone(dice, view), dice.choice(list(view.seats)))
    if view.stays and dice.random() < 0.2:
        seat, person = dice.choice(view.stays)
        act = SignsOn(person, seat)
    return _now(act)


def _sign_off(dice: Random, view: View, _: int) -> Made:
    """Somebody who signed on; or a rostered person who never did, and is refused."""
    if view.stays and dice.random() < 0.85:
        seat, person = dice.choice(view.stays)
        return _now(SignsOff(person, seat))
    return _now(SignsOff(_anyone(dice, view), dice.choice(list(view.seats))))


def _tidy(dice: Random, view: View, _: int) -> Made:
    """A conscientious hour: what rings is answered, what is over is closed, devices come to rest; most of it."""
    made: Made = []
    at = 0
    for alert in view.alerts:
        if dice.random() < 0.15:
            continue
        at += dice.choice((1_000, 1_000_000, 20_000_000))
        number, who = f"#{alert.number}", alert.custody_by or _holder(view, alert) or _supervisor(dice, view)
        if alert.state in {"raised", "cleared"}:
            reason = None if who == _holder(view, alert) else "nobody comes"
            made.append(Later(at, Acknowledges(who, number, override=reason is not None, reason=reason)))
        if alert.state in {"raised", "acked"}:
            family = alert.kind.partition(".")[0]
            if alert.subject in view.register.devices and family in _CLEARING:
                made.append(Later(at + 1_000, Says(alert.subject, _CLEARING[family])))
            if KINDS[alert.kind].ends in {Ends.BOTH, Ends.PERSON}:
                made.append(Later(at + 90_000_000, Resets(who, number)))
        made.append(Later(at + 120_000_000, _closing(dice, who, number)))
    return made


# -- faults ------------------------------------------------------------------------------------------------------------

_LONG: Final = (2, 45, 100, 600, 3_000, 7_000)  # seconds: shorter and longer than every patience in the house


def _after_s(dice: Random) -> int:
    return dice.choice(_LONG) * 1_000_000 + dice.randrange(1000) * 1000


def _gateway_away(dice: Random, view: View, _: int) -> Made:
    name = dice.choice(list(view.register.gateways))
    return [Later(0, Gateway(name, "offline")), Later(_after_s(dice), Gateway(name, "online"))]


def _gateway_restarts(dice: Random, view: View, _: int) -> Made:
    return _now(Gateway(dice.choice(list(view.register.gateways)), "restarts"))


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
    return _now(Server("restarts"))


def _broker_restarts(_dice: Random, _view: View, _: int) -> Made:
    return _now(Broker("restarts"))


def _broker_forgets(_dice: Random, _view: View, _: int) -> Made:
    return _now(Broker("forgets"))


def _channel_fails(dice: Random, view: View, now: int) -> Made:
    """While something rings, or begins to; somebody answers before the message is out."""
    alarm = _alarm(dice, view, now) if dice.random() < 0.7 else []
    spans = (100, 400, 900, 2_000, 3_600)
    answers = [Later(s * 1_000_000, Meant(0, dice.choice(("answer", "override")), dice.getrandbits(32))) for s in spans]
    works = dice.choice((45, 600, 3_000, 7_000)) * 1_000_000
    return [Later(0, Channel("email", "fails")), *alarm, *answers, Later(works, Channel("email", "works"))]


def _dies(dice: Random, view: View, now: int, where: str) -> Made:
    """The server dies at its very next commit; something makes sure that there is one, and it comes back; the broker may have lost its store by then."""
    makers = (_alarm, _alarm, _alarm, _restore, _voice, _voice, _garbage, _answer, _report)
    made = dice.choice(makers)(dice, view, now) or _voice(dice, view, now)
    forgets = [Later(500_000, Broker("forgets"))] if dice.random() < 0.4 else []
    return [Later(0, Trick(where)), *made, *forgets, Later(1_000_000 + _after_s(dice), Server("starts"))]


def _dies_in_commit(dice: Random, view: View, now: int) -> Made:
    return _dies(dice, view, now, "before_commit")


def _dies_after_commit(dice: Random, view: View, now: int) -> Made:
    return _dies(dice, view, now, "after_commit")


def _voice(dice: Random, view: View, _: int) -> Made:
    """Something that no gateway keeps: only the broker can bring it again."""
    device, kind = _odd_one(dice, view)
    boot = f"00000000-0000-7000-8000-{dice.getrandbits(48):012x}"
    return _now(Says(device, kind, boot=boot, seq=1))


def _clock_jumps(dice: Random, _view: View, _: int) -> Made:
    """The server's clock is set on or back, and may later be set right."""
    by = dice.choice((1.0, -1.0, 300.0, -300.0, 3600.0, -3600.0))
    back = [Later(_after_s(dice), Trick("jumps", -by))] if dice.random() < 0.6 else []
    return [Later(0, Trick("jumps", by)), *back]


_CAST: Final[Mapping[str, Callable[[Random, View, int], Made]]] = {
    name.removeprefix("_"): found
    for name, found in dict[str, Any](globals()).items()
    if name.startswith("_") and callable(found) and getattr(found, "__module__", "") == __name__
}
