"""What else falls due at a site: each watch is a module that keeps its due times in rows, and says here what has come.

The sweep asks all of them in one pass, inside the site's transaction, with the scene that the pass has loaded.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from ingest import (
    attendance,
    away,
    coverage,
    equipment_watch,
    lone_work,
    mandates,
    modes,
    opening,
    presence,
    proofs,
    relief,
    request_watch,
    review_watch,
    roster_watch,
    rounds,
    status_entries,
    violations,
)
from ingest.rules import Judgement
from ingest.scene import Desk
from sites import versions
from store.db import Tx


class Watch(Protocol):
    """One thing that is watched."""

    def sites_due(self, conn: Connection, at: datetime) -> set[str]:
        """Sites where something is due by `at`."""

    def next_due(self, conn: Connection) -> datetime | None:
        """The earliest due time of any site."""

    def conditions(self, conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
        """(subject, kind) of what `look` may raise or end at `at`."""

    def look(self, tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
        """See to what is due, and store when to look again."""


WATCHES: Sequence[Watch] = (
    relief,
    away,
    attendance,
    presence,
    request_watch,
    status_entries,
    opening,
    review_watch,
    equipment_watch,
    proofs,
    roster_watch,
    rounds,
    lone_work,
    coverage,
    modes,
    mandates,
    violations,
)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where any watch has something due, or another version comes into force (which is seen to before the rest)."""
    return {site for watch in WATCHES for site in watch.sites_due(conn, at)} | versions.sites_due(conn, at)


def next_due(conn: Connection) -> datetime | None:
    """The earliest due time of any watch, or of a version that is to come."""
    found = (versions.next_due(conn), *(watch.next_due(conn) for watch in WATCHES))
    return min((at for at in found if at is not None), default=None)


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """What the watches may raise or end at `at`."""
    return [pair for watch in WATCHES for pair in watch.conditions(conn, desk, at)]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Have every watch see to what is due."""
    for watch in WATCHES:
        watch.look(tx, desk, judgement, at)
