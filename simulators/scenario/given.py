"""`given:`, the guardroom's few words about a site, written into a site pack before the pack is judged.

What a scenario gives is turned into what a pack would have said, so every check of a pack holds for it. A pack's values
know their line but not their file; those that come from the scenario carry their line as a negative number, and so a
fault tells which of the two files it is in.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from simulators.scenario.times import duration
from sites.errors import Fault, PackRefused
from sites.fields import Spot, quoted, unknown
from sites.pack import read
from sites.register import Register
from sites.tree import Entry, Listing, Mapped, Node, Scalar

SMALL: Final = Path(__file__).with_name("small.yaml")
KEYS: Final = (
    "people", "devices", "gateways", "zones", "seats", "checkpoints", "roster", "ladder", "policies", "kinds", "signed_on",
)  # fmt: skip
_BACK: Final = {"rotas": "roster", "shifts": "roster", "ladders": "ladder", "routes": "ladder"}
_STANDS: Final = re.compile(r"(?P<who>\S+)\s+(?P<a>\d\d:\d\d)\s*-\s*(?P<b>\d\d:\d\d)")
_LOGIN: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")
_DAYS: Final = 366
_BEFORE: Final = timedelta(days=7)

Sections = dict[str, Spot]
Nodes = dict[str, Node]


def register(base: Path, given: Spot, zone: Spot, start: date | None, faults: list[Fault]) -> Register | None:
    """The site of a scenario: `base` with what is `given`. None when a fault was noted."""
    wanted = _Given(given, zone, start)
    before = len(faults)
    try:
        made = read(base, wanted.amend) if given.node or zone.node else _as_it_is(base, _stamp(base))
    except PackRefused as refused:
        faults.extend(_placed(fault, given.file) for fault in refused.errors)
        made = None
    return made if len(faults) == before else None


@lru_cache(maxsize=8)
def _as_it_is(base: Path, _: tuple[tuple[str, int, int], ...]) -> Register:
    """A pack that nothing is given to: a whole shelf of scenarios stands on few of them."""
    return read(base)


def _stamp(base: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a file of the pack does."""
    files = sorted(base.rglob("*")) if base.is_dir() else [base]
    return tuple((str(f), (known := f.stat()).st_mtime_ns, known.st_size) for f in files)


def _placed(fault: Fault, file: str) -> Fault:
    if fault.line >= 0:
        return fault
    section = re.split(r"[.\[]", fault.field, maxsplit=1)[0]
    field = fault.field.rpartition(".")[2] if "." in fault.field else ""
    told = f"{field}: {fault.why}" if field and not field.endswith("]") else fault.why
    return Fault(file, -fault.line, "zone" if section == "site" else f"given.{_BACK.get(section, section)}", told)


