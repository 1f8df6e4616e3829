"""`watchroom account …`: who may sign in, and a one-time password for somebody who has none or has lost it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.sessions import Account
    from store.db import Store, Tx

account_app = typer.Typer(no_args_is_help=True, help="Who may sign in.")

Login = Annotated[str, typer.Argument(help="The name to sign in with.")]


@account_app.callback()
def _about() -> None:
    """Who may sign in."""


@account_app.command("list")
def list_accounts() -> None:
    """Every account: login, names, and whether it can sign in."""
    from sqlalchemy import select

    from sites.tables import account

    with _store() as store, store.read() as conn:
        for row in conn.execute(select(account).order_by(account.c.login)):
            if row.disabled:
                state = "disabled"
            elif row.password_hash is None:
                state = "no password yet"
            else:
                state = "one-time password" if row.must_change else "may sign in"
            typer.echo(f"{row.login:<24} {row.name_zh} / {row.name_en}{' (admin)' if row.admin else ''}: {state}")


@account_app.command("password")
def password(login: Login) -> None:
    """Give an account a one-time password, print it, and end its sessions. The person must change it when signing in."""
    from sqlalchemy import delete

    from api.passwords import Passwords
    from api.sessions import set_password
    from app.clock import now
    from sites.tables import session

    word, at = secrets.token_urlsafe(12), now()
    with _store() as store, _changing(store, login, "account.password") as (tx, mine):
        set_password(tx, mine.id, Passwords().make(word), at, must_change=True)
        tx.conn.execute(delete(session).where(session.c.account_id == mine.id))
    typer.echo(word)


@account_app.command("disable")
def disable(login: Login) -> None:
    """Shut an account out, at once and everywhere."""
    _able(login, disabled=True)


@account_app.command("enable")
def enable(login: Login) -> None:
    """Let an account in again."""
    _able(login, disabled=False)


def _able(login: str, *, disabled: bool) -> None:
    from api import accounts

    with _store() as store, _changing(store, login, f"account.{'disabled' if disabled else 'enabled'}") as (tx, mine):
        accounts.disable(tx, mine.id, disabled=disabled)


@contextmanager
def _store() -> Iterator["Store"]:
    from app.settings import Settings
    from store.db import Store

    store = Store(Settings().store_url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _changing(store: "Store", login: str, act: str) -> Iterator[tuple["Tx", "Account"]]:
    """A transaction on an account, with a line in the logbook of each site where its owner works."""
    from api.sessions import by_login, members_of
    from app.clock import now
    from logbook import entries
    from logbook.rules import Line

    with store.read() as conn:
        mine = by_login(conn, login)
        if mine is None:
            typer.echo(f"there is no account {login!r}", err=True)
            raise typer.Exit(1)
        sites = [m.site_id for m in members_of(conn, mine).values() if m.person_id is not None]
    with store.begin(sites) as tx:
        yield tx, mine
        for site in sites:
            entries.append(tx, site, [Line(now(), act, "system", f"account/{mine.id}", {"login": login})])
