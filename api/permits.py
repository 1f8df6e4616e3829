"""Who may do what where: one dependency that asks `api.rights`, and a check that nothing goes unasked.

Deny by default: a route without a declared action does not start, an action without a row does not exist, and a site one
is not a member of is a site that does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import anyio.to_thread
from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from api.errors import MustChange
from api.rights import PERMITS, Where, allowed
from api.room import room_of
from api.sessions import Signed
from core.errors import NotFound, NotPermitted, NotSignedIn
from sites.register import Role

# What somebody may still do who must first change a one-time password.
_BEFORE_CHANGE: Final = frozenset({"self.password", "open"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody allowed to do what they asked for. `site_id` is empty where the action is about no site; `lent` are those of
    their roles that they have for this shift only.
    """

    signed: Signed
    site_id: str
    person_id: str | None
    roles: frozenset[Role]
    lent: frozenset[Role] = frozenset()

    @property
    def person(self) -> str:
        """The person acting. Only for actions whose permit asks for a person."""
        if self.person_id is None:
            raise NotPermitted
        return self.person_id

    @property
    def actor(self) -> str:
        """Whom the logbook names: the person here, or the account of somebody who only administers."""
        return self.person_id or f"account/{self.signed.account.id}"

    def may(self, action: str) -> bool:
        """Whether the same caller may also do `action` here."""
        return allowed(PERMITS[action], self.roles - self.lent, self.lent)


class Needs:
    """The dependency behind `needs`; carries its action so that every route can be asked for it."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.permit = PERMITS[action]

    async def __call__(self, request: Request) -> Caller | None:
        if self.permit.where is Where.OPEN:
            return None
        signed = await anyio.to_thread.run_sync(_signed, request)
        if signed.must_change and self.action not in _BEFORE_CHANGE and request.url.path != "/api/v1/session":
            raise MustChange
        site = request.path_params.get("site", request.query_params.get("site", ""))
        return self.admit(signed, site)

    def admit(self, signed: Signed, site: str) -> Caller:
        """The caller at `site`, or the refusal."""
        if self.permit.where is not Where.SITE:
            roles = signed.roles_anywhere
            if self.permit.where is Where.ANY_SITE and self.permit.roles.isdisjoint(roles):
                raise NotPermitted
            return Caller(signed, "", None, roles)
        here = signed.at_site(site)
        if here is None:
            raise NotFound
        if not allowed(self.permit, here.own, here.lent) or (self.permit.person and here.person_id is None):
            raise NotPermitted
        return Caller(signed, site, here.person_id, here.roles, here.lent - here.own)


def needs(action: str) -> Any:
    """Declare what a route does; as an annotated parameter it is also who may do it."""
    return Depends(Needs(action))


def _signed(request: Request) -> Signed:
    room = room_of(request)
    token = request.cookies.get(room.cookie)
    found = room.sessions.signed(token) if token else None
    if found is None:
        raise NotSignedIn
    return found


def declared(dependant: Dependant) -> list[str]:
    """The actions that a route with these dependencies asks for."""
    return [need.action for need in _needs(dependant)]


def _needs(dependant: Dependant) -> Iterator[Needs]:
    if isinstance(dependant.call, Needs):
        yield dependant.call
    for deeper in dependant.dependencies:
        yield from _needs(deeper)
