"""What people do with their accounts: sign in and out, change a password; and the first account of a fresh server."""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

from anyio import to_thread
from sqlalchemy import Connection, select, update

from api import pins
from api.errors import PasswordNeeded, WrongPassword, WrongPin
from api.passwords import Passwords
from api.room import Room
from api.sessions import Account, Signed, by_login, members_of, set_password
from api.throttle import KNOWN
from core.ids import fresh
from ingest import seats
from logbook import entries
from logbook.rules import Line
from sites.register import Role
from sites.tables import account, member
from store.db import Tx

_LEAST_SECRET: Final = 32
_PASSWORD_ONLY: Final = frozenset({Role.MANAGER, Role.ADMIN, Role.AUDITOR})


class DefaultSecret(RuntimeError):  # noqa: N818 - said to whoever starts the server
    """The server's secret is missing, short or a well-known one."""


def refuse_default_secrets(mode: str, secret: str) -> None:
    """Stop a real server from starting with a secret that anyone could guess (CVE-2023-26462). The demo may."""
    if mode == "demo":
        return
    guessable = len(set(secret)) < 8 or any(w in secret.casefold() for w in ("changeme", "change-me", "secret"))
    if len(secret) < _LEAST_SECRET or guessable:
        raise DefaultSecret(f"the server's secret must be at least {_LEAST_SECRET} random characters")


def ensure_admin(tx: Tx, at: datetime, passwords: Passwords | None = None) -> str | None:
    """Give a server that has no administrator one. Returns the one-time password, to be printed and never kept."""
    if tx.conn.execute(select(account.c.id).where(account.c.admin).limit(1)).first() is not None:
        return None
    word = secrets.token_urlsafe(12)
    taken = by_login(tx.conn, "admin") is not None
    tx.conn.execute(
        account.insert().values(
            id=fresh(at),
            login="admin" if not taken else f"admin-{secrets.token_hex(2)}",
            password_hash=(passwords or Passwords()).make(word),
            name_zh="系统管理员",
            name_en="Administrator",
            language="zh-CN",
            admin=True,
            disabled=False,
            must_change=True,
            changed_at=at,
        )
    )
    return word


def give_demo_passwords(tx: Tx, at: datetime, passwords: Passwords | None = None, word: str = "demo") -> int:
    """Let every account without a password sign in with `word`. For the demo alone. Returns how many were given one."""
    made = (passwords or Passwords()).make(word)
    query = update(account).where(account.c.password_hash.is_(None))
    return tx.conn.execute(query.values(password_hash=made, must_change=False, changed_at=at)).rowcount


def disable(tx: Tx, account_id: str, *, disabled: bool = True) -> None:
    """Shut an account out, at once and everywhere, or let it in again."""
    tx.conn.execute(update(account).where(account.c.id == account_id).values(disabled=disabled))


async def sign_in(room: Room, login: str, password: str, place: str, address: str) -> tuple[Signed, str]:
    """Open a session for the right password. Who does not exist, is disabled, has none or mistypes hears the same."""
    found = await to_thread.run_sync(_find, room, login)
    right = await room.passwords.fits(password, found.password_hash if found else None)
    if found is None or not right or found.disabled:
        room.throttle.wrong(place, login)
        raise WrongPassword
    room.throttle.right(place, login)
    return await to_thread.run_sync(_open, room, found, address, "account.sign_in")


async def sign_in_by_pin(room: Room, login: str, pin: str, place: str, address: str) -> tuple[Signed, str]:
    """Open a session for the right PIN. Six digits are no password: they do only in a browser that this person has signed in
    from by password, and not for whoever runs the site or the server.
    """
    found = await to_thread.run_sync(_find, room, login)
    if not place.startswith(KNOWN) or found is None or found.disabled:
        raise PasswordNeeded(field="pin")
    with room.store.read() as conn:
        roles = {role for m in members_of(conn, found).values() for role in m.roles}
    if found.admin or found.must_change or roles & _PASSWORD_ONLY:
        raise PasswordNeeded(field="pin")
    try:
        await pins.ask(room, found.id, pin)
    except WrongPin:
        room.throttle.wrong(place, login)
        raise
    room.throttle.right(place, login)
    return await to_thread.run_sync(partial(_open, room, found, address, "account.sign_in", how="pin"))


