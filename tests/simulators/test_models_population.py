"""A crowd through one gateway: the same bytes for the same seed, the rate held, and a site that can be imported (IOT-04)."""

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path

import pytest

from core.kinds import KINDS, Effect
from gateway.fact import Fact, understand
from simulators.crowd import Figures, drive
from simulators.crowd import line as spoken_line
from simulators.packing import write
from simulators.population import crowd, slowest_s
from simulators.sayings import Saying, event, text
from simulators.towers import FLOORS, GATEWAY, MOST, estate
from sites.pack import digest, read
from tests.conftest import HandClock

ROOT = Path(__file__).parents[2]


def first(seconds: float, devices: int, rate: float, seed: int) -> list[Saying]:
    return list(takewhile(lambda s: s.t < seconds, crowd(estate(devices), rate, seed)))


def test_the_same_seed_says_the_same_bytes() -> None:
    """IOT-04."""

    def said(seed: int) -> list[bytes]:
        return list(islice(text(crowd(estate(1000), 500, seed)), 3000))

    assert said(7) == said(7)
    assert said(7) != said(8)


@pytest.mark.parametrize(("devices", "rate"), [(1, 5), (300, 50), (3000, 2000)])
def test_all_together_they_say_the_rate(devices: int, rate: float) -> None:
    told = first(2000 / rate, devices, rate, 7)
    assert [s.t for s in told] == sorted(s.t for s in told)
    assert len(told) == pytest.approx(2000, rel=0.05)


def test_every_device_speaks_and_none_is_silent_for_longer_than_it_is_said(clock: HandClock) -> None:
    register = estate(1000)
    limit = slowest_s(register, 200)
    heard: dict[str, float] = {}
    for saying in first(60, 1000, 200, 3):
        assert saying.t - heard.get(saying.device, 0.0) <= limit + 0.001
        heard[saying.device] = saying.t
        assert saying.kind in KINDS
        assert isinstance(understand(spoken_line(saying, clock), clock()), Fact)
    assert set(heard) == set(register.devices)


def test_whatever_is_raised_is_taken_back_by_its_own_device() -> None:
    """A person's kinds (panic, calls) are for a person; everything else ends with its device's next words but one."""
    open_by: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    for saying in first(600, 500, 200, 5):
        kinds[saying.kind] += 1
        kind = KINDS[saying.kind]
        if kind.effect is Effect.CLEAR:
            assert open_by.pop(saying.device).startswith(kind.clears)
        elif kind.effect is Effect.RAISE and saying.kind != "manual.panic":
            assert saying.device not in open_by
            open_by[saying.device] = saying.kind
    assert len(open_by) < 30
    assert kinds["device.heartbeat"] > 0.5 * kinds.total()
    assert {"access.granted", "fire.fault", "water.leak", "patrol.tap"} <= set(kinds)


def test_a_smaller_estate_is_the_beginning_of_a_larger_one() -> None:
    small, large = estate(777), estate(2000)
    assert list(small.devices) == list(large.devices)[:777]
    assert small.checkpoints["CP-t01-f02"].tags == large.checkpoints["CP-t01-f02"].tags
    assert len(estate(20 * FLOORS).zones) == FLOORS + 2


@pytest.mark.parametrize("devices", [1, 21, 3000])
def test_the_pack_is_accepted_and_says_exactly_the_estate(devices: int, tmp_path: Path) -> None:
    write(estate(devices), tmp_path)
    assert digest(read(tmp_path)) == digest(estate(devices))


@pytest.mark.timeout(60)
def test_ten_thousand_devices_are_a_site_and_most_are_the_most(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app"]
    made = subprocess.run(
        [*command, "sim", "pack", "--devices", "10000", "-o", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    checked = subprocess.run(
        [*command, "site", "check", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert re.search(r"devices\D+10000\b", checked.stdout)
    with pytest.raises(ValueError, match=str(MOST)):
        estate(MOST + 1)


@pytest.mark.timeout(90)
def test_the_command_holds_a_rate_through_a_gateway_of_its_own() -> None:
    command = [sys.executable, "-m", "app", "sim", "run", "--devices", "2000", "--rate", "300", "--seed", "7"]
    done = subprocess.run([*command, "--seconds", "4"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is ("fell behind" not in done.stderr), done.stderr  # a busy machine may be too slow
    safe = re.search(r"([\d,]+) safe", done.stdout)
    out = re.search(r"at the broker\s+([\d,]+)", done.stdout)
    assert safe is not None
    assert out is not None
    assert safe[1] == out[1]
    assert int(safe[1].replace(",", "")) == pytest.approx(1200, rel=0.05)


class Gateway:
    """Answers as an intake does, `pause_s` after each line it reads; refuses every `refuses`th."""

    def __init__(self, pause_s: float = 0.0, refuses: int = 0) -> None:
        self.pause_s, self.refuses, self.heard = pause_s, refuses, 0

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.heard += 1
            json.loads(line)
            if self.pause_s:
                await asyncio.sleep(self.pause_s)
            refused = self.refuses and self.heard % self.refuses == 0
            writer.write(b'{"error":{"why":"spool_full"}}\n' if refused else b'{"ok":true}\n')
        writer.close()


async def driven(gateway: Gateway, rate: int, seconds: float) -> tuple[Figures, str]:
    server = await asyncio.start_server(gateway.meet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    life = [event(n / rate, "d", "device.heartbeat") for n in range(int(rate * seconds * 2))]
    async with server:
        return await drive(life, "127.0.0.1", port, lambda: datetime.now(UTC), asyncio.Event(), seconds=seconds)


async def test_a_gateway_that_keeps_up_holds_the_rate() -> None:
    figures, refusal = await driven(Gateway(), 100, 1.0)
    assert (figures.due, figures.taken, figures.refused, refusal) == (100, 100, 0, "")
    assert 0 < figures.late_p50 <= figures.late_p99 <= figures.late_max


async def test_a_slow_gateway_is_late_and_the_loop_does_not_wait_for_it() -> None:
    """Open: the moments stay, so 20 ms a line at 100 lines a second is half the rate, and seconds late."""
    figures, _ = await driven(Gateway(pause_s=0.02), 100, 1.0)
    assert figures.due == figures.taken == 100
    assert not figures.held
    assert figures.behind > 0.3
    assert figures.late_max > 0.8


async def test_what_is_refused_is_not_achieved() -> None:
    figures, refusal = await driven(Gateway(refuses=10), 100, 1.0)
    assert (figures.taken, figures.refused, figures.held) == (90, 10, False)
    assert "spool_full" in refusal


async def test_a_gateway_that_hangs_up_is_an_error() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        life = [event(n / 100, "d", "device.heartbeat") for n in range(300)]
        with pytest.raises(OSError):
            await drive(life, "127.0.0.1", port, lambda: datetime.now(UTC), asyncio.Event(), seconds=2)


def test_a_crowd_is_nobody_else_s_business() -> None:
    """Every event goes through the one gateway of the site."""
    assert {d.gateway for d in estate(100).devices.values()} == {GATEWAY}
