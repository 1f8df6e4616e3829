"""The embedded broker as our child, and who may say what on it and on a Mosquitto of our configuration (IOT-03, IOT-05)."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion

from ingest import mosquitto as mosquitto_config
from ingest.batches import AtOnce
from ingest.broker import BrokerError, EmbeddedBroker, connack
from ingest.credentials import Gateway, checked, gateway_password, server_password
from ingest.deliveries import Address, MqttDeliveries
from ingest.mosquitto import Door
from ingest.ports import free_port
from tests.servers import ROOT, Mosquitto

SECRET = b"a secret of this test"
SERVER = server_password(SECRET)
A, B, FAR = ("harbour", "gw-a"), ("harbour", "gw-b"), ("tower", "gw-a")
GATEWAYS = [Gateway(site, name, gateway_password(SECRET, site, name, 1)) for site, name in (A, B, FAR)]


def until(true: Callable[[], object], what: str, patience: float = 10.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"waited {patience} s for: {what}"
        time.sleep(0.005)


class House(Protocol):
    """A broker with our users."""

    port: int


class OurMosquitto(Mosquitto):
    """A Mosquitto configured by `ingest.mosquitto`."""

    def configure(self) -> None:
        users, access = self.folder / "users", self.folder / "access"
        users.write_text(mosquitto_config.password_lines(GATEWAYS, SERVER))
        access.write_text(mosquitto_config.access_list(GATEWAYS))
        self.server_port = free_port()
        doors = [Door(self.port, "127.0.0.1"), Door(self.server_port, "127.0.0.1", for_gateways=False)]
        run_as = "root" if os.geteuid() == 0 else ""
        self.config.write_text(mosquitto_config.configuration(doors, self.folder, users, access, run_as))


def embedded(folder: Path, gateways: Sequence[Gateway] = GATEWAYS, port: int = 0, **more: object) -> EmbeddedBroker:
    return EmbeddedBroker(folder, "127.0.0.1", port, gateways, SERVER, **more)  # type: ignore[arg-type]


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = embedded(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(params=["nats", "mosquitto"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Each kind of broker, with our users and their rights."""
    broker = embedded(tmp_path / "house") if request.param == "nats" else OurMosquitto(tmp_path / "house")
    broker.start()
    yield broker
    broker.stop()


