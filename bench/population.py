"""A crowd: 10,000 devices say 2,000 events a second through one gateway; what that costs the simulator and the gateway."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.rig import system
from simulators.crowd import Figures, drive
from simulators.estate import Child
from simulators.player import Mouth
from simulators.population import crowd
from simulators.stand import cpu_s, stand
from simulators.towers import GATEWAY, estate
from sites.register import Register

DEVICES, RATE, SEED = 10_000, 2000, 7


async def said(register: Register, port: int, seconds: float) -> Figures:
    """The figures of a run that began once the gateway had its link, and was over when its spool was empty."""
    mouth = Mouth("127.0.0.1", port)
    while not (await mouth.say({"ask": "status"}))["linked"]:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.05)
    told = crowd(register, RATE, SEED)
    figures, _ = await drive(told, "127.0.0.1", port, lambda: datetime.now(UTC), asyncio.Event(), seconds=seconds)
    async with asyncio.timeout(60):
        while (await mouth.say({"ask": "status"}))["spooled"]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    await mouth.close()
    return figures


@contextmanager
def alone(folder: Path, register: Register) -> Iterator[tuple[Child, list[str]]]:
    """The gateway with a broker and receipts, no server."""
    with stand(register, GATEWAY, folder) as (child, till):
        end: list[str] = []
        yield child, end
        end.append(f"{till.heard:,} at the broker")


@contextmanager
def with_server(folder: Path, register: Register) -> Iterator[tuple[Child, list[str]]]:
    """The whole system: the gateway, NATS, and `watchroom up` on SQLite with the crowd's site imported."""
    with system(folder, "sqlite", "nats", site=register) as (server, port):
        child = Child(register, GATEWAY, f"mqtt://127.0.0.1:{port}", server.password, folder)
        child.start()
        try:
            end: list[str] = []
            yield child, end
            end.append(f"{server.gauge('watchroom_events_total'):,.0f} in the store")
        finally:
            child.stop()


def run(seconds: int = 15) -> None:
    """Print what was held and what it cost, the gateway alone and with a server behind it."""
    register = estate(DEVICES)
    table = Table(
        title=f"{DEVICES:,} devices, {RATE:,} events/s asked, {seconds} s, one gateway, {os.cpu_count()} cores"
    )
    columns: list[list[str]] = [
        ["achieved", "behind", "late p50", "late p99", "refused", "simulator", "gateway", "checked"]
    ]
    table.add_column("")
    for what, rig in (("receipts only", alone), ("server on SQLite", with_server)):
        table.add_column(what, justify="right")
        with tempfile.TemporaryDirectory(prefix="watchroom-bench-") as temp:
            with rig(Path(temp), register) as (child, end):
                before = cpu_s(child.pid or 0) or 0.0
                figures = asyncio.run(said(register, child.port, seconds))
                cost = ((cpu_s(child.pid or 0) or 0.0) - before) / seconds
            columns.append(
                [
                    f"{figures.achieved_per_s:,.0f}/s",
                    f"{figures.behind:.2%}",
                    f"{figures.late_p50 * 1000:.1f} ms",
                    f"{figures.late_p99 * 1000:.1f} ms",
                    f"{figures.refused}",
                    f"{figures.cpu:.0%} of a core",
                    f"{cost:.0%} of a core",
                    f"{end[0]} of {figures.due:,}",
                ]
            )
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    Console().print(table)
