"""`watchroom logbook ...`: read a site's log out, and check such a file anywhere, without a server or a database."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, NoReturn

import typer

from app.logbook_keeping import archive_month, purge_site

if TYPE_CHECKING:
    from logbook.verify import Progress
    from logbook.walk import Verdict

logbook_app = typer.Typer(
    no_args_is_help=True,
    help="Export a site's logbook, verify an export, or index it for searching. 导出、校验或重建索引。",
)


@logbook_app.callback()
def _about() -> None:
    """Export a site's logbook, or verify an export."""


logbook_app.command("archive")(archive_month)
logbook_app.command("purge")(purge_site)


@logbook_app.command("export")
def export_site(
    site: Annotated[str, typer.Argument(help="Site id.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File to write; standard output without it.")] = None,
) -> None:
    """Write a site's whole logbook as JSON lines. That it was read out becomes its last entry (LOG-05)."""
    from app.clock import now
    from app.settings import Settings
    from logbook.export import export, record
    from logbook.keys import key_fingerprint, load_or_make_key
    from sites.store import version
    from store.db import Store

    settings = Settings()
    key = load_or_make_key(settings.data / "keys" / "logbook.pem")
    store, at = Store(settings.store_url), now()
    try:
        with store.read() as conn:
            if version(conn, site) is None:
                refuse(f"there is no site {site!r} / 没有这个场所：{site}")
        with store.begin([site]) as tx:
            record(tx, site, at=at, actor="system", key=key)
        with store.read() as conn, _opened(out) as file:
            export(conn, site, file, key=key, at=at)
    finally:
        store.close()
    typer.echo(f"signed by 签名密钥 {key_fingerprint(key)}", err=True)


@logbook_app.command("verify")
def verify_file(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="An export or an archive; - for standard input.", allow_dash=True
        ),
    ],
    public_key: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Believe only this key (PEM or name+hint+key); repeatable."),
    ] = None,
    fingerprint: Annotated[
        list[str] | None, typer.Option(help="Believe only the key with this fingerprint, as the server prints it.")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="A checkpoint kept elsewhere, to compare with; repeatable."),
    ] = None,
    attachments: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder of attachments: check those that entries name, too."),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No words, only the exit code.")] = False,
) -> None:
    """Check an export or a month's archive from the file alone. Exit code 0: all of it fits; 1: something does not; 2: could not be read."""
    from logbook.archive_check import check, is_archive
    from logbook.keys import read_fingerprint, read_public_key
    from logbook.verify import verify

    try:
        keys = [read_public_key(path.read_text(encoding="utf-8")) for path in public_key or ()]
        pins = [read_fingerprint(text) for text in fingerprint or ()]
        kept = [path.read_text(encoding="utf-8") for path in checkpoint or ()]
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
    if str(file) != "-" and is_archive(file):
        with file.open("rb") as stream:
            answer = check(stream, pins=pins, keys=keys, kept=kept)
    else:
        with _read(file) as stream, _progress(file, quiet) as progress:
            answer = verify(stream, pins=pins, keys=keys, kept=kept, attachments=attachments, progress=progress)
    if not quiet:
        typer.echo(_report(answer))
    raise typer.Exit(0 if answer.ok else 1)


@logbook_app.command("reindex")
def reindex_site(site: Annotated[str, typer.Argument(help="Site id.")]) -> None:
    """Make the index for searching anew from the entries themselves. The server may run meanwhile."""
    from app.settings import Settings
    from logbook.entries import head
    from logbook.finding import reindex
    from sites.store import version
    from store.db import Store

    store = Store(Settings().store_url)
    try:
        with store.read() as conn:
            if version(conn, site) is None:
                refuse(f"there is no site {site!r} / 没有这个场所：{site}")
            size = head(conn, site).size
        with bar("建立索引 indexing", size, shown=sys.stderr.isatty()) as advance:
            for done in reindex(store, site):
                advance(done)
    finally:
        store.close()
    typer.echo(f"{site}: {size} entries gone through / 已处理 {size} 条记录", err=True)


def refuse(why: str) -> NoReturn:
    """Say why not, and end."""
    typer.echo(why, err=True)
    raise typer.Exit(2)


@contextmanager
def _opened(out: Path | None) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all, and for its owner only: a logbook is confidential (LOG-05)."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    beside = out.with_name(f".{out.name}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _read(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    with file.open("rb") as stream:
        yield stream


@contextmanager
def bar(what: str, total: int, *, shown: bool) -> Iterator[Callable[[float], object]]:
    """Tells a person who waits at a terminal how far it is."""
    if not shown:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def _progress(file: Path, quiet: bool) -> Iterator["Progress | None"]:
    """A bar for a person who waits at a terminal; nothing for anyone else."""
    if quiet or str(file) == "-" or not sys.stderr.isatty() or file.stat().st_size < 20_000_000:
        yield None
        return
    with bar("校验 verifying", file.stat().st_size, shown=True) as advance:
        yield advance


def _report(answer: "Verdict") -> str:
    """What was found and, just as plainly, what it does and does not prove; each line in both languages."""
    if not answer.ok:
        return "\n".join(_failed(answer))
    lines = [
        f"OK  完好  {answer.site_id}: {answer.size} entries 条记录, {answer.checkpoints} checkpoints 个签名封存点",
        f"    chain {answer.chain}",
        f"    root  {answer.root}",
        *(f"    signed by 签名密钥 {key}" for key in answer.keys),
    ]
    if answer.size > answer.sealed:
        loose = answer.size - answer.sealed
        lines.append(
            f"    last {loose} entries: signed only at export, no checkpoint yet / 最后 {loose} 条只在导出时签名"
        )
    lines += ["", *_proven(answer)]
    return "\n".join(lines)


def _failed(answer: "Verdict") -> Iterator[str]:
    from core.words import say

    why = f"verify.{answer.why}"
    yield f"BAD 不完好  {answer.site_id}: {say(why, 'zh-CN')} / {say(why, 'en')}"
    if answer.first_bad is not None:
        span = f"{answer.first_bad}" if answer.last_bad == answer.first_bad else f"{answer.first_bad}-{answer.last_bad}"
        yield f"    entry 记录 {span}"
    for language in ("zh-CN", "en"):
        yield f"    {say(f'verify_means.{answer.why}', language, first=answer.first_bad, last=answer.last_bad)}"
    yield f"    {answer.detail}"
    yield f"    {answer.size} entries before it fit; signed up to {answer.sealed} / 之前 {answer.size} 条相符，其中 {answer.sealed} 条有签名"


def _proven(answer: "Verdict") -> Iterator[str]:
    if answer.pinned:
        yield "Proven: nothing was changed since it was signed, by the key you named."
        yield "已证明：自您指定的密钥签名以来没有任何改动。"
    else:
        yield "Proven: nothing was changed since it was signed by the key above. NOT proven: whose key that is."
        yield "  Compare it with the fingerprint printed when the server starts, or give --fingerprint."
        yield "已证明：自上述密钥签名以来没有任何改动。未证明：该密钥属于谁；请与服务器启动时打印的指纹核对。"
    if answer.kept:
        yield "It is the log of the checkpoint kept elsewhere, or that log grown longer. 与另存的签名封存点一致。"
    else:
        yield "NOT proven: that no newer or other log exists. Give --checkpoint with one that was kept elsewhere."
        yield "未证明：不存在更新的或另一份日志；可用 --checkpoint 与另存的签名封存点核对。"
