"""One gateway, whole: spool, keeper, local door and uplink under one roof, from start to drained."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from core import wire
from core.clock import Clock
from gateway.fact import STORAGE_FAULT, fact
from gateway.intake import Intake
from gateway.keeper import Keeper
from gateway.order import Order, Tier
from gateway.pace import Pace
from gateway.spool import CAPACITY, Spool
from gateway.uplink import Link, OnCommand, Uplink

log = logging.getLogger("gateway.process")

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


class GatewayConfig(Struct, frozen=True):
    """What one gateway needs to know. `intake` 0 lets the system choose; `intake_path` is a unix socket instead."""

    site: str
    gateway: str
    link: Link
    spool: Path
    intake: int = 0
    intake_path: str | None = None
    capacity: int = CAPACITY
    pace: Pace = Pace()


def link_of(url: str, password: str | None = None, ca: str | None = None) -> Link:
    """The link that a broker URL names. Raises ValueError for one that is not mqtt:// or mqtts://."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"not a broker URL: {url!r}; write mqtt://host:port or mqtts://host:port")
    tls = parts.scheme == "mqtts" or ca is not None
    return Link(parts.hostname, parts.port or _PORTS[parts.scheme], password, tls, ca)


async def run_gateway(
    config: GatewayConfig,
    now: Clock,
    stopping: asyncio.Event,
    *,
    on_open: Callable[[int, str], None] | None = None,
    on_command: OnCommand | None = None,
) -> None:
    """Serve until `stopping` is set, then drain. `on_open` hears the intake port and the boot."""
    order = Order()
    spool = Spool.open(config.spool, now(), config.capacity)
    order.last_words(spool.last_words())
    order.add(spool.waiting(), Tier.BACKLOG)
    uplink = Uplink(config.site, config.gateway, config.link, config.pace, order, now, on_command or _noted)
    keeper = uplink.keeper = Keeper(spool, now, uplink.said)
    intake = Intake(keeper, now, uplink.measured, lambda: _report(config, spool, order, uplink))
    leaving = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(keeper.run(), name="keeper")
            going_up = tasks.create_task(uplink.run(leaving), name="uplink")
            await _report_damage(config, keeper)
            port = await _listen(config, intake)
            if on_open is not None:
                on_open(port, spool.boot)
            await stopping.wait()
            await intake.close()
            await keeper.drain()
            leaving.set()
            await going_up
            keeping.cancel()
    finally:
        keeper.close()


async def _listen(config: GatewayConfig, intake: Intake) -> int:
    if config.intake_path is not None:
        await intake.open_path(config.intake_path)
        return 0
    return await intake.open("127.0.0.1", config.intake)


async def _report_damage(config: GatewayConfig, keeper: Keeper) -> None:
    broken = keeper.spool.broken
    if broken is not None:
        told = {"what": "spool", "kept_aside": broken.name, "saved": len(keeper.spool)}
        await keeper.keep(fact(keeper.now(), config.gateway, STORAGE_FAULT, told))


def _report(config: GatewayConfig, spool: Spool, order: Order, uplink: Uplink) -> dict[str, Any]:
    return {
        "site": config.site,
        "gateway": config.gateway,
        "boot": spool.boot,
        "linked": uplink.linked,
        "spooled": len(order),
        "capacity": spool.capacity,
        "shed": spool.shed,
        "samples_lost": uplink.samples_lost,
    }


async def _noted(command: wire.Command) -> None:
    log.info("command.heard", extra={"act": command.act, "command": command.id})
