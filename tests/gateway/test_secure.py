"""A gateway at the door of the embedded broker, and over TLS."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiomqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import wire
from ingest.broker import EmbeddedBroker
from ingest.credentials import SERVER, gateway_password, server_password
from tests.gateway.fakes import GATEWAY, SITE, GatewayProcess, Input, until
from tests.servers import Mosquitto

SECRET = b"a secret of the test"


def embedded(folder: Path) -> EmbeddedBroker:
    gateways = [(SITE, GATEWAY, gateway_password(SECRET, SITE, GATEWAY, 1))]
    return EmbeddedBroker(folder, "127.0.0.1", 0, gateways=gateways, server_password=server_password(SECRET))


async def _collect(client: aiomqtt.Client, heard: list[wire.Event]) -> None:
    await client.subscribe("wr/v1/+/+/events", qos=1)
    async for message in client.messages:
        assert isinstance(message.payload, bytes)
        heard += [s.event for s in wire.decode_events(message.payload) if isinstance(s, wire.Said)]
        boot = heard[-1].boot
        receipt = wire.encode(wire.Receipt(boot, heard[-1].seq))
        await client.publish(wire.topic(SITE, GATEWAY, wire.Channel.RECEIPT), receipt, qos=1)


@contextlib.asynccontextmanager
async def collected(client: aiomqtt.Client):  # type: ignore[no-untyped-def] # noqa: ANN201
    heard: list[wire.Event] = []
    async with client:
        task = asyncio.create_task(_collect(client, heard))
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def empty(local: Input) -> None:
    async with asyncio.timeout(10):
        while (await local.status())["spooled"]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def test_with_its_own_password_it_gets_in_and_with_a_wrong_one_it_keeps_its_spool(tmp_path: Path) -> None:
    """IOT-02: who may speak for a gateway is known by its password."""
    broker = embedded(tmp_path / "broker")
    await asyncio.to_thread(broker.start)
    server = aiomqtt.Client("127.0.0.1", broker.port, username=SERVER, password=server_password(SECRET))
    try:
        async with collected(server) as heard:
            wrong = await GatewayProcess(broker.port, tmp_path / "spool", "--password", "wrong-password-01").start()
            async with Input.at(wrong.port) as local:
                answer = await local.say({"device": "d", "kind": "fire.alarm"})
                await asyncio.sleep(1)
                status = await local.status()
                assert (status["linked"], status["spooled"]) == (False, 1)
            assert await wrong.stop() == 0
            secret = tmp_path / "password"
            secret.write_text(gateway_password(SECRET, SITE, GATEWAY, 1))
            right = await GatewayProcess(broker.port, tmp_path / "spool", "--password-file", str(secret)).start()
            async with Input.at(right.port) as local:
                await until(lambda: bool(heard))
                assert [e.id for e in heard] == [answer["id"]]
                await empty(local)
            assert await right.stop() == 0
    finally:
        await asyncio.to_thread(broker.stop)


class TlsMosquitto(Mosquitto):
    """Mosquitto that speaks only TLS; its own certificate is the authority."""

    def configure(self) -> None:
        super().configure()
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
        now = datetime.now(UTC)
        cert = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.ca = self.folder / "ca.pem"
        self.ca.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        secret = self.folder / "key.pem"
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        plain = self.config.read_text()
        self.plain_port = self.port
        self.tls_port = self.port + 1 if self.port < 65_000 else self.port - 1
        tls = f"listener {self.tls_port} 127.0.0.1\ncertfile {self.ca}\nkeyfile {secret}\n"
        self.config.write_text(f"{plain}{tls}allow_anonymous true\n")


async def test_over_tls_only_with_the_right_authority(tmp_path: Path) -> None:
    broker = TlsMosquitto(tmp_path / "broker")
    await asyncio.to_thread(broker.start)
    try:
        async with collected(aiomqtt.Client("127.0.0.1", broker.plain_port)) as heard:
            url = f"mqtts://127.0.0.1:{broker.tls_port}"
            stranger = await GatewayProcess(0, tmp_path / "spool", "--broker", url).start()
            async with Input.at(stranger.port) as local:
                await local.say({"device": "d", "kind": "fire.alarm"})
                await asyncio.sleep(0.7)
                assert (await local.status())["linked"] is False  # its certificate is nobody's we know
            await stranger.stop()
            friend = await GatewayProcess(0, tmp_path / "spool", "--broker", url, "--ca", str(broker.ca)).start()
            async with Input.at(friend.port) as local:
                await until(lambda: len(heard) == 1)
                await empty(local)
            assert await friend.stop() == 0
    finally:
        await asyncio.to_thread(broker.stop)
