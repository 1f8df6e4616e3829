"""A guard's phone, as the product hears it by HTTP: taps numbered and chained per phone and person.

The chain goes on from what the server has, so that a line means the same whoever plays it; `edited` is a phone whose
outbox somebody has had their hands in.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from core.ids import fresh
from patrol import outbox
from patrol.keys import Ring
from patrol.tables import patrol_link
from simulators import chips
from simulators.scenario.patrol_acts import Taps
from sites.register import Register

RING: Final = Ring(bytes(range(16)))  # the tag keys of every server that a scenario is played on
_NOISE: Final = b"noise"
EDITED: Final = "0" * 64  # a hash that no tap has


def tap(conn: Connection, register: Register, deed: Taps, at: datetime) -> dict[str, Any]:
    """What the phone sends for one tap, without who is signed in."""
    n, before = _last(conn, register.site_id, deed.phone, deed.person)
    read: dict[str, Any] = {"by": "manual", "checkpoint": deed.checkpoint, "reason": deed.vouched}
    if not deed.vouched:
        point = register.checkpoints.get(deed.checkpoint)
        number = deed.tag or (point.tags[0] if point is not None and point.tags else "")
        read = _proved(register.site_id, number, deed) if deed.counter is not None else {"by": "uid", "uid": number}
    return {
        "id": fresh(at),
        "n": n + 1,
        "prev": EDITED if deed.edited else before,
        "said_at": (deed.said_at or at).isoformat(),
        "kept": deed.kept,
        "read": read,
        "answers": dict(deed.answers),
        "note": deed.note,
        "photos": [],
    }


def digest(said: dict[str, Any]) -> str:
    """The hash that the next tap carries."""
    return outbox.digest(said)


def _proved(site: str, uid: str, deed: Taps) -> dict[str, Any]:
    """What a tag with this server's keys says; the same whoever plays it."""
    read = chips.address(uid, deed.counter or 0, RING.of(site, uid, 1), _NOISE)
    return chips.forged(read) if deed.forged else read


def _last(conn: Connection, site: str, client: str, person: str) -> tuple[int, str]:
    t = patrol_link
    query = select(t.c.n, t.c.digest).where(t.c.site_id == site, t.c.client == client, t.c.person_id == person)
    row = conn.execute(query.order_by(t.c.n.desc()).limit(1)).one_or_none()
    return (0, "") if row is None else (row.n, row.digest)
