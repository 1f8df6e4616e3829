"""Registers kept at hand: loaded once, loaded anew when a site's version changes."""

from sqlalchemy import Connection

from ingest.scene import Desk
from sites import store
from sites.register import Register


class Desks:
    """One desk a site, shared by every role of a process. A cache, never a source of truth."""

    def __init__(self) -> None:
        self._desks: dict[str, Desk] = {}

    def get(self, conn: Connection, site_id: str) -> Desk | None:
        """The desk of a site as its newest register has it, or None when there is no such site."""
        version = store.version(conn, site_id)
        if version is None:
            return None
        desk = self._desks.get(site_id)
        if desk is None or desk.register.version != version:
            register = store.load(conn, site_id)
            if register is None:
                return None
            desk = self._desks[site_id] = Desk(register, {})
        return desk

    def register(self, conn: Connection, site_id: str) -> Register | None:
        """Only the register."""
        desk = self.get(conn, site_id)
        return desk.register if desk else None
