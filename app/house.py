"""The house: everything a process of ours holds, put together from its settings. Nothing below this room knows it."""

import os
import shutil
from dataclasses import replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from api.accounts import ensure_admin
from api.app import create_app
from api.room import RoleState
from api.room import Settings as Edge
from app.clock import conducted, now
from app.metrics import PathMetrics
from app.pulse import Pulse
from app.roles import Roles, every
from app.settings import Mode, Settings
from ingest import retention
from ingest.broker import BrokerError, EmbeddedBroker
from ingest.credentials import SERVER, gateway_password, server_password
from ingest.deliveries import Address, MqttDeliveries, broker_at
from ingest.desks import Desks
from ingest.flow import Flow
from ingest.sweep import Sweep
from logbook.checkpoints import checkpoint, latest
from logbook.keys import key_fingerprint, load_or_make_key
from patrol.keys import Ring
from sites import store as site_store
from sites.register import Register
from store.db import Store, Tx
from store.migrate import upgrade
from store.telemetry import SqlTelemetry, Telemetry

log = structlog.get_logger()

STATIC = Path(__file__).parent.parent / "api" / "static"
SWEEP_EVERY_S = 0.25  # a rung may be two seconds late; this leaves room for a slow transaction
SELDOM_S = 60.0
RETENTION_S = 3600.0  # it is gone through once a day; this is how often that is asked
SELDOM_CONDUCTED_S = 600.0  # a simulated night has many minutes, and checkpoints are owed by the hour
BROKER_BYTES = 1 << 30  # what our broker may keep; it refuses to promise more than the disk has
GATEWAYS_EVERY_S = 5.0
STORE_PATIENCE_S = 60


def our_version() -> str:
    """The installed version, or that of a plain checkout."""
    try:
        return version("watchroom")
    except PackageNotFoundError:
        return "0.0.0"


