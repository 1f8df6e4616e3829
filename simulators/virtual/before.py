"""What was so before a scenario begins and is no part of a site's pack: rosters that stand already."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from ingest import rosters
from ingest.desks import Desks
from store.db import Store

WHY: Final = "published before the start"


def publish(db: Store, desks: Desks, site: str, months: Iterable[str], at: datetime) -> None:
    """Let the rosters of these months stand, each with the shifts that the site's rotas give."""
    for month in months:
        with db.begin([site]) as tx:
            desk = desks.get(tx.conn, site)
            if desk is not None:
                rosters.amend(tx, desk, month, [], "system", at, WHY)
