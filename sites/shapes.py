"""What the sections of a pack look like, places, devices, people and ladders: one function for each thing in them."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from core.kinds import KINDS, Kind, Klass
from core.wire import SLUG
from sites.fields import Spot, quoted, unknown
from sites.people import Certificate
from sites.register import (
    CHANNELS,
    MODELS,
    ZONE_KINDS,
    Checkpoint,
    Contact,
    Device,
    External,
    Gateway,
    Ladder,
    Person,
    Role,
    Route,
    Rung,
    Zone,
)
from sites.tree import Mapped

LANGUAGES: Final = ("zh-CN", "en")
_LOGIN: Final = r"[a-z][a-z0-9._-]{1,31}"
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()-]{2,30}")
_TARGETS: Final = {
    "email": (re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}"), "an e-mail address"),
    "webhook": (re.compile(r"https?://[^\s]{3,500}"), "an http(s) URL"),
    "apprise": (re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s]{1,500}"), "an apprise URL"),
}
_UID_BYTES: Final = (4, 7, 8, 10)


class Names(msgspec.Struct, frozen=True):
    """The ids that the pack declares, by section."""

    ids: Mapping[str, frozenset[str]]

    def ref(self, spot: Spot, section: str, called: str) -> str:
        """An id that must stand in `section`."""
        return spot.one_of(self.ids[section], called)


def time_zone(spot: Spot) -> str:
    """A zone of the tz database."""
    text = spot.text()
    if text:
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            spot.wrong(unknown("time zone", text, available_timezones()))
    return text


def zone(spot: Spot, names: Names) -> Zone:
    f = spot.fields()
    made = Zone(
        id=f.need("id").name(),
        name=f.need("name").words(),
        kind=f.need("kind").one_of(ZONE_KINDS, "kind of zone"),
        parent=names.ref(f.may("parent"), "zones", "zone") or None,
        plan=names.ref(f.may("plan"), "plans", "plan") or None,
        polygon=_polygon(f.may("polygon")),
    )
    f.close()
    return made


def _polygon(spot: Spot) -> tuple[tuple[float, float], ...]:
    points: list[tuple[float, float]] = []
    for point in spot.items(least=3, most=200):
        x, y = [n.number() for n in point.items(least=2, most=2)][:2] or (None, None)
        if x is not None and y is not None:
            points.append((x, y))
    return tuple(points)


def gateway(spot: Spot) -> Gateway:
    f = spot.fields()
    made = Gateway(
        id=f.need("id").name(SLUG, "a-z, 0-9 and -, at most 63"),
        name=f.need("name").words(),
        supervision_s=f.may("supervision_s").whole(10, 86_400, default=90),
        key_version=f.may("key_version").whole(1, 1_000_000, default=1),
    )
    f.close()
    return made


def device(spot: Spot, names: Names) -> Device:
    f = spot.fields()
    made = Device(
        id=f.need("id").name(),
        name=f.need("name").words(),
        model=f.need("model").one_of(MODELS, "model"),
        zone=names.ref(f.need("zone"), "zones", "zone"),
        gateway=names.ref(f.need("gateway"), "gateways", "gateway"),
        x=f.may("x").number(),
        y=f.may("y").number(),
        supervision_s=_supervision(f.may("supervision_s")),
        key=f.may("key").flag(default=False),
    )
    f.close()
    return made


def _supervision(spot: Spot) -> int:
    seconds = spot.whole(0, 31 * 86_400)
    if 0 < seconds < 10:
        spot.wrong(f"{seconds} is out of range (0, or 10 to {31 * 86_400})")
    return seconds


def checkpoint(spot: Spot, names: Names) -> Checkpoint:
    f = spot.fields()
    made = Checkpoint(
        id=f.need("id").name(),
        name=f.need("name").words(),
        zone=names.ref(f.need("zone"), "zones", "zone"),
        tags=tuple(tag for item in f.need("tags").items(least=1, most=8) if (tag := _tag(item))),
        x=f.may("x").number(),
        y=f.may("y").number(),
    )
    f.close()
    return made


def uid(text: str) -> str | None:
    """A tag's UID as it is kept, upper-case hexadecimal without separators; None when it is not one."""
    bare = re.sub(r"[:\s-]", "", text).upper()
    return bare if re.fullmatch(r"[0-9A-F]+", bare) and len(bare) in {2 * n for n in _UID_BYTES} else None


def _tag(spot: Spot) -> str:
    text = spot.text()
    made = uid(text) if text else ""
    if made is None:
        spot.wrong(f"{quoted(text)} is not a tag UID (4, 7, 8 or 10 bytes in hexadecimal)")
    return made or ""