def _find(room: Room, login: str) -> Account | None:
    with room.store.read() as conn:
        return by_login(conn, login)


def _open(room: Room, mine: Account, address: str, act: Literal["account.sign_in"], **told: str) -> tuple[Signed, str]:
    with room.store.read() as conn:
        reach = _sites(mine, conn)
    with room.store.begin(reach) as tx:
        token = room.sessions.start(tx, mine.id, address)
        _tell(tx, mine, reach, act, room.now(), **told)
    return _signed(room, token), token


def sign_out(room: Room, signed: Signed) -> None:
    """End a session."""
    reach = _own(signed)
    with room.store.begin(reach) as tx:
        room.sessions.end(tx, signed.token_hash)
        _tell(tx, signed.account, reach, "account.sign_out", room.now())


def change_password(room: Room, signed: Signed, made: str, address: str) -> tuple[Signed, str]:
    """Replace a password and every session that was opened with the old one."""
    reach = _own(signed)
    with room.store.begin(reach) as tx:
        set_password(tx, signed.account.id, made, room.now())
        room.sessions.end_all(tx, signed.account.id)
        token = room.sessions.start(tx, signed.account.id, address)
        _tell(tx, signed.account, reach, "account.password", room.now())
    return _signed(room, token), token


def _signed(room: Room, token: str) -> Signed:
    found = room.sessions.signed(token)
    if found is None:  # disabled in the same moment
        raise WrongPassword
    return found


def _sites(mine: Account, conn: Connection) -> dict[str, str]:
    """{site: person} of the sites where somebody works; what an administrator of everything does is not their news."""
    return {m.site_id: m.person_id for m in members_of(conn, mine).values() if m.person_id is not None}


def _own(signed: Signed) -> dict[str, str]:
    return {m.site_id: m.person_id for m in signed.members.values() if m.person_id is not None}


def change_signing(room: Room, signed: Signed, act: str, change: Callable[[Tx], object], **told: Any) -> None:
    """Change what somebody signs with, and say so at the sites where they work."""
    reach = _own(signed)
    with room.store.begin(reach) as tx:
        change(tx)
        _tell(tx, signed.account, reach, act, room.now(), **told)


def _tell(tx: Tx, mine: Account, reach: dict[str, str], act: str, at: datetime, **told: Any) -> None:
    for site, person in reach.items():
        entries.append(tx, site, [Line(at, act, person, f"account/{mine.id}", {"login": mine.login, **told})])


def me(room: Room, signed: Signed) -> dict[str, Any]:
    """`Me` of a session."""
    mine, settings = signed.account, room.settings
    with room.store.read() as conn:
        sites = [
            {
                "site_id": m.site_id,
                "name": register.name,
                "time_zone": register.time_zone,
                "person_id": m.person_id,
                "roles": [role for role in Role if role in m.roles],
                "lent": [role for role in Role if role in m.lent - m.own],
            }
            for m in signed.members.values()
            if (register := room.desks.register(conn, m.site_id)) is not None
        ]
    return {
        "account_id": mine.id,
        "login": mine.login,
        "name": {"zh": mine.name_zh, "en": mine.name_en},
        "language": mine.language,
        "admin": mine.admin,
        "must_change": mine.must_change,
        "mode": settings.mode,
        "version": settings.version,
        "secure": settings.secure,
        "sites": sites,
    }


def demo_logins(room: Room, conn: Connection) -> list[dict[str, Any]]:
    """Whom one may sign in as in the demo: everybody who works at a site, and the seats they hold now."""
    rows = conn.execute(
        select(account, member.c.site_id, member.c.person_id, member.c.roles)
        .join(member, member.c.account_id == account.c.id)
        .where(account.c.disabled.is_(False))
        .order_by(member.c.site_id, member.c.person_id)
    ).all()
    sites = {site: room.register(conn, site) for site in dict.fromkeys(r.site_id for r in rows)}
    held = {site: seats.held_now(conn, register, room.now())[0] for site, register in sites.items()}
    return [
        {
            "login": r.login,
            "name": {"zh": r.name_zh, "en": r.name_en},
            "roles": r.roles,
            "site_id": r.site_id,
            "site_name": sites[r.site_id].name,
            "seats": [
                sites[r.site_id].seats[seat].name for seat, h in held[r.site_id].items() if h.person == r.person_id
            ],
        }
        for r in rows
    ]
