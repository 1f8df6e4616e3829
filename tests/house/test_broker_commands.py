"""`watchroom broker …`: a real Mosquitto with exactly the files that a deployment gets (IOT-02)."""

import os
import shutil
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from app import certs
from app.broker_commands import broker_app
from app.imports import import_site
from ingest.broker import connack as ask
from ingest.child import spawn
from ingest.desks import Desks
from ingest.ports import free_port
from sites import acts
from sites.pack import digest
from store.db import Store
from tests.servers import PATIENCE, ROOT, Mosquitto

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def run(*words: object) -> list[str]:
    done = CliRunner().invoke(broker_app, [str(w) for w in words])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


class Prepared(Mosquitto):
    """Started from what `broker prepare` wrote."""

    def configure(self) -> None:
        self.server_port = free_port()
        as_root = ["--run-as", "root"] if os.geteuid() == 0 else []
        ports = ["--port", self.port, "--server-port", self.server_port]
        run("prepare", "--mosquitto", self.folder, "--name", "127.0.0.1", *ports, *as_root)
        self.config = self.folder / "mosquitto.conf"

    def start(self) -> "Prepared":
        self.child = spawn(self.command(), self.log)
        until = time.monotonic() + PATIENCE
        while ask("127.0.0.1", self.port, "nobody", "", tls=True) is None:
            assert self.child.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)
        return self


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Prepared]:
    monkeypatch.setenv("WATCHROOM_DATA", str(tmp_path / "var"))
    run("prepare", "--mosquitto", tmp_path / "first")  # brings the schema
    db = Store(f"sqlite:///{tmp_path}/var/watchroom.db")
    register = acts.check(ROOT / "packs/lakeside-office")
    import_site(db, Desks(), register, digest(register), NOW, "system")
    db.close()
    broker = Prepared(tmp_path / "broker")
    shutil.copy(ROOT / "pyproject.toml", broker.folder)  # something that is not ours stays
    broker.start()
    yield broker
    broker.stop()


def connack(broker: Prepared, name: str, password: str, port: int | None = None) -> str:
    """What Mosquitto answers over TLS, its certificate checked against our authority."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name)
    client.tls_set_context(ssl.create_default_context(cafile=broker.folder / "certs/ca.crt"))
    client.username_pw_set(name, password)
    answers: list[str] = []
    client.on_connect = lambda *said: answers.append(str(said[3]))
    client.connect("127.0.0.1", port or broker.port)
    for _ in range(5):  # a refusal ends the loop with an error of its own, after the answer
        if not answers:
            client.loop(2.0)
    client.disconnect()
    return answers[0]


def test_a_gateway_gets_in_with_the_printed_password_over_tls_and_not_with_another(deployed: Prepared) -> None:
    (line,) = run("users", "--site", "lakeside-office", "--gateway", "gw-main")
    name, password = line.split()
    assert name == "lakeside-office.gw-main"
    assert connack(deployed, name, password) == "Success"
    assert connack(deployed, name, password[::-1]) == "Not authorized"
    server, its_password = run("users")[0].split()
    assert connack(deployed, server, its_password, deployed.server_port) == "Success"


def test_the_files_are_for_their_owner_only_and_can_be_written_again(deployed: Prepared) -> None:
    secret = [
        deployed.folder / name for name in ("users", "access", "mosquitto.conf", "certs/server.key", "certs/ca.key")
    ]
    assert [oct(p.stat().st_mode & 0o77) for p in secret] == ["0o0"] * 5
    before = {name: (deployed.folder / "certs" / name).read_bytes() for name in ("ca.crt", "server.crt")}
    deployed.configure()
    assert {name: (deployed.folder / "certs" / name).read_bytes() for name in before} == before
    assert (deployed.folder / "pyproject.toml").exists()


def test_without_certificates_it_listens_on_loopback_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHROOM_DATA", str(tmp_path / "var"))
    run("prepare", "--mosquitto", tmp_path / "first")
    (said,) = run("config", "--mosquitto", tmp_path / "plain")
    assert "loopback only" in said
    text = (tmp_path / "plain/mosquitto.conf").read_text()
    assert [line for line in text.splitlines() if line.startswith("listener")] == [
        "listener 8883 127.0.0.1",
        "listener 8884 127.0.0.1",
    ]


def test_a_gateway_that_no_pack_names_has_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHROOM_DATA", str(tmp_path / "var"))
    run("prepare", "--mosquitto", tmp_path / "broker")
    done = CliRunner().invoke(broker_app, ["users", "--gateway", "gw-9"])
    assert done.exit_code == 1
    assert "was its pack imported" in done.stderr


def test_a_certificate_is_renewed_in_its_last_month_or_for_a_new_name_and_never_before(tmp_path: Path) -> None:
    assert certs.ensure(tmp_path, ["broker.example", "10.0.0.5"], NOW)
    authority = (tmp_path / "ca.crt").read_bytes()
    assert not certs.ensure(tmp_path, ["broker.example", "10.0.0.5"], NOW + timedelta(days=360))
    assert certs.ensure(tmp_path, ["broker.example", "10.0.0.5"], NOW + timedelta(days=370))
    assert certs.ensure(tmp_path, ["other.example"], NOW + timedelta(days=371))
    assert (tmp_path / "ca.crt").read_bytes() == authority
    made = x509.load_pem_x509_certificate((tmp_path / "server.crt").read_bytes())
    made.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["other.example"]
