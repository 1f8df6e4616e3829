"""What is given about patrol: routes and plans in few words, and the site's patrol rules.

A night is about what it names: a pack's own plans make no rounds in it unless it asks for them (`patrol: plans`).
"""

import re
from typing import Final

from simulators.scenario import rawpack as raw
from simulators.scenario.rawpack import Nodes, Sections
from simulators.scenario.times import duration
from sites.fields import Spot, quoted
from sites.register import Register
from sites.shapes import uid
from sites.tree import Listing, Mapped, Scalar

OWN: Final = "plans"
KEYS: Final = ("routes", "plans", "policies", "elsewhere")
_HOUR: Final = r"\d\d:\d\d"
PLAN: Final = (
    rf"(?P<route>\S+) by (?P<seat>\S+) (?:every (?P<every>\S+)(?: from (?P<from>{_HOUR}))?(?: to (?P<to>{_HOUR}))?"
    r"|(?P<per>\d+) per shift)(?: open (?P<open>\S+))?(?: grace (?P<grace>\S+))?"
)
_PLAN: Final = re.compile(PLAN)


def patrol(sections: Sections, spot: Spot) -> None:
    """`plans`, which leaves the pack's as they are; or `routes`, `plans` (in place of the pack's) and `policies`."""
    if isinstance(spot.node, Scalar):
        spot.one_of((OWN,), "word")
        return
    f = spot.fields()
    routes, plans, policies, _ = (f.may(key) for key in KEYS)  # tags elsewhere are no part of the site
    f.close()
    for section in ("patrol_routes", "patrol_plans"):
        if section not in sections:
            sections[section] = Spot(Listing(-spot.line, []), spot.file, section, sections["site"].faults)
    for name, route in routes.entries():
        _route(sections, name, route)
    raw.things(sections, "patrol_plans").clear()
    for name, plan in plans.entries():
        _plan(sections, name, plan)
    if policies.node is not None:
        base = raw.field(sections["policies"].node, "patrol")
        made = Mapped(-policies.line, list(base.entries) if isinstance(base, Mapped) else [])
        for name, value in policies.entries():
            raw.change(made, name, raw.copied(value))
        raw.put(sections, "policies", {"patrol": made})


def elsewhere(spot: Spot, known: Register) -> tuple[str, ...]:
    """`patrol: {elsewhere: [UID]}`: the tags that hang at another site."""
    here = {tag for point in known.checkpoints.values() for tag in point.tags}
    made: list[str] = []
    for item in _field(spot, "elsewhere").items():
        number = uid(item.text())
        if number is None:
            item.wrong(f"{quoted(item.text())} is not a tag's UID: 4, 7, 8 or 10 bytes in hexadecimal")
        elif number in here:
            item.wrong(f"{number} hangs at this site")
        else:
            made.append(number)
    return tuple(made)


def _field(spot: Spot, name: str) -> Spot:
    node = raw.field(spot.node, name)
    return Spot(node, spot.file, f"{spot.path}.{name}", spot.faults)


def _route(sections: Sections, name: str, spot: Spot) -> None:
    """`[C1, C2]`, or a pack's own fields; a stop is a point, or a point with its tasks and `leg_s`."""
    if isinstance(spot.node, Mapped):
        f = spot.fields()
        found: Nodes = {
            key: raw.copied(value) for key in ("stops", "order", "night") if (value := f.may(key)).node is not None
        }
        f.close()
    else:
        found = {"stops": raw.copied(spot)}
    raw.merge(sections, "patrol_routes", name, spot, found, {"name": raw.scalar(spot, name)})


def _plan(sections: Sections, name: str, spot: Spot) -> None:
    """`night by leader every 2h from 22:00 to 06:00 open 1h grace 5m`, `day by leader 2 per shift`, or a pack's own fields."""
    if isinstance(spot.node, Mapped):
        found = {entry.key: raw.copied(Spot(entry.node, spot.file, "", spot.faults)) for entry in spot.node.entries}
    else:
        said = _PLAN.fullmatch(" ".join(spot.text().split()))
        if said is None:
            spot.wrong(f"{quoted(spot.text())} is not a plan (night by leader every 2h from 22:00 to 06:00)")
            return
        found = {key: raw.scalar(spot, said[key]) for key in ("route", "seat", "from", "to") if said[key] is not None}
        if said["per"] is not None:
            found["per_shift"] = raw.scalar(spot, said["per"])
        for key, field in (("every", "every_min"), ("open", "window_min"), ("grace", "grace_min")):
            if said[key] is not None:
                found[field] = raw.scalar(spot, _minutes(spot, said[key]))
    raw.append(sections, "patrol_plans", raw.mapped(spot, **{"id": raw.scalar(spot, name), **found}))


def _minutes(spot: Spot, text: str) -> str:
    span = duration(text)
    minutes = 0.0 if span is None else span.total_seconds() / 60
    if span is None or minutes != int(minutes):
        spot.wrong(f"{quoted(text)} is not a span of whole minutes (2h, 45m)")
        return "10"
    return f"{minutes:.0f}"
