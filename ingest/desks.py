"""Registers kept at hand: loaded once, loaded anew when another version of a site comes into force."""

from datetime import datetime

from sqlalchemy import Connection

from core.clock import micros
from ingest.scene import Desk
from sites import store, versions
from sites.register import Register


class Desks:
    """One desk a site, shared by every role of a process. A cache, never a source of truth."""

    def __init__(self) -> None:
        self._desks: dict[str, Desk] = {}

    def get(self, conn: Connection, site_id: str, at: datetime | None = None) -> Desk | None:
        """The desk of a site as the version in force has it, or None when there is no such site. `at`: a version whose time
        has come by then is in force, though nobody has seen to it yet.
        """
        found = store.standing(conn, site_id)
        if found is None:
            return None
        version, since, next_from = found
        if at is not None and next_from is not None and next_from <= micros(at):
            version, since = versions.in_force(conn, site_id, at) or (version, since)
        desk = self._desks.get(site_id)
        if desk is None or desk.register.version != version:
            register = store.load(conn, site_id)
            if register is not None and register.version != version:
                register = versions.register_of(conn, site_id, version)
            if register is None:
                return None
            desk = self._desks[site_id] = Desk(register, {}, since)
        return desk

    def register(self, conn: Connection, site_id: str, at: datetime | None = None) -> Register | None:
        """Only the register."""
        desk = self.get(conn, site_id, at)
        return desk.register if desk else None


def register_at(conn: Connection, desk: Desk, at: datetime) -> Register:
    """The site's register as it was in force at `at` (SITE-06); asks the store only for a time before the desk's own."""
    site_id = desk.register.site_id
    if micros(at) >= desk.since:
        return desk.register
    found = versions.in_force(conn, site_id, at)
    if found is None or found[0] == desk.register.version:
        return desk.register
    return versions.register_of(conn, site_id, found[0])
