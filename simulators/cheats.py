"""Every trick that is tried with taps (PAT-11), played over real HTTP: one function each, and the flag that must come of it.

A trick has a tag of its own, which a leader hangs at the point and takes out of use afterwards: the site's tags stay as they are,
and one trick does not colour the next.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import hypot
from typing import Any, Final

import msgspec

from patrol.flags import Flag
from patrol.keys import Ring
from simulators import chips
from simulators.chips import Chip
from simulators.phones import EDITED, Phone, Refused

_OFF_S: Final = 60.0  # further off than the site allows
_WHY: Final = "a simulated tag"


class Stage(msgspec.Struct):
    """Who plays, and where. `me`: the guard on duty; `other`: one who is not; `leader`: may hang tags; `ring`: the server's tag
    keys; `foreign`: the number of another site's tag; `here` and `there`: two points of one plan.
    """

    me: Phone
    leader: Phone
    here: str
    there: str
    policies: Mapping[str, Any]
    other: Phone | None = None
    ring: Ring | None = None
    foreign: str = ""

    def phone(self, who: Phone | None = None, client: str = "") -> Phone:
        """A phone that nobody has used yet, in somebody's hands."""
        return (who or self.me).afresh(client)

    def second(self) -> Phone:
        """The other guard. Raises Refused when there is none."""
        if self.other is None:
            raise Refused("this takes another guard")
        return self.other

    @contextmanager
    def uid(self, at: str = "") -> Iterator[str]:
        """A tag of its own at a point, known by its number."""
        with self._hung(chips.new_uid(), at or self.here, "uid") as number:
            yield number

    @contextmanager
    def chip(self, at: str = "") -> Iterator[Chip]:
        """One that proves itself. Raises Refused without the keys."""
        if self.ring is None:
            raise Refused("this takes the key of the site's tags")
        made = chips.made(self.ring, self.me.site)
        with self._hung(made.uid, at or self.here, "sun"):
            yield made

    @contextmanager
    def _hung(self, uid: str, at: str, proof: str) -> Iterator[str]:
        self.leader.post("tags", checkpoint=at, uid=uid, proof=proof)
        try:
            yield uid
        finally:
            if self._active(uid):
                self.leader.post(f"tags/{uid}/block", reason=_WHY)

    def _active(self, uid: str) -> bool:
        return any(t["uid"] == uid and t["state"] == "active" for t in self.leader.get("tags")["items"])


class Cheat(msgspec.Struct, frozen=True):
    """A trick. `play` answers with the tap that is to be flagged: who brought it, and its id."""

    flag: Flag
    about: str
    play: Callable[[Stage], tuple[Phone, str]]


def seen(stage: Stage, cheat: Cheat) -> tuple[str, ...]:
    """Play it; the flags that the server then has on the tap. Raises Refused."""
    who, tap = cheat.play(stage)
    for one in who.get("taps", person=who.person, limit=20)["items"]:
        if one["event_id"] == tap:
            return tuple(one["flags"])
    raise Refused("the server does not know the tap")


def apart(register: Mapping[str, Any]) -> tuple[str, str]:
    """The two points that are furthest from each other on one plan. Raises Refused when no plan has two."""
    places = [(p["id"], _plan(register, p["zone"]), p["x"], p["y"]) for p in register["checkpoints"].values()]
    drawn = [p for p in places if None not in p]
    pairs = [
        (hypot(a[2] - b[2], a[3] - b[3]), a[0], b[0]) for a in drawn for b in drawn if a[1] == b[1] and a[0] < b[0]
    ]
    if not pairs:
        raise Refused("no plan of the site has two points")
    _, here, there = max(pairs)
    return here, there


def _plan(register: Mapping[str, Any], zone: str | None) -> str | None:
    while zone:
        if register["zones"][zone]["plan"]:
            return str(register["zones"][zone]["plan"])
        zone = register["zones"][zone]["parent"]
    return None


def _one(phone: Phone, read: Mapping[str, Any], **more: Any) -> tuple[Phone, str]:
    tap = phone.tap(read, **more)
    phone.bring(tap)
    return phone, str(tap["id"])


def _by(uid: str) -> dict[str, Any]:
    return {"by": "uid", "uid": uid}


def _unknown(stage: Stage) -> tuple[Phone, str]:
    return _one(stage.phone(), _by(chips.new_uid()))


def _foreign(stage: Stage) -> tuple[Phone, str]:
    if not stage.foreign:
        raise Refused("this takes the number of another site's tag")
    return _one(stage.phone(), _by(stage.foreign))


