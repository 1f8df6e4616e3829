"""A test stand: a broker, one gateway, and a server's receipts without a server, so that a gateway can be driven alone."""

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core import wire
from ingest.batches import AtOnce, Message
from ingest.broker import EmbeddedBroker
from ingest.credentials import SERVER
from ingest.deliveries import Address, MqttDeliveries
from simulators.estate import Child
from sites.register import Register

_HOST: Final = "127.0.0.1"
PATIENCE_S: Final = 15.0


class Till:
    """Counts a gateway's events as the broker delivers them, and gives receipts for the unbroken part."""

    def __init__(self, site: str, gateway: str, address: Address) -> None:
        self.heard = 0
        self._deliveries = MqttDeliveries(address, client_id="stand-till")
        self._topic = wire.topic(site, gateway, wire.Channel.RECEIPT)
        self._through: dict[str, int] = {}
        self._ahead: dict[str, set[int]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="till", daemon=True)

    def start(self) -> None:
        """Listen, in a thread of its own; returns once the broker has confirmed it. Raises TimeoutError."""
        self._thread.start()
        ends = time.monotonic() + PATIENCE_S
        while not self._deliveries.connected:
            if time.monotonic() > ends:
                raise TimeoutError(f"the broker does not answer: {self._deliveries.trouble}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        self._thread.join(5)

    def _run(self) -> None:
        self._deliveries.run(AtOnce(self._take), self._stopping)

    def _take(self, batch: list[Message]) -> None:
        for message in batch:
            for said in wire.decode_events(message.payload) if message.topic.endswith("/events") else ():
                if isinstance(said, wire.Said):
                    self._count(said.event.boot, said.event.seq)
        for boot, through in self._through.items():
            self._deliveries.publish(self._topic, wire.encode(wire.Receipt(boot, through)))

    def _count(self, boot: str, seq: int) -> None:
        through, ahead = self._through.get(boot, 0), self._ahead.setdefault(boot, set())
        if seq <= through or seq in ahead:
            return  # said again
        self.heard += 1
        ahead.add(seq)
        while through + 1 in ahead:
            through += 1
            ahead.remove(through)
        self._through[boot] = through


@contextlib.contextmanager
def stand(register: Register, gateway: str, folder: Path) -> Iterator[tuple[Child, Till]]:
    """A running gateway of the site (its intake open) on a broker of its own, and the till; all ended at the end."""
    password, server = secrets.token_hex(20), secrets.token_hex(20)
    broker = EmbeddedBroker(folder / "broker", _HOST, 0, [(register.site_id, gateway, password)], server)
    broker.start()
    try:
        till = Till(register.site_id, gateway, Address(_HOST, broker.port, SERVER, server))
        child = Child(register, gateway, f"mqtt://{_HOST}:{broker.port}", password, folder)
        child.start()
        try:
            till.start()
            yield child, till
        finally:
            child.stop()
            till.stop()
    finally:
        broker.stop()


def cpu_s(pid: int) -> float | None:
    """Seconds of processor time that a process has taken, where the system tells (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