class Client:
    """An MQTT client that keeps what it hears."""

    def __init__(
        self, port: int, user: str, password: str, client_id: str | None = None, *, keep: bool = False
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.refused: list[bool] = []
        self.drops = 0
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id or user.replace(".", "_"), clean_session=not keep
        )
        self.client.username_pw_set(user, password)
        self.client.on_message = lambda _c, _u, m: self.heard.append((m.topic, m.payload))
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: self.refused.extend(c.is_failure for c in codes)
        self.client.on_disconnect = self._dropped
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        until(self.client.is_connected, f"{user} connected")

    def _dropped(self, *_: object) -> None:
        self.drops += 1

    def subscribe(self, *topics: str) -> "Client":
        for topic in topics:
            self.client.subscribe(topic, 1)
        until(lambda: len(self.refused) >= len(topics) or self.drops, "SUBACK")
        return self

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self.client.publish(topic, payload, 1, retain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def gateway(house: House, who: tuple[str, str] = A, **more: object) -> Client:
    site, name = who
    return Client(house.port, f"{site}.{name}", gateway_password(SECRET, site, name, 1), **more)  # type: ignore[arg-type]


def server(house: House, client_id: str = "server-test") -> Client:
    return Client(getattr(house, "server_port", house.port), "watchroom", SERVER, client_id)


def test_a_gateway_says_its_own_and_hears_its_own(house: House) -> None:
    """IOT-03."""
    with server(house) as us, gateway(house) as gw:
        us.subscribe("wr/v1/+/+/events", "wr/v1/+/+/telemetry", "wr/v1/+/+/status")
        gw.subscribe("wr/v1/harbour/gw-a/receipt", "wr/v1/harbour/gw-a/command")
        for channel in ("events", "telemetry", "status"):
            gw.publish(f"wr/v1/harbour/gw-a/{channel}", channel.encode(), retain=channel == "status")
        for channel in ("receipt", "command"):
            us.publish(f"wr/v1/harbour/gw-a/{channel}", channel.encode())
        until(lambda: len(us.heard) == 3 and len(gw.heard) == 2, "five messages")
    assert gw.refused == [False, False]


FORBIDDEN_TO_SAY = [
    "wr/v1/harbour/gw-b/events",
    "wr/v1/tower/gw-a/events",
    "wr/v1/harbour/gw-b/status",
    "wr/v1/harbour/gw-a/receipt",
    "wr/v1/harbour/gw-a/command",
    "wr/v1/harbour/gw-b/receipt",
    "wr/v1/tower/gw-a/command",
    "wr/v1/harbour/gw-a",
    "wr/v1/harbour/gw-a/events/more",
    "wr/v1/harbour",
    "other",
]


@pytest.mark.parametrize("topic", FORBIDDEN_TO_SAY)
def test_what_a_gateway_may_not_say_is_heard_by_nobody(house: House, topic: str) -> None:
    """IOT-03."""
    with server(house) as us, server(house, "second") as all_ours, gateway(house, B) as other:
        us.subscribe("wr/v1/+/+/events", "wr/v1/+/+/status")
        all_ours.subscribe("wr/v1/+/+/+")
        other.subscribe("wr/v1/harbour/gw-b/receipt", "wr/v1/harbour/gw-b/command")
        with gateway(house) as gw:
            gw.publish(topic, b"forged", retain=True)
            gw.publish(topic, b"forged")
            time.sleep(0.05)
        with gateway(house, FAR) as honest:
            honest.publish("wr/v1/tower/gw-a/events", b"honest")
            until(lambda: us.heard and all_ours.heard, "the honest one")
        assert us.heard == [("wr/v1/tower/gw-a/events", b"honest")]
        assert all_ours.heard == [("wr/v1/tower/gw-a/events", b"honest")]
        assert other.heard == []


def test_what_a_gateway_may_not_hear_never_reaches_it(house: House) -> None:
    """IOT-03. Mosquitto grants such a subscription and then delivers nothing; NATS refuses it."""
    forbidden = [
        "#",
        "+/#",
        "wr/#",
        "wr/v1/#",
        "wr/v1/+/+/receipt",
        "wr/v1/harbour/+/receipt",
        "wr/v1/harbour/gw-b/receipt",
        "wr/v1/harbour/gw-b/command",
        "wr/v1/harbour/gw-b/events",
        "wr/v1/tower/gw-a/command",
        "wr/v1/harbour/gw-a/events",
        "wr/v1/harbour/gw-a/#",
        "$SYS/#",
        "$MQTT/#",
        "$MQTT/sub/#",
        "$MQTT/msgs/#",
        "$JS/#",
        "_INBOX/#",
    ]
    spies = []
    try:
        with server(house) as us, gateway(house, B) as victim:
            victim.subscribe("wr/v1/harbour/gw-b/receipt")
            for n, topic in enumerate(forbidden):
                if hasattr(house, "server_port") and n:
                    spies[0].subscribe_quietly(topic)
                    continue
                spies.append(Spy(house, n, topic))
            for who in ("harbour/gw-b", "tower/gw-a"):
                for channel in ("receipt", "command", "events"):
                    us.publish(f"wr/v1/{who}/{channel}", b"not for you", retain=True)
            until(lambda: victim.heard, "the rightful reader's message")
            time.sleep(0.2)
        assert [spy.heard for spy in spies if spy.heard] == []
    finally:
        for spy in spies:
            spy.__exit__()


class Spy(Client):
    """Gateway A with one subscription that it has no right to."""

    def __init__(self, house: House, n: int, topic: str) -> None:
        super().__init__(house.port, "harbour.gw-a", gateway_password(SECRET, *A, 1), f"spy-{n}")
        self.subscribe_quietly(topic)

    def subscribe_quietly(self, topic: str) -> None:
        before = len(self.refused)
        self.client.subscribe(topic, 1)
        until(lambda: len(self.refused) > before or self.drops, f"an answer to {topic}")


def test_taking_anothers_client_id_gives_none_of_its_rights(house: House) -> None:
    """IOT-03. B connects under A's name for its session: it neither hears A's receipts nor speaks as A."""
    with gateway(house, A, keep=True) as a:
        a.subscribe("wr/v1/harbour/gw-a/receipt")
    with server(house) as us:
        us.subscribe("wr/v1/+/+/events")
        us.publish("wr/v1/harbour/gw-a/receipt", b"for A alone")
        time.sleep(0.1)
        with gateway(house, B, client_id="harbour_gw-a", keep=True) as thief:
            thief.publish("wr/v1/harbour/gw-a/events", b"forged")
            us.publish("wr/v1/harbour/gw-a/receipt", b"for A alone, too")
            time.sleep(0.3)
            assert thief.heard == []
        assert us.heard == []


def test_nobody_takes_the_servers_session(house: House) -> None:
    """IOT-03. A gateway under the ingest's client id hears no events."""
    with server(house, "watchroom-ingest") as us:
        us.subscribe("wr/v1/+/+/events")
    with gateway(house, B, client_id="watchroom-ingest", keep=True) as thief, gateway(house) as a:
        a.publish("wr/v1/harbour/gw-a/events", b"an alarm")
        time.sleep(0.3)
        assert thief.heard == []


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("", ""),
        ("watchroom", ""),
        ("watchroom", "wrong"),
        ("harbour.gw-a", gateway_password(SECRET, *B, 1)),
        ("harbour.gw-a", gateway_password(SECRET, *A, 2)),
        ("harbour.gw-z", gateway_password(SECRET, "harbour", "gw-z", 1)),
        ("watchroom-keeper", SERVER),
    ],
)
def test_who_has_no_right_password_stays_outside(house: House, user: str, password: str) -> None:
    """IOT-03."""
    assert connack("127.0.0.1", house.port, user, password) in {4, 5, None}


