"""A guard's phone, as the product hears it by HTTP: taps numbered and chained per phone and person.

The chain goes on from what the server has, so that a line means the same whoever plays it; `edited` is a phone whose
outbox somebody has had their hands in.
"""

import hashlib
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from core.ids import fresh
from patrol import outbox
from patrol.keys import Ring
from patrol.tables import patrol_link
from simulators import chips
from simulators.scenario.patrol_acts import Opens, Taps
from sites.register import Register

RING: Final = Ring(bytes(range(16)))  # the tag keys of every server that a scenario is played on
_NOISE: Final = b"noise"
EDITED: Final = "0" * 64  # a hash that no tap has


def tap(conn: Connection, register: Register, deed: Taps, at: datetime) -> dict[str, Any]:
    """What the phone sends for one tap, without who is signed in."""
    n, before = _last(conn, register.site_id, deed.phone, deed.person)
    read: dict[str, Any] = {"by": "manual", "checkpoint": deed.checkpoint, "reason": deed.vouched}
    if deed.counter is not None:
        read = proved(register, deed)
    elif not deed.vouched:
        read = {"by": "uid", "uid": _uid(register, deed)}
    return {
        "id": fresh(at),
        "n": n + 1,
        "prev": EDITED if deed.edited else before,
        "said_at": (deed.said_at or at).isoformat(),
        "kept": deed.kept,
        "read": read,
        "answers": dict(deed.answers),
        "note": deed.note,
        "photos": [_photo(f"{deed.phone}/{deed.person}/{n + 1}/{k}") for k in range(deed.photos)],
    }


def digest(said: dict[str, Any]) -> str:
    """The hash that the next tap carries."""
    return outbox.digest(said)


def proved(register: Register, deed: Taps | Opens) -> dict[str, Any]:
    """What a tag with this server's keys says; the same whoever plays it."""
    site, uid = register.site_id, _uid(register, deed)
    read = chips.address(uid, deed.counter or 0, RING.of(site, uid, 1), _NOISE)
    return chips.forged(read) if isinstance(deed, Taps) and deed.forged else read


def browser(deed: Taps) -> str:
    """What the tap page knows a phone by: its cookie."""
    return "".join(sign for sign in deed.phone if sign.isalnum())[:32]


def _uid(register: Register, deed: Taps | Opens) -> str:
    point = register.checkpoints.get(deed.checkpoint)
    return deed.tag or (point.tags[0] if point is not None and point.tags else "")


def _photo(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _last(conn: Connection, site: str, client: str, person: str) -> tuple[int, str]:
    t = patrol_link
    query = select(t.c.n, t.c.digest).where(t.c.site_id == site, t.c.client == client, t.c.person_id == person)
    row = conn.execute(query.order_by(t.c.n.desc()).limit(1)).one_or_none()
    return (0, "") if row is None else (row.n, row.digest)
