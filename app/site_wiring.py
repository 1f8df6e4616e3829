"""`watchroom site …`, with the import that knows duty and the logbook."""

from collections.abc import Iterable

import typer

from alerts import store as alert_store
from app.clock import now
from app.imports import import_site
from app.settings import Settings
from app.site_commands import site_app
from ingest import versions
from ingest.desks import Desks
from sites.acts import ImportResult
from sites.register import Register
from sites.versions import Terms, Version
from store.db import Store
from store.migrate import upgrade


def made() -> typer.Typer:
    """The sub-commands, wired."""
    return site_app(lambda: Settings().store_url, _open, _import, _open_subjects, _withdraw)


def _open(url: str) -> Store:
    db = Store(url)
    upgrade(db)
    return db


def _import(db: Store, register: Register, digest: str, by: str, over: bool, terms: Terms) -> ImportResult:
    return import_site(db, Desks(), register, digest, now(), by, over_edits=over, terms=terms)


def _withdraw(db: Store, site: str, version: int, by: str, reason: str) -> Version:
    with db.begin([site]) as tx:
        return versions.withdraw(tx, site, version, by, reason, now())


def _open_subjects(db: Store, site: str) -> Iterable[str]:
    with db.read() as conn:
        return {a.subject for a in alert_store.open_alerts(conn, site)}
