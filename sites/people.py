"""The people of a site: what each may be, what each holds, and how each is reached. Nothing here does I/O."""

from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

# How a person may be reached; `console` always rings the live page.
CHANNELS: Final = ("console", "email", "webhook", "apprise")


class Role(StrEnum):
    """What a person may be at a site (ROLE-01)."""

    GUARD = "guard"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ENGINEER = "engineer"
    AUDITOR = "auditor"
    ADMIN = "admin"


# What somebody may be for one shift only (ROLE-05): whoever commands, and never whoever inspects or administers.
LENT: Final = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.MANAGER})


class Words(msgspec.Struct, frozen=True):
    """One name in both languages; zh-CN is the site's first."""

    zh: str
    en: str


class Contact(msgspec.Struct, frozen=True):
    """How to reach someone: `channel` is email, webhook or apprise; `target` is the address or URL."""

    channel: str
    target: str


class Certificate(msgspec.Struct, frozen=True):
    """A licence that a post may ask for, by its printed name. `until` is the last day it is good for; None: no end."""

    name: str
    until: date | None = None

    def good_on(self, day: date) -> bool:
        """Whether it may be relied on that day."""
        return self.until is None or day <= self.until


class Person(msgspec.Struct, frozen=True):
    """Someone who works here. `login` is unique over all sites.

    `grade` is the rank, higher is above (DUTY-07: a substitute may have to be of the same). A `floater` (机动人员) stands in
    where someone is missing. `posts` are those the person may stand at (DUTY-09); empty means any.
    """

    id: str
    name: Words
    login: str
    roles: tuple[Role, ...]
    phone: str = ""
    contacts: tuple[Contact, ...] = ()
    language: str = "zh-CN"
    certificates: tuple[Certificate, ...] = ()
    grade: int = 0
    floater: bool = False
    posts: tuple[str, ...] = ()

    def certified(self, name: str, day: date) -> bool:
        """Whether the person holds a certificate that is good on `day`."""
        return any(c.name == name and c.good_on(day) for c in self.certificates)


class External(msgspec.Struct, frozen=True):
    """Someone outside who is called last: the property's fire contact, an alarm centre."""

    id: str
    name: Words
    contacts: tuple[Contact, ...]
