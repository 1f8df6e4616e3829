"""`watchroom …`: every command. Each imports what it needs when it runs, so that the command line answers at once."""

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

own = typer.Typer()

Data = Annotated[Path | None, typer.Option(help="Folder for everything that is kept.")]
Port = Annotated[int | None, typer.Option(help="Port of the pages; 0 takes a free one.")]


@own.command()
def demo(
    data: Data = None,
    port: Port = None,
    story: Annotated[str, typer.Option(help="The story to play; see `watchroom sim list`.")] = "demo",
    no_story: Annotated[
        bool, typer.Option("--no-story", help="Start the estate without any simulated device.")
    ] = False,
    keep: Annotated[bool, typer.Option(help="Go on with the data of the last time.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the simulated devices.")] = 1,
    packs: Annotated[
        Path | None, typer.Option(help="Folder of site packs to show instead of the sample ones.", exists=True)
    ] = None,
) -> None:
    """Start a simulated estate, and print the page to open."""
    from app.demo import run_demo
    from app.logs import set_up
    from app.settings import Settings

    given = {"data": data or Path("var/demo"), "broker_port": 0} | ({} if port is None else {"port": port})
    settings = Settings(**given)  # type: ignore[arg-type]
    set_up("WARNING" if settings.log_level == "INFO" else settings.log_level)
    run_demo(settings, story=None if no_story else story, keep=keep, seed=seed, packs=packs)


@own.command()
def up(data: Data = None, port: Port = None) -> None:
    """Run every role in one process, on real site packs."""
    from app.house import House
    from app.logs import set_up
    from app.serve import listen, serve
    from app.settings import Settings

    given = ({} if data is None else {"data": data}) | ({} if port is None else {"port": port})
    settings = Settings(**given)  # type: ignore[arg-type]
    set_up(settings.log_level)
    sock = listen(settings.host, settings.port)
    house = House(settings, "up")
    word = house.prepare()
    house.add_ingest(house.add_broker())
    house.add_sweep()
    house.add_notify()
    serve(house, sock, on_ready=lambda url: _ready(url, word, house.log_fingerprint))


def _ready(url: str, word: str | None, fingerprint: str) -> None:
    from app.clock import conducted

    if conducted is not None:
        typer.echo(f"A SIMULATION: the clock is conducted by {conducted.path}. Nobody is watched over.")
    if word is not None:
        typer.echo(f"first start: sign in as admin with the one-time password {word}")
    typer.echo(f"logbook key {fingerprint}: keep this line where the server cannot change it")
    typer.echo(f"open {url}")


@own.command()
def role(name: Annotated[str, typer.Argument(help="api, ingest, sweep or notify")]) -> None:
    """Run one role, for installations of many processes. They need PostgreSQL and a broker of their own."""
    from app.house import House
    from app.logs import set_up
    from app.serve import listen, serve, wait
    from app.settings import Settings

    settings = Settings()
    if name not in {"api", "ingest", "sweep", "notify"}:
        raise typer.BadParameter("api, ingest, sweep or notify", param_hint="NAME")
    if not settings.store_url.startswith("postgresql"):
        raise typer.BadParameter(
            "one process a role needs WATCHROOM_STORE=postgresql://…", param_hint="WATCHROOM_STORE"
        )
    if name == "ingest" and settings.broker == "embedded":
        raise typer.BadParameter("name your broker: mqtts://…", param_hint="WATCHROOM_BROKER")
    set_up(settings.log_level)
    house = House(settings, "up")
    word = house.prepare(people=name == "api")
    if name == "api":
        sock = listen(settings.host, settings.port)
        serve(house, sock, on_ready=lambda url: _ready(url, word, house.log_fingerprint))
        return
    if name == "ingest":
        house.add_ingest(house.add_broker())
    else:
        {"sweep": house.add_sweep, "notify": house.add_notify}[name]()
    wait(house)


@own.command()
def openapi(
    out: Annotated[Path | None, typer.Argument(help="File to write; standard output without it.")] = None,
) -> None:
    """Write the API's description."""
    from api.openapi import write

    write(Path("/dev/stdout") if out is None else out)


def whole(word: str = "--help", *, names_only: bool = False) -> typer.Typer:
    """The command with the sub-commands that `word` needs: all of them for help, else only its own, which are quick to load.
    `names_only`: sub-commands that are slow to load are only named.
    """
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="值班室 Watchroom: alarms, duty and patrol, from the sensor to the signed-off alert.",
    )
    # A new one each time: what was asked for before must not change the order of what is told now.
    app.registered_commands = [*own.registered_commands]
    everything = word.startswith("-")
    if everything or word == "gateway":
        from app.gateway_commands import gateway_app

        app.add_typer(gateway_app, name="gateway")
    if everything or word == "site":
        site = typer.Typer()
        if not names_only:
            from app.site_wiring import made

            site = made()
        app.add_typer(site, name="site", help="Site packs: check, compare, import.")
    if everything or word == "logbook":
        from app.logbook_commands import logbook_app

        app.add_typer(logbook_app, name="logbook")
    if everything or word == "sim":
        from app.sim_commands import sim_app

        app.add_typer(sim_app, name="sim")
    if everything or word == "scenario":
        from app.scenario_commands import scenario_app

        app.add_typer(scenario_app, name="scenario")
    if everything or word == "simulate":
        from app.simulate_command import simulate

        app.command()(simulate)
    if everything or word == "broker":
        from app.broker_commands import broker_app

        app.add_typer(broker_app, name="broker")
    if everything or word == "db":
        from app.keeping_commands import db_app

        app.add_typer(db_app, name="db")
    if everything or word == "account":
        from app.account_commands import account_app

        app.add_typer(account_app, name="account")
    if everything or word == "patrol":
        from app.patrol_commands import patrol_app

        app.add_typer(patrol_app, name="patrol")
    if everything or word == "record":
        from app.record_commands import record_app

        app.add_typer(record_app, name="record")
    if everything or word == "replay":
        from app.replay_commands import replay

        app.command("replay")(replay)
    return app


def main() -> None:
    """The `watchroom` command."""
    gc.set_threshold(50_000, 20, 20)  # what is loaded stays: looking through all of it again and again finds nothing
    word = sys.argv[1] if len(sys.argv) > 1 else "--help"
    completes = "_WATCHROOM_COMPLETE" in os.environ  # a shell asks for every word there is
    try:
        whole(word, names_only=word == "--help" and not completes)()
    finally:
        gc.freeze()  # the process ends: what is left needs no last look, which would take a quarter of a short command


if __name__ == "__main__":
    main()
