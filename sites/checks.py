"""What one section of a pack must agree on with another, once each has been read."""

from collections.abc import Callable, Iterable, Mapping

from sites import duty_checks, patrol_shapes
from sites.fields import Spot, at, indexed
from sites.register import Register, Role, Route, Zone

Sections = Callable[[str], Spot]
Ids = Mapping[str, Mapping[str, Spot]]


def cross_check(register: Register, section: Sections, ids: Ids) -> None:
    """Note every disagreement at the place where it was written."""
    _zones(register, section("zones"))
    _places(register, section("devices"), register.devices.values())
    _places(register, section("checkpoints"), register.checkpoints.values())
    _tags(section("checkpoints"), register)
    _logins(section("people"), register)
    _rungs(register, section("ladders"))
    _routes(register, section("routes"))
    _seats(register, ids["seats"])
    duty_checks.cross_check(register, section)
    patrol_shapes.cross_check(register, section)


def _zones(register: Register, section: Spot) -> None:
    for i, zone_id in indexed(section):
        zone = register.zones.get(zone_id)
        if zone is None:
            continue
        loop = _loop(register.zones, zone_id)
        if loop:
            at(section, i, "parent").wrong(f"cycle of zones: {' > '.join(loop)}")
        elif zone.polygon:
            plan = register.plans.get(zone.plan or "")
            if zone.plan is None:
                at(section, i, "polygon").wrong("needs `plan`: a polygon is drawn on one")
            elif plan is not None and not all(_inside(x, y, plan.width, plan.height) for x, y in zone.polygon):
                at(section, i, "polygon").wrong(f"outside plan {plan.id} ({plan.width:g} x {plan.height:g})")


def _loop(zones: Mapping[str, Zone], start: str) -> list[str]:
    """The way from a zone back to itself, if there is one."""
    way, here = [start], zones[start].parent
    while here is not None and here in zones and here not in way:
        way.append(here)
        here = zones[here].parent
    return [*way, start] if here == start else []


def _inside(x: float, y: float, width: float, height: float) -> bool:
    return 0 <= x <= width and 0 <= y <= height


def _places(register: Register, section: Spot, things: Iterable[object]) -> None:
    """Every drawn thing lies on the plan of its zone, or of the nearest zone around it that has one."""
    known = {getattr(t, "id", ""): t for t in things}
    for i, thing_id in indexed(section):
        thing = known.get(thing_id)
        x, y, zone = getattr(thing, "x", None), getattr(thing, "y", None), getattr(thing, "zone", None)
        if (x is None) != (y is None):
            at(section, i, "y" if y is None else "x").wrong("x and y stand together")
        if x is None or y is None or zone not in register.zones:
            continue
        named = next((p for z in register.zone_path(zone) if (p := register.zones[z].plan)), None)
        plan = register.plans.get(named or "")
        if named is None:
            at(section, i, "x").wrong(f"zone {zone} has no floor plan to stand on")
        elif plan is not None and not _inside(x, y, plan.width, plan.height):
            field = "x" if not 0 <= x <= plan.width else "y"
            at(section, i, field).wrong(f"({x:g}, {y:g}) is outside plan {plan.id} ({plan.width:g} x {plan.height:g})")


def _tags(section: Spot, register: Register) -> None:
    owner: dict[str, str] = {}
    for i, checkpoint_id in indexed(section):
        checkpoint = register.checkpoints.get(checkpoint_id)
        for n, tag in enumerate(checkpoint.tags if checkpoint is not None else ()):
            if tag in owner:
                at(section, i, "tags", n).wrong(f"duplicate tag {tag}; it stands for {owner[tag]} already")
            owner.setdefault(tag, checkpoint_id)


def _logins(section: Spot, register: Register) -> None:
    owner: dict[str, str] = {}
    for i, login in indexed(section, "login"):
        if login in owner:
            at(section, i, "login").wrong(f'duplicate login "{login}"; it is {owner[login]} already')
        else:
            owner[login] = next((p.id for p in register.people.values() if p.login == login), "someone else")


def _rungs(register: Register, section: Spot) -> None:
    """A rung that can never reach anyone would climb in silence."""
    held: set[Role] = {role for person in register.people.values() for role in person.roles}
    for i, ladder_id in indexed(section):
        ladder = register.ladders.get(ladder_id)
        for n, rung in enumerate(ladder.rungs if ladder is not None else ()):
            what, _, name = rung.who.partition(":")
            spot = at(section, i, "rungs", n, "who")
            if what == "external" and not name and not register.externals:
                spot.wrong("the site has no externals")
            elif what == "role" and name in list(Role) and Role(name) not in held:
                spot.wrong(f"nobody here is {name}")
            elif what == "post" and name in register.posts and all(s.post != name for s in register.seats.values()):
                spot.wrong(f"post {name} has no seat")


def _open(route: Route) -> bool:
    return not (route.kinds or route.klasses or route.priorities or route.zones)


def _routes(register: Register, section: Spot) -> None:
    routes = register.routes
    if routes and not _open(routes[-1]):
        at(section, len(routes) - 1).wrong("the last route must fit everything: no kinds, klasses, priorities or zones")
    for i, route in enumerate(routes[:-1]):
        if _open(route):
            at(section, i).wrong("fits everything, so the routes below it are never taken")


def _seats(register: Register, ids: Mapping[str, Spot]) -> None:
    """A seat must be reached itself, or stand beside one that is: the same post hears it."""
    called = {rung.who for ladder in register.ladders.values() for rung in ladder.rungs}
    called |= {f"seat:{route.seat}" for route in register.routes}
    called |= {f"post:{seat.post}" for seat in register.seats.values() if f"seat:{seat.id}" in called}
    for seat in register.seats.values():
        if f"seat:{seat.id}" in called or f"post:{seat.post}" in called or seat.id not in ids:
            continue
        ids[seat.id].wrong(f'no route or ladder reaches seat "{seat.id}"')
