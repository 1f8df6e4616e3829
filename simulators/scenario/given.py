"""`given:`, the guardroom's few words about a site, written into a site pack before the pack is judged.

What a scenario gives is turned into what a pack would have said, so every check of a pack holds for it. A pack's values
know their line but not their file; those that come from the scenario carry their line as a negative number, and so a
fault tells which of the two files it is in.
"""

import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from duty.calendar import MONTH
from simulators.scenario import given_duty, given_patrol
from simulators.scenario import rawpack as raw
from simulators.scenario.rawpack import Nodes, Sections
from sites.errors import Fault, PackRefused
from sites.fields import Spot, unknown
from sites.pack import read
from sites.register import Register
from sites.tree import Mapped

SMALL: Final = Path(__file__).with_name("small.yaml")
KEYS: Final = (
    "people", "devices", "gateways", "zones", "seats", "checkpoints", "roster", "ladder", "policies", "kinds", "staffing",
    "checklists", "forms", "patrol", "signed_on", "published",
)  # fmt: skip
_BACK: Final = {"rotas": "roster", "shifts": "roster", "ladders": "ladder", "routes": "ladder", "posts": "staffing"}
AS_IN_A_PACK: Final = ("certificates", "grade", "floater", "posts")  # of a person: a scenario says them as a pack does
_LOGIN: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")


