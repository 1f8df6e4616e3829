"""Bring a database to the schema this version needs: all pending revisions in one transaction, or none.

Revisions are files `NNNN_what.py` in the `migrations` package, whose number is the revision. What is up to date is
known from one row, without loading alembic, so that a start costs nothing.
"""

import logging
import re
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import Connection, inspect

from store.db import Store

log = logging.getLogger(__name__)

LOCK_TIMEOUT: Final = "5s"  # PostgreSQL: better to fail than to queue in front of everybody who reads
_ADVISORY: Final = 0x77617463  # "watc": two processes that start together migrate one after the other


class NewerDatabase(Exception):  # noqa: N818 - what it is, not that it is an error
    """The database was written by a newer version of this program."""


def newest() -> str:
    """The last revision this version knows."""
    return max(revisions())


def revisions() -> list[str]:
    """Every revision this version knows, in order."""
    names = (entry.name for entry in files("migrations").joinpath("versions").iterdir())
    return sorted(found[1] for name in names if (found := re.fullmatch(r"(\d{4})_\w+\.py", name)))


def current(store: Store) -> str | None:
    """The revision a database is at; None when it has none."""
    with store.read() as conn:
        return _revision(conn)


def upgrade(store: Store) -> tuple[str | None, str]:
    """Run what is pending. Returns (revision before, revision now)."""
    before, goal = current(store), newest()
    if before == goal:
        return before, goal
    with store.begin() as tx:
        if tx.dialect == "postgresql":
            tx.conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            tx.conn.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY,))
        before = _revision(tx.conn)
        if before is not None and before not in revisions():
            raise NewerDatabase(f"the database is at revision {before}, this version knows only {goal}: update it")
        if before != goal:
            _run(tx.conn)
    log.info("store.migrated before=%s now=%s", before, goal)
    return before, goal


def _revision(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    row = conn.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])


def _run(conn: Connection) -> None:
    from alembic import command

    command.upgrade(config(conn), "head")


def config(conn: Connection) -> Any:
    """Alembic's configuration, without a file."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    made.attributes["connection"] = conn
    return made
