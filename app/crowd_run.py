"""`watchroom sim run --devices N --rate R`: a crowd through one gateway, at a rate that is held or not."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import typer

from app.clock import now
from sites.register import Register

_LOCAL = "127.0.0.1"


def run_crowd(devices: int, rate: float, seed: int, seconds: float, intake: tuple[str, int] | None, dry: bool) -> None:
    """Say it (or print it); exit 1 when the gateway fell behind by more than 1 %, refused to talk, or was not there."""
    from simulators.population import crowd, slowest_s
    from simulators.sayings import text
    from simulators.towers import MAINS_S

    register = _made(devices)
    if dry:
        told = crowd(register, rate, seed)
        told = takewhile(lambda s: s.t < seconds, told) if seconds else told
        for line in text(told):
            typer.echo(line, nl=False)
        return
    if slowest_s(register, rate) > MAINS_S:
        _tell(f"at this rate a device speaks every {slowest_s(register, rate):,.0f} s: some will count as silent")
    try:
        if intake is not None:
            held = asyncio.run(_drive(register, rate, seed, seconds, *intake))
        else:
            with _own_stand(register) as port:
                held = asyncio.run(_drive(register, rate, seed, seconds, _LOCAL, port))
    except (OSError, TimeoutError) as wrong:
        _tell(f"no gateway, or it hung up: {wrong}")
        raise typer.Exit(1) from None
    if not held:
        raise typer.Exit(1)


def write_pack(devices: int, folder: Path) -> None:
    """The crowd's site as a pack, and what to do with it."""
    from simulators.packing import write
    from simulators.towers import GATEWAY

    register = _made(devices)
    files = write(register, folder)
    print(f"{len(register.devices):,} devices of site {register.site_id} in {len(files)} files under {folder}")
    print(f"next: watchroom site import {folder}, run its gateway {GATEWAY}, then")
    print(f"watchroom sim run --devices {devices} --rate 2000 --intake HOST:PORT")


def _made(devices: int) -> Register:
    from simulators.towers import estate

    try:
        return estate(devices)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--devices") from None


@contextmanager
def _own_stand(register: Register) -> Iterator[int]:
    """A broker and a gateway for this run alone; what the gateway took must have come out at the other end."""
    from simulators.stand import cpu_s, stand
    from simulators.towers import GATEWAY

    _tell("no --intake: a gateway and a broker of our own, for this run")
    with tempfile.TemporaryDirectory(prefix="watchroom-sim-") as temp, stand(register, GATEWAY, Path(temp)) as running:
        child, till = running
        asyncio.run(_linked(child.port))
        before = cpu_s(child.pid or 0)
        yield child.port
        after = cpu_s(child.pid or 0)
        asyncio.run(_drained(child.port))
        print(f"at the broker  {till.heard:,} events")
        if before is not None and after is not None:
            print(f"gateway        {after - before:.1f} s of processor time")


async def _drive(register: Register, rate: float, seed: int, seconds: float, host: str, port: int) -> bool:
    from simulators.crowd import drive, rows
    from simulators.population import crowd

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    told = crowd(register, rate, seed)
    figures, refusal = await drive(told, host, port, now, stopping, seconds=seconds, report=_tell)
    for name, value in rows(figures):
        print(f"{name:14} {value}")
    if refusal:
        _tell(f"the first refusal: {refusal}")
    if not figures.held:
        _tell(f"fell behind by {figures.behind:.1%}")
    return figures.held


async def _status(port: int, until: str, wanted: bool) -> None:
    from simulators.player import Mouth

    mouth = Mouth(_LOCAL, port)
    try:
        async with asyncio.timeout(20):
            while bool((await mouth.say({"ask": "status"}))[until]) is not wanted:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
    finally:
        await mouth.close()


async def _linked(port: int) -> None:
    await _status(port, "linked", wanted=True)


async def _drained(port: int) -> None:
    await _status(port, "spooled", wanted=False)


def _tell(words: str) -> None:
    print(words, file=sys.stderr)