def test_who_has_the_right_password_comes_in(house: House) -> None:
    for g in GATEWAYS:
        assert connack("127.0.0.1", house.port, g.username, g.password) == 0


def test_passwords_differ_by_site_gateway_version_and_secret() -> None:
    made = {
        gateway_password(secret, site, name, version)
        for secret in (b"one", b"two")
        for site in ("s", "t")
        for name in ("g", "h")
        for version in (1, 2)
    } | {server_password(b"one"), server_password(b"two")}
    assert len(made) == 18
    assert {len(p) for p in made} == {43}


@pytest.mark.parametrize(
    "name", ["a\nb", "a\n", 'a"', "a b", "a}", "A", "", "#", "+", "a/b", "a.b", "a>", "\x00", "值班", "a" * 64]
)
def test_a_name_that_could_add_to_the_configuration_is_refused(name: str, tmp_path: Path) -> None:
    good = "p" * 43
    for bad in (Gateway(name, "g", good), Gateway("s", name, good)):
        with pytest.raises(ValueError, match="cannot name"):
            checked(bad)
        with pytest.raises(ValueError, match="cannot name"):
            embedded(tmp_path, [bad]).start()
        for write in (mosquitto_config.access_list, lambda g: mosquitto_config.password_lines(g, good)):
            with pytest.raises(ValueError, match="cannot name"):
                write([bad])
    for password in ("short", "p" * 20 + "\n", 'p"' + "p" * 20):
        with pytest.raises(ValueError, match="password"):
            checked(Gateway("s", "g", password))


def test_the_configuration_with_its_passwords_is_ours_alone(nats: EmbeddedBroker) -> None:
    assert stat.S_IMODE((nats.folder / "nats.conf").stat().st_mode) == 0o600


