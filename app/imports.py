"""Importing a site: the register, its people, its watched devices, its published shifts and its logbook line, in one
transaction.
"""

from collections.abc import Mapping
from datetime import datetime

from duty import acts as duty_acts
from duty import store as duty_store
from ingest import rounds
from ingest import store as ingest_store
from ingest.acts import settle_seats
from ingest.desks import Desks
from ingest.rosters import publish_roster
from logbook import entries
from logbook.rules import Line
from patrol import tag_store
from sites import acts
from sites.acts import ImportResult
from sites.register import Register
from store import outbox
from store.db import Store


def import_site(
    db: Store,
    desks: Desks,
    register: Register,
    digest: str,
    at: datetime,
    by: str,
    *,
    signed_on: Mapping[str, str] = {},
    over_edits: bool = False,
) -> ImportResult:
    """Import a checked pack; the same pack again changes nothing. `signed_on` names who stands in which seat already: they
    sign on before anybody looks whether a seat is empty. `over_edits`: what was edited at the console ends.
    """
    site = register.site_id
    with db.begin([site]) as tx:
        result = acts.import_pack(tx, register, digest, at, by, over_edits=over_edits)
        if result.changed:
            entries.append(tx, site, [Line(at, "site.imported", by, "site", dict(result.line_data))])
            outbox.append(tx, site, at, list(result.pushes))
        desk = desks.get(tx.conn, site)
        if desk is not None:
            ingest_store.watch(tx, desk.register, at)
            if result.changed or duty_store.last_published(tx.conn, site) is None:
                publish_roster(tx, desk.register, at)
            tag_store.follow(tx, desk.register, by, at)
            if result.changed:
                rounds.begin(tx, desk.register, at)
            for seat, person in signed_on.items():
                duty_acts.sign_on(tx, desk.register, seat, person, at)
            settle_seats(tx, desk, at)
    return result
