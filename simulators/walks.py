"""An honest round by phone: the round that is open, point by point at walking pace, with answers and photos."""

from collections.abc import Callable, Iterator
from math import hypot
from random import Random
from typing import Any, Final

import msgspec

from patrol.keys import Ring
from simulators.chips import Chip
from simulators.patrols import fine
from simulators.phones import Phone, Refused, before, hash_of, picture
from sites.patrol_words import PatrolRoute, TaskKind

DAYS: Final = 3
WALKED: Final = frozenset({"on_time", "late", "explained"})


class Pace(msgspec.Struct, frozen=True):
    """How fast: between points whose way the site's plans tell, and how long at each."""

    metres_s: float = 1.3
    look_s: float = 10.0


class Stop(msgspec.Struct, frozen=True):
    """What became of one point."""

    checkpoint: str
    flags: tuple[str, ...]
    state: str
    page: str = ""

    @property
    def fine(self) -> bool:
        return not self.flags and self.state in WALKED


Sleep = Callable[[float], None]
Chips = dict[str, Chip]  # by checkpoint


def open_round(phone: Phone, route: str = "") -> dict[str, Any]:
    """The round that is open now, of that route or of any. Raises Refused."""
    told = phone.get("rounds", first=before(phone.now()), days=DAYS)["items"]
    for one in told:
        if one["stand"] == "open" and route in {"", one["route_id"]}:
            return dict(one)
    raise Refused(f"no round{f' of {route}' if route else ''} is open now")


def chips(leader: Phone, ring: Ring) -> Chips:
    """The tags that prove themselves as they hang, and have been read; only a leader may see them. Raises Refused."""
    told = [t for t in leader.get("tags")["items"] if t["proof"] == "sun" and t["state"] == "active"]
    return {
        t["checkpoint"]: Chip(t["uid"], ring.of(leader.site, t["uid"], t["key_version"]), t["counter"]) for t in told
    }


def walk(
    phone: Phone,
    sleep: Sleep,
    by: Random,
    route: str = "",
    pace: Pace = Pace(),  # noqa: B008 - frozen
    hung: Chips | None = None,
    *,
    offline: bool = False,
    page: str = "",
) -> Iterator[Stop]:
    """Walk it. `offline`: everything is kept, and brought at the end; `page`: by each tag's page, signed in there by this word.
    A point without a tag is walked past. Raises Refused.
    """
    found = open_round(phone, route)
    walked = msgspec.convert(phone.get(f"rounds/{found['id']}")["route"], PatrolRoute)
    register, there = phone.get("register"), hung or {}
    waiting: list[tuple[str, dict[str, Any], list[bytes]]] = []
    last: str | None = None
    for stop in walked.stops:
        name = stop.checkpoint
        tags = register["checkpoints"][name]["tags"]
        if name not in there and (not tags or page):
            continue
        if last is not None:
            sleep(way_s(register, last, name, pace))
        sleep(pace.look_s)
        last = name
        read = there[name].read() if name in there else {"by": "uid", "uid": tags[0]}
        if page:
            heading = phone.press(read, page)
            yield _asked(phone, found["id"], name, heading)
            continue
        answers = {t.id: fine(t, by) for t in stop.tasks if t.kind is not TaskKind.PHOTO}
        photos = [picture() for t in stop.tasks if t.kind is TaskKind.PHOTO]
        tap = phone.tap(read, kept=offline, answers=answers, photos=[hash_of(p) for p in photos])
        if offline:
            waiting.append((name, tap, photos))
            continue
        yield _outcome(phone.bring(tap)[0], found["id"], name)
        phone.send(*photos)
    brought = phone.bring(*(tap for _, tap, _ in waiting))
    for (name, _, photos), told in zip(waiting, brought, strict=True):
        phone.send(*photos)
        yield _outcome(told, found["id"], name)


def way_s(register: dict[str, Any], a: str, b: str, pace: Pace) -> float:
    """Seconds between two points as far as the plans' scale says."""
    here, there = register["checkpoints"][a], register["checkpoints"][b]
    if None in {here["x"], here["y"], there["x"], there["y"]}:
        return 0.0
    units = hypot(here["x"] - there["x"], here["y"] - there["y"])
    return float(units * register["policies"]["patrol"]["unit_m"] / pace.metres_s)


def _outcome(told: dict[str, Any], round_id: str, name: str) -> Stop:
    state = next((r["point"] for r in told["rounds"] if r["round"] == round_id), "not of the round")
    return Stop(name, tuple(told["flags"]), state)


def _asked(phone: Phone, round_id: str, name: str, heading: str) -> Stop:
    """The page tells in words; the list of taps tells what they were."""
    (tap,) = phone.get("taps", checkpoint=name, person=phone.person, limit=1)["items"]
    points = {p["checkpoint"]: p["state"] for p in phone.get(f"rounds/{round_id}")["points"]}
    return Stop(name, tuple(tap["flags"]), points[name], heading)
