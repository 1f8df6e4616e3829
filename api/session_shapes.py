"""What the API answers about who is calling, and about how this server runs (see `api.shapes`)."""

from typing import Literal

from api.shapes import Shape, Words
from sites.register import Role


class MySite(Shape):
    """What I am at one site."""

    site_id: str
    name: Words
    time_zone: str
    person_id: str | None
    roles: list[Role]
    lent: list[Role]


class Me(Shape):
    """Who is signed in."""

    account_id: str
    login: str
    name: Words
    language: str
    admin: bool
    must_change: bool
    mode: Literal["demo", "up"]
    version: str
    secure: bool
    sites: list[MySite]


class DemoLogin(Shape):
    """A person one may sign in as in the demo; `seats` names those held now."""

    login: str
    name: Words
    roles: list[Role]
    site_id: str
    site_name: Words
    seats: list[Words]


class Modes(Shape):
    """How this server runs; what the sign-in page needs to know."""

    mode: Literal["demo", "up"]
    version: str
    demo_logins: list[DemoLogin]