class _Given:
    """The overrides, one method for each word of `given`."""

    def __init__(self, given: Spot, zone: Spot, start: date | None) -> None:
        self.given, self.zone, self.start = given, zone, start

    def amend(self, sections: Sections) -> None:
        if self.zone.node is not None and sections["site"].file == str(SMALL):
            _put(sections, "site", {"time_zone": _text(self.zone, self.zone.text())})
        for name, spot in self.given.entries():
            if name not in KEYS:
                spot.wrong(unknown("word", name, KEYS))
            elif name != "signed_on":
                getattr(self, name)(sections, spot)

    def people(self, sections: Sections, spot: Spot) -> None:
        for name, person in spot.entries():
            if isinstance(person.node, Mapped):
                f = person.fields()
                roles, mail, called = f.may("roles"), f.may("email"), f.may("name")
                f.close()
            else:
                roles, mail, called = person, Spot(None, person.file, "", []), Spot(None, person.file, "", [])
            found: Nodes = {}
            if roles.node is not None:
                found["roles"] = _list(roles, [_text(r, r.text()) for r in _one_or_more(roles)])
            login = name if _LOGIN.fullmatch(name) else f"x{abs(person.line)}-{len(name)}"
            address = mail.text() if mail.node is not None else f"{login}@example.org"
            contact = _map(
                person, channel=_text(person, "email"), target=_text(mail if mail.node is not None else person, address)
            )
            if mail.node is not None:
                found["contacts"] = _list(person, [contact])
            if called.node is not None:
                found["name"] = _text(called, called.text())
            fresh: Nodes = {
                "name": _text(person, name),
                "login": _text(person, login),
                "contacts": _list(person, [contact]),
            }
            _merge(sections, "people", name, person, found, fresh)

    def devices(self, sections: Sections, spot: Spot) -> None:
        for name, device in spot.entries():
            if not isinstance(device.node, Mapped):
                found: Nodes = {"model": _text(device, device.text())}
            else:
                f = device.fields()
                found = _named(f.may("model"), f.may("zone"), f.may("gateway"), f.may("key"), f.may("name"))
                found |= _seconds({"supervision_s": f.may("supervision")})
                f.close()
            fresh: Nodes = {
                "name": _text(device, name),
                "zone": _text(device, _last(sections, "zones", first=sections["site"].file != str(SMALL))),
                "gateway": _text(device, _last(sections, "gateways", first=True)),
            }
            _merge(sections, "devices", name, device, found, fresh, gone=("x", "y") if "zone" in found else ())

    def gateways(self, sections: Sections, spot: Spot) -> None:
        for name, gateway in spot.entries():
            _merge(
                sections,
                "gateways",
                name,
                gateway,
                _seconds({"supervision_s": gateway}),
                {"name": _text(gateway, name)},
            )

    def zones(self, sections: Sections, spot: Spot) -> None:
        for name, zone in spot.entries():
            if isinstance(zone.node, Mapped):
                f = zone.fields()
                found = _named(f.may("kind"), f.may("parent"), f.may("name"))
                f.close()
            else:
                found = {"kind": _text(zone, zone.text())}
            fresh: Nodes = {
                "name": _text(zone, name),
                "kind": _text(zone, "area"),
                "parent": _text(zone, _last(sections, "zones", first=True)),
            }
            _merge(sections, "zones", name, zone, found, fresh)

    def seats(self, sections: Sections, spot: Spot) -> None:
        for name, seat in spot.entries():
            required = seat.one_of(("required", "optional"), "word") == "required"
            found: Nodes = {"required": _text(seat, "true" if required else "false")}
            if not _has(sections, "seats", name):
                _merge(sections, "posts", name, seat, {}, {"name": _text(seat, name)})
            fresh: Nodes = {"name": _text(seat, name), "post": _text(seat, name)}
            _merge(sections, "seats", name, seat, found, fresh)

    def checkpoints(self, sections: Sections, spot: Spot) -> None:
        for name, point in spot.entries():
            if isinstance(point.node, Mapped):
                f = point.fields()
                found, tags = _named(f.may("zone"), f.may("name")), f.may("tags")
                f.close()
            else:
                found, tags = {}, point
            if tags.node is not None:
                found["tags"] = _list(tags, [_text(t, t.text()) for t in _one_or_more(tags)])
            fresh: Nodes = {"name": _text(point, name), "zone": _text(point, _last(sections, "zones", first=True))}
            _merge(sections, "checkpoints", name, point, found, fresh, gone=("x", "y") if "zone" in found else ())

    # -- duty

    def roster(self, sections: Sections, spot: Spot) -> None:
        """Daily hours for each seat named; a day of its own stands beside `daily`. An empty list: nobody."""
        for seat, hours in spot.entries():
            daily: list[tuple[Spot, str, str]] = []
            special: dict[date, list[tuple[Spot, str, str]]] = {}
            if isinstance(hours.node, Mapped):
                for day, listed in hours.entries():
                    if day == "daily":
                        daily = list(self._hours(sections, listed))
                    else:
                        key = Spot(Scalar(listed.line, day, True), listed.file, listed.path, listed.faults)
                        if text := key.day():
                            special[date.fromisoformat(text)] = list(self._hours(sections, listed))
            else:
                daily = list(self._hours(sections, hours))
            _drop(sections, "rotas", "seat", seat)
            if not _has(sections, "seats", seat):
                hours.wrong(unknown("seat", seat, _ids(sections, "seats")))
            elif daily or any(special.values()):
                self._rota(sections, seat, hours, daily, special)

    def _rota(
        self,
        sections: Sections,
        seat: str,
        spot: Spot,
        daily: list[tuple[Spot, str, str]],
        special: dict[date, list[tuple[Spot, str, str]]],
    ) -> None:
        first = (self.start or date(2026, 1, 1)) - _BEFORE
        days = [daily]
        if special:
            off = [d for d in special if not 0 <= (d - first).days < _DAYS]
            if off:
                spot.wrong(f"{off[0]} is more than a week before the start or a year after it")
                return
            days = [special.get(first + timedelta(days=n), daily) for n in range(_DAYS)]
        told = _list(spot, [_day(spot, shifts) for shifts in days])
        rota = _map(spot, seat=_text(spot, seat), from_day=_text(spot, first.isoformat()), days=told)
        _append(sections, "rotas", rota)

    def _hours(self, sections: Sections, spot: Spot) -> Iterator[tuple[Spot, str, str]]:
        """(place, person, template) for each `PERSON HH:MM-HH:MM`."""
        seen: list[str] = []
        for item in spot.items():
            text = item.text()
            found = _STANDS.fullmatch(text)
            if found is None:
                if text:
                    item.wrong(f"{quoted(text)} is not a person's hours (wang 20:00-08:00)")
                continue
            ends = "00:00" if found["b"] == "24:00" else found["b"]
            same = f"{found['a']}-{found['b']}"
            seen.append(same)
            template = same if seen.count(same) == 1 else f"{same}.{seen.count(same)}"
            if not _has(sections, "shifts", template):
                shift = {"id": template, "name": template, "starts": found["a"], "ends": ends}
                _append(sections, "shifts", _map(item, **{k: _text(item, v) for k, v in shift.items()}))
            yield item, found["who"], template

    def ladder(self, sections: Sections, spot: Spot) -> None:
        """A list replaces every ladder; a mapping replaces those that it names."""
        if isinstance(spot.node, Mapped):
            for name, rungs in spot.entries():
                if not _has(sections, "ladders", name):
                    rungs.wrong(unknown("ladder", name, _ids(sections, "ladders")))
                else:
                    _drop(sections, "ladders", "id", name)
                    _append(sections, "ladders", _ladder(name, rungs))
            return
        _append(sections, "ladders", _ladder("given", spot))
        for route in _items(sections, "routes"):
            if isinstance(route, Mapped):
                _set(route, "ladder", _text(spot, "given"))

    # -- numbers

    def policies(self, sections: Sections, spot: Spot) -> None:
        f = spot.fields()
        spans = {f"{key}_s": f.may(key) for key in ("clock_skew", "gateway_gap", "checkpoint_every")}
        raises, handle = f.may("key_zone_raises_priority"), f.may("handle_by")
        f.close()
        found = _seconds(spans) | _named(raises)
        if handle.node is not None:
            base = _entry(sections["policies"].node, "handle_by_s")
            made = Mapped(-handle.line, list(base.entries) if isinstance(base, Mapped) else [])
            for key, node in _seconds(dict(handle.entries())).items():
                _set(made, key, node)
            found["handle_by_s"] = made
        _put(sections, "policies", found)

    def kinds(self, sections: Sections, spot: Spot) -> None:
        if "kinds" not in sections:
            sections["kinds"] = Spot(Mapped(-spot.line, []), spot.file, "kinds", sections["site"].faults)
        for name, row in spot.entries():
            f = row.fields()
            found = _named(f.may("priority"), f.may("klass"), f.may("effect"), f.may("ends"))
            found |= _seconds({"ack_s": f.may("ack")})
            if (clears := f.may("clears")).node is not None:
                found["clears"] = _list(clears, [_text(c, c.text()) for c in _one_or_more(clears)])
            f.close()
            base = _entry(sections["kinds"].node, name)
            made = Mapped(-row.line, list(base.entries) if isinstance(base, Mapped) else [])
            for key, node in found.items():
                _set(made, key, node)
            _put(sections, "kinds", {name: made})


