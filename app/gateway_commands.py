"""`watchroom gateway ...`: the on-site edge process."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from gateway.process import GatewayConfig

# On a conducted clock real time is only what a simulation costs: look often, and try again at once.
_LOOK_S = 0.005
_RETRY_CONDUCTED_S = (0.05, 0.1)

gateway_app = typer.Typer(no_args_is_help=True, help="The on-site gateway between devices and the server.")


@gateway_app.callback()
def _about() -> None:
    """The on-site gateway between devices and the server."""


@gateway_app.command("run")
def run(
    site: Annotated[str, typer.Option(help="Site id.")],
    gateway: Annotated[str, typer.Option("--id", help="Gateway id within the site.")],
    broker: Annotated[str, typer.Option(help="mqtt://host:port or mqtts://host:port")],
    spool: Annotated[Path, typer.Option(help="The spool file; one per gateway.")],
    intake: Annotated[int, typer.Option(help="Local TCP port for inputs; 0 lets the system choose.")] = 0,
    intake_path: Annotated[str | None, typer.Option(help="A unix socket for inputs instead of the port.")] = None,
    password: Annotated[str | None, typer.Option(help="Prefer --password-env: arguments can be seen.")] = None,
    password_env: Annotated[str | None, typer.Option(help="The variable that holds the password.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="A file that holds the password.")] = None,
    ca: Annotated[str | None, typer.Option(help="CA file; turns TLS on.")] = None,
    capacity: Annotated[int, typer.Option(help="Events the spool may hold.")] = 100_000,
    drain_per_s: Annotated[float, typer.Option(help="Backlog events a second after an outage.")] = 2000.0,
    stall_s: Annotated[float, typer.Option(help="Seconds without a receipt before everything is sent again.")] = 10.0,
    status_s: Annotated[float, typer.Option(help="Seconds between status messages.")] = 30.0,
    leash: Annotated[
        bool, typer.Option(help="Stop when standard input closes: no orphan outlives its parent.")
    ] = False,
) -> None:
    """Run one gateway until it is told to stop (SIGTERM or Ctrl-C)."""
    from app.clock import conducted
    from gateway.pace import Pace
    from gateway.process import GatewayConfig, link_of
    from gateway.spool import SpoolBusy

    _log_to_stderr()
    try:
        secret = os.environ.get(password_env) if password_env else password
        link = link_of(broker, password_file.read_text().strip() if password_file else secret, ca)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--broker") from None
    pace = Pace(drain_per_s=drain_per_s, stall_s=stall_s, status_every_s=status_s)
    if conducted is not None:
        logging.getLogger("gateway").warning("clock.conducted", extra={"file": str(conducted.path)})
        pace = msgspec.structs.replace(pace, retry_s=_RETRY_CONDUCTED_S, look_s=_LOOK_S)
    config = GatewayConfig(site, gateway, link, spool, intake, intake_path, capacity, pace)
    try:
        asyncio.run(_serve(config, leash))
    except SpoolBusy as busy:
        typer.echo(str(busy), err=True)
        raise typer.Exit(3) from None


async def _serve(config: "GatewayConfig", leash: bool) -> None:
    from app.clock import now
    from gateway.process import run_gateway

    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if leash:
        loop.add_reader(sys.stdin.fileno(), _on_stdin, loop, stopping)

    def told(port: int, boot: str) -> None:
        where = config.intake_path or f"127.0.0.1:{port}"
        print(f"gateway {config.gateway} of {config.site} listens on {where} (boot {boot})", flush=True)

    await run_gateway(config, now, stopping, on_open=told)
    print(f"gateway {config.gateway} of {config.site} stopped", flush=True)


def _on_stdin(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        stopping.set()


class _Fields(logging.Formatter):
    """The event's name, then its fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{k}={v!r}" for k, v in vars(record).items() if k not in _PLAIN)
        return f"{super().format(record)} {fields}".rstrip()


_PLAIN = {*vars(logging.makeLogRecord({})), "message", "asctime"}


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Fields("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


if __name__ == "__main__":
    gateway_app()


@gateway_app.command("password")
def password(
    site: Annotated[str, typer.Argument(help="Site id.")], gateway: Annotated[str, typer.Argument(help="Gateway id.")]
) -> None:
    """Tell how a gateway signs in to the broker. Raising its `key_version` in the pack makes a new password."""
    from app.settings import Settings
    from ingest.credentials import gateway_password, username
    from sites import store as site_store
    from store.db import Store

    settings = Settings()
    with Store(settings.store_url).read() as conn:
        register = site_store.load(conn, site)
    if register is None or gateway not in register.gateways:
        typer.echo(f"no gateway {gateway!r} at a site {site!r}", err=True)
        raise typer.Exit(1)
    version = register.gateways[gateway].key_version
    typer.echo(f"user     {username(site, gateway)}")
    typer.echo(f"password {gateway_password(settings.secret(), site, gateway, version)}")
