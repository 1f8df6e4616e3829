"""Whoever a change of the roster touches is told of it, in its transaction (DUTY-03, DUTY-06, DUTY-14): all who stand in a
month that is published, and of a change only those whose shifts are others now.
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
    standing = duty_store.standing(tx.conn, register.site_id, at)
    return [s.shift for s in standing if s.shift.id.split("/")[1].startswith(month)]


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
