"""The local door of a real gateway process, with no broker anywhere: it keeps, answers, and survives whatever is said to it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.ports import free_port
from tests.gateway.fakes import GatewayProcess, Input


@contextlib.asynccontextmanager
async def a_gateway(tmp_path: Path, *more: str) -> AsyncIterator[GatewayProcess]:
    gateway = await GatewayProcess(free_port(), tmp_path / "spool", *more).start()
    try:
        yield gateway
    finally:
        await gateway.kill()


async def test_it_starts_and_keeps_without_a_broker(tmp_path: Path) -> None:
    """IOT-07: broker absence is an ordinary day."""
    async with a_gateway(tmp_path) as gateway, Input.at(gateway.port) as local:
        answer = await local.say({"device": "B2-07", "kind": "fire.alarm"})
        assert answer["ok"] is True
        assert (answer["seq"], answer["boot"]) == (1, gateway.boot)
        again = await local.say({"device": "B2-07", "kind": "fire.alarm", "id": answer["id"]})
        assert again == answer
        status = await local.status()
        assert (status["spooled"], status["linked"]) == (1, False)
        assert await gateway.stop() == 0


async def test_bad_input_never_stops_its_neighbours(tmp_path: Path) -> None:
    """IOT-03: one megabyte, half a line, NaN, binary, unknown fields, an input that leaves in the middle."""
    async with a_gateway(tmp_path) as gateway, Input.at(gateway.port) as good:
        async with Input.at(gateway.port) as bad:
            bad.send(b"x" * 1_000_000)
            assert (await bad.hear())["error"]["why"] == "too_large"
            for line, why, field in [
                (b"hello", "not_json", None),
                (b'{"device":"d","kind":"fire.alarm","data":{"t":NaN}}', "not_json", None),
                (b'{"device":"d","kind":"fire.alarm","colour":1}', "wrong_shape", "colour"),
                (b"\xff\xfe\x00", "not_utf8", None),
                (b'{"device":"d","kind":"fire.alarm","data":' + b"[" * 30_000, "too_deep", None),
                (b'{"device":"d","kind":"fire.alarm","data":{"t":"' + b"y" * 20_000 + b'"}}', "too_large", "data"),
            ]:
                error = (await bad.say(line))["error"]
                assert (error["why"], error["field"]) == (why, field), line[:60]
            assert (await bad.say({"device": "d", "kind": "fire.alarm"}))["ok"] is True
        async with Input.at(gateway.port) as rude:
            rude.send(b'{"device":"d","kind":"fire.al')
            rude.writer.transport.abort()
        with socket.create_connection(("127.0.0.1", gateway.port)) as half:
            half.sendall(b'{"device"')
        assert (await good.say({"device": "B2-07", "kind": "fire.alarm"}))["seq"] == 2
        assert gateway.child.returncode is None


async def test_many_lines_at_once_are_answered_in_order(tmp_path: Path) -> None:
    async with a_gateway(tmp_path) as gateway, Input.at(gateway.port) as local:
        for n in range(2000):
            local.send({"device": f"d{n % 50}", "kind": "fire.alarm"} if n % 10 else b"oops")

        answers = [await local.hear() for _ in range(2000)]
        assert ["error" in a for a in answers] == [n % 10 == 0 for n in range(2000)]
        assert [a["seq"] for a in answers if "ok" in a] == list(range(1, 1801))


async def test_a_full_spool_says_so_and_still_takes_alarms(tmp_path: Path) -> None:
    async with a_gateway(tmp_path, "--capacity", "50") as gateway, Input.at(gateway.port) as local:
        taps = [await local.say({"device": "nfc", "kind": "patrol.tap"}) for _ in range(51)]
        assert taps[-1]["error"]["why"] == "spool_full"
        beat = await local.say({"device": "d", "kind": "device.heartbeat"})
        assert beat["error"]["why"] == "spool_full"
        assert (await local.say({"device": "d", "kind": "fire.alarm"}))["seq"] == 51
        status = await local.status()
        assert (status["spooled"], status["shed"]) == (51, 2)


async def test_a_sample_is_taken_but_never_spooled(tmp_path: Path) -> None:
    async with a_gateway(tmp_path) as gateway, Input.at(gateway.port) as local:
        for n in range(10_050):
            local.send({"device": "P1", "metric": "level", "value": n})
            if n % 200 == 199:
                await local.writer.drain()
                for _ in range(200):
                    assert await local.hear() == {"ok": True}
        for _ in range(50):
            await local.hear()
        status = await local.status()
        assert (status["spooled"], status["samples_lost"]) == (0, 50)


async def test_sixty_five_inputs_are_one_too_many(tmp_path: Path) -> None:
    async with a_gateway(tmp_path) as gateway, contextlib.AsyncExitStack() as stack:
        inputs = [await stack.enter_async_context(Input.at(gateway.port)) for _ in range(64)]
        for local in inputs:
            await local.status()
        async with Input.at(gateway.port) as extra:
            assert (await extra.hear())["error"]["why"] == "too_many"
        assert (await inputs[0].say({"device": "d", "kind": "fire.alarm"}))["ok"] is True


async def test_a_second_gateway_on_the_same_spool_refuses_to_start(tmp_path: Path) -> None:
    async with a_gateway(tmp_path) as gateway:
        second = await asyncio.create_subprocess_exec(
            *gateway.command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        _, err = await asyncio.wait_for(second.communicate(), 15)
        assert second.returncode == 3
        assert b"in use by another process" in err


async def test_a_broken_spool_is_told_as_trouble(tmp_path: Path) -> None:
    """F6."""
    (tmp_path / "spool").write_bytes(b"rubbish" * 1000)
    async with a_gateway(tmp_path) as gateway, Input.at(gateway.port) as local:
        assert (await local.status())["spooled"] == 1
        assert any(p.name.startswith("spool.broken-") for p in tmp_path.iterdir())  # noqa: ASYNC240


async def test_it_stops_when_its_leash_is_let_go(tmp_path: Path) -> None:
    gateway = GatewayProcess(free_port(), tmp_path / "spool", "--leash")
    child = await asyncio.create_subprocess_exec(
        *gateway.command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert b"listens on" in await asyncio.wait_for(child.stdout.readline(), 15)
    child.stdin.close()
    assert await asyncio.wait_for(child.wait(), 10) == 0


@pytest.mark.parametrize("url", ["http://x:1", "mqtt://", "nonsense"])
async def test_a_broker_url_that_is_none_is_refused_at_the_command_line(url: str, tmp_path: Path) -> None:
    gateway = GatewayProcess(1, tmp_path / "spool", "--broker", url)
    child = await asyncio.create_subprocess_exec(*gateway.command, stderr=asyncio.subprocess.PIPE)
    _, err = await child.communicate()
    assert child.returncode == 2
    assert b"not a broker URL" in err or b"broker" in err
