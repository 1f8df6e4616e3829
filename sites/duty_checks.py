"""What the duty sections of a pack must agree on with the people who are there."""

from collections.abc import Callable

from sites.fields import Spot, at, indexed, unknown
from sites.people import Role
from sites.register import Register

Sections = Callable[[str], Spot]


def cross_check(register: Register, section: Sections) -> None:
    """Note every disagreement at the place where it was written."""
    _staffing(register, section("posts"))
    _rotas(register, section("rotas"))
    _crews(register, section("rotations"))
    _roles(register, section("policies"))
    _approval(register, section("policies"))


def _held(register: Register) -> set[Role]:
    return {role for person in register.people.values() for role in person.roles}


def _staffing(register: Register, section: Spot) -> None:
    """A band that asks for what nobody here has could never be met."""
    certificates = {c.name for person in register.people.values() for c in person.certificates}
    for i, post_id in indexed(section):
        post = register.posts.get(post_id)
        for n, band in enumerate(post.staffing if post is not None else ()):
            for k, name in enumerate(band.certificates):
                if name and name not in certificates:
                    at(section, i, "staffing", n, "certificates", k).wrong(
                        unknown("certificate", name, certificates) + "; nobody here holds it"
                    )
            for k, role in enumerate(band.roles):
                if role not in _held(register):
                    at(section, i, "staffing", n, "roles", k).wrong(f"nobody here is {role}")
            if post is not None and band in post.staffing[:n]:
                at(section, i, "staffing", n).wrong("the same band stands above already")


def _rotas(register: Register, section: Spot) -> None:
    """Two rotas of one seat must not give the same shift: it would have two people and one name. And who stands in a seat
    must be one who may stand at its post.
    """
    taken: dict[tuple[str, str], int] = {}
    for i, rota in enumerate(register.rotas):
        for template in sorted({name for day in rota.days for name in day}):
            first = taken.setdefault((rota.seat, template), i)
            if first != i:
                at(section, i, "seat").wrong(f"rotas[{first}] gives seat {rota.seat} its shift {template} already")
        for n, day in enumerate(rota.days):
            for template, person in day.items():
                _eligible(register, person, rota.seat, at(section, i, "days", n, template))


def _crews(register: Register, section: Spot) -> None:
    for i, name in indexed(section):
        rotation = register.rotations.get(name)
        seen: set[str] = set()
        for n, crew in enumerate(rotation.crews if rotation is not None else ()):
            for k, person in enumerate(crew):
                spot = at(section, i, "crews", n, k)
                if person and person in seen:
                    spot.wrong(f"{person} stands in this rotation already")
                seen.add(person)
                if rotation is not None and k < len(rotation.seats):
                    _eligible(register, person, rotation.seats[k], spot)


def _eligible(register: Register, person_id: str, seat_id: str, spot: Spot) -> None:
    person, seat = register.people.get(person_id), register.seats.get(seat_id)
    if person is not None and seat is not None and person.posts and seat.post not in person.posts:
        spot.wrong(f"{person_id} does not stand at post {seat.post} (posts: {', '.join(person.posts)})")


def _roles(register: Register, section: Spot) -> None:
    """Whoever is to make, approve or review something must be there; what is left out is not asked."""
    held, duty = _held(register), register.policies.duty
    for field in ("roster_authors", "roster_approvers", "swap_approvers", "mode_callers"):
        spot = at(section, "duty", field)
        for k, role in enumerate(getattr(duty, field) if spot.node is not None else ()):
            if role not in held:
                at(spot, k).wrong(f"nobody here is {role}")
    review = at(section, "duty", "review", "role")
    if review.node is not None and duty.review is not None and duty.review.role not in held:
        review.wrong(f"nobody here is {duty.review.role}")


def _approval(register: Register, section: Spot) -> None:
    """Who makes a roster does not approve it: one role for both, or one person in both, could never publish any."""
    duty = register.policies.duty
    spot = at(section, "duty", "roster_approvers")
    if spot.node is None:
        spot = at(section, "duty", "roster_authors")
    if spot.node is None:
        return
    roles = {*duty.roster_authors, *duty.roster_approvers}
    able = {person.id for person in register.people.values() if roles & set(person.roles)}
    if len(roles) == 1:
        spot.wrong(f"{next(iter(roles))} makes the roster and approves it; two roles are needed")
    elif len(able) == 1:
        spot.wrong(f"only {next(iter(able))} could make the roster and approve it; two people are needed")
