"""`watchroom broker …`: certificates, users and configuration for a broker that we do not start ourselves."""

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.settings import Settings
    from ingest.credentials import Gateway

broker_app = typer.Typer(no_args_is_help=True, help="Certificates, users and configuration for a broker of your own.")

STORE_PATIENCE = 60.0  # seconds; whoever starts us tries again after that

Folder = Annotated[Path, typer.Option("--mosquitto", help="The folder to write to, as Mosquitto will see it.")]
CertNames = Annotated[
    list[str] | None, typer.Option("--name", help="A name or address that gateways connect to; repeatable.")
]
RunAs = Annotated[str, typer.Option(help="The user that Mosquitto becomes when root starts it.")]
Port = Annotated[int, typer.Option(help="Where gateways come in.")]
ServerPort = Annotated[int, typer.Option(help="Where the server itself comes in: no need to let anyone else reach it.")]


@broker_app.callback()
def _about() -> None:
    """Certificates, users and configuration for a broker of your own."""


@broker_app.command("certs")
def certs(
    folder: Annotated[Path, typer.Argument(help="The folder for ca.crt, server.crt and server.key.")],
    names: CertNames = None,
) -> None:
    """Make a certificate authority and the broker's certificate. What is there and still good stays."""
    _certs(folder, names or ["localhost"])


@broker_app.command("config")
def config(folder: Folder, port: Port = 8883, server_port: ServerPort = 8884, run_as: RunAs = "") -> None:
    """Write mosquitto.conf, the users and their rights for every imported site. TLS, when certs/ is in the folder."""
    from app.settings import Settings

    _config(folder.absolute(), Settings(), (port, server_port), run_as)


@broker_app.command("prepare")
def prepare(
    folder: Folder,
    names: CertNames = None,
    port: Port = 8883,
    server_port: ServerPort = 8884,
    run_as: RunAs = "",
) -> None:
    """What a deployment needs before its broker: schema up to date, certificates, configuration. Harmless to repeat."""
    from app.settings import Settings

    settings = Settings()
    _migrate(settings.store_url)
    _certs(folder / "certs", [*(names or ["localhost"]), "mosquitto"])
    _config(folder.absolute(), settings, (port, server_port), run_as)


@broker_app.command("users")
def users(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    gateway: Annotated[str | None, typer.Option(help="Only this gateway.")] = None,
) -> None:
    """Print the broker's users, each with its password: `name password`. The server's own only when nothing is chosen."""
    from app.settings import Settings
    from ingest.credentials import SERVER, server_password

    settings = Settings()
    found = [
        g for g in _gateways(settings) if (site is None or g.site == site) and (gateway is None or g.gateway == gateway)
    ]
    if not found and (site or gateway):
        typer.echo(f"no such gateway: {site or '*'}/{gateway or '*'}; was its pack imported?", err=True)
        raise typer.Exit(1)
    if site is None and gateway is None:
        typer.echo(f"{SERVER} {server_password(settings.secret())}")
    for one in found:
        typer.echo(f"{one.username} {one.password}")


def _certs(folder: Path, names: Sequence[str]) -> None:
    from app.certs import ensure
    from app.clock import now

    made = ensure(folder, names, now())
    typer.echo(f"{folder / 'server.crt'}: {'made' if made else 'still good'} for {', '.join(names)}")


def _config(folder: Path, settings: "Settings", ports: tuple[int, int], run_as: str) -> None:
    from ingest.credentials import server_password
    from ingest.mosquitto import Door, access_list, configuration, password_lines

    data, users_file, access, certs_folder = (folder / name for name in ("data", "users", "access", "certs"))
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    tls = (certs_folder / "server.crt").exists()
    crt, key = (certs_folder / "server.crt", certs_folder / "server.key") if tls else (None, None)
    host = "" if tls else "127.0.0.1"  # passwords do not travel in the clear
    doors = [Door(ports[0], host, crt, key), Door(ports[1], host, crt, key, for_gateways=False)]
    gateways = _gateways(settings)
    _write(users_file, password_lines(gateways, server_password(settings.secret())))
    _write(access, access_list(gateways))
    _write(folder / "mosquitto.conf", configuration(doors, data, users_file, access, run_as))
    if run_as:  # Mosquitto reads these again, as that user, when it is told to reload
        for path in (folder, data, users_file, access, *certs_folder.glob("server.*")):
            shutil.chown(path, run_as)
    how = "TLS" if tls else "loopback only: for TLS run `broker certs` into certs/ first"
    typer.echo(f"{folder / 'mosquitto.conf'}: {len(gateways)} gateways, {how}")


def _gateways(settings: "Settings") -> list["Gateway"]:
    """Every gateway of every imported site, with its password."""
    from ingest.credentials import Gateway, gateway_password
    from sites.store import load_all
    from store.db import Store

    secret, store = settings.secret(), Store(settings.store_url)
    try:
        with store.read() as conn:
            registers = load_all(conn).values()
    finally:
        store.close()
    return [
        Gateway(r.site_id, g.id, gateway_password(secret, r.site_id, g.id, g.key_version))
        for r in registers
        for g in r.gateways.values()
    ]


def _migrate(url: str) -> None:
    """Bring the schema up to date; a database that is still starting gets a minute."""
    from sqlalchemy.exc import OperationalError

    from store.db import Store
    from store.migrate import upgrade

    until = time.monotonic() + STORE_PATIENCE
    store = Store(url)
    try:
        while True:
            try:
                before, now = upgrade(store)
            except OperationalError as wrong:
                if time.monotonic() > until:
                    typer.echo(f"the store does not answer: {wrong.orig}", err=True)
                    raise typer.Exit(1) from None
                time.sleep(1)
            else:
                typer.echo(f"schema: {now}" + ("" if before == now else f" (was {before or 'empty'})"))
                return
    finally:
        store.close()


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner only: Mosquitto may read it at any moment."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(path)
