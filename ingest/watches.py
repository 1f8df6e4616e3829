"""What else falls due at a site: each watch is a module that keeps its due times in rows, and says here what has come.

The sweep asks those that have something due in one pass, inside the site's transaction, with the scene that the pass has
loaded. Which have, it asks before in one statement: most passes are for an alert or a device, and every watch is asleep.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

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
from store.due import which


class Watch(Protocol):
    """One thing that is watched."""

    @property
    def DUE_ROWS(self) -> str | None:  # noqa: N802 - a constant of the module
        """Tells every `site_id` with a row that is due; `look` does nothing where there is none. None: no row tells that, so
        `look` is called in every pass.
        """

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
_ROWS: Final = tuple(watch.DUE_ROWS for watch in WATCHES if watch.DUE_ROWS is not None)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where any watch has something due, or another version comes into force (which is seen to before the rest)."""
    return {site for watch in WATCHES for site in watch.sites_due(conn, at)} | versions.sites_due(conn, at)


def next_due(conn: Connection) -> datetime | None:
    """The earliest due time of any watch, or of a version that is to come."""
    found = (versions.next_due(conn), *(watch.next_due(conn) for watch in WATCHES))
    return min((at for at in found if at is not None), default=None)


def awake(conn: Connection, site_id: str, at: datetime, *, settles: bool) -> list[Watch]:
    """The watches to be asked in a pass over a site. `settles`: seats are settled in it, which makes others due: then all."""
    if settles:
        return list(WATCHES)
    due = which(conn, _ROWS, site_id, at)
    return [watch for watch in WATCHES if watch.DUE_ROWS is None or watch.DUE_ROWS in due]


def conditions(awake: Iterable[Watch], conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:
    """What the watches may raise or end at `at`."""
    return [pair for watch in awake for pair in watch.conditions(conn, desk, at)]


def look(awake: Iterable[Watch], tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Have each watch see to what is due."""
    for watch in awake:
        watch.look(tx, desk, judgement, at)