def register(base: Path, given: Spot, zone: Spot, start: date | None, faults: list[Fault]) -> Register | None:
    """The site of a scenario: `base` with what is `given`. None when a fault was noted."""
    wanted = _Given(given, zone, start)
    before = len(faults)
    try:
        made = read(base, wanted.amend) if given.node or zone.node else _as_it_is(base, _stamp(base))
    except PackRefused as refused:
        faults.extend(_placed(fault, given.file) for fault in refused.errors)
        made = None
    if made is None or len(faults) > before:
        return None
    return made if wanted.patrols else msgspec.structs.replace(made, patrol_plans={})


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
        self.patrols = isinstance(given.node, Mapped) and any(entry.key == "patrol" for entry in given.node.entries)

    def amend(self, sections: Sections) -> None:
        if self.zone.node is not None and sections["site"].file == str(SMALL):
            raw.put(sections, "site", {"time_zone": raw.scalar(self.zone, self.zone.text())})
        for name, spot in self.given.entries():
            if name not in KEYS:
                spot.wrong(unknown("word", name, KEYS))
            elif name not in {"signed_on", "published"}:
                getattr(self, name)(sections, spot)

    def people(self, sections: Sections, spot: Spot) -> None:
        for name, person in spot.entries():
            if isinstance(person.node, Mapped):
                f = person.fields()
                roles, mail, called = f.may("roles"), f.may("email"), f.may("name")
                found: Nodes = {key: raw.copied(s) for key in AS_IN_A_PACK if (s := f.may(key)).node is not None}
                f.close()
            else:
                roles, mail, called = person, Spot(None, person.file, "", []), Spot(None, person.file, "", [])
                found = {}
            if roles.node is not None:
                found["roles"] = raw.listing(roles, [raw.scalar(r, r.text()) for r in raw.one_or_more(roles)])
            login = name if _LOGIN.fullmatch(name) else f"x{abs(person.line)}-{len(name)}"
            address = mail.text() if mail.node is not None else f"{login}@example.org"
            contact = raw.mapped(
                person,
                channel=raw.scalar(person, "email"),
                target=raw.scalar(mail if mail.node is not None else person, address),
            )
            if mail.node is not None:
                found["contacts"] = raw.listing(person, [contact])
            if called.node is not None:
                found["name"] = raw.scalar(called, called.text())
            fresh: Nodes = {
                "name": raw.scalar(person, name),
                "login": raw.scalar(person, login),
                "contacts": raw.listing(person, [contact]),
            }
            raw.merge(sections, "people", name, person, found, fresh)

    def devices(self, sections: Sections, spot: Spot) -> None:
        for name, device in spot.entries():
            if not isinstance(device.node, Mapped):
                found: Nodes = {"model": raw.scalar(device, device.text())}
            else:
                f = device.fields()
                found = raw.named(f.may("model"), f.may("zone"), f.may("gateway"), f.may("key"), f.may("name"))
                found |= raw.seconds({"supervision_s": f.may("supervision")})
                f.close()
            fresh: Nodes = {
                "name": raw.scalar(device, name),
                "zone": raw.scalar(device, raw.usual(sections, "zones", first=sections["site"].file != str(SMALL))),
                "gateway": raw.scalar(device, raw.usual(sections, "gateways", first=True)),
            }
            raw.merge(sections, "devices", name, device, found, fresh, gone=("x", "y") if "zone" in found else ())

    def gateways(self, sections: Sections, spot: Spot) -> None:
        for name, gateway in spot.entries():
            raw.merge(
                sections,
                "gateways",
                name,
                gateway,
                raw.seconds({"supervision_s": gateway}),
                {"name": raw.scalar(gateway, name)},
            )

    def zones(self, sections: Sections, spot: Spot) -> None:
        for name, zone in spot.entries():
            if isinstance(zone.node, Mapped):
                f = zone.fields()
                found = raw.named(f.may("kind"), f.may("parent"), f.may("name"))
                f.close()
            else:
                found = {"kind": raw.scalar(zone, zone.text())}
            fresh: Nodes = {
                "name": raw.scalar(zone, name),
                "kind": raw.scalar(zone, "area"),
                "parent": raw.scalar(zone, raw.usual(sections, "zones", first=True)),
            }
            raw.merge(sections, "zones", name, zone, found, fresh)

    def seats(self, sections: Sections, spot: Spot) -> None:
        for name, seat in spot.entries():
            required = seat.one_of(("required", "optional"), "word") == "required"
            found: Nodes = {"required": raw.scalar(seat, "true" if required else "false")}
            if not raw.has(sections, "seats", name):
                raw.merge(sections, "posts", name, seat, {}, {"name": raw.scalar(seat, name)})
            fresh: Nodes = {"name": raw.scalar(seat, name), "post": raw.scalar(seat, name)}
            raw.merge(sections, "seats", name, seat, found, fresh)

    def checkpoints(self, sections: Sections, spot: Spot) -> None:
        for name, point in spot.entries():
            if isinstance(point.node, Mapped):
                f = point.fields()
                found, tags, post = raw.named(f.may("zone"), f.may("name")), f.may("tags"), f.may("post")
                if post.node is not None:
                    there = post.one_of(raw.ids(sections, "posts"), "post")
                    if there:
                        raw.merge(sections, "posts", there, post, {"checkpoint": raw.scalar(post, name)}, {})
                f.close()
            else:
                found, tags = {}, point
            if tags.node is not None:
                found["tags"] = raw.listing(tags, [raw.scalar(t, t.text()) for t in raw.one_or_more(tags)])
            fresh: Nodes = {
                "name": raw.scalar(point, name),
                "zone": raw.scalar(point, raw.usual(sections, "zones", first=True)),
            }
            raw.merge(sections, "checkpoints", name, point, found, fresh, gone=("x", "y") if "zone" in found else ())

    def roster(self, sections: Sections, spot: Spot) -> None:
        given_duty.roster(sections, spot, self.start)

    def ladder(self, sections: Sections, spot: Spot) -> None:
        given_duty.ladder(sections, spot)

    def staffing(self, sections: Sections, spot: Spot) -> None:
        given_duty.staffing(sections, spot)

    def checklists(self, sections: Sections, spot: Spot) -> None:
        given_duty.checklists(sections, spot)

    def forms(self, sections: Sections, spot: Spot) -> None:
        given_duty.forms(sections, spot)

    def patrol(self, sections: Sections, spot: Spot) -> None:
        given_patrol.patrol(sections, spot)

    # -- numbers

    def policies(self, sections: Sections, spot: Spot) -> None:
        f = spot.fields()
        spans = {f"{key}_s": f.may(key) for key in ("clock_skew", "gateway_gap", "checkpoint_every")}
        raises, handle, duty = f.may("key_zone_raises_priority"), f.may("handle_by"), f.may("duty")
        major = f.may("major")
        f.close()
        found = raw.seconds(spans) | raw.named(raises)
        if handle.node is not None:
            base = raw.field(sections["policies"].node, "handle_by_s")
            made = Mapped(-handle.line, list(base.entries) if isinstance(base, Mapped) else [])
            for key, node in raw.seconds(dict(handle.entries())).items():
                raw.change(made, key, node)
            found["handle_by_s"] = made
        if duty.node is not None:
            found["duty"] = given_duty.policies(sections, duty)
        if major.node is not None:
            found["major"] = raw.copied(major)
        raw.put(sections, "policies", found)

    def kinds(self, sections: Sections, spot: Spot) -> None:
        if "kinds" not in sections:
            sections["kinds"] = Spot(Mapped(-spot.line, []), spot.file, "kinds", sections["site"].faults)
        for name, row in spot.entries():
            f = row.fields()
            found = raw.named(f.may("priority"), f.may("klass"), f.may("effect"), f.may("ends"))
            found |= raw.seconds({"ack_s": f.may("ack")})
            if (clears := f.may("clears")).node is not None:
                found["clears"] = raw.listing(clears, [raw.scalar(c, c.text()) for c in raw.one_or_more(clears)])
            f.close()
            base = raw.field(sections["kinds"].node, name)
            made = Mapped(-row.line, list(base.entries) if isinstance(base, Mapped) else [])
            for key, node in found.items():
                raw.change(made, key, node)
            raw.put(sections, "kinds", {name: made})


def published(spot: Spot) -> tuple[str, ...]:
    """The months whose roster was published before the start."""
    return tuple(item.name(MONTH, "2026-04") for item in spot.items())


def signed_on(spot: Spot, known: Register) -> dict[str, str]:
    """Seat and person, before the start."""
    made: dict[str, str] = {}
    for seat, person in spot.entries():
        if seat not in known.seats:
            person.wrong(unknown("seat", seat, known.seats))
        elif name := person.one_of(known.people, "person"):
            made[seat] = name
    return made