def _blocked(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as uid:
        stage.leader.post(f"tags/{uid}/block", reason=_WHY)
        return _one(stage.phone(), _by(uid))


def _replaced(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as uid:
        made = stage.leader.post(f"tags/{uid}/replace", by=chips.new_uid(), reason=_WHY)
        stage.leader.post(f"tags/{made['uid']}/block", reason=_WHY)
        return _one(stage.phone(), _by(uid))


def _not_proved(stage: Stage) -> tuple[Phone, str]:
    with stage.chip() as chip:
        return _one(stage.phone(), chips.forged(chip.read()))


def _replayed(stage: Stage) -> tuple[Phone, str]:
    with stage.chip() as chip:
        phone, read = stage.phone(), chip.read()
        _one(phone, read)
        return _one(phone, read)


def _hoarded(stage: Stage) -> tuple[Phone, str]:
    """Two addresses of one visit; the first is kept back, and told as if it were read after the second."""
    with stage.chip() as chip:
        phone, kept_back = stage.phone(), chip.read()
        _one(phone, chip.read())
        return _one(phone, kept_back, kept=True)


def _double(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as uid:
        phone = stage.phone()
        _one(phone, _by(uid))
        return _one(phone, _by(uid))


def _jump(stage: Stage) -> tuple[Phone, str]:
    with stage.chip() as chip:
        phone = stage.phone()
        _one(phone, chip.read())
        return _one(phone, chip.read(skipped=int(stage.policies["counter_jump"])))


def _clone(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as uid:
        _one(stage.phone(), _by(uid))
        return _one(stage.phone(stage.second()), _by(uid))


def _too_quick(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as near, stage.uid(stage.there) as far:
        phone = stage.phone()
        first, last = phone.tap(_by(near)), phone.tap(_by(far))
        phone.bring(first, last)
        return phone, str(last["id"])


def _off_duty(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as uid:
        return _one(stage.phone(stage.second()), _by(uid))


def _proxy(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as mine, stage.uid() as theirs:
        phone = stage.phone()
        _one(phone, _by(mine))
        return _one(stage.phone(stage.second(), phone.client), _by(theirs))


def _edited(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as uid:
        return _one(stage.phone(), _by(uid), prev=EDITED)


def _manual(stage: Stage) -> tuple[Phone, str]:
    return _one(stage.phone(), {"by": "manual", "checkpoint": stage.here, "reason": "take my word"})


def _slow_clock(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as uid:
        return _one(stage.phone(), _by(uid), off_s=-(stage.policies["clock_skew_s"] + _OFF_S))


def _fast_clock(stage: Stage) -> tuple[Phone, str]:
    with stage.uid() as uid:
        return _one(stage.phone(), _by(uid), off_s=stage.policies["clock_skew_s"] + _OFF_S)


CHEATS: Final[Mapping[str, Cheat]] = {
    cheat.flag.value: cheat
    for cheat in (
        Cheat(Flag.UNKNOWN_TAG, "a tag that hangs nowhere", _unknown),
        Cheat(Flag.FOREIGN_TAG, "a tag of another site (--foreign)", _foreign),
        Cheat(Flag.BLOCKED_TAG, "a tag that was lost", _blocked),
        Cheat(Flag.REPLACED_TAG, "a tag in whose place another hangs", _replaced),
        Cheat(Flag.NOT_PROVED, "an address with one bit changed (--tag-key)", _not_proved),
        Cheat(Flag.REPLAYED, "the same address twice (--tag-key)", _replayed),
        Cheat(Flag.HOARDED, "an address of an earlier visit, kept back (--tag-key)", _hoarded),
        Cheat(Flag.DOUBLE_READ, "the same tag again at once", _double),
        Cheat(Flag.COUNTER_JUMP, "a tag that was read many times, untold (--tag-key)", _jump),
        Cheat(Flag.CLONE, "a copy of the tag in another's hands (--other)", _clone),
        Cheat(Flag.TOO_QUICK, "two points with no time between them (where the plans have a scale)", _too_quick),
        Cheat(Flag.OFF_DUTY, "somebody who is not on duty (--other)", _off_duty),
        Cheat(Flag.PROXY, "two guards on one phone (--other)", _proxy),
        Cheat(Flag.OUTBOX_EDITED, "taps edited while they waited", _edited),
        Cheat(Flag.MANUAL_DENIED, "a guard who vouches for himself", _manual),
        Cheat(Flag.CLOCK_SKEW, "a phone whose clock is slow", _slow_clock),
        Cheat(Flag.FUTURE, "a phone whose clock is fast", _fast_clock),
    )
}
