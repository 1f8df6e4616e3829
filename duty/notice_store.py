"""Notices of duty and the letters that bring them: in and out of their rows.

A letter is made in the transaction of what it tells. Whoever sends asks `claim`, and says `tried`; claiming moves `due_at`
on, so that who dies on the way leaves it to be sent again, under the same id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, and_, func, or_, select, update

from core.clock import micros
from core.ids import derived, fresh
from duty.notices import Notice, NoticeKind
from duty.tables import duty_letter, duty_notice
from logbook import entries
from logbook.rules import Line
from sites.register import Register
from store import bulk, outbox
from store.db import Store, Tx
from store.metadata import json_text

PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))
CLAIM: Final = timedelta(minutes=2)
_INBOX: Final = ("id", "person_id", "kind", "about", "data", "made_at", "read_at")


class Letter(msgspec.Struct, frozen=True):
    """A notice on its way to one address. `attempts` counts this try."""

    site_id: str
    id: str
    channel: str
    target: str
    attempts: int
    notice: Notice


def owe(
    tx: Tx, register: Register, kind: NoticeKind, about: str, told: Mapping[str, dict[str, Any]], by: str, at: datetime
) -> None:
    """Tell people: into each one's inbox, and by every way they gave; later news of the same take the place of a letter that
    is still here. The log says who was told.
    """
    known = sorted(person for person in told if person in register.people)
    if not known:
        return
    site = register.site_id
    _withdraw(tx, site, about, known, at)
    rows, letters = [], []
    for person in known:
        name = fresh(at)
        rows.append(
            {
                "site_id": site,
                "id": name,
                "person_id": person,
                "kind": kind.value,
                "about": about,
                "data": json_text(told[person]),
                "made_at": micros(at),
                "read_at": None,
            }
        )
        letters += [
            {
                "site_id": site,
                "id": derived(at, name, contact.channel, contact.target),
                "notice_id": name,
                "channel": contact.channel,
                "target": contact.target,
                "state": "queued",
                "attempts": 0,
                "due_at": micros(at),
                "done_at": None,
                "code": "",
            }
            for contact in dict.fromkeys(register.people[person].contacts)
            if contact.channel != "console"
        ]
    bulk.insert(tx.conn, tx.dialect, duty_notice, rows)
    bulk.insert(tx.conn, tx.dialect, duty_letter, letters)
    entries.append(tx, site, [Line(at, "duty.told", by, about, {"kind": kind, "people": known})])
    outbox.append(tx, site, at, [("told", {"kind": kind, "about": about, "people": known})])


def _withdraw(tx: Tx, site_id: str, about: str, people: Sequence[str], at: datetime) -> None:
    n, c = duty_notice.c, duty_letter.c
    older = select(n.id).where(n.site_id == site_id, n.about == about, n.person_id.in_(people))
    queued = update(duty_letter).where(
        c.site_id == site_id, c.state == "queued", c.attempts == 0, c.notice_id.in_(older)
    )
    tx.conn.execute(queued.values(state="replaced", due_at=None, done_at=at))


def inbox(
    conn: Connection, site_id: str, person: str, limit: int, before: tuple[datetime, str] | None = None
) -> list[Notice]:
    """A person's notices, newest first."""
    c = duty_notice.c
    query = select(*(c[f] for f in _INBOX)).where(c.site_id == site_id, c.person_id == person)
    if before is not None:
        query = query.where(or_(c.made_at < before[0], and_(c.made_at == before[0], c.id < before[1])))
    return [_read(row) for row in conn.execute(query.order_by(c.made_at.desc(), c.id.desc()).limit(limit))]


def unread(conn: Connection, site_id: str, person: str) -> int:
    """How many notices somebody has not read."""
    c = duty_notice.c
    query = select(func.count()).where(c.site_id == site_id, c.person_id == person, c.read_at.is_(None))
    return int(conn.execute(query).scalar_one())


def read_all(tx: Tx, site_id: str, person: str, at: datetime) -> None:
    """Somebody has read what lies in their inbox."""
    c = duty_notice.c
    mine = update(duty_notice).where(c.site_id == site_id, c.person_id == person, c.read_at.is_(None), c.made_at <= at)
    tx.conn.execute(mine.values(read_at=at))


def letters(conn: Connection, site_id: str, notice_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """By notice, (channel, state) of its letters; never the address."""
    c = duty_letter.c
    found: dict[str, list[tuple[str, str]]] = {}
    rows = conn.execute(
        select(c.notice_id, c.channel, c.state).where(c.site_id == site_id, c.notice_id.in_(notice_ids)).order_by(c.id)
    )
    for row in rows:
        found.setdefault(row.notice_id, []).append((row.channel, row.state))
    return found


def claim(db: Store, at: datetime, limit: int = 20) -> list[Letter]:
    """What is due, oldest first, and not anybody else's for `CLAIM`."""
    with db.read() as conn:
        if not _due(conn, at, 1):
            return []
    with db.begin() as tx:
        found = _due(tx.conn, at, limit)
        return [
            msgspec.structs.replace(letter, attempts=letter.attempts + 1)
            for letter in found
            if _set(tx, letter, at, due_at=at + CLAIM, attempts=letter.attempts + 1)
        ]


def tried(db: Store, letter: Letter, *, ok: bool, again: bool, code: str, at: datetime) -> None:
    """It is out, or will be tried again after a pause; that it is given up, the log says."""
    if ok:
        with db.begin() as tx:
            _set(tx, letter, None, state="sent", due_at=None, done_at=at, code=code)
    elif again and letter.attempts <= len(PAUSES):
        with db.begin() as tx:
            _set(tx, letter, None, due_at=at + PAUSES[letter.attempts - 1], code=code)
    else:
        told = {"person": letter.notice.person_id, "channel": letter.channel, "code": code}
        with db.begin([letter.site_id]) as tx:
            _set(tx, letter, None, state="failed", due_at=None, done_at=at, code=code)
            entries.append(tx, letter.site_id, [Line(at, "duty.not_told", "system", letter.notice.about, told)])


def _due(conn: Connection, at: datetime, limit: int) -> list[Letter]:
    c, n = duty_letter.c, duty_notice.c
    columns = (c.site_id, c.id.label("letter_id"), c.channel, c.target, c.attempts, *(n[f] for f in _INBOX))
    query = select(*columns).join_from(duty_letter, duty_notice, and_(n.site_id == c.site_id, n.id == c.notice_id))
    rows = conn.execute(query.where(c.due_at <= at).order_by(c.due_at, c.id).limit(limit))
    return [Letter(r.site_id, r.letter_id, r.channel, r.target, r.attempts, _read(r)) for r in rows]


def _set(tx: Tx, letter: Letter, due_by: datetime | None, **values: object) -> bool:
    """Change the row while it is queued; with `due_by` only if it is still due then."""
    c = duty_letter.c
    change = update(duty_letter).where(c.site_id == letter.site_id, c.id == letter.id, c.state == "queued")
    if due_by is not None:
        change = change.where(c.due_at <= due_by)
    return tx.conn.execute(change.values(**values)).rowcount == 1


def _read(row: Any) -> Notice:
    return Notice(
        id=row.id,
        person_id=row.person_id,
        kind=NoticeKind(row.kind),
        about=row.about,
        data=row.data,
        made_at=row.made_at,
        read_at=row.read_at,
    )
