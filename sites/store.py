"""The register at rest: loaded whole, saved whole, told apart by its version."""

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, insert, select, update

from core.clock import micros
from sites.register import Register, plain
from sites.tables import site
from store.bulk import marked


def load(conn: Connection, site_id: str) -> Register | None:
    """A site's register, or None when the site was never imported."""
    row = conn.execute(select(site.c.version, site.c.register).where(site.c.id == site_id)).first()
    return None if row is None else read(row.version, row.register)


def load_all(conn: Connection) -> dict[str, Register]:
    """Every site's register, by site id."""
    rows = conn.execute(select(site.c.id, site.c.version, site.c.register).order_by(site.c.id))
    return {row.id: read(row.version, row.register) for row in rows}


def version(conn: Connection, site_id: str) -> int | None:
    """Which register stands."""
    found = standing(conn, site_id)
    return None if found is None else found[0]


def standing(conn: Connection, site_id: str) -> tuple[int, int, int | None] | None:
    """(version, since when, when the next one comes) in microseconds: cheap, for a caller that holds a register and asks
    whether it is still true.
    """
    row: Any = conn.exec_driver_sql(marked(conn, _STANDING), (site_id,)).first()
    return None if row is None else (row[0], row[1], row[2])


_STANDING: Final = "SELECT version, since, next_from FROM site WHERE id = ?"


def versions(conn: Connection) -> dict[str, int]:
    """Which register stands at each site."""
    return {row.id: row.version for row in conn.execute(select(site.c.id, site.c.version).order_by(site.c.id))}


def pack_hash(conn: Connection, site_id: str) -> str | None:
    """The hash of the pack that was imported last."""
    found: str | None = conn.execute(select(site.c.pack_hash).where(site.c.id == site_id)).scalar()
    return found


def save(conn: Connection, register: Register, digest: str, at: datetime, since: datetime | None = None) -> None:
    """Put a register in the place of the one before it, if there was one; in force `since`, or now."""
    values = {
        "version": register.version,
        "pack_hash": digest,
        "imported_at": at,
        "register": plain(register),
        "since": micros(since or at),
    }
    if conn.execute(update(site).where(site.c.id == register.site_id).values(**values)).rowcount == 0:
        conn.execute(insert(site).values(id=register.site_id, **values))


def replace(conn: Connection, register: Register, since: datetime | None = None) -> None:
    """Put an edited register in the place of the one before it; which pack was imported last stays as it is."""
    values: dict[str, Any] = {"version": register.version, "register": plain(register)}
    if since is not None:
        values["since"] = micros(since)
    conn.execute(update(site).where(site.c.id == register.site_id).values(**values))


def read(number: int, document: object) -> Register:
    """A register as it was stored."""
    register = msgspec.convert(document, Register, str_keys=True)
    return msgspec.structs.replace(register, version=number)
