"""`watchroom replay` and `watchroom scenario from-recording`: a recording into a server, or into a scenario."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.record_commands import Data, Url, refuse, span, until_told

if TYPE_CHECKING:
    from app.running import Server
    from simulators.recording.reader import Recording
    from simulators.recording.retold import Survey, Telling
    from simulators.recording.virtually import Came
    from sites.register import Register

File = Annotated[Path, typer.Argument(help="A recording.")]
Begin = Annotated[str | None, typer.Option("--from", help="Where to begin: 22:04 (the site's clock) or +5m.")]
End = Annotated[str | None, typer.Option("--to", help="Where to end (that moment is left out).")]


def replay(
    file: File,
    speed: Annotated[str, typer.Option(help="How many times faster than it was, or max.")] = "1",
    begin: Annotated[
        str | None, typer.Option("--from", help="Where to begin: 22:04 (the site's clock) or +5m.")
    ] = None,
    to: End = None,
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
        refuse(str(wrong))
    if recording.torn:
        typer.echo(f"{file}: {recording.torn}", err=True)
    if not survey.messages:
        refuse(f"{file}: nothing was said in that part of the recording")
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
        refuse(str(wrong))


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
    to: End = None,
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
        refuse(str(wrong))
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
        with until_told() as stopping, _bar("playing", (survey.last - telling.begin) / 1e6) as moved:
            played = player.play(retold(recording, telling), stopping, speed=speed, on_played=lambda t: moved(t / 1e6))
    except Unplayed as wrong:
        refuse(str(wrong))
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
        f"{came.messages} messages, {span(timedelta(seconds=came.simulated_s))} in {came.took_s:.1f} s: "
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
