"""A site's versions on the path: made, come into force by themselves at their time, withdrawn (SITE-06, ROLE-08).

Whatever a version changes is seen to when it comes into force and not before: accounts, watched devices, shifts, rounds, seats.
Each is a line of the logbook in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime

from core.clock import rfc3339
from duty import acts as duty_acts
from duty import store as duty_store
from duty.pre_shift import Said
from ingest import roster_notices, rounds
from ingest import store as ingest_store
from ingest.acts import settle_seats
from ingest.desks import Desks
from ingest.rosters import publish_roster
from ingest.scene import Desk
from logbook import entries
from logbook.rules import Line
from patrol import tag_store
from sites import acts, versions
from sites.acts import ImportResult
from sites.errors import LoginTaken
from sites.register import Register
from sites.versions import NOW, Terms, Version, VersionAct
from store import outbox
from store.db import Tx

SYSTEM = "system"


def bring_in(
    tx: Tx,
    desks: Desks,
    register: Register,
    digest: str,
    at: datetime,
    by: str,
    *,
    terms: Terms = NOW,
    signed_on: Mapping[str, str] = {},
    over_edits: bool = False,
) -> ImportResult:
    """Make a checked register a version of its site, in force now or from `terms.effective_from` on; the same again changes
    nothing. `signed_on` names who stands in which seat already: they sign on before anybody looks whether a seat is empty.
    `over_edits`: what was edited at the console ends.

    The caller holds the site's head.
    """
    site = register.site_id
    result = acts.import_pack(tx, register, digest, at, by, terms=terms, over_edits=over_edits)
    if result.changed:
        entries.append(tx, site, [Line(at, "site.imported", by, "site", dict(result.line_data))])
        outbox.append(tx, site, at, list(result.pushes))
    desk = desks.get(tx.conn, site)
    if desk is not None and result.waits_until is None:
        _follow(tx, desk, by, at, terms.reason, changed=result.changed, signed_on=signed_on)
    return result


def come(tx: Tx, desks: Desks, site: str, at: datetime) -> None:
    """Let the versions stand whose time has come. One that has become impossible is refused, and what stood stands on."""
    for version in versions.due(tx.conn, site, at):
        try:
            result = acts.bring_into_force(tx, version, site, at)
        except LoginTaken as no:
            import structlog  # slow to load, and hardly ever wanted

            structlog.get_logger().warning("site.version_refused", site=site, version=version.version, why=no.detail)
            versions.end(tx.conn, site, version.version, VersionAct.REFUSE, no.detail)
            told = {"version": version.version, "why": no.detail, "field": no.field or ""}
            entries.append(tx, site, [Line(at, "site.refused", SYSTEM, "site", told)])
            continue
        entries.append(tx, site, [Line(at, "site.in_force", SYSTEM, "site", dict(result.line_data))])
        outbox.append(tx, site, at, list(result.pushes))
        desk = desks.get(tx.conn, site)
        if desk is not None:
            _follow(tx, desk, SYSTEM, at, version.reason, changed=True, signed_on={})


def withdraw(tx: Tx, site: str, number: int, by: str, reason: str, at: datetime) -> Version:
    """Take a version back that is still to come. Raises `NoSuchVersion`, `VersionNotToCome`."""
    version = versions.end(tx.conn, site, number, VersionAct.WITHDRAW, reason)
    told = {"version": number, "effective_from": rfc3339(version.effective_from), "reason": reason}
    entries.append(tx, site, [Line(at, "site.withdrawn", by, "site", told)])
    return versions.get(tx.conn, site, number)


def _follow(
    tx: Tx, desk: Desk, by: str, at: datetime, why: str, *, changed: bool, signed_on: Mapping[str, str]
) -> None:
    """What follows from the register that stands now; whoever's shifts it moves is told, and why."""
    site = desk.register.site_id
    had = roster_notices.all_to_come(tx, site, at) if changed else []
    ingest_store.watch(tx, desk.register, at)
    if changed or duty_store.last_published(tx.conn, site) is None:
        publish_roster(tx, desk.register, at)
        roster_notices.tell_moved(tx, desk.register, had, by, at, why)
    tag_store.follow(tx, desk.register, by, at)
    if changed:
        rounds.begin(tx, desk.register, at)
    for seat, person in signed_on.items():
        lines = desk.register.pre_checks.get(seat)
        seen = [Said(item.id, fine=True) for item in lines.items] if lines else None  # they began before anybody looked
        duty_acts.sign_on(tx, desk.register, seat, person, at, seen)
    settle_seats(tx, desk, at)
