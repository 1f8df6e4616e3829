"""`kill -9` of the gateway: what was answered is published, under the name it was given (IOT-07, I1, I3)."""

import asyncio
import contextlib
import random
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.fakes import FakeServer, GatewayProcess, Input, until
from tests.servers import Broker

pytestmark = pytest.mark.crash


def places(answers: list[Any]) -> set[tuple[str, str, int]]:
    return {(a["id"], a["boot"], a["seq"]) for a in answers}


def heard(server: FakeServer) -> set[tuple[str, str, int]]:
    return {(e.id, e.boot, e.seq) for e in server.events}


async def test_killed_between_append_and_publish(mqtt_broker: Broker, tmp_path: Path) -> None:
    mqtt_broker.stop()
    gateway = await GatewayProcess(mqtt_broker.port, tmp_path / "spool").start()
    async with Input.at(gateway.port) as local:
        answers = [await local.say({"device": f"d{n % 3}", "kind": "fire.alarm", "data": {"n": n}}) for n in range(20)]
        await gateway.kill()
    mqtt_broker.start()
    async with FakeServer(mqtt_broker.port) as server:
        again = await GatewayProcess(mqtt_broker.port, tmp_path / "spool").start()
        try:
            assert again.boot != gateway.boot
            await until(lambda: heard(server) >= places(answers))
            assert heard(server) == places(answers)
            async with Input.at(again.port) as local:
                async with asyncio.timeout(10):
                    while (await local.status())["spooled"]:  # noqa: ASYNC110 - another process
                        await asyncio.sleep(0.02)
        finally:
            await again.kill()


async def test_killed_again_and_again_under_load(mqtt_broker: Broker, tmp_path: Path) -> None:
    """Six kills at random moments while an input keeps talking; a failing run prints its seed."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    answered: set[tuple[str, str, int]] = set()
    tried: set[str] = set()
    async with FakeServer(mqtt_broker.port) as server:
        for _ in range(6):
            gateway = await GatewayProcess(mqtt_broker.port, tmp_path / "spool", "--stall-s", "1").start()
            talk = asyncio.create_task(_talk(gateway.port, dice.randrange(2**32), answered, tried))
            await asyncio.sleep(dice.uniform(0.05, 0.5))
            await gateway.kill()
            await talk
        gateway = await GatewayProcess(mqtt_broker.port, tmp_path / "spool", "--stall-s", "1").start()
        try:
            await until(lambda: heard(server) >= answered, 30)
        except TimeoutError:
            pytest.fail(f"seed {seed}: {len(answered - heard(server))} of {len(answered)} accepted events never came")
        finally:
            await gateway.stop()
        assert server.ids <= tried, f"seed {seed}: something was invented"
        by_id: dict[str, set[bytes]] = {}
        for event, raw in zip(server.events, server.raws, strict=True):
            by_id.setdefault(event.id, set()).add(raw)
        assert all(len(raws) == 1 for raws in by_id.values()), f"seed {seed}: an event changed its bytes"
        assert len(answered) > 50


async def _talk(port: int, seed: int, answered: set[tuple[str, str, int]], tried: set[str]) -> None:
    """Say alarms until the gateway dies; an id is chosen here, so that we know what was tried."""
    dice = random.Random(seed)
    with contextlib.suppress(ConnectionError, ValueError):
        async with Input.at(port) as local:
            for n in range(100_000):
                h = f"{dice.getrandbits(124):031x}"
                own = f"01900000-{h[:4]}-7{h[4:7]}-8{h[7:10]}-{h[10:22]}"
                tried.add(own)
                answer = await local.say({"device": f"d{n % 7}", "kind": "fire.alarm", "id": own})
                answered.add((answer["id"], answer["boot"], answer["seq"]))
