"""Importing a site: everything that a version of its register brings with it, in one transaction."""

from collections.abc import Mapping
from datetime import datetime

from ingest import versions
from ingest.desks import Desks
from sites.acts import ImportResult
from sites.register import Register
from sites.versions import NOW, Terms
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
    terms: Terms = NOW,
    over_edits: bool = False,
) -> ImportResult:
    """Import a checked pack (see `ingest.versions.bring_in`)."""
    with db.begin([register.site_id]) as tx:
        return versions.bring_in(
            tx, desks, register, digest, at, by, terms=terms, signed_on=signed_on, over_edits=over_edits
        )