def test_a_port_in_use_is_refused_by_name(tmp_path: Path) -> None:
    """IOT-05. A broker that answers there is somebody else's."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        broker = embedded(tmp_path, port=port)
        with pytest.raises(BrokerError, match=f"port {port} on 127.0.0.1 is not free"):
            broker.start()
        assert not broker.alive()


@pytest.mark.parametrize("snatched", [1, 2, 3])
def test_a_port_snatched_before_the_broker_opens_it_is_left_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snatched: int
) -> None:
    """IOT-05. Between the look and the start a port can become somebody else's, but hardly three times in a row."""
    broker = embedded(tmp_path, port=free_port())
    with socket.create_server(("127.0.0.1", 0)) as other:
        offered = [other.getsockname()[1]] * snatched
        monkeypatch.setattr("ingest.broker.free_port", lambda host: offered.pop() if offered else free_port(host))
        if snatched == 3:
            with pytest.raises(BrokerError, match="address already in use"):
                broker.start()
            assert not broker.alive()
            return
        broker.start()
    try:
        assert connack("127.0.0.1", broker.port, "watchroom", SERVER) == 0
    finally:
        broker.stop()


def test_a_configuration_that_nats_refuses_is_reported_with_its_words(tmp_path: Path) -> None:
    broker = embedded(tmp_path, cert=tmp_path / "missing.pem", key=tmp_path / "missing.key")
    with pytest.raises(BrokerError, match=r"missing\.pem"):
        broker.start()
    assert not broker.alive()


def test_it_starts_again_when_it_dies_and_keeps_what_was_not_acknowledged(nats: EmbeddedBroker) -> None:
    """IOT-04, IOT-05."""
    told: list[str] = []
    stopping = threading.Event()
    watcher = threading.Thread(target=nats.supervise, args=(stopping, told.append))
    watcher.start()
    try:
        us = Client(nats.port, "watchroom", SERVER, "keeper-of-session", keep=True)
        with us:
            us.subscribe("wr/v1/+/+/events")
        with gateway(nats) as gw:
            for n in range(50):
                gw.client.publish("wr/v1/harbour/gw-a/events", b"%d" % n, 1).wait_for_publish(5)
        first = nats.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: nats.restarts == 1 and nats.alive(), "the restart")
        assert nats.pid != first
        assert len(told) == 1
        with Client(nats.port, "watchroom", SERVER, "keeper-of-session", keep=True) as again:
            until(lambda: len(again.heard) >= 50, "what was kept")
            assert [p for _, p in again.heard] == [b"%d" % n for n in range(50)]
        stopping.set()
        watcher.join(10)
        time.sleep(0.2)
        assert nats.alive(), "it does not die with the thread that started it again"
    finally:
        stopping.set()
        watcher.join(10)


def test_a_full_message_store_refuses_what_is_new_and_still_lets_ingest_drain_it(tmp_path: Path) -> None:
    """A store that fills up must not lock out the one who can empty it."""
    broker = embedded(tmp_path, max_bytes=200_000)
    broker.start()
    handled: list[bytes] = []
    stopping = threading.Event()
    deliveries = MqttDeliveries(Address("127.0.0.1", broker.port, "watchroom", SERVER))
    try:
        first = threading.Event()
        threading.Timer(0.3, first.set).start()
        deliveries.run(AtOnce(lambda _batch: None), first)  # the session exists, nobody drinks
        with gateway(broker) as gw:
            sent = [gw.client.publish("wr/v1/harbour/gw-a/events", b"x" * 1000, 1) for _ in range(400)]
            time.sleep(0.5)
            taken = sum(s.is_published() for s in sent)
        assert 0 < taken < 400
        drain = threading.Thread(
            target=deliveries.run, args=(AtOnce(lambda batch: handled.extend(m.payload for m in batch)), stopping)
        )
        drain.start()
        until(lambda: len(handled) >= taken, "all that was taken")
        stopping.set()
        drain.join(5)
    finally:
        stopping.set()
        broker.stop()


