"""From a real gateway process through a real broker to a server that writes receipts, and back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core import wire
from core.ids import fresh
from gateway.fact import Fact
from gateway.pace import Pace
from gateway.process import GatewayConfig, link_of, run_gateway
from gateway.spool import Spool
from tests.gateway.fakes import GATEWAY, SITE, FakeServer, GatewayProcess, Input, until
from tests.servers import Broker


def real_now() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def a_gateway(broker: Broker, tmp_path: Path, *more: str) -> AsyncIterator[GatewayProcess]:
    gateway = await GatewayProcess(broker.port, tmp_path / "spool", *more).start()
    try:
        yield gateway
    finally:
        await gateway.kill()


async def spooled(local: Input) -> int:
    status = await local.status()
    return int(status["spooled"])


async def empty(local: Input, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while await spooled(local):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def linked(local: Input) -> None:
    async with asyncio.timeout(10):
        while not (await local.status())["linked"]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def test_an_event_goes_up_alone_and_its_receipt_empties_the_spool(mqtt_broker: Broker, tmp_path: Path) -> None:
    async with (
        FakeServer(mqtt_broker.port) as server,
        a_gateway(mqtt_broker, tmp_path) as gateway,
        Input.at(gateway.port) as local,
    ):
        await until(lambda: bool(server.statuses))
        answers = [await local.say({"device": f"d{n}", "kind": "fire.alarm", "data": {"n": n}}) for n in range(5)]
        await until(lambda: len(server.events) >= 5)
        assert [(e.id, e.seq) for e in server.events] == [(a["id"], a["seq"]) for a in answers]
        assert all(m.startswith(b"{") for m in server.messages)  # one event per message when live
        assert {e.boot for e in server.events} == {gateway.boot}
        await empty(local)
        assert await gateway.stop() == 0


async def test_without_a_receipt_everything_is_sent_again(mqtt_broker: Broker, tmp_path: Path) -> None:
    """Finding 1: a PUBACK is not a receipt."""
    async with (
        FakeServer(mqtt_broker.port, mute=True) as server,
        a_gateway(mqtt_broker, tmp_path, "--stall-s", "0.5") as gateway,
        Input.at(gateway.port) as local,
    ):
        for n in range(3):
            await local.say({"device": f"d{n}", "kind": "fire.alarm"})
        await until(lambda: len(server.events) >= 6)
        assert len(server.ids) == 3
        assert len(set(server.raws)) == 3  # the same bytes each time
        assert await spooled(local) == 3
        server.mute = False
        await empty(local)


async def test_a_lost_receipt_in_the_middle_is_made_good(mqtt_broker: Broker, tmp_path: Path) -> None:
    """A server that speaks but lacks an event gets it again although live words keep coming."""
    async with (
        FakeServer(mqtt_broker.port, mute=True) as server,
        a_gateway(mqtt_broker, tmp_path, "--stall-s", "0.5") as gateway,
        Input.at(gateway.port) as local,
    ):
        first = await local.say({"device": "d", "kind": "fire.alarm"})
        await until(lambda: len(server.events) == 1)
        server.events.clear()
        server.through.clear()
        server._ahead.clear()  # the server forgot it ever heard
        server.mute = False
        ends = time.monotonic() + 5
        while first["id"] not in server.ids and time.monotonic() < ends:
            await local.say({"device": "chatty", "kind": "access.granted"})
            await asyncio.sleep(0.05)
        assert first["id"] in server.ids
        await empty(local)


async def test_live_alarms_overtake_a_backlog_of_twenty_thousand(mqtt_broker: Broker, tmp_path: Path) -> None:
    """Faults 7.4: drain >= 500/s without delaying a live alarm by more than a second."""
    spool = Spool.open(tmp_path / "spool", real_now())
    at = real_now()
    facts = [Fact(fresh(at), f"old-{n % 400}", "access.granted", at, b'{"card":"%d"}' % n) for n in range(20_000)]
    for n in range(0, 20_000, 2000):
        spool.append(facts[n : n + 2000], at)
    spool.close()
    async with (
        FakeServer(mqtt_broker.port) as server,
        a_gateway(mqtt_broker, tmp_path) as gateway,
        Input.at(gateway.port) as local,
    ):
        await until(lambda: len(server.events) > 500)
        began, had = time.monotonic(), len(server.events)
        delays = []
        for n in range(10):
            said = time.monotonic()
            answer = await local.say({"device": f"old-{n}", "kind": "fire.alarm"})
            await until(lambda answer=answer: answer["id"] in server.ids)  # type: ignore[misc]
            delays.append(time.monotonic() - said)
            await asyncio.sleep(0.1)
        assert len(server.events) < 19_000, "the backlog was gone too soon to prove anything"
        rate = (len(server.events) - had) / (time.monotonic() - began)
        print(f"{mqtt_broker.kind}: drain {rate:.0f}/s, live delays max {max(delays) * 1000:.0f} ms")
        assert max(delays) < 1
        assert rate > 500
        by_device: dict[str, list[tuple[str, int]]] = {}
        for e in server.events:
            by_device.setdefault(e.device, []).append((e.boot, e.seq))
        for n in range(10):  # each alarm came behind its own device's older words
            places = by_device[f"old-{n}"]
            assert len(places) == 51
            assert places[-1][0] == gateway.boot


async def test_a_backlog_goes_up_in_arrays_and_comes_whole(mqtt_broker: Broker, tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool", real_now())
    at = real_now()
    spool.append([Fact(fresh(at), f"d{n % 7}", "fire.fault", at, b'{"n":%d}' % n) for n in range(3000)], at)
    raws = spool.read(list(range(1, 3001)))
    spool.close()
    async with FakeServer(mqtt_broker.port) as server, a_gateway(mqtt_broker, tmp_path) as gateway:
        async with Input.at(gateway.port) as local:
            await empty(local)
        assert sorted(server.raws) == sorted(raws.values())  # each once, byte for byte
        assert len(server.messages) < 100
        assert max(map(len, server.messages)) <= wire.MAX_BYTES
        assert max(len(wire.decode_events(m)) for m in server.messages) <= wire.MAX_BATCH


async def test_old_words_are_marked_as_history_but_not_the_last_of_a_device(
    mqtt_broker: Broker, tmp_path: Path
) -> None:
    """Rule 4: what is over does not ring; what may still be so does, however late it comes."""
    spool = Spool.open(tmp_path / "spool", real_now())
    at = real_now() - timedelta(hours=2)
    spool.append([Fact(fresh(at), "a", kind, at) for kind in ("fire.alarm", "fire.restore")], at)
    spool.append([Fact(fresh(at), "b", "water.leak", at)], at)
    spool.close()
    async with FakeServer(mqtt_broker.port) as server, a_gateway(mqtt_broker, tmp_path):
        await until(lambda: len(server.events) == 3)
    flags = {(e.device, e.kind): e.history for e in server.events}
    assert flags == {("a", "fire.alarm"): True, ("a", "fire.restore"): False, ("b", "water.leak"): False}


async def test_status_is_retained_refreshed_and_its_last_will_tells_of_a_sudden_death(
    mqtt_broker: Broker, tmp_path: Path
) -> None:
    async with (
        a_gateway(mqtt_broker, tmp_path, "--status-s", "0.3") as gateway,
        Input.at(gateway.port) as local,
        FakeServer(mqtt_broker.port, mute=True) as server,
    ):
        await linked(local)
        async with FakeServer(mqtt_broker.port, mute=True) as later:
            await until(lambda: any(retained for _, retained in later.statuses))
        await local.say({"device": "d", "kind": "fire.alarm"})
        await until(lambda: server.statuses[-1][0].spooled == 1)
        assert server.statuses[-1][0].boot == gateway.boot
        await gateway.kill()
        await until(lambda: server.statuses[-1][0].state == "offline")
    async with FakeServer(mqtt_broker.port) as late:
        await until(lambda: bool(late.statuses))
        assert (late.statuses[0][0].state, late.statuses[0][1]) == ("offline", True)


async def test_told_to_stop_it_sends_what_is_live_and_says_offline(mqtt_broker: Broker, tmp_path: Path) -> None:
    async with FakeServer(mqtt_broker.port) as server, a_gateway(mqtt_broker, tmp_path) as gateway:
        async with Input.at(gateway.port) as local:
            await until(lambda: bool(server.statuses))
            for n in range(300):
                local.send({"device": f"d{n}", "kind": "fire.alarm"})
            for _ in range(300):
                await local.hear()
            assert await gateway.stop() == 0
        await until(lambda: server.statuses[-1][0].state == "offline")
        assert len(server.ids) == 300


async def test_it_outlives_a_broker_that_comes_late_and_goes(mqtt_broker: Broker, tmp_path: Path) -> None:
    """F2: absent at start, then killed and back."""
    mqtt_broker.stop()
    async with a_gateway(mqtt_broker, tmp_path) as gateway, Input.at(gateway.port) as local:
        ids = [(await local.say({"device": f"d{n}", "kind": "fire.alarm"}))["id"] for n in range(5)]
        mqtt_broker.start()
        async with FakeServer(mqtt_broker.port) as server:
            await until(lambda: server.ids >= set(ids))
            await empty(local)
        mqtt_broker.kill()
        ids = [(await local.say({"device": f"d{n}", "kind": "fire.alarm"}))["id"] for n in range(5)]
        mqtt_broker.start()
        async with FakeServer(mqtt_broker.port, remembers=server) as server:
            await until(lambda: server.ids >= set(ids), 15)
            await empty(local)
        assert await gateway.stop() == 0


async def test_samples_go_up_in_arrays(mqtt_broker: Broker, tmp_path: Path) -> None:
    async with FakeServer(mqtt_broker.port) as server, a_gateway(mqtt_broker, tmp_path) as gateway:
        async with Input.at(gateway.port) as local:
            for n in range(100):
                await local.say({"device": "P1", "metric": "level", "value": n, "unit": "m"})
        await until(lambda: len(server.samples) == 100)
        assert [s.value for s in server.samples] == list(range(100))


async def test_a_foolish_receipt_does_not_empty_the_spool(mqtt_broker: Broker, tmp_path: Path) -> None:
    """A receipt for what was never said, for another boot, or for nothing at all."""
    async with (
        FakeServer(mqtt_broker.port, mute=True) as server,
        a_gateway(mqtt_broker, tmp_path) as gateway,
        Input.at(gateway.port) as local,
    ):
        await local.say({"device": "d", "kind": "fire.alarm"})
        await until(lambda: bool(server.events))
        await server.receipt(gateway.boot, 999)
        await server.receipt(fresh(real_now()), 5)
        topic = wire.topic(SITE, GATEWAY, wire.Channel.RECEIPT)
        await server.client.publish(topic, b"all is well", qos=1)
        await asyncio.sleep(0.3)
        assert await spooled(local) == 1


async def test_commands_are_heard_once_and_only_in_time(mqtt_broker: Broker, tmp_path: Path) -> None:
    heard: list[wire.Command] = []
    opened = asyncio.Event()
    stopping = asyncio.Event()

    async def on_command(command: wire.Command) -> None:
        heard.append(command)

    config = GatewayConfig(
        SITE, GATEWAY, link_of(f"mqtt://127.0.0.1:{mqtt_broker.port}"), tmp_path / "s", pace=Pace(status_every_s=0.2)
    )
    running = asyncio.create_task(
        run_gateway(config, real_now, stopping, on_open=lambda *_: opened.set(), on_command=on_command)
    )
    await opened.wait()
    async with FakeServer(mqtt_broker.port) as server:
        await until(lambda: bool(server.statuses))
        soon, past = real_now() + timedelta(minutes=1), real_now() - timedelta(seconds=1)
        good = wire.Command(fresh(real_now()), "presence_check", soon)
        await server.command(wire.Command(fresh(real_now()), "silence", past))
        await server.command(good)
        await server.command(good)
        last = wire.Command(fresh(real_now()), "reload", soon)
        await server.command(last)
        await until(lambda: last in heard)
    assert heard == [good, last]
    stopping.set()
    await asyncio.wait_for(running, 10)
