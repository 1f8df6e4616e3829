"""`watchroom record` and `watchroom replay`: a site's traffic into a file, and a file into a server."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from app.running import Server
    from simulators.recording.reader import Recording
    from simulators.recording.retold import Survey, Telling
    from simulators.recording.virtually import Came
    from sites.register import Register

record_app = typer.Typer(help="Record what a site's gateways say. 录制现场消息。", invoke_without_command=True)

File = Annotated[Path, typer.Argument(help="A recording.")]
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
        _refuse(str(wrong))
    started = now()
    known = {} if register is None else {"zone": register.time_zone, "register": digest(register)}
    local = started if register is None else started.astimezone(register.zone_info)
    path = out or Path(f"{name}-{local:%Y%m%dT%H%M%S}.jsonl.gz")
    length = None if seconds is None and hours is None else (seconds or 0) + (hours or 0) * 3600
    head = header(name, started, made_by=made_by(), topics=topics(name), **known)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        _refuse(f"{path} is there already: a recording is never written over")
    except OSError as wrong:
        _refuse(f"{path}: {wrong.strerror}")
    heard = None
    try:
        with (
            _until_told() as stopping,
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
        _refuse(f"{server.broker.host}:{server.broker.port}: {wrong}")
    gaps = f", {heard.gaps} gaps" if heard.gaps else ""
    typer.echo(f"{path}: {heard.messages} messages in {_span(now() - started)}{gaps}")


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
        _refuse(str(wrong))
    for bad in log.bad:
        typer.echo(f"{file}:{bad.line}: {bad.why}", err=True)
    if log.bad and not skip_bad:
        _refuse(f"{len(log.bad)} rows are no event; nothing was written (--skip-bad leaves them out)")
    if not log.arrivals:
        _refuse(f"{file}: no row is an event; nothing was written")
    head = header(site, log.arrivals[0].at, zone=zone, made_by="watchroom record from-csv", topics=topics(site)[:1])
    try:
        count = write(out, head, as_messages(log, columns))
    except OSError as wrong:
        _refuse(f"{out}: {wrong.strerror}")
    left = f", {len(log.bad)} rows left out" if log.bad else ""
    typer.echo(f"{out}: {count} events from {log.arrivals[0].at:%Y-%m-%d %H:%M:%S} on{left}")


def replay(
    file: File,
    speed: Annotated[str, typer.Option(help="How many times faster than it was, or max.")] = "1",
    begin: Annotated[
        str | None, typer.Option("--from", help="Where to begin: 22:04 (the site's clock) or +5m.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Where to end (that moment is left out).")] = None,
    site: Annotated[str | None, typer.Option(help="Another site to play it at.")] = None,
    as_history: Annotated[bool, typer.Option("--as-history", help="As old news: kept, and nothing rings.")] = False,
    fresh_ids: Annotated[bool, typer.Option("--fresh-ids", help="As news: new ids, and times that begin now.")] = False,
    broker: Url = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Into a server in memory, and tell what comes of it.")
    ] = False,
    pack: Annotated[
        Path | None, typer.Option(help="With --virtual: the site pack; else the server's, or packs/SITE.")
    ] = None,
    data: Data = None,
) -> None:
    """Play a recording. Its ids are known by the second time, so playing it twice changes nothing."""
    from app.clock import now
    from app.running import Unknown
    from simulators.recording.reader import BadRecording, Recording
    from simulators.recording.retold import Fresh, Telling, surveyed

    try:
        recording = Recording(file)
        first, last = _part(recording, begin, to)
        survey = surveyed(recording, first, last)
    except (BadRecording, OSError) as wrong:
        _refuse(str(wrong))
    if recording.torn:
        typer.echo(f"{file}: {recording.torn}", err=True)
    if not survey.messages:
        _refuse(f"{file}: nothing was said in that part of the recording")
    start = recording.header.started + timedelta(microseconds=first)
    fresh = None
    if fresh_ids:
        new = now()
        fresh = Fresh(f"replay {new.isoformat()}", new, (new - start).total_seconds(), survey.lowest)
    telling = Telling(first, last, site, as_history, fresh, live=not virtual)
    try:
        if virtual:
            _into_memory(recording, survey, telling, fresh.start if fresh else start, pack, data)
        else:
            _into_broker(recording, survey, telling, _speed(speed), broker, data)
    except Unknown as wrong:
        _refuse(str(wrong))


def from_recording(
    file: File,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File to write; standard output without it.")] = None,
    pack: Annotated[
        Path | None, typer.Option(help="The site pack; else the shipped one of the recording's site.")
    ] = None,
    logbook: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The site's logbook export: what people did.")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="Where to begin: 22:04 (the site's clock) or +5m.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Where to end (that moment is left out).")] = None,
) -> None:
    """Draft a scenario from a recording: what was heard, and what the product makes of it now."""
    from app.scenario_worlds import virtual
    from core.errors import Refusal
    from simulators.recording.draft import draft
    from simulators.recording.reader import Recording
    from simulators.scenario.load import site_of

    path = out or Path("draft.yaml")
    try:
        recording = Recording(file)
        name = recording.header.site if pack is None else _seen_from(path, pack)
        register = site_of(name, path.parent)
        if register.site_id != recording.header.site:
            typer.echo(f"recorded at {recording.header.site}, drafted for {register.site_id}", err=True)
        first, last = _part(recording, begin, to)
        text = draft(recording, register, name, path, virtual, logbook=logbook, begin=first, until=last)
    except (ValueError, OSError, Refusal) as wrong:
        _refuse(str(wrong))
    if recording.torn:
        typer.echo(f"{file}: {recording.torn}", err=True)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"{out}: read it, keep what the story needs, then `watchroom scenario run {out}`", err=True)


def _seen_from(path: Path, pack: Path) -> str:
    """The pack's path as a scenario in `path` names it."""
    return os.path.relpath(pack.absolute(), path.absolute().parent)


