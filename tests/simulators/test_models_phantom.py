"""A gateway that is not there: its numbers, gaps, duplicates and history arrive at a broker as they were made up."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest

from core import wire
from gateway.process import link_of
from simulators import gateways
from simulators.gateways import Message
from simulators.phantom import as_event, speak
from simulators.sayings import event
from tests.servers import Mosquitto

SITE, GATEWAY = "phantom-quay", "gw-a"
ROOT = Path(__file__).parents[2]


def real_now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.timeout(30)
async def test_what_no_gateway_does_reaches_the_broker(mosquitto: Mosquitto) -> None:
    """F9: a gap (2 is missing), a duplicate of 3, history, a new boot that counts from 1."""
    life = [event(n / 10, f"d{n}", "fire.fault", n=n) for n in range(1, 6)]
    whole = list(gateways.numbered(life, restarts=[0.45]))
    made = [whole[0], whole[2], whole[2], Message(t=0.4, seq=4, saying=life[3], history=True), whole[4]]
    heard: list[wire.Event] = []
    states: list[str] = []
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
        await client.subscribe(f"wr/v1/{SITE}/+/+", qos=1)
        url = f"mqtt://127.0.0.1:{mosquitto.port}"
        speaking = asyncio.create_task(speak(made, link_of(url), SITE, GATEWAY, real_now, asyncio.Event(), speed=5))
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            if message.topic.value.endswith("/status"):
                status = wire.decode_status(message.payload)
                assert isinstance(status, wire.Status)
                states.append(status.state)
                if status.state == "offline":
                    break
            else:
                heard += [s.event for s in wire.decode_events(message.payload) if isinstance(s, wire.Said)]
        assert await speaking == 5
    assert [e.seq for e in heard] == [1, 3, 3, 4, 1]
    assert heard[1].id == heard[2].id
    assert len({e.id for e in heard}) == 4
    assert [e.history for e in heard] == [False, False, False, True, False]
    assert len({e.boot for e in heard[:4]}) == 1
    assert heard[4].boot != heard[0].boot
    assert states == ["online", "online", "offline"]


def test_late_words_say_when_they_were_said() -> None:
    at = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    (late,) = gateways.outage(gateways.numbered([event(5, "d", "fire.alarm")]), 0, 65)
    made = as_event(late, "01a00000-0000-7000-8000-000000000001", at, at)
    assert (at - made.said_at).total_seconds() == 60


def test_the_command_names_the_gateways_it_could_be() -> None:
    command = [
        sys.executable,
        "-m",
        "app",
        "sim",
        "run",
        "fire-burst",
        "--as",
        "gw-x",
        "--broker",
        "mqtt://127.0.0.1:1",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "gw-a" in done.stderr
