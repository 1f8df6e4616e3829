"""What people do in a random night: answers by the right and the wrong ones, races, closings, comings and goings."""

from collections.abc import Mapping
from random import Random
from typing import Final

from core.kinds import KINDS, Ends
from simulators.hunter.deeds_of_devices import CLEARING
from simulators.hunter.stage import Deed, Later, Made, OpenAlert, View, anyone, at_once
from simulators.scenario.model import (
    Acknowledges,
    Act,
    Closes,
    Notes,
    Releases,
    Reports,
    Resets,
    Says,
    SignsOff,
    SignsOn,
)
from sites.register import Role

_SUPERVISORS: Final = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})


def _supervisor(dice: Random, view: View) -> str:
    return dice.choice([p.id for p in view.register.people.values() if not _SUPERVISORS.isdisjoint(p.roles)])


def _some(dice: Random, view: View, *states: str) -> OpenAlert | None:
    fitting = [a for a in view.alerts if a.state in states]
    return dice.choice(fitting) if fitting else None


def _holder(view: View, alert: OpenAlert) -> str | None:
    return view.seats.get(alert.seat_id)


def answer(dice: Random, view: View, _: int) -> Made:
    """Mostly the one who has to, mostly of something that rings."""
    states = ("acked", "settling") if dice.random() < 0.15 else ("raised", "cleared")
    alert = _some(dice, view, *states)
    if alert is None:
        return []
    return at_once(Acknowledges(_holder(view, alert) or anyone(dice, view), f"#{alert.number}"))


def _race(dice: Random, view: View, now: int) -> Made:
    """An answer within a millisecond of the moment at which the next rung falls due."""
    alert = _some(dice, view, "raised", "cleared", "acked", "settling")
    if alert is None or alert.due_at is None:
        return []
    off = dice.choice((-1_000, 0, 0, 1_000))
    who = (
        (alert.custody_by or _holder(view, alert) or anyone(dice, view)) if dice.random() < 0.8 else anyone(dice, view)
    )
    number = f"#{alert.number}"
    act: Act = Acknowledges(who, number) if alert.custody_by is None else _closing(dice, who, number)
    return [Later(max(0, alert.due_at + off - now), act)]


def _witness(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "raised", "cleared")
    others = [p for p in view.register.people if alert is not None and p != _holder(view, alert)]
    return at_once(Acknowledges(dice.choice(others), f"#{alert.number}")) if alert is not None else []


def _override(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "raised", "cleared")
    who = _supervisor(dice, view) if dice.random() < 0.8 else anyone(dice, view)
    reason = "nobody comes" if dice.random() < 0.9 else " "
    return at_once(Acknowledges(who, f"#{alert.number}", override=True, reason=reason)) if alert is not None else []


def _take(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "acked", "settling")
    if alert is None:
        return []
    return at_once(Acknowledges(_supervisor(dice, view), f"#{alert.number}", override=True, reason="mine now"))


def _release(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "acked", "settling")
    if alert is None:
        return []
    who = str(alert.custody_by) if dice.random() < 0.8 else anyone(dice, view)
    return at_once(Releases(who, f"#{alert.number}", dice.choice(("called away", "called away", ""))))


def _reset(dice: Random, view: View, _: int) -> Made:
    latched = [a for a in view.alerts if KINDS[a.kind].ends in {Ends.BOTH, Ends.PERSON}]
    alert = dice.choice(latched or list(view.alerts)) if view.alerts else None
    if alert is None:
        return []
    return at_once(Resets(alert.custody_by or _holder(view, alert) or anyone(dice, view), f"#{alert.number}"))


def _note(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "raised", "acked", "cleared", "settling")
    return at_once(Notes(anyone(dice, view), f"#{alert.number}", dice.choice(("on my way", "seen")))) if alert else []


def _closing(dice: Random, who: str, number: str) -> Closes:
    how = dice.choice(("confirmed", "false_alarm", "test", "maintenance", "duplicate"))
    if how == "false_alarm":
        return Closes(who, number, how, cause=dice.choice(("cooking", "dust")), note="looked, nothing there")
    return Closes(who, number, how)


def _close(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "settling")
    return at_once(_closing(dice, str(alert.custody_by), f"#{alert.number}")) if alert is not None else []


def _close_active(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "acked")
    if alert is None:
        return []
    return at_once(Closes(_supervisor(dice, view), f"#{alert.number}", "maintenance", reason="the device is replaced"))


def _close_wrongly(dice: Random, view: View, _: int) -> Made:
    alert = _some(dice, view, "raised", "cleared", "acked", "settling")
    if alert is None:
        return []
    return at_once(Closes(anyone(dice, view), f"#{alert.number}", dice.choice(("confirmed", "false_alarm"))))


def report(dice: Random, view: View, _: int) -> Made:
    kind = dice.choice(("manual.report", "manual.report", "manual.resident_call", "manual.panic"))
    return at_once(Reports(anyone(dice, view), kind, "b1", note="smell of gas"))


def _sign_on(dice: Random, view: View, _: int) -> Made:
    """Anybody, anywhere; now and then somebody who is on already."""
    act = SignsOn(anyone(dice, view), dice.choice(list(view.seats)))
    if view.stays and dice.random() < 0.2:
        seat, person = dice.choice(view.stays)
        act = SignsOn(person, seat)
    return at_once(act)


def _sign_off(dice: Random, view: View, _: int) -> Made:
    """Somebody who signed on; or a rostered person who never did, and is refused."""
    if view.stays and dice.random() < 0.85:
        seat, person = dice.choice(view.stays)
        return at_once(SignsOff(person, seat))
    return at_once(SignsOff(anyone(dice, view), dice.choice(list(view.seats))))


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
            if alert.subject in view.register.devices and family in CLEARING:
                made.append(Later(at + 1_000, Says(alert.subject, CLEARING[family])))
            if KINDS[alert.kind].ends in {Ends.BOTH, Ends.PERSON}:
                made.append(Later(at + 90_000_000, Resets(who, number)))
        made.append(Later(at + 120_000_000, _closing(dice, who, number)))
    return made


DEEDS: Final[Mapping[str, Deed]] = {
    "answer": answer,
    "race": _race,
    "witness": _witness,
    "override": _override,
    "take": _take,
    "release": _release,
    "reset": _reset,
    "note": _note,
    "close": _close,
    "close_active": _close_active,
    "close_wrongly": _close_wrongly,
    "report": report,
    "sign_on": _sign_on,
    "sign_off": _sign_off,
    "tidy": _tidy,
}
