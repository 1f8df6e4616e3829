"""Whoever a change of the roster touches is told of it, in its transaction (DUTY-03, DUTY-06, DUTY-14): all who stand in a
month that is published, and of a change only those whose shifts are others now; and so of a new version of the site whose
rotas, templates or people move shifts that stood (SITE-06).
"""

from datetime import datetime

from duty import notice_store, notices
from duty import store as duty_store
from duty.notices import NoticeKind
from sites.duty_words import Dated
from sites.register import Register
from store.db import Tx


def shifts_to_come(tx: Tx, register: Register, month: str, at: datetime) -> list[Dated]:
    """What stands of a month and has not begun."""
    return [s for s in all_to_come(tx, register.site_id, at) if _month(s) == month]


def all_to_come(tx: Tx, site_id: str, at: datetime) -> list[Dated]:
    """What stands of the roster and has not begun."""
    return [s.shift for s in duty_store.standing(tx.conn, site_id, at)]


def tell(
    tx: Tx,
    register: Register,
    before: list[Dated],
    month: str,
    by: str,
    at: datetime,
    *,
    version: int | None = None,
    why: str = "",
    everybody: bool = False,
) -> None:
    """Hold what stands now against `before`, and tell whom it concerns."""
    after = shifts_to_come(tx, register, month, at)
    touched, have = notices.moved(before, after), notices.counted(after)
    people = {*touched, *have} if everybody else touched.keys()
    told = {p: notices.roster_told(month, version, have.get(p, 0), touched.get(p), why) for p in people}
    notice_store.owe(tx, register, NoticeKind.ROSTER, f"roster/{month}", told, by, at)


def tell_moved(tx: Tx, register: Register, before: list[Dated], by: str, at: datetime, why: str) -> None:
    """Another version of the site stands: hold its shifts against `before`, month by month, as far as that went. What only
    comes into sight beyond is no change.
    """
    if not before:
        return
    after, last = all_to_come(tx, register.site_id, at), max(s.starts_at for s in before)
    seen = [s for s in after if s.starts_at <= last]
    for month in sorted({_month(s) for s in (*before, *seen)}):
        then, now = ([s for s in shifts if _month(s) == month] for shifts in (before, seen))
        have = notices.counted(s for s in after if _month(s) == month)
        touched = notices.moved(then, now)
        told = {p: notices.roster_told(month, None, have.get(p, 0), change, why) for p, change in touched.items()}
        notice_store.owe(tx, register, NoticeKind.ROSTER, f"roster/{month}", told, by, at)


def _month(shift: Dated) -> str:
    return shift.id.split("/")[1][:7]
