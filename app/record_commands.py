"""`watchroom record`: what a site's gateways say into a file, or a real log of arrivals into one."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer

record_app = typer.Typer(help="Record what a site's gateways say. 录制现场消息。", invoke_without_command=True)

Data = Annotated[Path | None, typer.Option(help="Folder of the server that runs here; without it, the demo's.")]
Url = Annotated[str | None, typer.Option(help="mqtt://HOST:PORT or mqtts://HOST:PORT, for a broker elsewhere.")]


@record_app.callback()
def record(
    context: typer.Context,
    site: Annotated[str | None, typer.Option(help="Site id; may be left out where there is only one.")] = None,
    broker: Url = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after so many seconds.")] = None,
    hours: Annotated[float | None, typer.Option(min=0.001, help="Stop after so many hours.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File to write; else SITE-TIME.jsonl.gz.")] = None,
    data: Data = None,
) -> None:
    """Record what the gateways of a site say, until Ctrl-C. It listens beside the server and takes nothing from it."""
    if context.invoked_subcommand is not None:
        return
    from app.clock import now
    from app.running import Unknown, find, made_by
    from simulators.recording.lines import header
    from simulators.recording.recorder import Recorder, Refused, topics
    from simulators.recording.writer import Writer
    from sites.pack import digest

    try:
        server = find(broker, data)
        name, register = server.site(site)
    except Unknown as wrong:
        refuse(str(wrong))
    started = now()
    known = {} if register is None else {"zone": register.time_zone, "register": digest(register)}
    local = started if register is None else started.astimezone(register.zone_info)
    path = out or Path(f"{name}-{local:%Y%m%dT%H%M%S}.jsonl.gz")
    length = None if seconds is None and hours is None else (seconds or 0) + (hours or 0) * 3600
    head = header(name, started, made_by=made_by(), topics=topics(name), **known)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        refuse(f"{path} is there already: a recording is never written over")
    except OSError as wrong:
        refuse(f"{path}: {wrong.strerror}")
    heard = None
    try:
        with (
            until_told() as stopping,
            os.fdopen(handle, "wb") as raw,
            Writer(raw, head) as writer,
            _meter(name) as show,
        ):
            recorder = Recorder(
                server.as_server(), writer, now, lambda h: show(now() - started, h.messages, h.gaps, h.linked)
            )
            heard = recorder.heard
            recorder.run(stopping, length)
    except (Refused, OSError) as wrong:
        if heard is None or heard.messages == 0:
            path.unlink(missing_ok=True)
        refuse(f"{server.broker.host}:{server.broker.port}: {wrong}")
    gaps = f", {heard.gaps} gaps" if heard.gaps else ""
    typer.echo(f"{path}: {heard.messages} messages in {span(now() - started)}{gaps}")


@record_app.command("from-csv")
def from_csv(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A log of arrivals, with a heading line.")],
    site: Annotated[str, typer.Option(help="Site id.")],
    gateway: Annotated[str, typer.Option(help="The gateway that shall have said it.")],
    time: Annotated[str, typer.Option(help="Column with the time.")],
    device: Annotated[str, typer.Option(help="Column with the device.")],
    kind: Annotated[str, typer.Option(help="Column with what happened.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The recording to write.")],
    form: Annotated[str | None, typer.Option("--format", help="Form of the times, as strptime has it.")] = None,
    zone: Annotated[str, typer.Option(help="Time zone of times without an offset.")] = "Asia/Shanghai",
    map_kind: Annotated[
        list[str] | None, typer.Option(help="WORD=KIND, such as 烟感报警=fire.alarm; repeatable.")
    ] = None,
    map_device: Annotated[Path | None, typer.Option(help="CSV of two columns: the log's name, the device.")] = None,
    text: Annotated[str | None, typer.Option(help="Column with a remark to keep.")] = None,
    delimiter: Annotated[str, typer.Option(help="Between columns.")] = ",",
    encoding: Annotated[str, typer.Option(help="utf-8, gb18030, …")] = "utf-8",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave rows out that are no event.")] = False,
) -> None:
    """Turn a real log of arrivals into a recording. The same log makes the same bytes."""
    from simulators.recording.arrivals import Columns, as_messages, device_names, read_log
    from simulators.recording.lines import header
    from simulators.recording.recorder import topics
    from simulators.recording.writer import write

    try:
        columns = Columns(
            site=site,
            gateway=gateway,
            time=time,
            device=device,
            kind=kind,
            text=text,
            form=form,
            zone=zone,
            kinds=_pairs(map_kind or []),
            devices={} if map_device is None else device_names(map_device, encoding),
            delimiter=_one_letter(delimiter),
            encoding=encoding,
        )
        log = read_log(file, columns)
    except (ValueError, OSError) as wrong:
        refuse(str(wrong))
    for bad in log.bad:
        typer.echo(f"{file}:{bad.line}: {bad.why}", err=True)
    if log.bad and not skip_bad:
        refuse(f"{len(log.bad)} rows are no event; nothing was written (--skip-bad leaves them out)")
    if not log.arrivals:
        refuse(f"{file}: no row is an event; nothing was written")
    head = header(site, log.arrivals[0].at, zone=zone, made_by="watchroom record from-csv", topics=topics(site)[:1])
    try:
        count = write(out, head, as_messages(log, columns))
    except OSError as wrong:
        refuse(f"{out}: {wrong.strerror}")
    left = f", {len(log.bad)} rows left out" if log.bad else ""
    typer.echo(f"{out}: {count} events from {log.arrivals[0].at:%Y-%m-%d %H:%M:%S} on{left}")


def _pairs(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        left, sign, right = word.rpartition("=")
        if not (left and sign and right):
            raise typer.BadParameter(f"{word!r}: WORD=KIND", param_hint="--map-kind")
        found[left] = right
    return found


def _one_letter(word: str) -> str:
    letter = {"\\t": "\t", "tab": "\t"}.get(word, word)
    if len(letter) != 1:
        raise typer.BadParameter("one letter, or tab", param_hint="--delimiter")
    return letter


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """Set by Ctrl-C or SIGTERM: what is under way is then brought to a good end."""
    stopping = threading.Event()
    signs = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(sign, lambda *_: stopping.set()) for sign in signs]
    try:
        yield stopping
    finally:
        for sign, was in zip(signs, before, strict=True):
            signal.signal(sign, was)


@contextmanager
def _meter(site: str) -> Iterator[Callable[[timedelta, int, int, bool], None]]:
    """One line that keeps itself up to date, for a person at a terminal; nothing for anyone else."""
    from rich.console import Console

    console = Console(stderr=True)
    if not sys.stderr.isatty():
        typer.echo(f"recording {site}; Ctrl-C ends it", err=True)
        yield lambda *_: None
        return
    with console.status(f"录制 recording {site} …") as line:

        def show(lasted: timedelta, messages: int, gaps: int, linked: bool) -> None:
            state = "" if linked else "   [red]no broker: waiting for it[/red]"
            holes = f"   {gaps} gaps" if gaps else ""
            line.update(
                f"录制 recording {site}   {span(lasted)}   {messages} messages{holes}{state}   [dim]Ctrl-C ends[/dim]"
            )

        yield show


def span(lasted: timedelta) -> str:
    seconds = int(lasted.total_seconds())
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
