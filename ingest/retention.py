"""Going through the logs once a day for texts whose time has come, site after site, then the files that none has any more."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from core.clock import Clock
from ingest.desks import Desks
from logbook import archive, files, retention
from logbook.errors import ClockDoubted
from sites import store as site_store
from store.db import Store

log = structlog.get_logger()
EVERY: Final = timedelta(days=1)
SETTLED: Final = timedelta(days=1)  # a file that lies there without an owner may be about to be attached


def look(db: Store, desks: Desks, folder: Path | None, archives: Path, now: Clock) -> int:
    """Whatever is due. Returns how many texts were deleted."""
    with db.read() as conn:
        sites = [site for site in site_store.versions(conn) if _due(retention.stands(conn, site), now())]
    count = sum(_site(db, desks, site, archives, now()) for site in sites)
    if count:
        sweep_files(db, folder, now())
    return count


def _due(stands: retention.Stands | None, at: datetime) -> bool:
    return stands is None or abs(at - stands.looked_at) >= EVERY


def _site(db: Store, desks: Desks, site: str, archives: Path, at: datetime) -> int:
    with db.read() as conn:
        register = desks.register(conn, site)
    if register is None:
        return 0
    count = 0
    try:
        for done, _ in retention.purge(db, site, register.policies.log_retention_days, by="system", at=at, asked=False):
            count = done
    except ClockDoubted:
        log.warning("logbook.not_purged", site=site, why="nothing was written for a month: is the clock right?")
    else:
        keep = timedelta(days=register.policies.log_retention_days)
        archive.expire(db, register, archives, before=at - keep, at=at)
    if count:
        log.info("logbook.purged", site=site, entries=count)
    return count


def sweep_files(db: Store, folder: Path | None, at: datetime) -> int:
    """Delete the files that no site has any more."""
    if folder is None or not folder.is_dir():
        return 0

    def owned(names: list[str]) -> set[str]:
        with db.read() as conn:
            return retention.owned(conn, names)

    return files.sweep(folder, owned, older_than=at - SETTLED)
