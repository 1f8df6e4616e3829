"""Photos of taps: which file was kept of which that was sent."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select

from core.clock import micros
from patrol.tables import patrol_photo
from store import bulk
from store.db import Tx


class Photo(msgspec.Struct, frozen=True):
    """A photo as it was sent (`sent`, its hash), and the file that was kept of it."""

    sent: str
    sha256: str
    size: int
    type: str


def keep(tx: Tx, site_id: str, photo: Photo, by: str, at: datetime) -> None:
    """Remember a photo; the same one twice is one."""
    row = {**msgspec.structs.asdict(photo), "site_id": site_id, "person_id": by, "at": micros(at)}
    bulk.insert_ignoring(tx.conn, tx.dialect, patrol_photo, [row])


def find(conn: Connection, site_id: str, name: str) -> Photo | None:
    """The photo that was sent or kept under this hash."""
    c = patrol_photo.c
    query = select(c.sent, c.sha256, c.size, c.type)
    row: Any = conn.execute(query.where(c.site_id == site_id, or_(c.sent == name, c.sha256 == name)).limit(1)).first()
    return None if row is None else Photo(*row)


def there(conn: Connection, site_id: str, sent: Collection[str]) -> set[str]:
    """Which of these have arrived."""
    c = patrol_photo.c
    return set(conn.execute(select(c.sent).where(c.site_id == site_id, c.sent.in_(list(sent)))).scalars())
