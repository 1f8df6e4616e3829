"""Who may do what: one table of action x role. Plain values, so that whoever plays people needs no web server to ask it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sites.register import Role

_ALL: Final = frozenset(Role)
_HANDS: Final = frozenset({Role.GUARD, Role.OPERATOR, Role.SUPERVISOR, Role.MANAGER, Role.ENGINEER})
_LEADS: Final = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})
_TECHS: Final = frozenset({Role.ENGINEER, Role.MANAGER, Role.AUDITOR, Role.ADMIN})


class Where(StrEnum):
    """What an action is about."""

    OPEN = "open"  # nobody needs to be known
    SELF = "self"  # anybody signed in, about themselves
    ANY_SITE = "any_site"  # the role at any of one's sites
    SITE = "site"  # the role at the site named in the request


@dataclass(frozen=True, slots=True)
class Permit:
    """One row: where it counts, whose roles allow it, and whether the caller must work at the site."""

    where: Where
    roles: frozenset[Role] = frozenset()
    person: bool = False
    own: bool = False  # with one's own role, not with one lent for a shift (ROLE-05)


PERMITS: Final[Mapping[str, Permit]] = {
    "open": Permit(Where.OPEN),
    "self": Permit(Where.SELF, _ALL),
    "self.password": Permit(Where.SELF, _ALL),
    "site.see": Permit(Where.SITE, _ALL),
    "version.see": Permit(Where.SITE, frozenset({Role.MANAGER, Role.AUDITOR, Role.ADMIN})),
    "version.withdraw": Permit(Where.SITE, frozenset({Role.MANAGER, Role.ADMIN})),
    "contact.see": Permit(Where.SITE, _LEADS),
    "alert.see": Permit(Where.SITE, _ALL),
    "alert.ack": Permit(Where.SITE, _HANDS, person=True),
    "alert.reset": Permit(Where.SITE, _HANDS, person=True),
    "alert.release": Permit(Where.SITE, _HANDS, person=True),
    "alert.note": Permit(Where.SITE, _HANDS, person=True),
    "alert.record": Permit(Where.SITE, _HANDS, person=True),
    "alert.dispose": Permit(Where.SITE, _HANDS, person=True),
    "report.make": Permit(Where.SITE, _HANDS, person=True),
    "event.see": Permit(Where.SITE, _ALL),
    "reject.see": Permit(Where.SITE, _TECHS),
    "duty.see": Permit(Where.SITE, _ALL),
    "duty.sign": Permit(Where.SITE, _HANDS, person=True),
    "mandate.give": Permit(Where.SITE, frozenset({Role.MANAGER, Role.ADMIN}), person=True, own=True),
    "mode.call": Permit(Where.SITE, _ALL - {Role.AUDITOR}, person=True),  # which of them: the site's policy
    "presence.call": Permit(Where.SITE, _LEADS, person=True),
    "calendar.set": Permit(Where.SITE, frozenset({Role.MANAGER, Role.ADMIN})),
    "roster.write": Permit(Where.SITE, _ALL - {Role.AUDITOR}, person=True),  # which of them: the site's policy
    "request.see": Permit(Where.SITE, _ALL),  # one's own; those who decide or inspect see all
    "request.see_all": Permit(Where.SITE, _LEADS | {Role.AUDITOR}),
    "request.make": Permit(Where.SITE, _ALL - {Role.AUDITOR}, person=True),
    "request.decide": Permit(Where.SITE, _ALL - {Role.AUDITOR}, person=True),  # which of them: the site's policy
    "handover.see": Permit(Where.SITE, _ALL),
    "handover.take": Permit(Where.SITE, _HANDS, person=True),
    "handover.resolve": Permit(Where.SITE, _LEADS, person=True),
    "handover.override": Permit(Where.SITE, _ALL - {Role.AUDITOR}, person=True),  # which of them: the site's policy
    "patrol.see": Permit(Where.SITE, _ALL),
    "tag.see": Permit(Where.SITE, _LEADS),
    "tag.keep": Permit(Where.SITE, _LEADS, person=True),
    "patrol.tap": Permit(Where.SITE, _HANDS, person=True),
    "patrol.excuse": Permit(Where.SITE, _ALL - {Role.AUDITOR}, person=True),  # which of them: the site's policy
    "patrol.plan": Permit(Where.SITE, _LEADS, person=True),
    "violation.keep": Permit(Where.SITE, _HANDS, person=True),
    "patrol.report": Permit(Where.SITE, _LEADS | {Role.AUDITOR}),
    "equipment.see": Permit(Where.SITE, _ALL),
    "equipment.test": Permit(Where.SITE, _HANDS - {Role.GUARD}, person=True),
    "inbox.read": Permit(Where.SITE, _ALL, person=True),
    "feed.see": Permit(Where.SITE, _ALL),
    "feed.make": Permit(Where.SITE, _ALL, person=True),
    "log.see": Permit(Where.SITE, _ALL - {Role.GUARD}),
    "log.write": Permit(Where.SITE, _HANDS, person=True),
    "log.review": Permit(Where.SITE, _ALL, person=True),  # the site's own policy says who of them
    "log.readers": Permit(Where.SITE, frozenset({Role.ADMIN, Role.AUDITOR})),
    "log.archive": Permit(Where.SITE, _LEADS),
    "log.hold": Permit(Where.SITE, frozenset({Role.MANAGER, Role.ADMIN})),
    "log.export": Permit(Where.SITE, _LEADS | {Role.AUDITOR}),
    "console.report": Permit(Where.SITE, _ALL),
    "health.roles": Permit(Where.ANY_SITE, _TECHS),
}


def allowed(permit: Permit, own: frozenset[Role], lent: frozenset[Role] = frozenset()) -> bool:
    """Whether somebody's roles allow it. `lent`: what they may be for this shift besides (ROLE-05)."""
    return not permit.roles.isdisjoint(own if permit.own else own | lent)
