"""Accounts and sessions at rest. A session is an opaque token of 256 bits of which only the hash is kept; it ends by the
clock (idle, absolute), by signing out, with a changed password, and with a disabled account, all at the next request.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from core.clock import Clock
from duty import mandate_store
from sites.register import Role
from sites.tables import account, account_pin, member, passkey, session, site
from store.db import Store, Tx

IDLE: Final = timedelta(hours=12)
ABSOLUTE: Final = timedelta(hours=24)
_TOUCH: Final = timedelta(minutes=1)  # `seen_at` is written no more often than this


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: str
    login: str
    password_hash: str | None
    name_zh: str
    name_en: str
    language: str
    admin: bool
    disabled: bool
    must_change: bool


@dataclass(frozen=True, slots=True)
class Member:
    """What an account is at one site; `lent`: what its person is for this shift besides (ROLE-05)."""

    site_id: str
    person_id: str | None
    own: frozenset[Role]
    lent: frozenset[Role] = frozenset()

    @property
    def roles(self) -> frozenset[Role]:
        """Everything they may act as now."""
        return self.own | self.lent


@dataclass(frozen=True, slots=True)
class Signed:
    """A session that holds, its account, and the sites it reaches."""

    token_hash: str
    account: Account
    seen_at: datetime
    members: Mapping[str, Member]

    @property
    def must_change(self) -> bool:
        """A one-time password must be replaced first."""
        return self.account.must_change

    def at_site(self, site_id: str) -> Member | None:
        """What this account is at a site; None when it is nobody there."""
        return self.members.get(site_id)

    @property
    def roles_anywhere(self) -> frozenset[Role]:
        """Every role of its own that the account has at any site."""
        mine = frozenset(role for m in self.members.values() for role in m.own)
        return mine | {Role.ADMIN} if self.account.admin else mine


class Sessions:
    """Sessions of one store. `sites` names the sites that exist, for accounts that administer all of them."""

    def __init__(self, store: Store, now: Clock, *, idle: timedelta = IDLE, absolute: timedelta = ABSOLUTE) -> None:
        self._store, self._now = store, now
        self._idle, self.absolute = idle, absolute

    def signed(self, token: str) -> Signed | None:
        """Who holds this token now; notes that they were seen."""
        found = self.holds(hashed(token))
        if found is not None and self._now() - found.seen_at >= _TOUCH:
            self._touch(found.token_hash)
        return found

    def holds(self, token_hash: str) -> Signed | None:
        """Who holds the session with this hash, without noting anything: what open feeds ask now and then."""
        at = self._now()
        with self._store.read() as conn:
            row = conn.execute(
                select(account, session.c.seen_at)
                .join(session, session.c.account_id == account.c.id)
                .where(
                    session.c.token_hash == token_hash,
                    session.c.ends_at > at,
                    session.c.seen_at > at - self._idle,
                    account.c.disabled.is_(False),
                )
            ).one_or_none()
            if row is None:
                return None
            mine = _account(row._mapping)
            return Signed(token_hash, mine, row.seen_at, with_mandates(conn, members_of(conn, mine), at))

    def _touch(self, token_hash: str) -> None:
        with self._store.begin() as tx:
            tx.conn.execute(update(session).where(session.c.token_hash == token_hash).values(seen_at=self._now()))

    def start(self, tx: Tx, account_id: str, address: str) -> str:
        """Open a session and return its token; the only time it is ever seen. Dead sessions are swept out by the way."""
        at, token = self._now(), secrets.token_urlsafe(32)
        tx.conn.execute(delete(session).where((session.c.ends_at <= at) | (session.c.seen_at <= at - self._idle)))
        tx.conn.execute(
            session.insert().values(
                token_hash=hashed(token),
                account_id=account_id,
                started_at=at,
                seen_at=at,
                ends_at=at + self.absolute,
                address=address,
            )
        )
        return token

    def end(self, tx: Tx, token_hash: str) -> None:
        """Sign out."""
        tx.conn.execute(delete(session).where(session.c.token_hash == token_hash))

    def end_all(self, tx: Tx, account_id: str) -> None:
        """End every session of an account."""
        tx.conn.execute(delete(session).where(session.c.account_id == account_id))


def hashed(token: str) -> str:
    """What is kept of a token. It is random: a plain hash is enough."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def by_login(conn: Connection, login: str) -> Account | None:
    """The account with this login."""
    row = conn.execute(select(account).where(account.c.login == login)).mappings().one_or_none()
    return None if row is None else _account(row)


def by_id(conn: Connection, account_id: str) -> Account | None:
    """The account with this id."""
    row = conn.execute(select(account).where(account.c.id == account_id)).mappings().one_or_none()
    return None if row is None else _account(row)


def members_of(conn: Connection, mine: Account) -> dict[str, Member]:
    """What an account is at each site. An administrator of everything is one at every site there is."""
    rows = conn.execute(select(member).where(member.c.account_id == mine.id).order_by(member.c.site_id))
    found = {r.site_id: Member(r.site_id, r.person_id, frozenset(map(Role, r.roles))) for r in rows}
    if mine.admin:
        for name in conn.execute(select(site.c.id).order_by(site.c.id)).scalars():
            had = found.get(name)
            found[name] = Member(name, had.person_id if had else None, (had.own if had else frozenset()) | {Role.ADMIN})
    return found


def with_mandates(conn: Connection, members: dict[str, Member], at: datetime) -> dict[str, Member]:
    """The same members with what is lent to them now."""
    people = {m.person_id for m in members.values() if m.person_id is not None}
    found = dict(members)
    for site_id, person_id, role in mandate_store.in_force(conn, people, at):
        here = found.get(site_id)
        if here is not None and here.person_id == person_id:
            found[site_id] = replace(here, lent=here.lent | {role})
    return found


def set_password(tx: Tx, account_id: str, password_hash: str, at: datetime, *, must_change: bool = False) -> None:
    """Replace a password; the PIN that was set with it goes, and with a one-time password the passkeys too."""
    for means in (account_pin, passkey) if must_change else (account_pin,):
        tx.conn.execute(delete(means).where(means.c.account_id == account_id))
    tx.conn.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(password_hash=password_hash, must_change=must_change, changed_at=at)
    )


def _account(row: Mapping[Any, Any]) -> Account:
    return Account(**{name: row[name] for name in Account.__slots__})
