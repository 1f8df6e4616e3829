"""`watchroom logbook purge`: what was written goes after its time, and what proves the rest stays."""

import sys
from typing import Annotated

import typer


def purge_site(
    site: Annotated[str, typer.Argument(help="Site id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Delete texts that are older than the site keeps its log and not on hold; a running server does so once a day.

    Numbers, times, hashes and the chain stay: the log verifies as before. The log says first what goes.
    """
    from app.clock import now
    from app.logbook_commands import bar, refuse
    from app.settings import Settings
    from ingest.desks import Desks
    from ingest.retention import sweep_files
    from logbook.retention import plan, purge
    from store.db import Store

    settings, at = Settings(), now()
    store = Store(settings.store_url)
    try:
        with store.read() as conn:
            register = Desks().register(conn, site)
            if register is None:
                refuse(f"there is no site {site!r} / 没有这个场所：{site}")
            keep = register.policies.log_retention_days
            found = plan(conn, site, keep, at)
        typer.echo(
            f"{site}: {found.due} texts from before {found.before:%Y-%m-%d} may go, {found.held} are on hold; kept for "
            f"{found.keep_days} days / {found.due} 条早于 {found.before:%Y-%m-%d} 的内容可删除，{found.held} 条处于保全；保存 "
            f"{found.keep_days} 天",
            err=True,
        )
        if not found.due or dry_run:
            return
        if not yes:
            typer.confirm("Delete them for good? 确定永久删除？", abort=True, err=True)
        count = 0
        with bar("删除 deleting", found.due, shown=sys.stderr.isatty()) as advance:
            for count, _ in purge(store, site, keep, by="system", at=at, asked=True):
                advance(count)
        files = sweep_files(store, settings.data / "attachments", at)
    finally:
        store.close()
    typer.echo(f"{count} texts and {files} files deleted / 已删除 {count} 条内容、{files} 个附件", err=True)
