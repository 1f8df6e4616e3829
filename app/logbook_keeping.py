"""`watchroom logbook archive|purge`: months are closed into files; what was written goes after its time."""

import shutil
import sys
from pathlib import Path
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


def archive_month(
    site: Annotated[str, typer.Argument(help="Site id.")],
    month: Annotated[str, typer.Argument(help="A month that is over: 2026-03.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Also put the file here.")] = None,
    language: Annotated[str, typer.Option(help="Language of the pages: zh-CN or en.")] = "zh-CN",
) -> None:
    """Close a month of the logbook into one file: lines, pages (PDF/A), attachments and a signed checkpoint.

    A month is closed once; of one that is, this gives the file again. `watchroom logbook verify FILE` checks it anywhere.
    """
    from app.clock import now
    from app.logbook_commands import bar, refuse
    from app.settings import Settings
    from core.errors import Refusal
    from core.words import LANGUAGES, say
    from ingest.desks import Desks
    from logbook import archive, months
    from logbook.errors import AlreadyArchived
    from logbook.keys import load_or_make_key
    from store.db import Store

    if language not in LANGUAGES:
        raise typer.BadParameter("zh-CN or en", param_hint="--language")
    settings = Settings()
    store = Store(settings.store_url)
    folder = settings.data / "archives"
    try:
        with store.read() as conn:
            register = Desks().register(conn, site)
        if register is None:
            refuse(f"there is no site {site!r} / 没有这个场所：{site}")
        with bar("归档 archiving", 1, shown=sys.stderr.isatty()) as advance:
            try:
                made = archive.make(
                    *(store, register, month, folder, settings.data / "attachments"),
                    key=load_or_make_key(settings.data / "keys" / "logbook.pem"),
                    by="system",
                    at=now(),
                    language=language,
                    progress=lambda done, whole: advance(done / whole if whole else 1),
                )
            except AlreadyArchived:
                with store.read() as conn:
                    made = months.one(conn, site, month)
        file = archive.place(folder, site, month)
        if not file.is_file():
            refuse(f"the file is gone since {made.gone_at} / 归档文件已到保存期限并被删除")
    except Refusal as why:
        refuse(f"{say(f'error.{why.code}', 'zh-CN')} / {why.detail} {why.data or ''}".rstrip())
    finally:
        store.close()
    if out is not None:
        shutil.copyfile(file, out)
        out.chmod(0o600)
    typer.echo(f"{month}: entries 记录 {made.first}-{made.last}, SHA-256 {made.sha256}", err=True)
    typer.echo(str(out or file))