def person(spot: Spot, names: Names) -> Person:
    f = spot.fields()
    made = Person(
        id=f.need("id").name(),
        name=f.need("name").words(),
        login=f.need("login").name(_LOGIN, "a letter, then a-z, 0-9 and . _ -, 2 to 32"),
        roles=tuple(role(item) for item in f.need("roles").items(least=1, most=len(Role))),
        phone=_phone(f.may("phone")),
        contacts=contacts(f.may("contacts")),
        language=f.may("language").one_of(LANGUAGES, "language", default="zh-CN"),
        certificates=tuple(_certificate(item) for item in f.may("certificates").items(most=32)),
        grade=f.may("grade").whole(0, 9),
        floater=f.may("floater").flag(default=False),
        posts=tuple(names.ref(item, "posts", "post") for item in f.may("posts").items(most=64)),
    )
    f.close()
    return made


def _certificate(spot: Spot) -> Certificate:
    """Its name alone, or with the last day that it is good for."""
    if not isinstance(spot.node, Mapped):
        return Certificate(spot.text())
    f = spot.fields()
    until = f.may("until").day()
    made = Certificate(f.need("name").text(), date.fromisoformat(until) if until else None)
    f.close()
    return made


def role(spot: Spot) -> Role:
    """One of the roles."""
    return Role(spot.one_of([r.value for r in Role], "role", default=Role.GUARD))


def _phone(spot: Spot) -> str:
    text = spot.text()
    if text and not _PHONE.fullmatch(text):
        spot.wrong(f"{quoted(text)} is not a phone number")
    return text


def contacts(spot: Spot, *, least: int = 0) -> tuple[Contact, ...]:
    """How somebody is reached."""
    return tuple(_contact(item) for item in spot.items(least=least, most=16))


def _contact(spot: Spot) -> Contact:
    f = spot.fields()
    channel, target = f.need("channel").one_of(tuple(_TARGETS), "channel"), f.need("target")
    text = target.text(most=600)
    if channel and text and not _TARGETS[channel][0].fullmatch(text):
        target.wrong(f"{quoted(text)} is not {_TARGETS[channel][1]}")
    f.close()
    return Contact(channel, text)


def external(spot: Spot) -> External:
    f = spot.fields()
    made = External(f.need("id").name(), f.need("name").words(), contacts(f.need("contacts"), least=1))
    f.close()
    return made


def ladder(spot: Spot, names: Names) -> Ladder:
    f = spot.fields()
    rungs: list[Rung] = []
    for item in f.need("rungs").items(least=1, most=20):
        rung = _rung(item, names, rungs[-1].after_s if rungs else None)
        rungs.append(rung)
    made = Ladder(f.need("id").name(), tuple(rungs), f.may("repeat_s").whole(30, 86_400, default=300))
    f.close()
    return made


def _rung(spot: Spot, names: Names, before: int | None) -> Rung:
    f = spot.fields()
    after, who = f.need("after_s"), f.need("who")
    after_s = after.whole(0, 86_400, default=before or 0)
    if before is not None and after_s < before:
        after.wrong(f"{after_s} s comes before the rung above it ({before} s)")
    elif before is None and after_s:
        after.wrong(f"the first rung is due at once: 0, not {after_s}")
    channels = [item.one_of(CHANNELS, "channel", default="console") for item in f.may("channels").items(most=8)]
    f.close()
    return Rung(after_s, _who(who, names), tuple(channels) or ("console",))


_WHO: Final = {"seat": "seats", "post": "posts", "person": "people", "external": "externals"}


def _who(spot: Spot, names: Names) -> str:
    text = spot.text()
    what, _, name = text.partition(":")
    if not text or text == "external":
        return text
    if what == "role" and name in list(Role):
        return text
    known = [r.value for r in Role] if what == "role" else names.ids.get(_WHO.get(what, ""), frozenset())
    if what not in _WHO and what != "role":
        spot.wrong(f"{quoted(text)} is none of seat:ID, post:ID, role:ROLE, person:ID, external")
    elif name not in known:
        spot.wrong(unknown(what, name, known))
    return text


def route(spot: Spot, names: Names, own: Mapping[str, Kind]) -> Route:
    f = spot.fields()
    kinds = {*KINDS, *own}
    kinds |= {name.partition(".")[0] for name in kinds}
    made = Route(
        ladder=names.ref(f.need("ladder"), "ladders", "ladder"),
        seat=names.ref(f.need("seat"), "seats", "seat"),
        kinds=tuple(s.one_of(kinds, "kind") for s in f.may("kinds").items(least=1)),
        klasses=tuple(s.one_of([k.value for k in Klass], "class") for s in f.may("klasses").items(least=1)),
        priorities=tuple(s.whole(1, 4, default=1) for s in f.may("priorities").items(least=1)),
        zones=tuple(names.ref(s, "zones", "zone") for s in f.may("zones").items(least=1)),
    )
    f.close()
    return made
