"""`watchroom site versions` and `watchroom site withdraw`: what was, is and will be in force at a site (SITE-06)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.site_tables import StoreUrl, show_changes
from core.errors import Refusal
from sites import changes, store, versions
from sites.register import Register
from sites.versions import Version
from store.db import Store

Withdraw = Callable[[Store, str, int, str, str], Version]
Site = Annotated[str, typer.Argument(help="The site's id.")]
_HUES = {"in_force": "green", "to_come": "yellow", "withdrawn": "dim", "refused": "red", "past": ""}


def add(
    app: typer.Typer, default_store: Callable[[], str], open_store: Callable[[str], Store], withdraw: Withdraw
) -> None:
    """Add the sub-commands. `withdraw(store, site, version, by, reason)` is one transaction."""

    @app.command("versions")
    def listed(
        site: Site,
        url: StoreUrl = None,
        between: Annotated[
            str, typer.Option("--diff", metavar="A..B", help="What differs between two versions, as in 3..5.")
        ] = "",
    ) -> None:
        """List the versions of a site: from when each is in force, who made it, and why."""
        pair = _pair(between)
        with _open(open_store, url or default_store()) as db, db.read() as conn:
            register = store.load(conn, site)
            if register is None:
                _wrong(f"{site}: no such site")
            elif pair is not None:
                old, new = (versions.register_of(conn, site, number) for number in pair)
                show_changes(old, changes.diff(old, new))
            else:
                _show(register, versions.listed(conn, site))

    @app.command("withdraw")
    def take_back(
        site: Site,
        version: Annotated[int, typer.Argument(help="The number of a version that is still to come.")],
        reason: Annotated[str, typer.Option(help="Why, for the log.")],
        url: StoreUrl = None,
        by: Annotated[str, typer.Option(help="Who withdraws it, for the log.")] = "system",
    ) -> None:
        """Take a version back that has not come into force."""
        with _open(open_store, url or default_store()) as db:
            gone = withdraw(db, site, version, by, reason)
        Console(highlight=False).print(f"{site}: version {gone.version} is withdrawn")


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A time as somebody writes it: on the site's wall clock, or with an offset. Raises `typer.BadParameter`."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time: 2026-12-01T08:00, or with an offset") from None
    if at.tzinfo is not None:
        return at
    placed = at.replace(tzinfo=zone)
    if placed.astimezone(ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None) != at:
        raise typer.BadParameter(f"{text} is no time in {zone.key}: the clocks are put forward then")
    return placed


@contextmanager
def _open(open_store: Callable[[str], Store], url: str) -> Iterator[Store]:
    db = open_store(url)
    try:
        yield db
    except Refusal as no:
        _wrong(no.detail)
    finally:
        db.close()


def _wrong(why: str) -> None:
    Console(stderr=True, highlight=False).print(Text(why, style="bold red"))
    raise typer.Exit(1)


def _pair(between: str) -> tuple[int, int] | None:
    if not between:
        return None
    first, _, second = between.partition("..")
    if not (first.isdecimal() and second.isdecimal()):
        raise typer.BadParameter(f"{between!r}: two versions, as in 3..5")
    return int(first), int(second)


def _show(register: Register, found: list[Version]) -> None:
    table = Table(title=f"{register.site_id}, times of {register.time_zone}")
    for column in ("version", "state", "in force from", "by", "approved by", "reason"):
        table.add_column(column, overflow="fold")
    for one in found:
        begins = one.effective_from.astimezone(register.zone_info)
        cells = (
            str(one.version),
            one.state.value.replace("_", " "),
            f"{begins:%Y-%m-%d %H:%M}",
            one.by,
            one.approved_by or "",
            " / ".join(filter(None, [one.reason, one.ended_why])),
        )
        table.add_row(*(Text(cell) for cell in cells), style=_HUES[one.state.value])
    Console(highlight=False).print(table)
