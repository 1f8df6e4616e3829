"""The demo's estate: real gateways as children, a story through them to a real broker, and nothing left behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from core import wire
from simulators.estate import Runtime, run_estate
from simulators.player import Mouth
from sites.pack import read
from tests.servers import Mosquitto

ROOT = Path(__file__).parents[2]


def real_now() -> datetime:
    return datetime.now(UTC)


async def _listen(port: int, heard: list[tuple[str, wire.Event]], online: set[str], ready: asyncio.Event) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("wr/v1/+/+/events", qos=1)
        await client.subscribe("wr/v1/+/+/status", qos=1)
        ready.set()
        async for message in client.messages:
            place = wire.parse_topic(message.topic.value)
            assert place is not None
            assert isinstance(message.payload, bytes)
            if place.channel is wire.Channel.STATUS:
                status = wire.decode_status(message.payload)
                assert isinstance(status, wire.Status)
                (online.add if status.state == "online" else online.discard)(place.gateway)
                continue
            heard += [(place.gateway, s.event) for s in wire.decode_events(message.payload) if isinstance(s, wire.Said)]


@pytest.mark.timeout(60)
async def test_a_story_runs_through_real_gateways_and_trigger_finds_them(mosquitto: Mosquitto, tmp_path: Path) -> None:
    register = read(ROOT / "packs" / "harbour-garden")
    heard: list[tuple[str, wire.Event]] = []
    online: set[str] = set()
    ready, stopping = asyncio.Event(), asyncio.Event()
    listening = asyncio.create_task(_listen(mosquitto.port, heard, online, ready))
    await ready.wait()
    url = f"mqtt://127.0.0.1:{mosquitto.port}"
    passwords = dict.fromkeys(register.gateways, "a-password-of-some-length")
    estate = asyncio.create_task(
        run_estate(register, url, passwords, tmp_path, real_now, stopping, story="demo", speed=40)
    )

    async with asyncio.timeout(30):
        while not any(e.kind == "water.restore" for _, e in heard):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.05)
    assert online == set(register.gateways)
    kinds = Counter(e.kind for _, e in heard)
    assert kinds["fire.alarm"] == kinds["water.leak"] == kinds["access.forced"] == kinds["access.denied"] == 1
    assert all(register.devices[e.device].gateway == gateway for gateway, e in heard)

    runtime = tmp_path / "estate.json"
    command = [sys.executable, "-m", "app", "sim", "trigger", "manual.panic", "--device", "MC-P01"]
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, "--data", '{"note":"test"}', "--runtime", str(runtime)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    async with asyncio.timeout(10):
        while not any(e.kind == "manual.panic" and e.data == {"note": "test"} for _, e in heard):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    ports = msgspec.json.decode(runtime.read_bytes(), type=Runtime).gateways
    stopping.set()
    await estate
    async with asyncio.timeout(10):
        while online:  # noqa: ASYNC110 - each says offline as it drains
            await asyncio.sleep(0.05)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert not runtime.exists()
    for port in ports.values():
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)


_PARENT = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from simulators.estate import run_estate
from sites.pack import read
asyncio.run(run_estate(read(Path("packs/lakeside-office")), "mqtt://127.0.0.1:1", {}, Path(sys.argv[1]),
                       lambda: datetime.now(UTC), asyncio.Event(), story=None))
"""


async def test_gateways_come_back_when_killed_and_die_with_their_parent(tmp_path: Path) -> None:
    """Nothing outlives a killed parent; a killed gateway is started again with the same intake and spool."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", _PARENT, str(tmp_path), cwd=ROOT)
    runtime = tmp_path / "estate.json"
    async with asyncio.timeout(15):
        while not runtime.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    (port,) = json.loads(runtime.read_bytes())["gateways"].values()
    mouth = Mouth("127.0.0.1", port)
    first = await mouth.say({"device": "1-S01", "kind": "fire.alarm"})
    children = await asyncio.to_thread(_children, parent.pid)
    assert len(children) == 1
    os.kill(children[0], signal.SIGKILL)
    status = await mouth.say({"ask": "status"})
    assert status["boot"] != first["boot"]
    assert status["spooled"] == 1
    await mouth.close()
    parent.kill()
    await parent.wait()
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await asyncio.sleep(0.1)
        except OSError:
            return
    pytest.fail("a gateway outlived its parent")


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(p) for p in found.split()]
