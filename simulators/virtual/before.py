"""What was so before a scenario begins and is no part of a site's pack: rosters that stand already, tags of
another site.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from ingest import rosters
from ingest.desks import Desks
from patrol import tag_store
from patrol.flags import Tag
from store.db import Store

WHY: Final = "published before the start"


OTHER: Final = "another-site"  # of the same operator; no part of the night


def elsewhere(db: Store, uids: Iterable[str], at: datetime) -> None:
    """Hang these tags at another site."""
    tags = [Tag(uid=uid, checkpoint_id="gate") for uid in uids]
    if tags:
        with db.begin() as tx:
            tag_store.save(tx, OTHER, tags, "system", at)


def publish(db: Store, desks: Desks, site: str, months: Iterable[str], at: datetime) -> None:
    """Let the rosters of these months stand, each with the shifts that the site's rotas give."""
    for month in months:
        with db.begin([site]) as tx:
            desk = desks.get(tx.conn, site)
            if desk is not None:
                rosters.amend(tx, desk, month, [], "system", at, WHY)