def test_a_reload_lets_new_gateways_in_and_old_ones_out(nats: EmbeddedBroker) -> None:
    """IOT-03: a revoked gateway is cut off at once."""
    fresh = Gateway("harbour", "gw-new", gateway_password(SECRET, "harbour", "gw-new", 1))
    with gateway(nats, B) as revoked, gateway(nats, A) as stays:
        nats.reload([GATEWAYS[0], fresh])
        until(lambda: connack("127.0.0.1", nats.port, fresh.username, fresh.password) == 0, "the new one is let in")
        until(lambda: revoked.drops, "the old one is cut off")
        assert connack("127.0.0.1", nats.port, GATEWAYS[1].username, GATEWAYS[1].password) == 5
        assert stays.drops == 0
        revoked.client.loop_stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows another process's environment")
def test_its_heap_may_grow_but_not_without_bound_and_whoever_says_otherwise_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMEMLIMIT", "64MiB")
    broker = embedded(tmp_path / "broker")
    broker.start()
    try:
        said = Path(f"/proc/{broker.pid}/environ").read_text().split("\0")
    finally:
        broker.stop()
    assert {"GOGC=400", "GOMEMLIMIT=64MiB"} <= set(said)


ORPHAN = """
import sys, time
from pathlib import Path
from ingest.broker import EmbeddedBroker
broker = EmbeddedBroker(Path(sys.argv[1]), "127.0.0.1", 0, [], "p" * 43)
broker.start()
print(broker.pid, broker.port, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word about a parent's death exists on Linux only")
def test_it_dies_with_us_even_when_we_are_killed(tmp_path: Path) -> None:
    """IOT-05."""
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout as said:
        pid, port = map(int, said.readline().split())
    parent.kill()
    parent.wait()
    until(lambda: connack("127.0.0.1", port, "watchroom", "p" * 43) is None, "nobody answers")
    until(lambda: _gone(pid), "the child is gone")


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


class TlsMosquitto(OurMosquitto):
    """The same behind TLS."""

    def configure(self) -> None:
        super().configure()
        cert, key = certificate(self.folder)
        users, access = self.folder / "users", self.folder / "access"
        doors = [
            Door(self.port, "127.0.0.1"),
            Door(self.server_port, "127.0.0.1", cert, key, for_gateways=False),
        ]
        run_as = "root" if os.geteuid() == 0 else ""
        self.config.write_text(mosquitto_config.configuration(doors, self.folder, users, access, run_as))


@pytest.mark.parametrize("kind", ["nats", "mosquitto"])
def test_deliveries_come_over_tls_and_only_from_whom_we_trust(kind: str, tmp_path: Path) -> None:
    """IOT-03."""
    if kind == "nats":
        cert, key = certificate(tmp_path)
        broker: EmbeddedBroker | OurMosquitto = embedded(tmp_path / "b", cert=cert, key=key)
        port = broker.port
    else:
        broker = TlsMosquitto(tmp_path / "b")
        port, cert = broker.server_port, broker.folder / "cert.pem"
    broker.start()
    try:
        trusting = MqttDeliveries(Address("localhost", port, "watchroom", SERVER, tls=True, ca=cert))
        doubting = MqttDeliveries(Address("localhost", port, "watchroom", SERVER, tls=True))
        heard: list[bytes] = []
        stopping = threading.Event()
        threads = [
            threading.Thread(
                target=trusting.run, args=(AtOnce(lambda b: heard.extend(m.payload for m in b)), stopping)
            ),
            threading.Thread(target=doubting.run, args=(AtOnce(lambda _b: None), stopping)),
        ]
        for thread in threads:
            thread.start()
        try:
            until(lambda: trusting.connected, "connected over TLS")
            big = b"x" * 100_000
            for n in range(20):
                trusting.publish("wr/v1/harbour/gw-a/events", b"%d" % n + big)
            until(lambda: len(heard) == 20, "twenty messages")
            until(lambda: "CERTIFICATE_VERIFY_FAILED" in doubting.trouble, "the refusal")
            assert not doubting.connected
        finally:
            stopping.set()
            for thread in threads:
                thread.join(10)
    finally:
        broker.stop()
