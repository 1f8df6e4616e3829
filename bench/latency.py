"""Latency: from the publishing of an event to its push at a page, over broker, path, store and live feed."""

import json
import re
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx2
from rich.console import Console
from rich.table import Table

from bench.load import GATEWAY, SITE, events
from bench.mqtt import connected, publications, publish
from bench.rig import Server, system
from core import wire

console = Console()
PASSWORD = "correct horse battery"
EVENT = rb'"id":"([0-9a-f-]{36})","device_id"'


def page(server: Server, site: str = SITE) -> socket.socket:
    """A page's open feed of a site, signed in as the administrator of the first start."""
    log = server.log.read_text()
    word = re.search(r"one-time password (\S+)", log)
    base = f"http://127.0.0.1:{server.port}/api/v1"
    client = httpx2.Client(headers={"X-Watchroom": "1"}, timeout=30)
    assert word is not None, log
    client.post(f"{base}/session", json={"login": "admin", "password": word[1]}).raise_for_status()
    client.post(f"{base}/session/password", json={"old": word[1], "new": PASSWORD}).raise_for_status()
    cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
    sock = socket.create_connection(("127.0.0.1", server.port))
    sock.sendall(f"GET /api/v1/live?site={site} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
    return sock


def listen(sock: socket.socket, heard: dict[str, float], ending: threading.Event, named: bytes = EVENT) -> None:
    """Note when each event is first seen in a push; `named` finds its id."""
    found = re.compile(named)
    buffer = b""
    sock.settimeout(0.5)
    while not ending.is_set():
        try:
            got = sock.recv(1 << 20)
        except TimeoutError:
            continue
        if not got:
            return
        now = time.perf_counter()
        buffer += got
        for match in found.finditer(buffer):
            heard.setdefault(match[1].decode(), now)
        buffer = buffer[-400:]


def measure(folder: Path, rate: int, seconds: int) -> list[float]:
    """Milliseconds from PUBLISH to push, at `rate` events a second."""
    payloads = list(events(rate * seconds))
    with system(folder, "sqlite", "nats") as (server, port):
        return list(pushed(server, port, SITE, GATEWAY, payloads, rate).values())


def pushed(
    server: Server, port: int, site: str, gateway: str, payloads: list[bytes], rate: int, named: bytes = EVENT
) -> dict[str, float]:
    """Publish at `rate` a second; milliseconds from PUBLISH to push, of each event that was seen at a page."""
    heard: dict[str, float] = {}
    ending = threading.Event()
    feed = page(server, site)
    listening = threading.Thread(target=listen, args=(feed, heard, ending, named))
    listening.start()
    user = f"{site}.{gateway}"
    sock = connected(port, user.replace(".", "_"), user, server.password)
    topic = wire.topic(site, gateway, wire.Channel.EVENTS)
    sent = publish(sock, publications(topic, payloads), rate)
    server.await_events(len(payloads))
    time.sleep(0.5)
    ending.set()
    listening.join()
    feed.close()
    ids = [json.loads(p)["id"] for p in payloads]
    return {i: (heard[i] - at) * 1000 for i, at in zip(ids, sent, strict=True) if i in heard}


def run(seconds: int = 10) -> None:
    """Print p50 and p99 at both rates."""
    table = Table(title=f"latency, publish to page, NATS and SQLite, {seconds} s each")
    for name in ("events/s", "seen", "p50 ms", "p99 ms", "max ms"):
        table.add_column(name, justify="right")
    with tempfile.TemporaryDirectory(prefix="watchroom-bench-") as temp:
        for rate in (200, 2000):
            took = sorted(measure(Path(temp) / str(rate), rate, seconds))
            cuts = statistics.quantiles(took, n=100)
            table.add_row(f"{rate}", f"{len(took)}", f"{cuts[49]:.1f}", f"{cuts[98]:.1f}", f"{took[-1]:.1f}")
    console.print(table)