class House:
    """A process's parts. Roles are added by whoever runs it."""

    def __init__(self, settings: Settings, mode: Mode) -> None:
        self.settings = settings
        self.mode = mode
        os.umask(0o077)  # logs, keys, spools and rows are nobody else's to read
        settings.data.mkdir(parents=True, exist_ok=True)
        self.secret = settings.secret()
        self.log_key: Ed25519PrivateKey = load_or_make_key(settings.data / "keys" / "logbook.pem")
        self.ring = Ring(settings.tag_key())
        self.store = Store(settings.store_url)
        self.desks = Desks()
        self.roles = Roles()
        self.broker: EmbeddedBroker | None = None
        self._admitted: list[tuple[str, str, str]] = []
        self.telemetry = self._telemetry()
        self.sweep = Sweep(self.store, self.desks, now, self.seal)
        self.metrics = PathMetrics(self)
        self.flow: Flow | None = None
        self.deliveries: MqttDeliveries | None = None
        if conducted is not None:
            log.warning("clock.conducted", file=str(conducted.path), now=now(), meaning="a simulation, not a building")

    def prepare(self, *, people: bool = True) -> str | None:
        """Wait for the store, bring its schema up, and, where there are pages (`people`), see that somebody can sign in.
        Returns a one-time password, which only the caller can tell.
        """
        for pause in range(STORE_PATIENCE_S):
            try:
                upgrade(self.store)
                break
            except OperationalError as wrong:
                if pause == STORE_PATIENCE_S - 1:
                    raise
                log.warning("store.away", error=str(wrong.orig))
                self.roles.stopping.wait(1)
        if not people:
            return None
        with self.store.begin() as tx:
            return ensure_admin(tx, now())

    def _telemetry(self) -> Telemetry:
        s = self.settings
        if s.telemetry == "influx":
            from store.influx import InfluxTelemetry  # its client takes as long to load as everything else together

            return InfluxTelemetry(s.influx_url, s.influx_token, s.influx_org, s.influx_bucket)
        if self.store.dialect == "sqlite":
            return SqlTelemetry.in_file(f"sqlite:///{s.data.absolute() / 'telemetry.db'}")
        return SqlTelemetry(self.store)

    # -- roles

    def add_broker(self) -> Address:
        """Start the embedded broker, or name the one that the settings give. Returns where the server connects."""
        s, password = self.settings, server_password(self.secret)
        if s.broker != "embedded":
            named = broker_at(s.broker, s.broker_ca)
            return named if named.username else replace(named, username=SERVER, password=password)
        self._admitted = self.gateways()
        self.broker = EmbeddedBroker(
            s.data / "broker",
            s.broker_host,
            s.broker_port,
            self._admitted,
            password,
            cert=s.broker_cert,
            key=s.broker_key,
            max_bytes=min(BROKER_BYTES, shutil.disk_usage(s.data).free // 4),
        )
        try:
            self.broker.start()
        except BrokerError as wrong:
            raise SystemExit(str(wrong)) from wrong
        broker = self.broker
        self.roles.add(
            "broker", lambda stopping: broker.supervise(stopping, lambda why: log.error("broker.down", why=why))
        )
        self.roles.add("gateways", every(GATEWAYS_EVERY_S, self._admit_gateways))
        tls = s.broker_cert is not None
        return Address(broker.host, broker.port, SERVER, password, tls, s.broker_cert)

    def _admit_gateways(self) -> None:
        """An import may have brought gateways or taken them away: tell our broker."""
        wanted = self.gateways()
        if self.broker is not None and wanted != self._admitted:
            self.broker.reload(wanted)
            self._admitted = wanted

    def gateways(self) -> list[tuple[str, str, str]]:
        """Every gateway of every site with its password."""
        with self.store.read() as conn:
            registers = site_store.load_all(conn)
        return [
            (r.site_id, g.id, gateway_password(self.secret, r.site_id, g.id, g.key_version))
            for r in registers.values()
            for g in r.gateways.values()
        ]

    def add_ingest(self, address: Address) -> None:
        """Drink from the broker."""
        deliveries = self.deliveries = MqttDeliveries(address)
        flow = self.flow = Flow(self.store, self.desks, self.telemetry, now, deliveries.publish)
        self.roles.add("ingest", lambda stopping: deliveries.run(flow, stopping))

    def add_sweep(self) -> None:
        """See what falls due."""
        if conducted is not None:
            pulse = Pulse(conducted)
            self.store.on_commit(pulse.stir)
            self.roles.add("sweep", pulse.whenever(self.sweep.run))
            self.roles.add("seldom", pulse.every(SELDOM_CONDUCTED_S, self.sweep.seldom))
            return
        self.roles.add("sweep", every(SWEEP_EVERY_S, self.sweep.run))
        self.roles.add("seldom", every(SELDOM_S, self.sweep.seldom))
        data = self.settings.data
        kept = (data / "attachments", data / "archives")
        self.roles.add("retention", every(RETENTION_S, lambda: retention.look(self.store, self.desks, *kept, now)))

    def add_notify(self) -> None:
        """Send what the rungs owe."""
        from app.notices import notifier

        self.roles.add("notify", notifier(self))

    def app(self) -> FastAPI:
        """The HTTP application."""
        s = self.settings
        edge = Edge(
            mode=self.mode,
            version=our_version(),
            secret=self.secret.decode(),
            secure=s.tls_cert is not None or s.behind_https,
            static=STATIC if STATIC.is_dir() else None,
            files=s.data / "attachments",
            archives=s.data / "archives",
            metrics_token=s.metrics_token,
            public_url=s.public_url or "",
        )
        return create_app(
            self.store,
            self.desks,
            now,
            edge,
            log_key=self.log_key,
            ring=self.ring,
            roles=self.role_states,
            metrics=self.metrics.registry,
        )

    def role_states(self) -> list[RoleState]:
        """How this process's roles fare."""
        made = []
        for role in self.roles.all.values():
            ok, detail = role.state == "running", role.trouble
            if role.name == "ingest" and self.deliveries is not None:
                ok = ok and self.deliveries.connected
                detail = detail or self.deliveries.trouble
            made.append(RoleState(role.name, ok, detail, role.since, role.restarts))
        if conducted is not None:  # whoever looks at this server's health must see that its time is made up
            made.append(RoleState("clock", False, f"conducted by {conducted.path}", None, 0))
        return made

    def seal(self, tx: Tx, register: Register, at: datetime) -> None:
        """Write a signed checkpoint when one is owed: hourly while anything is written."""
        last = latest(tx.conn, register.site_id)
        if last is None or (at - last.at).total_seconds() >= register.policies.checkpoint_every_s:
            checkpoint(tx, register.site_id, at, self.log_key)

    @property
    def log_fingerprint(self) -> str:
        """What to compare a logbook's signatures with."""
        return key_fingerprint(self.log_key)

    def close(self) -> None:
        """Stop the roles, then the broker, then give the store back."""
        self.roles.stop()
        if self.broker is not None:
            self.broker.stop()
        self.telemetry.close()
        self.store.close()
