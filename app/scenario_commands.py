"""`watchroom scenario …`: play whole nights from files, and say beforehand who would be called."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.replay_commands import from_recording

if TYPE_CHECKING:
    from app.scenario_runs import How

scenario_app = typer.Typer(no_args_is_help=True)

Files = Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.")]


@scenario_app.callback()
def _about() -> None:
    """场景演练 Whole nights from files: play them, check them, say who would be called."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Chinese is no reason to stop


@scenario_app.command("run")
def run(
    files: Files,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML for a CI server here.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: verdicts, timelines, response times, figures.")
    ] = False,
    real: Annotated[bool, typer.Option("--real", help="On running processes and a real broker.")] = False,
    speed: Annotated[
        str | None, typer.Option(help="With --real: how many times faster than life, or `max` (the default).")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write into `then:` what really happened, and say what changed.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many files are played at a time.")] = None,
    keep: Annotated[Path | None, typer.Option(help="With --real: leave the data and logs of each run here.")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only what went otherwise.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Every timeline, also of what went well.")] = False,
) -> None:
    """Play scenarios and judge them. Exit code 0: all went as written; 1: some did not; 2: a file cannot be read."""
    from app.scenario_runs import How

    how = How(real=real, speed=_speed(speed, real=real), update=update, keep=keep)
    if keep is not None and not real:
        raise typer.BadParameter("a virtual night leaves nothing behind; it goes with --real", param_hint="--keep")
    code = _run(files, how, jobs, junit=junit, as_json=as_json, loud=verbose - quiet)
    sys.stdout.flush()
    if code:
        raise typer.Exit(code)


def _run(files: list[Path], how: "How", jobs: int | None, *, junit: Path | None, as_json: bool, loud: int) -> int:
    import time

    from app.clock import now
    from app.scenario_reports import as_json as to_json
    from app.scenario_reports import as_junit, exit_code
    from app.scenario_runs import found, play_all, taken, workers
    from app.scenario_screen import Screen

    try:
        paths = found(files)
    except FileNotFoundError as missing:
        raise typer.BadParameter(str(missing), param_hint="FILES") from None
    if full := taken(paths, how):
        raise typer.BadParameter(f"{full[0]} is taken: each run wants an empty folder", param_hint="--keep")
    began, started, outcomes = time.perf_counter(), now(), []
    playing = play_all(paths, how, workers(len(paths), how, jobs))
    with Screen(len(paths), loud=loud, error=as_json) as screen:
        for outcome in playing:
            outcomes.append(outcome)
            screen.tell(outcome)
    took_s = time.perf_counter() - began
    screen.sum_up(outcomes, took_s)
    if junit is not None:
        junit.parent.mkdir(parents=True, exist_ok=True)
        junit.write_bytes(as_junit(outcomes, started))
    if as_json:
        sys.stdout.buffer.write(to_json(outcomes, took_s) + b"\n")
    return exit_code(outcomes)


def _speed(text: str | None, *, real: bool) -> float | None:
    """None stands for `max`: the clock leaps from moment to moment."""
    if text is not None and not real:
        raise typer.BadParameter(
            "a virtual night is always as fast as can be; it goes with --real", param_hint="--speed"
        )
    if text in {None, "max"}:
        return None
    try:
        speed = float(str(text))
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 100_000:
        raise typer.BadParameter("a number (10: ten times faster than life), or max", param_hint="--speed")
    return speed


@scenario_app.command("check")
def check(files: Files) -> None:
    """Only read scenarios, and tell every fault with file and line. Exit code 2 when there is any."""
    from app.scenario_runs import found
    from simulators.scenario.errors import ScenarioRefused
    from simulators.scenario.load import read

    wrong = 0
    try:
        paths = found(files)
    except FileNotFoundError as missing:
        raise typer.BadParameter(str(missing), param_hint="FILES") from None
    for path in paths:
        try:
            scenario = read(path)
        except ScenarioRefused as refused:
            wrong += len(refused.errors)
            for fault in refused.errors:
                typer.echo(str(fault), err=True)
        else:
            typer.echo(f"{path}: {len(scenario.steps)} things happen, {len(scenario.expects)} are expected")
    if wrong:
        typer.echo(f"{wrong} fault{'s' * (wrong != 1)}", err=True)
        raise typer.Exit(2)


@scenario_app.command("explain")
def explain(
    file: Annotated[Path | None, typer.Argument(help="A scenario; its site, roster and attendance count.")] = None,
    site: Annotated[str | None, typer.Option(help="Instead of a file: a site pack, or a shipped one's name.")] = None,
    device: Annotated[
        str | None, typer.Option(help="What speaks: a device, gateway/ID, seat/ID, or zone/ID for a report.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="What it says, such as fire.alarm.")] = None,
    at: Annotated[str | None, typer.Option(help="When, by the site's clock: 2026-03-01T22:04.")] = None,
    lang: Annotated[str | None, typer.Option(help="zh-CN or en; unset: the terminal's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say who would be called, when and by which channel, from this roster and ladder, if nobody answered."""
    from app.scenario_explain import CannotExplain, asked, plain, print_sheets

    language = lang or ("zh-CN" if _terminal_speaks().startswith("zh") else "en")
    if language not in {"zh-CN", "en"}:
        raise typer.BadParameter("zh-CN or en", param_hint="--lang")
    try:
        register, sheets = asked(file, site, device, kind, at, language)
    except CannotExplain as why:
        typer.echo(str(why), err=True)
        raise typer.Exit(2) from None
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(plain(sheets)), indent=2).decode())
    else:
        print_sheets(register, sheets, language)


def _terminal_speaks() -> str:
    return next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")


@scenario_app.command("schema")
def schema(
    where: Annotated[bool, typer.Option("--path", help="Print the path of the file instead of its content.")] = False,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from simulators.scenario.schema import FILE

    typer.echo(str(FILE) if where else FILE.read_text(encoding="utf-8"), nl=where)


scenario_app.command("from-recording")(from_recording)
