"""Which server is meant: the one that a URL, a folder or the environment names, else the demo that runs here.

For commands that stand beside a running server and talk to its broker.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from app.settings import Settings
from ingest.credentials import SERVER, gateway_password, server_password, username
from ingest.deliveries import Address, broker_at
from sites import store as site_store
from sites.register import Register
from store.db import Store

DEMO = Path("var/demo")
RUNTIME = "server.json"


class Unknown(Exception):  # noqa: N818 - an answer for a person at the keyboard
    """It cannot be told which server, broker or site is meant; the message says what to name."""


class _Demo(msgspec.Struct):
    """What a running demo writes about itself."""

    site: str
    broker: int | None = None


@dataclass(frozen=True)
class Server:
    """A server that runs elsewhere: its settings and its broker. `named`: its broker's URL says who we are."""

    settings: Settings
    broker: Address
    demo: str | None
    named: bool

    def registers(self) -> dict[str, Register]:
        """The sites that it has; none where its store is not to be found from here."""
        s = self.settings
        if s.store is None and not (s.data / "watchroom.db").exists():
            return {}
        store = Store(s.store_url)
        try:
            with store.read() as conn:
                return site_store.load_all(conn)
        finally:
            store.close()

    def site(self, wanted: str | None) -> tuple[str, Register | None]:
        """The site that is meant, and what is known of it. Raises Unknown."""
        known = self.registers()
        if wanted is not None:
            if known and wanted not in known:
                raise Unknown(f"there is no site {wanted!r} here; there is {', '.join(known)}")
            return wanted, known.get(wanted)
        if self.demo in known or len(known) == 1:
            one = self.demo if self.demo in known else next(iter(known))
            return str(one), known[str(one)]
        if not known:
            raise Unknown(
                "no server is to be found here: name its folder with --data, or a broker and a site with --broker and --site"
            )
        raise Unknown(f"name the site with --site: one of {', '.join(known)}")

    def as_server(self) -> Address:
        """Where and as whom the server connects."""
        if self.named or not self._has_secret():
            return self.broker
        return replace(self.broker, username=SERVER, password=server_password(self.settings.secret()))

    def as_gateways(self, register: Register | None, site: str, gateways: Iterable[str]) -> dict[str, Address]:
        """Where and as whom each gateway connects. Raises Unknown for one that the site does not have."""
        if self.named or register is None or not self._has_secret():
            return dict.fromkeys(gateways, self.broker)
        made = {}
        for name in gateways:
            gateway = register.gateways.get(name)
            if gateway is None:
                raise Unknown(f"the site {site!r} has no gateway {name!r}; it has {', '.join(register.gateways)}")
            password = gateway_password(self.settings.secret(), site, name, gateway.key_version)
            made[name] = replace(self.broker, username=username(site, name), password=password)
        return made

    def _has_secret(self) -> bool:
        return (self.settings.secret_file or self.settings.data / "keys" / "secret").exists()


def find(url: str | None = None, data: Path | None = None) -> Server:
    """The server that is meant. Raises Unknown."""
    settings = Settings() if data is None else Settings(data=data)
    folder = settings.data
    if data is None and not settings.model_fields_set & {"data", "broker", "store"} and _demo(DEMO) is not None:
        settings, folder = Settings(data=DEMO), DEMO
    demo = _demo(folder)
    site = None if demo is None else demo.site
    if url is not None or settings.broker != "embedded":
        try:
            address = broker_at(url or settings.broker, settings.broker_ca)
        except ValueError as wrong:
            raise Unknown(str(wrong)) from None
        return Server(settings, address, site, bool(address.username))
    port = settings.broker_port if demo is None or demo.broker is None else demo.broker
    host = "127.0.0.1" if settings.broker_host in {"", "0.0.0.0", "::"} else settings.broker_host
    return Server(
        settings, Address(host, port, "", "", settings.broker_cert is not None, settings.broker_cert), site, False
    )


def made_by() -> str:
    """Who writes a file: the program and its version."""
    try:
        return f"watchroom {version('watchroom')}"
    except PackageNotFoundError:
        return "watchroom"


def _demo(folder: Path) -> _Demo | None:
    """A demo that runs on this folder: its note may be left from one that has ended."""
    try:
        demo = msgspec.json.decode((folder / RUNTIME).read_bytes(), type=_Demo)
    except (OSError, msgspec.MsgspecError):
        return None
    if demo.broker is None:
        return None
    try:
        with socket.create_connection(("127.0.0.1", demo.broker), 1):
            return demo
    except OSError:
        return None