def _ladder(name: str, spot: Spot) -> Mapped:
    """`0s seat:centre`, `30s role:manager console+email`, …, `repeat 60s`."""
    rungs: list[Node] = []
    repeat: Nodes = {}
    for item in spot.items(least=1):
        words = item.text().split()
        span = duration(words[0]) if words else None
        if len(words) == 2 and words[0] == "repeat" and (span := duration(words[1])) is not None:
            repeat["repeat_s"] = _text(item, f"{span.total_seconds():.0f}")
        elif len(words) in {2, 3} and span is not None:
            channels = [_text(item, c) for c in (words[2] if len(words) == 3 else "console").split("+")]
            after = _text(item, f"{span.total_seconds():.0f}")
            rungs.append(_map(item, after_s=after, who=_text(item, words[1]), channels=_list(item, channels)))
        elif words:
            item.wrong(f"{quoted(item.text())} is not a rung (30s seat:leader console+email) or a pause (repeat 60s)")
    return _map(spot, id=_text(spot, name), rungs=_list(spot, rungs), **repeat)


def _day(spot: Spot, shifts: list[tuple[Spot, str, str]]) -> Mapped:
    return Mapped(-spot.line, [Entry(name, -item.line, _text(item, person)) for item, person, name in shifts])


# -- raw values of a pack