def _into_broker(
    recording: "Recording",
    survey: "Survey",
    telling: "Telling",
    speed: float | None,
    url: str | None,
    data: Path | None,
) -> None:
    import secrets

    from app.running import find
    from simulators.recording.player import Player, Unplayed
    from simulators.recording.retold import retold

    server: Server = find(url, data)
    name, register = server.site(telling.site or recording.header.site)
    addresses = server.as_gateways(register, name, survey.gateways)
    player = Player(addresses, f"watchroom-replay-{secrets.token_hex(4)}")
    try:
        with _until_told() as stopping, _bar("playing", (survey.last - telling.begin) / 1e6) as moved:
            played = player.play(retold(recording, telling), stopping, speed=speed, on_played=lambda t: moved(t / 1e6))
    except Unplayed as wrong:
        _refuse(str(wrong))
    typer.echo(f"{played.messages} messages into {server.broker.host}:{server.broker.port} in {played.seconds:.1f} s")
    left = survey.by_channel.get("status", 0)
    if left and telling.fresh is None:
        typer.echo(f"{left} statuses of gateways were left out: they have no id, so they go only with --fresh-ids")
    if stopping.is_set():
        raise typer.Exit(130)


def _into_memory(
    recording: "Recording", survey: "Survey", telling: "Telling", start: datetime, pack: Path | None, data: Path | None
) -> None:
    from app.scenario_worlds import shores
    from simulators.recording.retold import retold
    from simulators.recording.virtually import Room, unwatched

    register = _register(telling.site or recording.header.site, pack, data)
    if not survey.by_channel.get("status"):
        typer.echo("no gateway gave a sign of life in this recording: nobody's silence is judged", err=True)
        register = unwatched(register)
    room = Room(register, start, shores(), {} if telling.fresh else survey.lowest)
    try:
        with _bar("playing", (survey.last - telling.begin) / 1e6) as moved:
            room.play(retold(recording, telling), lambda t: moved(t / 1e6))
        _tell(room.came(), register)
    finally:
        room.close()


def _register(site: str, pack: Path | None, data: Path | None) -> "Register":
    """The site as it is known: from a pack, from the server's store, or from a pack that is shipped."""
    from app.running import Unknown, find
    from core.errors import Refusal
    from simulators.scenario.load import site_of
    from sites.pack import read

    try:
        if pack is not None:
            register = read(pack)
            if register.site_id != site:
                raise Unknown(
                    f"{pack} is the site {register.site_id!r}, the recording is told at {site!r}: --site says where"
                )
            return register
        return find(None, data).registers().get(site) or site_of(site, Path())
    except Refusal as wrong:
        raise Unknown(f"nothing is known of the site {site!r}; name its pack with --pack ({wrong})") from None


def _tell(came: "Came", register: "Register") -> None:
    """What came of it, alert by alert, and the figure to compare two runs by."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("no.", "raised", "alert", "", "state", "repeats", "rung"):
        table.add_column(name, justify="right" if name in {"no.", "repeats", "rung"} else "left")
    for a in came.alerts:
        at = a.heard_at.astimezone(register.zone_info)
        table.add_row(
            str(a.number), f"{at:%m-%d %H:%M:%S}", a.subject, a.kind, a.state.value, str(a.repeats), str(a.rung)
        )
    if came.alerts:
        Console(highlight=False).print(table)
    double = f", {came.duplicates} known already" if came.duplicates else ""
    bad = f", {came.rejects} rejected" if came.rejects else ""
    typer.echo(
        f"{came.messages} messages, {_span(timedelta(seconds=came.simulated_s))} in {came.took_s:.1f} s: "
        f"{came.events} events{double}{bad}, {len(came.alerts)} alerts, {came.log_size} lines in the logbook"
    )
    typer.echo(f"logbook {'verifies' if came.verifies else 'DOES NOT VERIFY'}, head {came.log_head}")


def _part(recording: "Recording", begin: str | None, to: str | None) -> tuple[int, int | None]:
    """The span that two times of the site's clock, or of the recording's, mean; in microseconds into the recording."""
    from zoneinfo import ZoneInfo

    from simulators.scenario.errors import Wrong
    from simulators.scenario.times import Clock

    clock = Clock(ZoneInfo(recording.header.zone or "UTC"), recording.header.started)
    found: list[int | None] = [0, None]
    for n, (word, option) in enumerate(((begin, "--from"), (to, "--to"))):
        if word is not None:
            try:
                after = clock.read(word).at - recording.header.started
            except Wrong as wrong:
                raise typer.BadParameter(str(wrong), param_hint=option) from None
            found[n] = max(0, after // timedelta(microseconds=1))
    if found[1] is not None and found[1] <= (found[0] or 0):
        raise typer.BadParameter("is not after --from", param_hint="--to")
    return found[0] or 0, found[1]


def _speed(word: str) -> float | None:
    if word == "max":
        return None
    try:
        speed = float(word)
    except ValueError:
        speed = 0.0
    if not 0.001 <= speed <= 1e6:
        raise typer.BadParameter("how many times faster, such as 10; or max", param_hint="--speed")
    return speed


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
def _until_told() -> Iterator[threading.Event]:
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
                f"录制 recording {site}   {_span(lasted)}   {messages} messages{holes}{state}   [dim]Ctrl-C ends[/dim]"
            )

        yield show


@contextmanager
def _bar(doing: str, total: float) -> Iterator[Callable[[float], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total or 1)
        yield lambda done: bar.update(task, completed=done)


def _span(lasted: timedelta) -> str:
    seconds = int(lasted.total_seconds())
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