def _text(spot: Spot, text: str) -> Scalar:
    return Scalar(-spot.line, text, plain=True)


def _list(spot: Spot, items: Sequence[Node]) -> Listing:
    return Listing(-spot.line, list(items))


def _map(spot: Spot, **found: Node) -> Mapped:
    return Mapped(-spot.line, [Entry(key, -spot.line, node) for key, node in found.items()])


def _one_or_more(spot: Spot) -> list[Spot]:
    return spot.items() if isinstance(spot.node, Listing) else [spot]


def _named(*spots: Spot) -> Nodes:
    """Plain fields that a pack calls by the same name."""
    return {s.path.rpartition(".")[2]: _text(s, s.text()) for s in spots if s.node is not None}


def _seconds(spots: dict[str, Spot]) -> Nodes:
    """Spans of time as the whole seconds that a pack wants."""
    made: Nodes = {}
    for name, spot in spots.items():
        if spot.node is None or not (text := spot.text()):
            continue
        span = duration(text)
        if span is None or span.microseconds:
            like = f"; did you mean {quoted(text + 's')}?" if text.isdecimal() else " (10m, 90s, 1h30m)"
            spot.wrong(f"{quoted(text)} is not a span of whole seconds{like}")
        else:
            made[name] = _text(spot, f"{span.total_seconds():.0f}")
    return made


def _items(sections: Sections, name: str) -> list[Node]:
    node = sections[name].node if name in sections else None
    return node.items if isinstance(node, Listing) else []


def _entry(node: Node | None, key: str) -> Node | None:
    return next((e.node for e in node.entries if e.key == key), None) if isinstance(node, Mapped) else None


def _word(node: Node | None, key: str) -> str:
    found = _entry(node, key)
    return found.text if isinstance(found, Scalar) else ""


def _ids(sections: Sections, name: str) -> list[str]:
    return [_word(node, "id") for node in _items(sections, name)]


def _has(sections: Sections, name: str, wanted: str) -> bool:
    return wanted in _ids(sections, name)


def _last(sections: Sections, name: str, *, first: bool) -> str:
    """The id that a new thing belongs to when nothing else is said."""
    ids = _ids(sections, name)
    return ids[0 if first else -1] if ids else ""


def _set(node: Mapped, key: str, value: Node) -> None:
    node.entries = [e for e in node.entries if e.key != key] + [Entry(key, value.line, value)]


def _put(sections: Sections, name: str, found: Nodes) -> None:
    """Fields of a section that is a mapping."""
    node = sections[name].node if name in sections else None
    if isinstance(node, Mapped):
        for key, value in found.items():
            _set(node, key, value)


def _append(sections: Sections, name: str, node: Node) -> None:
    _items(sections, name).append(node)


def _drop(sections: Sections, name: str, key: str, value: str) -> None:
    items = _items(sections, name)
    items[:] = [node for node in items if _word(node, key) != value]


def _merge(
    sections: Sections,
    section: str,
    name: str,
    spot: Spot,
    found: Nodes,
    fresh: Nodes,
    gone: tuple[str, ...] = (),
) -> None:
    """The thing of this id with `found` put over it; a new one also gets what is `fresh`."""
    for node in _items(sections, section):
        if isinstance(node, Mapped) and _word(node, "id") == name:
            node.entries = [e for e in node.entries if e.key not in gone]
            for key, value in found.items():
                _set(node, key, value)
            return
    _append(sections, section, _map(spot, id=_text(spot, name), **{**fresh, **found}))


def signed_on(spot: Spot, known: Register) -> dict[str, str]:
    """Seat and person, before the start."""
    made: dict[str, str] = {}
    for seat, person in spot.entries():
        if seat not in known.seats:
            person.wrong(unknown("seat", seat, known.seats))
        elif name := person.one_of(known.people, "person"):
            made[seat] = name
    return made
